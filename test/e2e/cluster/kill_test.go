//go:build e2e

package cluster

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// remove deletes a pod with a grace period of a second, too short for a drain, and waits
// until the pod is deleted.
func (a *arena) remove(pod object) {
	GinkgoHelper()
	a.kubectl("delete", "pod", pod.Metadata.Name, "--grace-period=1", "--timeout", patience.String())
}

// diedBySIGKILL waits until the kubelet reports that SIGKILL ended a pod's container.
func (a *arena) diedBySIGKILL(pod object) {
	GinkgoHelper()
	Eventually(func() string {
		return a.kubectl("get", "pod", pod.Metadata.Name, "--output", "jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}")
	}).Should(Equal("137"))
}

// signaller is a pod that sends a signal to the processes of a container on its node,
// found by their cgroup, and waits until they are stopped or dead. A container's first
// process cannot be killed from inside the container. The pod uses the Redis image, which
// is already on the node and has a shell.
const signaller = `
apiVersion: v1
kind: Pod
metadata: {name: signaller}
spec:
  nodeName: NODE
  hostPID: true
  restartPolicy: Never
  containers:
  - name: signaller
    image: IMAGE
    securityContext: {runAsUser: 0}
    command:
    - sh
    - -c
    - |
      for process in /proc/[0-9]*; do
        case $(cat $process/cgroup 2>/dev/null) in *CONTAINER*)
          kill -SIGNAL ${process#/proc/} && echo "sent to $process"
          until case $(cat $process/stat 2>/dev/null) in *') T '*|*') Z '*|'') ;; *) false ;; esac; do :; done
        esac
      done
`

// signal sends a signal to all processes of a pod.
func (a *arena) signal(pod object, signal string) {
	GinkgoHelper()
	_, container, _ := strings.Cut(pod.Status.ContainerStatuses[0].ContainerID, "://")
	Expect(container).NotTo(BeEmpty())
	image := a.pods(redis)[0].Spec.Containers[0].Image
	a.apply(strings.NewReplacer("NODE", pod.Spec.NodeName, "IMAGE", image, "CONTAINER", container, "SIGNAL", signal).Replace(signaller))
	a.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/signaller", "--timeout", patience.String())
	Expect(a.kubectl("logs", "signaller")).To(HavePrefix("sent to "))
}
