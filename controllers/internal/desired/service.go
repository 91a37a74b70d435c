package desired

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// ClientService is the backend of the Ingress or route. Annotations are for the controller that
// reads them on the Service.
func ClientService(c *v1alpha1.RealtimeCluster, annotations map[string]string) *corev1.Service {
	s := service(c, ComponentServer, ClientServiceName(c), PortNameClient, PortService)
	s.Annotations = annotations
	s.Spec.Type = corev1.ServiceTypeClusterIP
	return s
}

// PeerService names the peer port, at which pods forward requests of sessions to each other, for
// service meshes and for administrators. The pods find each other by their leases in Redis. The
// Service includes unready pods, because a draining pod still owns its sessions.
func PeerService(c *v1alpha1.RealtimeCluster) *corev1.Service {
	s := service(c, ComponentServer, PeerServiceName(c), PortNamePeer, PortPeer)
	s.Spec.ClusterIP = corev1.ClusterIPNone
	s.Spec.PublishNotReadyAddresses = true
	return s
}

// APIService is the Service by which other back ends reach the server API, only from inside the
// Kubernetes cluster; nil when the server API is disabled.
func APIService(c *v1alpha1.RealtimeCluster) *corev1.Service {
	if !enabled(c.Spec.API.Enabled) {
		return nil
	}
	s := service(c, ComponentServer, APIServiceName(c), PortNameAPI, PortService)
	s.Spec.Type = corev1.ServiceTypeClusterIP
	return s
}

// service returns a Service with a single TCP port for the pods of a component.
func service(c *v1alpha1.RealtimeCluster, component Component, name, port string, number int32) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: objectMeta(c, component, name),
		Spec: corev1.ServiceSpec{
			Selector: Selector(c, component),
			Ports: []corev1.ServicePort{{
				Name: port, Port: number, TargetPort: intstr.FromString(port), Protocol: corev1.ProtocolTCP,
			}},
		},
	}
}
