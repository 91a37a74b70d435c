package main

import (
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	clusterDoc  = "kind: RealtimeCluster\nmetadata: {name: arena}\n---\n"
	runtimeDoc  = "kind: ConfigMap\ndata:\n  runtime.yaml: |\n    kind: RuntimeConfig\n    engine: {path: /rt/}\n---\n"
	policiesDoc = "kind: ConfigMap\ndata:\n  policies.yaml: |\n    revision: r1\n    lobbies: [{spec: {lobbyType: duel}}, {spec: {lobbyType: arena}}]\n---\n"
)

func TestParseRendered(t *testing.T) {
	for name, tc := range map[string]struct{ output, wrong string }{
		"all objects":                  {clusterDoc + runtimeDoc + policiesDoc, ""},
		"unrelated objects":            {"kind: Secret\ndata: [1]\n---\n" + clusterDoc + "kind: Service\n---\n" + policiesDoc + runtimeDoc, ""},
		"no cluster":                   {runtimeDoc + policiesDoc, "no RealtimeCluster"},
		"two clusters":                 {clusterDoc + clusterDoc + runtimeDoc + policiesDoc, "choose one with CLUSTER=<name>"},
		"no runtime.yaml":              {clusterDoc + policiesDoc, "no runtime.yaml or no policies.yaml"},
		"no policies.yaml":             {clusterDoc + runtimeDoc, "no runtime.yaml or no policies.yaml"},
		"invalid YAML":                 {"a: [b", "read the manager's output: "},
		"a cluster of another shape":   {"kind: RealtimeCluster\nspec: 7\n", "cannot unmarshal"},
		"an unknown field of a server": {clusterDoc + strings.Replace(runtimeDoc, "engine:", "motor:", 1), "read the rendered runtime.yaml: "},
		"policies of another shape":    {clusterDoc + strings.Replace(policiesDoc, "revision: r1", "revision: [1]", 1), "read the rendered policies.yaml: "},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := parseRendered([]byte(tc.output))
			if tc.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wrong) {
					t.Errorf("got error %v, want %q in it", err, tc.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.cluster.Name != "arena" || r.runtime.Engine.Path != "/rt/" || r.revision != "r1" || r.lobbyType != "duel" {
				t.Errorf("got cluster %q, path %q, revision %q, lobby type %q", r.cluster.Name, r.runtime.Engine.Path, r.revision, r.lobbyType)
			}
			if !strings.HasPrefix(string(r.policies), "revision: r1\n") {
				t.Errorf("got policies %q, want them byte for byte", r.policies)
			}
		})
	}
}

func TestRenderReportsTheManagersProblems(t *testing.T) {
	script := func(text string) string {
		path := filepath.Join(t.TempDir(), "manager")
		must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700)) //nolint:gosec // a program
		return path
	}
	for name, tc := range map[string]struct{ manager, wrong string }{
		"problems":      {script("echo 'cluster.yaml:3: spec.size' >&2; exit 1"), "cluster.yaml:3: spec.size"},
		"no problems":   {script("exit 1"), "exit status 1"},
		"not installed": {filepath.Join(t.TempDir(), "manager"), "no such file"},
		"odd output":    {script("echo kind: Service"), "no RealtimeCluster"},
		"one of two":    {script(`echo "$*" >&2; exit 1`), "render --inputs -f cluster.yaml --cluster arena"},
	} {
		t.Run(name, func(t *testing.T) {
			s := source{manager: tc.manager, file: "cluster.yaml", cluster: "arena"}
			if _, err := s.render(t.Context()); err == nil || !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("got error %v, want %q in it", err, tc.wrong)
			}
		})
	}
}

func TestGoldenBanner(t *testing.T) {
	full := runState{
		File:  "cluster.yaml",
		Proxy: proxyState{URL: "http://127.0.0.1:8080", Path: "/rt/"},
		Servers: []processState{
			{Name: "server-1", URL: "http://127.0.0.1:7001", AdminURL: "http://127.0.0.1:7002", APIURL: "http://127.0.0.1:7003", Ready: true},
			{Name: "server-2", URL: "http://127.0.0.1:7011", AdminURL: "http://127.0.0.1:7012", Reason: "starting"},
		},
		Tokens:       []devToken{{User: "alice", Token: "t1"}, {User: "bob", Token: "t2"}},
		APITokenFile: ".run/api-token",
	}
	bare := full
	bare.Servers, bare.Tokens, bare.APITokenFile, bare.Proxy.Path = nil, nil, "", "/socket.io/"
	nobody := full
	nobody.Tokens = nil
	for name, text := range map[string]string{
		"banner":           banner(full, "", "duel"),
		"banner-bare":      banner(bare, "tokens are signed by accounts", ""),
		"banner-no-tokens": banner(nobody, "tokens are signed by accounts", "duel"),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name+".golden")
			if *update {
				must(t, os.WriteFile(path, []byte(text), 0o600))
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), text); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheClientIsQuotable(t *testing.T) {
	s := runState{Proxy: proxyState{URL: "http://127.0.0.1:8080", Path: "/socket.io/"}}
	for _, lobbyType := range []string{"", "duel"} {
		if text := client(s, lobbyType); strings.Contains(text, "'") {
			t.Errorf("lobby type %q: got a single quote in %q, want none", lobbyType, text)
		}
	}
}

