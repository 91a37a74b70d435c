// Package manifest checks rendered manifests against an API server and against Pod
// Security.
package manifest

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	podsecurity "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// root is the checkout.
var root = func() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}()

// Assets returns the directory with kube-apiserver, etcd and kubectl, and builds missing
// programs.
func Assets(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(root, "hack", "envtest", "assets.sh"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// StartWithCRDs runs an API server that has the project's CRDs, and the namespaces.
func StartWithCRDs(t *testing.T, namespaces ...string) client.Client {
	t.Helper()
	crds := filepath.Join(root, "config", "crd", "bases")
	_, k8s := Start(t, &envtest.Environment{CRDDirectoryPaths: []string{crds}, ErrorIfCRDPathMissing: true}, namespaces...)
	return k8s
}

// Start runs an API server until the test ends, and creates the namespaces.
func Start(t *testing.T, environment *envtest.Environment, namespaces ...string) (*envtest.Environment, client.Client) {
	t.Helper()
	environment.BinaryAssetsDirectory = Assets(t)
	// The defaults are too short for a busy machine.
	environment.ControlPlaneStartTimeout, environment.ControlPlaneStopTimeout = 2*time.Minute, time.Minute
	environment.CRDInstallOptions.MaxTime = time.Minute
	config, err := environment.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = environment.Stop() })
	k8s, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range namespaces {
		if err := k8s.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	return environment, k8s
}

// Kustomize returns the objects of kubectl apply -k for a folder of config/.
func Kustomize(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	out, err := exec.Command(filepath.Join(Assets(t), "kubectl"), "kustomize", filepath.Join(root, "config", folder)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return Objects(t, string(out))
}

// Objects returns the non-empty documents of a YAML text.
func Objects(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(object.Object) > 0 {
			all = append(all, object)
		}
	}
}

// CheckApplies applies each object in a server-side dry run. A kind that the API server
// lacks is an error, unless kindsOfOthers has it.
func CheckApplies(t *testing.T, k8s client.Client, objects []*unstructured.Unstructured, kindsOfOthers ...string) {
	t.Helper()
	foreign := map[string]bool{}
	for _, kind := range kindsOfOthers {
		foreign[kind] = true
	}
	for _, object := range objects {
		err := k8s.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(object.DeepCopy()), client.DryRunAll, client.ForceOwnership, client.FieldOwner("test"))
		if err != nil && (!meta.IsNoMatchError(err) || !foreign[object.GetKind()]) {
			t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
		}
	}
}

// CheckRestricted checks the pods of Deployments and Jobs against Pod Security's level
// restricted, and returns the Deployments.
func CheckRestricted(t *testing.T, objects []*unstructured.Unstructured) []*appsv1.Deployment {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := podsecurity.LevelVersion{Level: podsecurity.LevelRestricted, Version: podsecurity.LatestVersion()}
	var deployments []*appsv1.Deployment
	for _, object := range objects {
		if object.GetKind() != "Deployment" && object.GetKind() != "Job" {
			continue
		}
		d := &appsv1.Deployment{} // a Job has its template at the same path
		if err := k8sruntime.DefaultUnstructuredConverter.FromUnstructured(object.Object, d); err != nil {
			t.Fatal(err)
		}
		for _, result := range evaluator.EvaluatePod(level, &d.Spec.Template.ObjectMeta, &d.Spec.Template.Spec) {
			if !result.Allowed {
				t.Errorf("%s %s: Pod Security: %s: %s", object.GetKind(), object.GetName(), result.ForbiddenReason, result.ForbiddenDetail)
			}
		}
		if object.GetKind() == "Deployment" {
			deployments = append(deployments, d)
		}
	}
	return deployments
}
