//go:build e2e

package cluster

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// kill ends a pod by SIGKILL, and waits until it is gone. The kubelet sends SIGTERM a
// second before; a process that is stopped cannot act on it.
func (a *arena) kill(pod object) {
	GinkgoHelper()
	a.stop(pod)
	a.end(pod)
}

// end deletes a pod that stop has stopped.
func (a *arena) end(pod object) {
	GinkgoHelper()
	a.kubectl("delete", "pod", pod.Metadata.Name, "--grace-period=1", "--timeout", patience.String())
}

// stopper is a pod that sends SIGSTOP to the processes of a container on its node, which
// it tells by their cgroup, and waits until they stand still. Its image is that of Redis,
// which is on every node that matters and has a shell, but little more than that.
const stopper = `
apiVersion: v1
kind: Pod
metadata: {name: stopper}
spec:
  nodeName: NODE
  hostPID: true
  restartPolicy: Never
  containers:
  - name: stopper
    image: IMAGE
    securityContext: {runAsUser: 0}
    command:
    - sh
    - -c
    - |
      for process in /proc/[0-9]*; do
        case $(cat $process/cgroup 2>/dev/null) in *CONTAINER*)
          kill -STOP ${process#/proc/}
          until case $(cat $process/stat 2>/dev/null) in *') T '*) echo "stopped $process" ;; *') Z '*|'') ;; *) false ;; esac; do :; done
        esac
      done
`

// stop has all processes of a pod stand still.
func (a *arena) stop(pod object) {
	GinkgoHelper()
	_, container, _ := strings.Cut(pod.Status.ContainerStatuses[0].ContainerID, "://")
	Expect(container).NotTo(BeEmpty())
	image := a.pods(redis)[0].Spec.Containers[0].Image
	a.apply(strings.NewReplacer("NODE", pod.Spec.NodeName, "IMAGE", image, "CONTAINER", container).Replace(stopper))
	a.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/stopper", "--timeout", patience.String())
	Expect(a.kubectl("logs", "stopper")).To(HavePrefix("stopped "))
	a.kubectl("delete", "pod", "stopper", "--wait=false")
}
