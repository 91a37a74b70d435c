//go:build e2e

package cluster

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/test/crowd"
	"github.com/anteroom/anteroom/test/siotest"
)

const (
	servers = "app.kubernetes.io/component=server"
	redis   = "app.kubernetes.io/component=redis"
)

// arena is a RealtimeCluster in a separate namespace.
type arena struct {
	namespace
	name string
	key  []byte // the signing key of tokens
}

// newNamespace creates a namespace in which the operator may write Secrets, and removes
// it after the spec.
func newNamespace() namespace {
	GinkgoHelper()
	n := namespace(strings.ToLower("e2e-" + CurrentSpecReport().Labels()[0] + "-" + rand.Text()[:5]))
	n.kubectl("create", "namespace", string(n))
	DeferCleanup(func() { n.kubectl("delete", "namespace", string(n), "--timeout", patience.String()) })
	dumped = append(dumped, n)
	n.kubectl("create", "rolebinding", "anteroom-operator-namespace",
		"--clusterrole=anteroom-operator-namespace", "--serviceaccount="+system+":anteroom-operator")
	return n
}

// newArena applies testdata/arena.yaml, with a change merged into the RealtimeCluster's
// spec.
func newArena(change string) *arena {
	GinkgoHelper()
	n := newNamespace()
	n.apply(manifest(filepath.Join("testdata", "arena.yaml"), change))
	return n.awaitArena("arena")
}

// persistent makes Redis keep its data on a volume.
const persistent = `{"redis":{"managed":{"storage":{"type":"Persistent","size":"1Gi"}}}}`

// manifest reads a manifest, sets the ingress controller's host, and merges a change, if
// any, into the RealtimeCluster's spec.
func manifest(file, change string) string {
	GinkgoHelper()
	text, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	all := strings.ReplaceAll(string(text), "HOST", given.host)
	if change == "" {
		return all
	}
	documents := strings.Split(all, "\n---\n")
	for i, document := range documents {
		if strings.Contains(document, "\nkind: RealtimeCluster\n") {
			patch := exec.Command("kubectl", "patch", "--local", "--filename", "-", "--type=merge", "--patch", `{"spec":`+change+`}`, "--output", "yaml")
			patch.Stdin = strings.NewReader(document)
			documents[i] = run(patch)
		}
	}
	return strings.Join(documents, "\n---\n")
}

// awaitArena waits until a RealtimeCluster is Ready and the ingress controller serves it.
func (n namespace) awaitArena(name string) *arena {
	GinkgoHelper()
	a := &arena{namespace: n, name: name}
	a.awaitReady()
	a.key = n.get("secret/" + name + "-auth").Data["hs256"]
	Expect(a.key).NotTo(BeEmpty())
	Eventually(func() error {
		out, err := exec.Command("curl", "--silent", "--show-error", "--fail", given.url+"/socket.io/?EIO=4&transport=polling").CombinedOutput()
		if err != nil {
			return &exec.Error{Name: string(out), Err: err}
		}
		return nil
	}).Should(Succeed())
	return a
}

func (a *arena) awaitReady() {
	GinkgoHelper()
	a.kubectl("wait", "--for=condition=Ready", "realtimecluster/"+a.name, "--timeout", patience.String())
}

// token returns a user's token.
func (a *arena) token(user string) string {
	claims := jwt.MapClaims{"sub": user, "name": user, "exp": time.Now().Add(time.Hour).Unix()}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(a.key)
	Expect(err).NotTo(HaveOccurred())
	return signed
}

// gather starts a crowd at the ingress.
func (a *arena) gather() *crowd.Crowd {
	GinkgoHelper()
	address := strings.TrimPrefix(given.url, "http://")
	c := crowd.Gather(GinkgoTB(), crowd.Site{Addresses: []string{address}, Token: a.token})
	c.GoesOn(patience)
	return c
}

// connect connects a user through the ingress.
func (a *arena) connect(user string, opts ...siotest.Option) *siotest.Client {
	GinkgoHelper()
	opts = append([]siotest.Option{siotest.WithName(user), siotest.WithToken(a.token(user)), siotest.WithPatience(15 * time.Second)}, opts...)
	return siotest.Connect(GinkgoTB(), given.url, opts...)
}

// scenario runs a file of scenarios/ with Node's test runner and the stock client. Each
// user brings the cookie of a separate pod, so that it begins there; "server-1" and so on
// are the names of the pods for the scenario.
func (a *arena) scenario(ctx context.Context, file string, users ...string) {
	GinkgoHelper()
	type token struct {
		User  string `json:"user"`
		Token string `json:"token"`
	}
	type server struct {
		Name   string `json:"name"`
		Cookie string `json:"cookie"`
	}
	var state struct {
		Servers []server `json:"servers"`
		Front   struct {
			URL        string `json:"url"`
			CookieName string `json:"cookieName"`
		} `json:"front"`
		Tokens []token `json:"tokens"`
	}
	state.Front.URL, state.Front.CookieName = given.url, cookieName
	for _, cookie := range a.cookies() {
		state.Servers = append(state.Servers, server{fmt.Sprint("server-", len(state.Servers)+1), cookie})
	}
	for _, user := range users {
		state.Tokens = append(state.Tokens, token{user, a.token(user)})
	}
	text, err := json.Marshal(state)
	Expect(err).NotTo(HaveOccurred())
	path := filepath.Join(GinkgoT().TempDir(), "state.json")
	Expect(os.WriteFile(path, text, 0o600)).To(Succeed())
	cmd := exec.CommandContext(ctx, "node", "--test", filepath.Join("scenarios", file))
	// Node would try ::1 first, where no server listens.
	cmd.Env = append(os.Environ(), "ANTEROOM_STATE="+path, "NODE_OPTIONS=--dns-result-order=ipv4first")
	out, err := cmd.CombinedOutput()
	GinkgoWriter.Printf("%s", out)
	Expect(err).NotTo(HaveOccurred(), "scenario %s", file)
}

// pods returns the pods of a component that are not being deleted.
func (a *arena) pods(component string) []object {
	GinkgoHelper()
	var all []object
	for _, pod := range a.list("pods", component) {
		if pod.Metadata.DeletionTimestamp == "" {
			all = append(all, pod)
		}
	}
	return all
}

// uids returns the UIDs of pods.
func uids(pods []object) []string {
	var all []string
	for _, pod := range pods {
		all = append(all, pod.Metadata.UID)
	}
	return all
}

// statusOf returns a server pod's own status.
func (a *arena) statusOf(pod object) (s configv1.ServerStatus) {
	GinkgoHelper()
	decode(a.admin(pod, "statusz"), &s)
	return s
}

// admin returns the answer of a server pod's admin port.
func (a *arena) admin(pod object, path string) string {
	GinkgoHelper()
	return a.kubectl("get", "--raw", "/api/v1/namespaces/"+string(a.namespace)+"/pods/"+pod.Metadata.Name+":9090/proxy/"+path)
}
