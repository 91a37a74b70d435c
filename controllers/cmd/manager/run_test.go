package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/envtesting"
	"github.com/anteroom/anteroom/test/process"
)

// TestRun runs the program against an API server, applies the samples, and looks at
// every condition that can be true without a kubelet.
func TestRun(t *testing.T) {
	g := NewWithT(t)
	g.SetDefaultEventuallyTimeout(time.Minute)
	environment, err := envtesting.Start()
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = environment.Stop() }()
	t.Setenv("KUBECONFIG", kubeconfig(t, environment))
	k8s, err := client.New(environment.Config, client.Options{Scheme: envtesting.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())

	path := build(t, g)
	metrics, health := freeAddress(t), freeAddress(t)
	log := &lines{}
	program := start(t, g, log, path, "run", "--leader-elect-namespace", "default",
		"--metrics-bind-address", metrics, "--health-probe-bind-address", health)
	ctx := t.Context()

	for _, sample := range applySamples(t, k8s) {
		about := sample.file + ": " + sample.GetKind() + " " + sample.GetName()
		if sample.GetKind() == v1alpha1.KindRealtimeCluster {
			admit(g, ctx, k8s, sample)
			g.Eventually(func(g Gomega) { lookAtCluster(g, ctx, k8s, sample) }).Should(Succeed(), about)
		} else {
			g.Eventually(func(g Gomega) {
				g.Expect(conditionsOf(g, ctx, k8s, sample)).To(And(
					HaveKeyWithValue("Accepted", "True/Accepted"), HaveKeyWithValue("Propagated", "Unknown/NoPods"),
				))
			}).Should(Succeed(), about)
		}
	}
	g.Eventually(func() int { code, _ := get("http://"+health+"/readyz", ""); return code }).Should(Equal(http.StatusOK))
	lookAtMetrics(t, g, k8s, "https://"+metrics+"/metrics")

	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "anteroom-operator"}}
	g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(lease), lease)).To(Succeed())
	g.Expect(lease.Spec.HolderIdentity).To(HaveValue(Not(BeEmpty())))
	g.Expect(program.Process.Signal(syscall.SIGTERM)).To(Succeed())
	g.Expect(program.Wait()).To(Succeed())
	g.Expect(k8s.Get(t.Context(), client.ObjectKeyFromObject(lease), lease)).To(Succeed())
	g.Expect(lease.Spec.HolderIdentity).To(HaveValue(BeEmpty()), "the next operator has to wait for the lease to lapse")
	for _, line := range log.all() {
		g.Expect(json.Valid([]byte(line))).To(BeTrue(), line)
	}
	g.Expect(log.all()).NotTo(BeEmpty())
}

// build builds the program.
func build(t *testing.T, g Gomega) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "manager")
	out, err := exec.Command("go", "build", "-race", "-o", path, ".").CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(out))
	return path
}

// start runs the program until the test ends at the latest.
func start(t *testing.T, g Gomega, log io.Writer, path string, args ...string) *exec.Cmd {
	t.Helper()
	program := exec.Command(path, args...)
	program.Stderr = log
	g.Expect(program.Start()).To(Succeed())
	t.Cleanup(func() { _ = program.Process.Kill() })
	return program
}

// lookAtMetrics checks that authorised clients receive the metrics, over HTTP/1.1 only.
func lookAtMetrics(t *testing.T, g Gomega, k8s client.Client, url string) {
	t.Helper()
	g.Eventually(func() int { code, _ := get(url, ""); return code }).Should(Equal(http.StatusUnauthorized))
	code, _ := get(url, "nobodys-token")
	g.Expect(code).To(BeNumerically(">=", http.StatusBadRequest))
	code, _ = get(url, newUser(t, g, k8s, "stranger"))
	g.Expect(code).To(Equal(http.StatusForbidden))

	text, err := os.ReadFile("../../../config/rbac/metrics_reader.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	reader := &rbacv1.ClusterRole{}
	g.Expect(yaml.Unmarshal(text, reader)).To(Succeed())
	g.Expect(k8s.Create(t.Context(), reader)).To(Succeed())
	g.Expect(k8s.Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "prometheus"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: reader.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "prometheus"}},
	})).To(Succeed())
	// The operator keeps a refusal for 30 s, so it is asked once the API server knows the binding.
	g.Eventually(func() (bool, error) {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User:                  "system:serviceaccount:default:prometheus",
			NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: "/metrics", Verb: "get"},
		}}
		err := k8s.Create(t.Context(), review)
		return review.Status.Allowed, err
	}).Should(BeTrue())
	token := newUser(t, g, k8s, "prometheus")
	g.Eventually(func() int { code, _ := get(url, token); return code }).Should(Equal(http.StatusOK))
	_, protocol := get(url, token)
	g.Expect(protocol).To(Equal("HTTP/1.1"))
	lookAtDashboard(g, func() string { return read(url, token) })
}

// lookAtDashboard has the operator serve every metric that the chart's dashboard draws.
func lookAtDashboard(g Gomega, scrape func() string) {
	text, err := os.ReadFile("../../../charts/anteroom/files/dashboard.json")
	g.Expect(err).NotTo(HaveOccurred())
	metrics := regexp.MustCompile(`([a-z_]+)\{namespace=`).FindAllStringSubmatch(string(text), -1)
	g.Expect(len(metrics)).To(BeNumerically(">=", 6), "the dashboard's metrics were not found")
	for _, metric := range metrics {
		g.Eventually(scrape).Should(MatchRegexp(`(?m)^%s[{ ]`, metric[1]), "the dashboard draws it")
	}
}

