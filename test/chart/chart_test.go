// Package chart tests the Helm chart: its rendering, its validation, and that an API
// server accepts all objects.
package chart

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/anteroom/anteroom/test/manifest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const chartDir = "../../charts/anteroom"

// namespaces are the namespaces of the value sets.
var namespaces = []string{"anteroom-system", "games", "staging"}

// helmProgram is a helm, built when none is installed.
var helmProgram = sync.OnceValues(func() (string, error) {
	cmd := exec.Command("../../hack/deps/helm.sh")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
})

// helm runs helm.
func helm(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	program, err := helmProgram()
	if err != nil {
		t.Fatal(err)
	}
	var out, problems bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	err = cmd.Run()
	return out.String(), problems.String(), err
}

// sets returns the value sets of testdata, by name.
func sets(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.values.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("found %d value sets, %v", len(files), err)
	}
	all := map[string]string{}
	for _, file := range files {
		all[strings.TrimSuffix(filepath.Base(file), ".values.yaml")] = file
	}
	return all
}

func render(t *testing.T, values string) string {
	t.Helper()
	out, problems, err := helm(t, "template", "anteroom", chartDir, "--namespace", "anteroom-system", "--values", values)
	if err != nil {
		t.Fatalf("%v: %s", err, problems)
	}
	return out
}

