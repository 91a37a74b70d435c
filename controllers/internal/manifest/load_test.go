package manifest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	crd "github.com/anteroom/anteroom/config/crd"
	"github.com/anteroom/anteroom/controllers/internal/manifest"
)

const header = "apiVersion: realtime.anteroom.dev/v1alpha1\n"

// cluster begins at line 1, its spec at line 4.
const cluster = header + "kind: RealtimeCluster\nmetadata: {name: arena}\n"

// lobby begins at line 1, what follows its lobbyType at line 7.
const lobby = header + "kind: LobbyPolicy\nmetadata: {name: duel}\nspec:\n  clusterRef: {name: arena}\n  lobbyType: duel\n"

func schemas(t *testing.T) manifest.Schemas {
	t.Helper()
	all, err := manifest.LoadSchemas(crd.Bases)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLoadFillsInDefaults(t *testing.T) {
	sources := []manifest.Source{{Name: "a.yaml", Content: []byte(cluster + "spec: {}\nstatus: {replicas: 7}\n---\n" + lobby)}}
	objects, notes, err := manifest.Load(t.Context(), schemas(t), sources, "games")
	if err != nil || len(notes) > 0 {
		t.Fatalf("load: %v, notes %v", err, notes)
	}
	if len(objects.Clusters) != 1 || len(objects.Policies) != 1 {
		t.Fatalf("got %d clusters and %d policies, want one each", len(objects.Clusters), len(objects.Policies))
	}
	c, p := objects.Clusters[0], objects.Policies[0]
	if c.Namespace != "games" || p.Namespace != "games" {
		t.Errorf("namespaces are %q and %q, want that of the flag", c.Namespace, p.Namespace)
	}
	if c.Spec.Replicas == nil || *c.Spec.Replicas != 2 || c.Spec.Engine.Path != "/socket.io/" || p.Spec.Size.Max != 8 {
		t.Errorf("defaults are missing: %+v, %+v", c.Spec, p.Spec)
	}
	if c.Status.Replicas != 0 {
		t.Error("the status of the input was kept")
	}
}

// TestProblems has one entry a kind of mistake. What is expected are the first
// words of every line.
func TestProblems(t *testing.T) {
	tests := map[string]struct {
		input string
		want  []string
	}{
		"unknown field, with a suggestion": {
			cluster + "spec:\n  engine:\n    pingIntervall: 3s\n",
			[]string{`a.yaml:6: RealtimeCluster "arena": spec.engine.pingIntervall: unknown field: did you mean "pingInterval"?`},
		},
		"unknown field in a list": {
			lobby + "  attributes:\n    - key: map\n      typ: String\n",
			[]string{`a.yaml:9: LobbyPolicy "duel": spec.attributes[0].typ: unknown field: did you mean "type"?`},
		},
		"unknown field like no other": {
			cluster + "spec: {colour: red}\n",
			[]string{`a.yaml:4: RealtimeCluster "arena": spec.colour: unknown field`},
		},
		"unknown metadata": {
			header + "kind: RealtimeCluster\nmetadata:\n  name: arena\n  lables: {}\nspec: {}\n",
			[]string{`a.yaml:5: RealtimeCluster "arena": metadata.lables: unknown field: did you mean "labels"?`},
		},
		"wrong type, and all other problems with it": {
			cluster + "spec:\n  replicas: many\n  engine:\n    transports: [pigeon]\n",
			[]string{
				`a.yaml:5: RealtimeCluster "arena": spec.replicas: Invalid value`,
				`a.yaml:7: RealtimeCluster "arena": spec.engine.transports[0]: Unsupported value: "pigeon"`,
			},
		},
		"a CEL rule": {
			lobby + "  size:\n    min: 5\n    max: 2\n",
			[]string{`a.yaml:8: LobbyPolicy "duel": spec.size.min: Invalid value: min must not exceed max`},
		},
		"a CEL rule about a field that is not written points at the nearest above": {
			cluster + "spec:\n  redis:\n    mode: External\n",
			[]string{`a.yaml:5: RealtimeCluster "arena": spec.redis.external.addresses: Required value: mode External needs`},
		},
		"a required field": {
			header + "kind: LobbyPolicy\nmetadata: {name: duel}\nspec:\n  lobbyType: duel\n",
			[]string{`a.yaml:4: LobbyPolicy "duel": spec.clusterRef: Required value`},
		},
		"no name": {
			header + "kind: RealtimeCluster\nmetadata: {}\nspec: {}\n",
			[]string{`a.yaml:3: RealtimeCluster: metadata.name: Required value`},
		},
		"no metadata": {
			header + "kind: RealtimeCluster\nspec: {}\n",
			[]string{`a.yaml:1: RealtimeCluster: metadata: Required value`},
		},
		"a name that is none": {
			header + "kind: LobbyPolicy\nmetadata: {name: My_Policy}\nspec: {clusterRef: {name: a}, lobbyType: duel}\n",
			[]string{`a.yaml:3: LobbyPolicy "My_Policy": metadata.name: Invalid value: "My_Policy"`},
		},
		"a duplicate in a list": {
			lobby + "  attributes:\n    - key: map\n    - key: map\n",
			[]string{`a.yaml:9: LobbyPolicy "duel": spec.attributes[1]: Duplicate value`},
		},
		"the same object twice": {
			cluster + "spec: {}\n---\n" + cluster + "spec: {}\n",
			[]string{`a.yaml:8: RealtimeCluster "arena": metadata.name: the same object is at a.yaml:1 already`},
		},
		"a kind that is not ours": {
			header + "kind: LobyPolicy\nmetadata: {name: duel}\n",
			[]string{`a.yaml:1: LobyPolicy "duel": there is no kind LobyPolicy in realtime.anteroom.dev/v1alpha1`},
		},
		"a version that is not there": {
			"apiVersion: realtime.anteroom.dev/v9\nkind: LobbyPolicy\nmetadata: {name: duel}\n",
			[]string{`a.yaml:1: LobbyPolicy "duel": there is no kind LobbyPolicy in realtime.anteroom.dev/v9`},
		},
		"no apiVersion": {
			"kind: RealtimeCluster\n",
			[]string{`a.yaml:1: RealtimeCluster: apiVersion and kind are needed`},
		},
		"not an object": {
			"# first\n- a\n- b\n",
			[]string{`a.yaml, document 1: not valid YAML: this is not an object`},
		},
		"broken documents do not hide the others": {
			"a: [b\n---\n" + cluster + "spec: {colour: red}\n---\n# last\na: 1\na: 2\n",
			[]string{
				`a.yaml:1: not valid YAML`,
				`a.yaml:6: RealtimeCluster "arena": spec.colour: unknown field`,
				`a.yaml:10: not valid YAML: key "a" already set in map`,
			},
		},
		"in a List": {
			"apiVersion: v1\nkind: List\nitems:\n- apiVersion: realtime.anteroom.dev/v1alpha1\n  kind: RealtimeCluster\n  metadata: {name: arena}\n  spec:\n    colour: red\n",
			[]string{`a.yaml:8: RealtimeCluster "arena": spec.colour: unknown field`},
		},
	}
	all := schemas(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := manifest.Load(t.Context(), all, []manifest.Source{{Name: "a.yaml", Content: []byte(test.input)}}, "default")
			var problems manifest.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got error %v, want problems", err)
			}
			lines := strings.Split(problems.Error(), "\n")
			if len(lines) != len(test.want) {
				t.Fatalf("got %d problems, want %d:\n%v", len(lines), len(test.want), err)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("problem %d:\n got %s\nwant %s…", i, lines[i], want)
				}
			}
		})
	}
}

