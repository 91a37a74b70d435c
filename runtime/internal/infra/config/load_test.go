package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/core/bombs"
)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func good(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile("testdata/runtime.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestLoad(t *testing.T) {
	c, err := Load("testdata/runtime.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if c.Engine.PingInterval.Seconds() != 20 || c.Engine.MaxPayload != 65536 || !c.Features.Chat {
		t.Errorf("the file was not read as it is: %+v", c)
	}
	want := []v1alpha1.Transport{v1alpha1.TransportWebSocket, v1alpha1.TransportPolling}
	if diff := cmp.Diff(want, c.Engine.Transports); diff != "" {
		t.Errorf("transports (-want +got):\n%s", diff)
	}
	if c.Auth.Providers[0].Claims.Scopes != "scope" {
		t.Errorf("claims: %+v", c.Auth.Providers[0].Claims)
	}
}

func TestLoadTellsWhatIsWrong(t *testing.T) {
	const header = "apiVersion: config.realtime.anteroom.dev/v1alpha1\nkind: RuntimeConfig\n"
	known := "cluster, drain" // of the many fields known at the top
	cases := []struct {
		name, content string
		want          []string // parts of the error, in order
	}{
		{"empty", "", []string{"the file is empty"}},
		{"only a comment", "# nothing\n", []string{"file.yaml"}},
		{"syntax", header + "listen: [\n", []string{"line 3"}},
		{"two documents", good(t) + "---\na: b\n", []string{"more than one document"}},
		{"a list", "- a\n", []string{"line 1: apiVersion: is missing", "kind: is missing"}},
		{"another kind", "apiVersion: v1\nkind: Pod\nspec: {}\n", []string{
			`line 1: apiVersion: is "v1", must be config.realtime.anteroom.dev/v1alpha1`,
			`line 2: kind: is "Pod", must be RuntimeConfig`,
		}},
		{"unknown at the top", good(t) + "extra: 1\n", []string{"line 62: extra: unknown field; known here: ", known}},
		{"unknown in a list", strings.Replace(good(t), "      algorithms:", "      algorithm:", 1), []string{
			"line 30: auth.providers[0].algorithm: unknown field; known here: algorithms, audiences, claims,",
		}},
		{"twice", strings.Replace(good(t), "  name: eu", "  name: eu\n  name: us", 1), []string{
			"line 6: cluster.name: is there twice, first on line 5",
		}},
		{"wrong case", strings.Replace(good(t), "maxPayload", "maxpayload", 1), []string{"line 14: engine.maxpayload: unknown field"}},
		{"string for a number", strings.Replace(good(t), "65536", `"65536"`, 1), []string{
			"line 14: engine.maxPayload: must be a whole number, is a string",
		}},
		{"number for a string", strings.Replace(good(t), "name: eu", "name: 7", 1), []string{
			"line 5: cluster.name: must be a string, is a whole number",
		}},
		{"fraction", strings.Replace(good(t), "historySize: 300", "historySize: 0.5", 1), []string{
			"line 44: recovery.historySize: must be a whole number, is a number",
		}},
		{"too large a number", strings.Replace(good(t), "65536", "99999999999999999999", 1), []string{"line 14: engine.maxPayload: must be"}},
		{"word for a switch", strings.Replace(good(t), "chat: true", "chat: on", 1), []string{
			"line 48: features.chat: must be true or false, is a string",
		}},
		{"scalar for a list", strings.Replace(good(t), "[websocket, polling]", "websocket", 1), []string{
			"line 11: engine.transports: must be a list, is a string",
		}},
		{"list for a mapping", strings.Replace(good(t), "  mode: JWT", "  mode: JWT\n  expiry: []", 1), []string{
			"line 28: auth.expiry: must be a mapping, is a list",
		}},
		{"duration", strings.Replace(good(t), "pingInterval: 20s", "pingInterval: 20", 1), []string{"line 12: engine.pingInterval: "}},
		{"duration as a list", strings.Replace(good(t), "pingInterval: 20s", "pingInterval: [20s]", 1), []string{
			"line 12: engine.pingInterval: must be a single value, is a list",
		}},
		{"alias", strings.Replace(good(t), "namespace: games\n  name: eu", "namespace: &n games\n  name: *n", 1), []string{
			"line 4: cluster.namespace: anchors and aliases", "line 5: cluster.name: anchors and aliases",
		}},
		{"tag", strings.Replace(good(t), "chat: true", `chat: !!bool ""`, 1), []string{"line 48: features.chat: explicit tags are not allowed"}},
		{"odd key", good(t) + "[a, b]: c\n", []string{"line 62: a field's name must be a string"}},
		{"all at once", strings.NewReplacer("20s", "nonsense", "name: eu", "nam: eu", "logLevel: info", "logLevel: 3").Replace(good(t)), []string{
			"has 3 problems:\n", "line 5: cluster.nam: unknown field", "\n  line 12: engine.pingInterval: ", "\n  line 61: observability.logLevel: must be a string",
		}},
		{"validation with lines", strings.NewReplacer("topology: Standalone", "topology: Sentinel", "[HS256]", "[RS256]", "20s", "0s").Replace(good(t)), []string{
			"has 3 problems:\n", `line 12: engine.pingInterval: Invalid value: "0s": must be longer than 0s`,
			"line 19: redis.masterName: Required value: Sentinel needs", "line 30: auth.providers[0].algorithms[0]: Unsupported value",
		}},
		{"missing deep inside", strings.Replace(good(t), "        user: sub\n", "", 1), []string{
			"line 33: auth.providers[0].claims.user: Required value",
		}},
		{"null", strings.Replace(good(t), "maxPayload: 65536", "maxPayload:", 1), []string{"line 14: engine.maxPayload: Invalid value: 0"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load(write(t, tc.content))
			if err == nil {
				t.Fatal("loaded")
			}
			var all *Error
			if !errors.As(err, &all) {
				t.Fatalf("%T, want *Error: %v", err, err)
			}
			rest := err.Error()
			for _, part := range tc.want {
				_, after, found := strings.Cut(rest, part)
				if !found {
					t.Fatalf("%q is not there, or not in order, in\n%s", part, err)
				}
				rest = after
			}
		})
	}
}

func TestLoadDeepNesting(t *testing.T) {
	path := write(t, "apiVersion: config.realtime.anteroom.dev/v1alpha1\nkind: RuntimeConfig\nlisten: "+
		strings.Repeat("[", 5000)+strings.Repeat("]", 5000))
	if _, err := Load(path); err == nil {
		t.Error("loaded")
	}
}

func TestLoadTooLarge(t *testing.T) {
	_, err := Load(write(t, good(t)+strings.Repeat("#\n", MaxFileSize/2)))
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("error %v, want that the file is too large", err)
	}
}

