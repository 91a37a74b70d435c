// Package kustomize tests the installations of config/ by kubectl apply -k.
package kustomize

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/anteroom/anteroom/test/manifest"
)

const config = "../../config"

// parts are the folders that are applied only as a part of another folder.
var parts = []string{"crd", "manager", "rbac"}

// TestAnAPIServerAcceptsEachFolder builds each folder with a kustomization, and applies
// the complete ones with a server-side dry run.
func TestAnAPIServerAcceptsEachFolder(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(config, "*", "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	k8s := manifest.StartWithCRDs(t, "anteroom-system", "games")
	wholes := 0
	for _, file := range folders {
		folder := filepath.Base(filepath.Dir(file))
		t.Run(folder, func(t *testing.T) {
			objects := build(t, folder)
			manifest.CheckApplies(t, k8s, objects)
			deployments := manifest.CheckRestricted(t, objects)
			if !slices.Contains(parts, folder) {
				wholes++
				if len(deployments) != 1 {
					t.Errorf("got %d Deployments", len(deployments))
				}
				readmeHas(t, folder)
			}
		})
	}
	if wholes < 4 {
		t.Errorf("got %d complete folders, want more", wholes)
	}
}

// TestNamespacedHasNoRightsElsewhere: the operator's bindings are in namespaces.
func TestNamespacedHasNoRightsElsewhere(t *testing.T) {
	objects := build(t, "namespaced")
	for _, object := range objects {
		if object.GetKind() == "ClusterRoleBinding" && roleOf(t, object) != "anteroom-operator-cluster" {
			t.Errorf("%s: got the role %s in all namespaces", object.GetName(), roleOf(t, object))
		}
	}
	if args := operator(t, objects).Spec.Template.Spec.Containers[0].Args; !slices.Contains(args, "--namespaces=games") {
		t.Errorf("got arguments %v of the operator", args)
	}
}

// TestMetricsTLSServesTheSecret: the Secret is mounted at the directory that the operator
// reads.
func TestMetricsTLSServesTheSecret(t *testing.T) {
	pod := operator(t, build(t, "metrics-tls")).Spec.Template.Spec
	container := pod.Containers[0]
	if len(container.VolumeMounts) != 1 || len(pod.Volumes) != 1 || pod.Volumes[0].Secret == nil {
		t.Fatalf("got mounts %v of volumes %v", container.VolumeMounts, pod.Volumes)
	}
	if got := pod.Volumes[0].Secret.SecretName; got != "anteroom-operator-metrics" {
		t.Errorf("got a mount of the Secret %q", got)
	}
	if want := "--metrics-cert-dir=" + container.VolumeMounts[0].MountPath; !slices.Contains(container.Args, want) {
		t.Errorf("the operator is run with %v, want %s", container.Args, want)
	}
}

// build returns the objects of kubectl apply -k.
func build(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	return manifest.Kustomize(t, folder)
}

// operator returns the only Deployment among the objects.
func operator(t *testing.T, objects []*unstructured.Unstructured) *appsv1.Deployment {
	t.Helper()
	deployments := manifest.CheckRestricted(t, objects)
	if len(deployments) != 1 {
		t.Fatalf("got %d Deployments", len(deployments))
	}
	return deployments[0]
}

// roleOf returns the role of a binding.
func roleOf(t *testing.T, binding *unstructured.Unstructured) string {
	t.Helper()
	name, found, err := unstructured.NestedString(binding.Object, "roleRef", "name")
	if err != nil || !found {
		t.Fatalf("%s has no role: %v", binding.GetName(), err)
	}
	return name
}

// readmeHas: the table of config/README.md lists every installation.
func readmeHas(t *testing.T, folder string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(config, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if row := "| [`" + folder + "`](" + folder + ") |"; !strings.Contains(string(text), row) {
		t.Errorf("config/README.md: got no row for %s", folder)
	}
}
