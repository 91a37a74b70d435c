//go:build e2e

package cluster

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// namespace is the namespace of kubectl commands.
type namespace string

// kubectl runs a command that must succeed, and returns its output.
func (n namespace) kubectl(args ...string) string {
	GinkgoHelper()
	return strings.TrimSpace(run(exec.Command("kubectl", append([]string{"--namespace", string(n)}, args...)...)))
}

// try runs a command that may fail.
func (n namespace) try(args ...string) (string, error) {
	out, err := exec.Command("kubectl", append([]string{"--namespace", string(n)}, args...)...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// apply applies a manifest given as text.
func (n namespace) apply(text string) {
	GinkgoHelper()
	cmd := exec.Command("kubectl", "--namespace", string(n), "apply", "--filename", "-")
	cmd.Stdin = strings.NewReader(text)
	run(cmd)
}

// patch merges a change into an object.
func (n namespace) patch(object, change string) {
	GinkgoHelper()
	n.kubectl("patch", object, "--type=merge", "--patch", change)
}

// object has the fields of objects of any kind that the suite reads.
type object struct {
	Kind     string
	Metadata struct {
		Name, UID, DeletionTimestamp string
		Annotations                  map[string]string
		Finalizers                   []string
	}
	Spec struct {
		NodeName   string
		Replicas   int
		Containers []struct{ Image string }
	}
	Status struct {
		PodIP             string
		Replicas          int
		ReadyReplicas     int
		Conditions        []struct{ Type, Status, Reason, Message string }
		ContainerStatuses []struct{ ContainerID string }
	}
	Data map[string][]byte
}

// is reports whether a condition is True.
func (o object) is(condition string) bool {
	for _, c := range o.Status.Conditions {
		if c.Type == condition {
			return c.Status == "True"
		}
	}
	return false
}

// list lists objects by kind; selector may be empty.
func (n namespace) list(kinds, selector string) []object {
	GinkgoHelper()
	var all struct{ Items []object }
	decode(n.kubectl("get", kinds, "--selector", selector, "--output", "json"), &all)
	return all.Items
}

func (n namespace) get(name string) (o object) {
	GinkgoHelper()
	decode(n.kubectl("get", name, "--output", "json"), &o)
	return o
}

func decode(text string, into any) {
	GinkgoHelper()
	Expect(json.Unmarshal([]byte(text), into)).To(Succeed(), text)
}

// dumped are the namespaces of the current spec, which are dumped when it fails.
var dumped []namespace

var _ = BeforeEach(func() { dumped = []namespace{system, "traefik"} })

var _ = JustAfterEach(func() {
	if !CurrentSpecReport().Failed() {
		return
	}
	dir := filepath.Join("..", "..", "..", "bin", "e2e", strings.Join(CurrentSpecReport().Labels(), "-"))
	Expect(os.MkdirAll(dir, 0o755)).To(Succeed())
	for _, n := range dumped {
		n.dump(dir)
	}
	GinkgoWriter.Printf("objects, events and logs are in %s\n", dir)
})

// dump writes a namespace's objects, events and logs into files, and the ends of the logs
// into the report.
func (n namespace) dump(dir string) {
	save := func(name string, args ...string) {
		out, _ := n.try(args...)
		_ = os.WriteFile(filepath.Join(dir, string(n)+"-"+name), []byte(out), 0o600)
		GinkgoWriter.Printf("---- %s, %s:\n%s\n", n, name, out[max(0, len(out)-4000):])
	}
	save("objects.yaml", "get", "realtimeclusters,lobbypolicies,matchmakingqueues,all,ingresses,configmaps,pvc,pdb", "--output", "yaml")
	save("pods.txt", "get", "pods", "--output", "wide")
	save("events.txt", "get", "events", "--sort-by", "lastTimestamp")
	for pod := range strings.FieldsSeq(n.kubectl("get", "pods", "--output", "name")) {
		name := strings.TrimPrefix(pod, "pod/")
		save(name+".log", "logs", pod, "--all-containers")
		if _, err := n.try("logs", pod, "--previous", "--tail=1"); err == nil {
			save(name+".previous.log", "logs", pod, "--all-containers", "--previous")
		}
	}
}

// create sends an object to a path of the API.
func (n namespace) create(path, text string) {
	GinkgoHelper()
	cmd := exec.Command("kubectl", "create", "--raw", path, "--filename", "-")
	cmd.Stdin = strings.NewReader(text)
	run(cmd)
}