// newUser makes a service account and gives a token of it.
func newUser(t *testing.T, g Gomega, k8s client.Client, name string) string {
	t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	g.Expect(k8s.Create(t.Context(), account)).To(Succeed())
	request := &authenticationv1.TokenRequest{}
	g.Expect(k8s.SubResource("token").Create(t.Context(), account, request)).To(Succeed())
	return request.Status.Token
}

// lines is a log that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSpace(l.text.String()), "\n")
}

// sample is an object of config/samples, and the file it is in.
type sample struct {
	*unstructured.Unstructured
	file string
}

func (s sample) text(fields ...string) string {
	value, _, _ := unstructured.NestedString(s.Object, append([]string{"spec"}, fields...)...)
	return value
}

// viaIngress reports whether the sample is exposed by an Ingress.
func (s sample) viaIngress() bool {
	return s.text("exposure", "type") == "Ingress" && s.text("exposure", "ingress", "controller") != "Contour"
}

// admit acts as an ingress controller and gives the Ingress an address.
func admit(g Gomega, ctx context.Context, k8s client.Client, s sample) {
	if !s.viaIngress() {
		return
	}
	g.Eventually(func() error {
		var ingress networkingv1.Ingress
		if err := k8s.Get(ctx, client.ObjectKeyFromObject(s), &ingress); err != nil {
			return err
		}
		ingress.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "192.0.2.1"}}
		return k8s.Status().Update(ctx, &ingress)
	}).Should(Succeed(), s.file)
}

// exposed are the reasons of ExposureReady, by controller, once it has admitted.
var exposed = map[string]string{
	"Custom":          "True/Exposed",
	"Traefik":         "True/PartiallySupported",
	"HAProxyTech":     "True/PartiallySupported",
	"HAProxyIngress":  "True/PartiallySupported",
	"NGINX":           "True/Exposed",
	"IngressNGINX":    "True/ControllerRetired",
	"AWSLoadBalancer": "True/PartiallySupported",
	"Contour":         "False/KindNotInstalled",
}

// lookAtCluster expects what can be without a kubelet: a cluster is as its spec says, is
// exposed, and waits for its pods.
func lookAtCluster(g Gomega, ctx context.Context, k8s client.Client, s sample) {
	exposure := map[string]string{
		"None": "True/NotExposed", "Gateway": "False/KindNotInstalled", "Ingress": exposed[s.text("exposure", "ingress", "controller")],
	}[s.text("exposure", "type")]
	redis := "False/RedisStarting"
	if s.text("redis", "mode") == "External" {
		redis = "Unknown/RedisNotReported"
	}
	g.Expect(conditionsOf(g, ctx, k8s, s)).To(Equal(map[string]string{
		"RedisReady": redis, "WorkloadAvailable": "False/ReplicasUnavailable", "ExposureReady": exposure,
		"PoliciesPropagated": "Unknown/NoPods", "Progressing": "True/RolloutInProgress",
		"Paused": "False/NotPaused", "Ready": "False/RedisNotReady",
	}))
}

// conditionsOf reads an object's conditions, all of its present generation.
func conditionsOf(g Gomega, ctx context.Context, k8s client.Client, s sample) map[string]string {
	now := s.DeepCopy()
	g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(s), now)).To(Succeed())
	raw, _, _ := unstructured.NestedSlice(now.Object, "status", "conditions")
	conditions := map[string]string{}
	for _, c := range raw {
		condition := c.(map[string]any)
		g.Expect(condition["observedGeneration"]).To(Equal(now.GetGeneration()))
		conditions[fmt.Sprint(condition["type"])] = fmt.Sprint(condition["status"], "/", condition["reason"])
	}
	return conditions
}

func applySamples(t *testing.T, k8s client.Client) []sample {
	t.Helper()
	files, err := filepath.Glob("../../../config/samples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples (%v)", err)
	}
	var all []sample
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// Each file has a namespace of its own, as samples may use the same names.
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("sample-%d", i)}}
		if err := k8s.Create(t.Context(), namespace); err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
		for {
			object := &unstructured.Unstructured{}
			if err := decoder.Decode(object); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if len(object.Object) == 0 {
				continue
			}
			object.SetNamespace(namespace.Name)
			if err := k8s.Create(t.Context(), object); err != nil && !meta.IsNoMatchError(err) {
				t.Fatalf("%s: %v", file, err)
			}
			if object.GroupVersionKind().Group == v1alpha1.GroupName {
				all = append(all, sample{object, filepath.Base(file)})
			}
		}
	}
	return all
}

// kubeconfig writes the kubeconfig of an administrator.
func kubeconfig(t *testing.T, environment *envtest.Environment) string {
	t.Helper()
	user, err := environment.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := user.KubeConfig()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// get is what a URL answers to a bearer of a token, and by which protocol of those that
// it is offered; 0 when it does not answer.
func get(url, token string) (code int, protocol string) {
	answer := ask(url, token)
	if answer == nil {
		return 0, ""
	}
	_ = answer.Body.Close()
	return answer.StatusCode, answer.Proto
}

// read is the text that a URL answers to a bearer of a token; empty when it does not.
func read(url, token string) string {
	answer := ask(url, token)
	if answer == nil {
		return ""
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return ""
	}
	return string(text)
}

// ask gets a URL as a bearer of a token; nil when there is no answer.
func ask(url, token string) *http.Response {
	c := &http.Client{Timeout: time.Second, Transport: &http.Transport{
		ForceAttemptHTTP2: true, DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a certificate of its own
	}}
	request, err := http.NewRequest(http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := c.Do(request)
	if err != nil {
		return nil
	}
	return answer
}
