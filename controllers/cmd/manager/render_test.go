package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

const input = `apiVersion: realtime.anteroom.dev/v1alpha1
kind: LobbyPolicy
metadata: {name: duel}
spec: {clusterRef: {name: beta}, lobbyType: duel}
---
apiVersion: realtime.anteroom.dev/v1alpha1
kind: RealtimeCluster
metadata: {name: beta}
spec: {}
---
apiVersion: realtime.anteroom.dev/v1alpha1
kind: RealtimeCluster
metadata: {name: alpha}
spec: {}
`

// execute runs the command line as main does.
func execute(t *testing.T, stdin string, args ...string) (out, notes string, err error) {
	t.Helper()
	cmd := newCommand()
	var stdout, stderr bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

// titles lists kind/namespace/name of each input and of the ConfigMaps that the
// servers read; package stack has tests for the whole of the output.
func titles(t *testing.T, text string) []string {
	t.Helper()
	var all []string
	for _, doc := range strings.Split(text, "---\n") {
		if doc == "" {
			continue
		}
		var object struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Metadata   struct {
				Name      string `json:"name"`
				Namespace string `json:"namespace"`
			} `json:"metadata"`
		}
		if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
			t.Fatal(err)
		}
		own := strings.HasSuffix(object.Metadata.Name, "-runtime") || strings.HasSuffix(object.Metadata.Name, "-policies")
		if !own && !strings.HasPrefix(object.APIVersion, v1alpha1.GroupName) {
			continue
		}
		all = append(all, object.Kind+"/"+object.Metadata.Namespace+"/"+object.Metadata.Name)
	}
	return all
}

func TestRenderChoosesAndOrders(t *testing.T) {
	tests := map[string]struct {
		args []string
		want []string
	}{
		"all clusters, by name": {nil, []string{
			"ConfigMap/default/alpha-runtime", "ConfigMap/default/alpha-policies",
			"ConfigMap/default/beta-runtime", "ConfigMap/default/beta-policies",
		}},
		"one cluster, in another namespace": {[]string{"--cluster", "beta", "-n", "games"}, []string{
			"ConfigMap/games/beta-runtime", "ConfigMap/games/beta-policies",
		}},
		"with its inputs": {[]string{"--cluster", "beta", "--inputs"}, []string{
			"RealtimeCluster/default/beta", "LobbyPolicy/default/duel",
			"ConfigMap/default/beta-runtime", "ConfigMap/default/beta-policies",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			out, notes, err := execute(t, input, append([]string{"render", "-f", "-"}, test.args...)...)
			if err != nil || notes != "" {
				t.Fatalf("render: %v, notes %q", err, notes)
			}
			if diff := cmp.Diff(test.want, titles(t, out)); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if strings.Contains(out, "creationTimestamp") || strings.Contains(out, "status:") {
				t.Errorf("got fields that only a server sets:\n%s", out)
			}
		})
	}
}

func TestRenderReadsFilesAndDirectories(t *testing.T) {
	dir := t.TempDir()
	policy, clusters, _ := strings.Cut(input, "---\n")
	for name, text := range map[string]string{"policy.yaml": policy, "clusters.yaml": clusters} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fromDir, _, err := execute(t, "", "render", "-f", dir)
	if err != nil {
		t.Fatal(err)
	}
	fromFiles, _, err := execute(t, "", "render", "-f", filepath.Join(dir, "policy.yaml"), "-f", filepath.Join(dir, "clusters.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fromDir, fromFiles); diff != "" {
		t.Errorf("the order of the input shows in the output:\n%s", diff)
	}
}

func TestRenderRefuses(t *testing.T) {
	tests := map[string]struct {
		stdin string
		args  []string
		want  []string
	}{
		"no file":            {args: []string{"render"}, want: []string{"name a manifest with -f FILE"}},
		"a file that is not": {args: []string{"render", "-f", "gone.yaml"}, want: []string{"gone.yaml: there is no such file"}},
		"no cluster":         {stdin: "", args: []string{"render", "-f", "-"}, want: []string{`there is no RealtimeCluster in the input: add one, "spec: {}" is enough`}},
		"another cluster":    {stdin: input, args: []string{"render", "-f", "-", "--cluster", "gamma"}, want: []string{`choose one of ["beta" "alpha"]`}},
		"problems of fields": {
			stdin: strings.Replace(input, "spec: {}", "spec: {replica: 1}", 1), args: []string{"render", "-f", "-"},
			want: []string{`stdin:9: RealtimeCluster "beta": spec.replica: unknown field: did you mean "replicas"?`},
		},
		"problems among objects": {
			stdin: input + "---\n" + strings.Replace(strings.Split(input, "---")[0], "name: duel", "name: duet", 1), args: []string{"render", "-f", "-"},
			want: []string{`stdin:19: LobbyPolicy "duet": spec.lobbyType: LobbyPolicy "duel" is for lobby type "duel" already`},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			out, _, err := execute(t, test.stdin, test.args...)
			if err == nil {
				t.Fatal("it was rendered")
			}
			if out != "" {
				t.Errorf("printed all the same:\n%s", out)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestRenderNotesStrays(t *testing.T) {
	_, notes, err := execute(t, strings.Replace(input, "{name: beta}, lobbyType", "{name: bets}, lobbyType", 1), "render", "-f", "-")
	if err != nil {
		t.Fatal(err)
	}
	want := `note: stdin:4: LobbyPolicy "duel": spec.clusterRef.name: it is not rendered, because there is no RealtimeCluster "bets"`
	if !strings.Contains(notes, want) {
		t.Errorf("notes lack %q:\n%s", want, notes)
	}
}

func TestVersion(t *testing.T) {
	out, _, err := execute(t, "", "--version")
	if err != nil || !strings.Contains(out, version) {
		t.Errorf("got %q, %v", out, err)
	}
}