func TestClientURL(t *testing.T) {
	for address, want := range map[string]string{
		"0.0.0.0:8080": "http://127.0.0.1:8080", "[::]:8080": "http://127.0.0.1:8080",
		"127.0.0.1:8080": "http://127.0.0.1:8080", "[::1]:8080": "http://[::1]:8080",
	} {
		tcp, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := clientURL(tcp); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

func TestAdaptAPI(t *testing.T) {
	ref := func(name, key string) *v1alpha1.KeyReference { return &v1alpha1.KeyReference{Name: name, Key: key} }
	for name, tc := range map[string]struct {
		ref                  *v1alpha1.KeyReference
		token, remark, wrong string
	}{
		"a token in the file":  {ref("tools", "plain"), "in-text", "", ""},
		"a Secret elsewhere":   {ref("gone", "key"), "", `Secret "gone" of spec.api is not in the file`, ""},
		"no reference":         {nil, "", "", ""},
		"a Secret without key": {ref("tools", "gone"), "", "", `no key "gone"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := rendered{runtime: configv1.RuntimeConfig{Listen: configv1.Listen{API: ":7003"}}}
			r.cluster.Spec.API.TokenSecretRef = tc.ref
			dir := t.TempDir()
			config, remarks, err := adapt(r, "127.0.0.1:7000", dir, nil, secretsOf(writeManifest(t, withSecret)))
			if (err != nil) != (tc.wrong != "") || err != nil && !strings.Contains(err.Error(), tc.wrong) {
				t.Fatalf("got error %v, want %q in it", err, tc.wrong)
			}
			if tc.wrong != "" {
				return
			}
			if text := strings.Join(remarks, "\n"); (text == "") != (tc.remark == "") || !strings.HasPrefix(text, tc.remark) {
				t.Errorf("got remarks %q, want %q", text, tc.remark)
			}
			token, err := os.ReadFile(config.API.TokenFile)
			if err != nil || tc.token != "" && string(token) != tc.token || len(token) == 0 {
				t.Errorf("got token %q, %v, want %q or a new one", token, err, tc.token)
			}
		})
	}
}

func TestAdaptReportsUnusableSecrets(t *testing.T) {
	hook := func(name, key string) func(*rendered) {
		return func(r *rendered) {
			r.runtime.Notifications.OfflineWebhook = &configv1.OfflineWebhook{URL: "https://push.example.com"}
			r.cluster.Spec.Features.Notifications.OfflineWebhook = &v1alpha1.OfflineWebhook{SecretRef: &v1alpha1.KeyReference{Name: name, Key: key}}
		}
	}
	provider := func(name, key string) func(*rendered) {
		return func(r *rendered) {
			r.runtime.Auth.Providers = []configv1.AuthProvider{{Name: "p", SharedSecretFile: "/etc/p"}}
			r.cluster.Spec.Auth.Providers = []v1alpha1.AuthProvider{{Name: "p", SharedSecretRef: &v1alpha1.KeyReference{Name: name, Key: key}}}
		}
	}
	policies := func(text string) func(*rendered) { return func(r *rendered) { r.policies = []byte(text) } }
	for name, tc := range map[string]struct {
		edit          func(*rendered)
		remark, wrong string
	}{
		"offline webhook: Secret elsewhere":  {hook("gone", "key"), "calls of the offline webhook fail", ""},
		"offline webhook: invalid base64":    {hook("tools", "text"), "", "not base64"},
		"provider: invalid base64":           {provider("tools", "text"), "", "not base64"},
		"policies: invalid YAML":             {policies("a: [b"), "", "read the policies: "},
		"policies: invalid base64":           {policies(`{queues: [{spec: {handoff: {secretRef: {name: tools, key: text}}}}]}`), "", "not base64"},
		"policies: a chat filter's Secret":   {policies(`{lobbies: [{spec: {chat: {filters: [{secretRef: {name: gone, key: k}}]}}}]}`), "requests that a policy signs with it fail", ""},
		"policies: a queue without a Secret": {policies(`{queues: [{spec: {}}]}`), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var r rendered
			tc.edit(&r)
			_, remarks, err := adapt(r, "127.0.0.1:7000", t.TempDir(), nil, secretsOf(writeManifest(t, withSecret)))
			if (err != nil) != (tc.wrong != "") || err != nil && !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("got error %v, want %q in it", err, tc.wrong)
			}
			if text := strings.Join(remarks, "\n"); (text == "") != (tc.remark == "") || !strings.Contains(text, tc.remark) {
				t.Errorf("got remarks %q, want %q", text, tc.remark)
			}
		})
	}
}

func TestSecretsOfADirectory(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(clusterDoc), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "b.yml"), []byte(withSecret), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "c.txt"), []byte("a: [b"), 0o600))
	must(t, os.Mkdir(filepath.Join(dir, "d.yaml"), 0o700))
	find := secretsOf(dir)
	if value, found, err := find(v1alpha1.KeyReference{Name: "tools", Key: "plain"}); string(value) != "in-text" || !found || err != nil {
		t.Errorf("got %q, %v, %v, want in-text", value, found, err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "a.json"), []byte("a: [b"), 0o600))
	if _, _, err := find(v1alpha1.KeyReference{Name: "tools", Key: "plain"}); err == nil || !strings.Contains(err.Error(), `Secret "tools"`) {
		t.Errorf("invalid YAML: got error %v, want one about the Secret", err)
	}
	if _, _, err := secretsOf(filepath.Join(dir, "gone"))(v1alpha1.KeyReference{Name: "tools"}); err == nil {
		t.Error("got no error for a missing file, want one")
	}
}