func TestLint(t *testing.T) {
	for name, values := range sets(t) {
		t.Run(name, func(t *testing.T) {
			if out, _, err := helm(t, "lint", "--strict", chartDir, "--values", values); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestGolden compares the rendered objects without the CRDs, which equal those of
// config/crd.
func TestGolden(t *testing.T) {
	for name, values := range sets(t) {
		t.Run(name, func(t *testing.T) {
			var kept []string
			for _, doc := range strings.Split("\n"+render(t, values), "\n---\n") {
				if !strings.Contains(doc, "kind: CustomResourceDefinition") && strings.TrimSpace(doc) != "" {
					kept = append(kept, strings.TrimRight(doc, "\n"))
				}
			}
			got := strings.Join(kept, "\n---\n") + "\n"
			golden := filepath.Join("testdata", name+".golden.yaml")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got a rendering that differs from %s (go test ./test/chart -update rewrites the file):\n%s", golden, got)
			}
		})
	}
}

// TestTyposAreRefused: the schema of the values refuses each typo.
func TestTyposAreRefused(t *testing.T) {
	refuses(t, map[string]string{
		"replica: 2":                                   "replica",
		"image: {repo: x}":                             "repo",
		"image: {digest: abc}":                         "digest",
		"logLevel: loud":                               "logLevel",
		"replicas: two":                                "replicas",
		"namespaces: [Games]":                          "namespaces",
		"namespaces: [games, games]":                   "namespaces",
		"resync: soon":                                 "resync",
		"resync: 500ms":                                "resync",
		"resync: 1s500ms":                              "resync",
		"resync: 2000000us":                            "resync",
		"resync: 1000ns":                               "resync",
		"resync: 0.5s":                                 "resync",
		"resync: 0s":                                   "resync",
		"metrics: {podMonitor: {enabled: true}}":       "tokenSecret",
		"metrics: {podMonitor: {label: {}}}":           "label",
		"crds: {keep: maybe}":                          "crds",
		"cluster: {enabled: true, name: 9lives}":       "name",
		"cluster: {lobbyPolicy: {}}":                   "lobbyPolicy",
		"networkPolicy: {enabled: true, from: []}":     "from",
		"podDisruptionBudget: {minAvailable: some}":    "minAvailable",
		"imagePullSecrets: [registry]":                 "imagePullSecrets",
		"serviceAccount: {annotations: {example: 1}}":  "annotations",
		"topologySpreadConstraints: {maxSkew: 1}":      "topologySpreadConstraints",
		"openAllNamespaces: [games]":                   "openAllNamespaces",
		"leaderElection: {enabled: true}":              "leaderElection",
		"policySecrets: All":                           "policySecrets",
		"allowSnippets: some":                          "allowSnippets",
		"aggregateRoles: [view]":                       "aggregateRoles",
		"metrics: {dashboard: {labels: {grafana: 1}}}": "grafana",
	})
}

// TestConflictingValuesAreRefused: values that are valid individually, but not together.
func TestConflictingValuesAreRefused(t *testing.T) {
	refuses(t, map[string]string{
		"{namespaces: [games], openAllNamespaces: true}":                         "openAllNamespaces opens every namespace",
		"{namespaces: [games], openNamespaces: [games, staging]}":                "openNamespaces has staging",
		"{replicas: 2, leaderElection: false}":                                   "leaderElection is false, and replicas is 2",
		"podDisruptionBudget: {enabled: true}":                                   "minAvailable is 1, and replicas is 1",
		"podDisruptionBudget: {enabled: true, minAvailable: 1%}":                 "minAvailable is 1%, and replicas is 1",
		"{replicas: 3, podDisruptionBudget: {enabled: true, minAvailable: 3}}":   "minAvailable is 3, and replicas is 3",
		"{replicas: 3, podDisruptionBudget: {enabled: true, minAvailable: 67%}}": "minAvailable is 67%, and replicas is 3",
	})
}

// TestValidValuesAreAccepted: valid values that are close to refused ones.
func TestValidValuesAreAccepted(t *testing.T) {
	for _, values := range []string{
		"resync: 1s",
		"resync: 90s",
		"resync: 1m",
		"resync: 1m30s",
		"resync: 1m0s",
		"resync: 1h",
		"resync: 1.5h",
		"{namespaces: [games], openNamespaces: [games]}",
		"{namespaces: [games], openNamespaces: [anteroom-system], cluster: {enabled: true}}",
		"{openNamespaces: [games], openAllNamespaces: true}",
		"leaderElection: false",
		"{replicas: 0, leaderElection: false, podDisruptionBudget: {enabled: true}}",
		"podDisruptionBudget: {enabled: true, minAvailable: 0}",
		"{replicas: 3, podDisruptionBudget: {enabled: true, minAvailable: 2}}",
		"{replicas: 3, podDisruptionBudget: {enabled: true, minAvailable: 66%}}",
	} {
		t.Run(values, func(t *testing.T) {
			render(t, valuesFile(t, values))
		})
	}
}

// TestTheNamespaceOfTheClusterIsWatched: the operator watches the release's
// namespace, listed or not, because a cluster may be created in it.
func TestTheNamespaceOfTheClusterIsWatched(t *testing.T) {
	got := render(t, valuesFile(t, "{namespaces: [games], cluster: {enabled: true}}"))
	if !strings.Contains(got, "- --namespaces=games,anteroom-system\n") {
		t.Error("got no watch of the namespace, want one")
	}
	want := render(t, valuesFile(t, "{namespaces: [games, anteroom-system], cluster: {enabled: true}}"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-named +not named:\n%s", diff)
	}
}

// refuses renders values, and expects each case to fail with a text in its message.
func refuses(t *testing.T, cases map[string]string) {
	t.Helper()
	for values, want := range cases {
		t.Run(values, func(t *testing.T) {
			_, problems, err := helm(t, "template", "anteroom", chartDir, "--values", valuesFile(t, values))
			if err == nil || !strings.Contains(problems, want) {
				t.Errorf("got %v, %q, want it to name %q", err, problems, want)
			}
		})
	}
}

// valuesFile writes a file with values.
func valuesFile(t *testing.T, values string) string {
	t.Helper()
	f, err := os.CreateTemp("", "values") // t.TempDir contains the test's name, whose commas helm reads as lists
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(f.Name()) })
	if _, err := f.WriteString(values); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// TestAnAPIServerAcceptsTheChart applies each set with a server-side dry run, and checks pods
// against Pod Security's level restricted.
func TestAnAPIServerAcceptsTheChart(t *testing.T) {
	k8s := manifest.StartWithCRDs(t, namespaces...)
	for name, values := range sets(t) {
		t.Run(name, func(t *testing.T) {
			objects := manifest.Objects(t, render(t, values))
			manifest.CheckApplies(t, k8s, objects, "PodMonitor")
			if deployments := manifest.CheckRestricted(t, objects); len(deployments) != 1 {
				t.Errorf("got %d Deployments", len(deployments))
			}
		})
	}
}

// TestInstallUpgradeUninstall runs a real helm against an API server without nodes: the
// test runs the Job's work itself, with the Job's own rights. The first install creates
// the CRDs and a cluster at once, an upgrade changes the cluster, and the uninstall keeps
// only the requested objects.
func TestInstallUpgradeUninstall(t *testing.T) {
	k8s, kubeconfig, job := startBareAPIServer(t)
	declare := buildManager(t)
	run := func(args ...string) string {
		t.Helper()
		out, problems, err := helm(t, append(args, "--kubeconfig", kubeconfig, "--namespace", "games", "--no-hooks")...)
		if err != nil {
			t.Fatalf("helm %v: %v: %s", args, err, problems)
		}
		return out
	}
	runJob := func() {
		t.Helper()
		cmd := exec.Command(declare, "declare", "--namespace=games", "--config-map=anteroom-declared")
		cmd.Env = append(os.Environ(), "KUBECONFIG="+job)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("declare: %v: %s", err, out)
		}
	}
	object := func(kind, name string) (*unstructured.Unstructured, error) {
		o := &unstructured.Unstructured{}
		o.SetAPIVersion("realtime.anteroom.dev/v1alpha1")
		o.SetKind(kind)
		return o, k8s.Get(t.Context(), client.ObjectKey{Namespace: "games", Name: name}, o)
	}
	values := sets(t)["stack"]
	if out := run("install", "anteroom", chartDir, "--values", values); !strings.Contains(out, "kubectl wait -n games --for=condition=Ready realtimecluster/arena") {
		t.Errorf("got notes\n%s", out)
	}
	runJob()
	for kind, name := range map[string]string{"RealtimeCluster": "arena", "LobbyPolicy": "casual", "MatchmakingQueue": "duel"} {
		o, err := object(kind, name)
		if err != nil || len(o.GetOwnerReferences()) != 1 || o.GetOwnerReferences()[0].Name != "anteroom-declared" {
			t.Errorf("after the first install: got %v, owners %v", err, o.GetOwnerReferences())
		}
	}
	run("upgrade", "anteroom", chartDir, "--values", values, "--set", "cluster.spec.replicas=5", "--set", "cluster.queues=null")
	runJob()
	c, err := object("RealtimeCluster", "arena")
	if err != nil {
		t.Fatal(err)
	}
	if n, _, _ := unstructured.NestedInt64(c.Object, "spec", "replicas"); n != 5 {
		t.Errorf("after the upgrade: got %d replicas", n)
	}
	if _, err := object("MatchmakingQueue", "duel"); !apierrors.IsNotFound(err) {
		t.Errorf("the removed queue: got %v", err)
	}
	run("uninstall", "anteroom")
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion("apiextensions.k8s.io/v1")
	list.SetKind("CustomResourceDefinitionList")
	if err := k8s.List(t.Context(), list); err != nil || len(list.Items) != 3 {
		t.Errorf("after the uninstall: got %d CRDs, %v", len(list.Items), err)
	}
}

// buildManager builds the operator's program.
func buildManager(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "manager")
	if out, err := exec.Command("go", "build", "-o", program, "../../controllers/cmd/manager").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// startBareAPIServer starts an API server without the CRDs, and returns the kubeconfigs
// of an administrator and of the Job's service account.
func startBareAPIServer(t *testing.T) (k8s client.Client, admin, job string) {
	t.Helper()
	environment, k8s := manifest.Start(t, &envtest.Environment{}, namespaces...)
	kubeconfig := func(name string, groups ...string) string {
		user, err := environment.AddUser(envtest.User{Name: name, Groups: groups}, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := user.KubeConfig()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "kubeconfig")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return k8s, kubeconfig("admin", "system:masters"), kubeconfig("system:serviceaccount:games:anteroom-declare", "system:authenticated")
}