func TestLoadMissing(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want that there is no file", err)
	}
}

func TestManyProblemsAreCounted(t *testing.T) {
	var content strings.Builder
	content.WriteString(good(t))
	for i := range 60 {
		content.WriteString(strings.Repeat("x", i+1) + ": 1\n")
	}
	_, err := Load(write(t, content.String()))
	if err == nil || !strings.HasSuffix(err.Error(), "and 10 more") {
		t.Errorf("error %v, want 50 problems and the number of the others", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(good(f)))
	f.Add([]byte("apiVersion: config.realtime.anteroom.dev/v1alpha1\nkind: PolicySet\nlobbies: [{name: a, spec: {attributes: [{min: 1.5}]}}]"))
	f.Add([]byte("# only\n"))
	for _, bomb := range bombs.YAML() {
		f.Add([]byte(bomb))
		f.Add([]byte("kind: PolicySet\nlobbies: " + bomb))
	}
	f.Add([]byte("a: !!bool \"\"\n? [b]\n: *c"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for kind, into := range map[string]document{
			v1alpha1.KindRuntimeConfig: &v1alpha1.RuntimeConfig{},
			v1alpha1.KindPolicySet:     &v1alpha1.PolicySet{},
		} {
			err := decodeFile("fuzz.yaml", data, kind, into)
			var all *Error
			if err != nil && !errors.As(err, &all) {
				t.Fatalf("%T: %v", err, err)
			}
			if err == nil && len(into.Validate()) > 0 {
				t.Fatal("a bad file was accepted")
			}
		}
	})
}
