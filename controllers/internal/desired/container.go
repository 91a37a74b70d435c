package desired

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// ContainerServer is the name of the server's container.
const ContainerServer = "server"

func serverContainer(c *v1alpha1.RealtimeCluster, image string) corev1.Container {
	return corev1.Container{
		Name:  ContainerServer,
		Image: cmp.Or(c.Spec.Image, image),
		Args: []string{
			"--config", DirRuntime + "/" + KeyRuntime,
			"--policies", DirPolicies + "/" + KeyPolicies,
		},
		Ports:                    serverPorts(c),
		Env:                      serverEnv(c.Spec.Pod),
		EnvFrom:                  serverEnvFrom(c.Spec.Pod.EnvFrom),
		Resources:                resources(c.Spec.Pod.Resources),
		VolumeMounts:             serverMounts(c),
		StartupProbe:             startupProbe(),
		ReadinessProbe:           readinessProbe(),
		LivenessProbe:            livenessProbe(),
		SecurityContext:          containerSecurity(),
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
}

func serverPorts(c *v1alpha1.RealtimeCluster) []corev1.ContainerPort {
	ports := []corev1.ContainerPort{
		{Name: PortNameClient, ContainerPort: PortClient, Protocol: corev1.ProtocolTCP},
		{Name: PortNameAdmin, ContainerPort: PortAdmin, Protocol: corev1.ProtocolTCP},
		{Name: PortNamePeer, ContainerPort: PortPeer, Protocol: corev1.ProtocolTCP},
	}
	if enabled(c.Spec.API.Enabled) {
		ports = append(ports, corev1.ContainerPort{Name: PortNameAPI, ContainerPort: PortAPI, Protocol: corev1.ProtocolTCP})
	}
	return ports
}

func resources(r v1alpha1.Resources) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Requests: resourceList(r.Requests), Limits: resourceList(r.Limits)}
}

func resourceList(l v1alpha1.ResourceList) corev1.ResourceList {
	if len(l) == 0 {
		return nil
	}
	out := corev1.ResourceList{}
	for name, quantity := range l {
		out[corev1.ResourceName(name)] = quantity
	}
	return out
}
