package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/testenv"
)

// TestRun runs the command against an API server, applies the samples, and looks at
// every condition that can be true without a kubelet.
func TestRun(t *testing.T) {
	g := NewWithT(t)
	g.SetDefaultEventuallyTimeout(30 * time.Second)
	environment, err := testenv.Start()
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = environment.Stop() }()
	t.Setenv("KUBECONFIG", kubeconfig(t, environment))
	k8s, err := client.New(environment.Config, client.Options{Scheme: testenv.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())

	metrics, health := freeAddress(t), freeAddress(t)
	cmd := newCommand()
	cmd.SetArgs([]string{"run", "--leader-elect-namespace", "default", "--metrics-bind-address", metrics, "--health-probe-bind-address", health})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx) }()

	samples := applySamples(t, k8s)
	for _, sample := range samples {
		g.Eventually(func(g Gomega) { lookAt(g, ctx, k8s, sample) }).Should(Succeed(), sample.GetKind()+" "+sample.GetName())
	}
	g.Eventually(func() int { return status("http://" + health + "/readyz") }).Should(Equal(http.StatusOK))
	g.Eventually(func() int { return status("https://" + metrics + "/metrics") }).Should(Equal(http.StatusUnauthorized))

	cancel()
	g.Eventually(done).Should(Receive(BeNil()))
}

// lookAt expects what can be without a kubelet: a policy is accepted, and a cluster
// is as its spec says and waits for Redis.
func lookAt(g Gomega, ctx context.Context, k8s client.Client, sample *unstructured.Unstructured) {
	now := sample.DeepCopy()
	g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(sample), now)).To(Succeed())
	raw, _, _ := unstructured.NestedSlice(now.Object, "status", "conditions")
	conditions := map[string]string{}
	for _, c := range raw {
		condition := c.(map[string]any)
		conditions[fmt.Sprint(condition["type"])] = fmt.Sprint(condition["status"], "/", condition["reason"])
	}
	if sample.GetKind() != v1alpha1.KindRealtimeCluster {
		g.Expect(conditions).To(HaveKeyWithValue("Accepted", "True/Accepted"))
		return
	}
	g.Expect(conditions).To(And(
		HaveKeyWithValue("RedisReady", "False/RedisStarting"),
		HaveKeyWithValue("Paused", "False/NotPaused"),
		HaveKeyWithValue("Ready", "False/RedisNotReady"),
		HaveKey("Progressing"), HaveKey("WorkloadAvailable"), HaveKey("ExposureReady"), HaveKey("PoliciesPropagated"),
	))
}

func applySamples(t *testing.T, k8s client.Client) []*unstructured.Unstructured {
	t.Helper()
	files, err := filepath.Glob("../../../config/samples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples (%v)", err)
	}
	var all []*unstructured.Unstructured
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
				all = append(all, object)
			}
		}
	}
	return all
}

// kubeconfig writes one of an administrator.
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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// status is what a URL answers; 0 when it does not.
func status(url string) int {
	c := &http.Client{Timeout: time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // a certificate of its own
	answer, err := c.Get(url)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}