func TestNotes(t *testing.T) {
	sources := []manifest.Source{{Name: "a.yaml", Content: []byte(
		"apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {key: hush}\n---\n" + cluster + "spec: {replicas: many}\n")}}
	_, notes, err := manifest.Load(t.Context(), schemas(t), sources, "default")
	if err == nil {
		t.Error("a wrong type was taken")
	}
	text := strings.Join(notes, "\n")
	for _, want := range []string{`a.yaml:1: Secret "key" (v1) is not rendered`, "a.yaml:6: RealtimeCluster \"arena\": the rules among its fields"} {
		if !strings.Contains(text, want) {
			t.Errorf("notes lack %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "hush") {
		t.Error("a note shows a secret")
	}
}

func TestEmptyDocumentsAreNothing(t *testing.T) {
	sources := []manifest.Source{{Name: "a.yaml", Content: []byte("---\n# nothing\n---\n---\n" + cluster + "spec: {}\n---\n")}}
	objects, notes, err := manifest.Load(t.Context(), schemas(t), sources, "default")
	if err != nil || len(notes) > 0 || len(objects.Clusters) != 1 {
		t.Errorf("got %d clusters, notes %v, error %v", len(objects.Clusters), notes, err)
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"b.yml": "b", "a.yaml": "a", "c.json": "c", "readme.md": "no"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	sources, err := manifest.Read([]string{dir, "-", filepath.Join(dir, "readme.md")}, strings.NewReader("in"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range sources {
		got = append(got, filepath.Base(s.Name)+"="+string(s.Content))
	}
	if diff := cmp.Diff([]string{"a.yaml=a", "b.yml=b", "c.json=c", "stdin=in", "readme.md=no"}, got); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}

	empty := t.TempDir()
	_, err = manifest.Read([]string{empty, filepath.Join(dir, "gone.yaml")}, nil)
	for _, want := range []string{"no .yaml, .yml or .json file", "no such file or directory"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
}
