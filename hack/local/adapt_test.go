package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

const withSecret = `apiVersion: v1
kind: Secret
metadata: {name: other}
data: {key: bm8=}
---
apiVersion: v1
kind: Secret
metadata: {name: tools}
data: {key: aW4tZGF0YQ==, text: "!"}
stringData: {plain: in-text}
`

func writeManifest(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cluster.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSecretsOf(t *testing.T) {
	find := secretsOf(writeManifest(t, withSecret))
	tests := map[string]struct {
		ref   v1alpha1.KeyReference
		value string
		found bool
		err   string
	}{
		"base64":           {ref: v1alpha1.KeyReference{Name: "tools", Key: "key"}, value: "in-data", found: true},
		"plain":            {ref: v1alpha1.KeyReference{Name: "tools", Key: "plain"}, value: "in-text", found: true},
		"a missing Secret": {ref: v1alpha1.KeyReference{Name: "gone", Key: "key"}},
		"no reference":     {},
		"a missing key":    {ref: v1alpha1.KeyReference{Name: "tools", Key: "gone"}, err: `no key "gone"`},
		"invalid base64":   {ref: v1alpha1.KeyReference{Name: "tools", Key: "text"}, err: "not base64"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			value, found, err := find(test.ref)
			if string(value) != test.value || found != test.found {
				t.Errorf("got %q, %t, want %q, %t", value, found, test.value, test.found)
			}
			if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got error %v, want %q", err, test.err)
			}
		})
	}
}

func TestAdaptChangesOnlyLocalFields(t *testing.T) {
	r := rendered{runtime: configv1.RuntimeConfig{
		Cluster: configv1.ClusterRef{Namespace: "games", Name: "arena"},
		Redis: configv1.Redis{
			Topology: configv1.RedisSentinel, Addresses: []string{"sentinel:26379"}, MasterName: "arena", Database: 3,
			UsernameFile: "/etc/u", PasswordFile: "/etc/p", TLS: &configv1.RedisTLS{}, KeyPrefix: "arena:",
		},
		Auth: configv1.Auth{Mode: configv1.AuthJWT, Providers: []configv1.AuthProvider{
			{Name: "accounts", JWKSURL: "https://accounts.example.com/jwks.json"},
			{Name: "tools", SharedSecretFile: "/etc/anteroom/tools"},
			{Name: "absent", SharedSecretFile: "/etc/anteroom/absent"},
		}},
		Notifications: configv1.Notifications{OfflineWebhook: &configv1.OfflineWebhook{URL: "https://push.example.com", SecretFile: "/etc/anteroom/push"}},
	}}
	r.cluster.Spec.Features.Notifications.OfflineWebhook = &v1alpha1.OfflineWebhook{SecretRef: &v1alpha1.KeyReference{Name: "tools", Key: "plain"}}
	r.policies = []byte(`{queues: [{name: q, spec: {handoff: {secretRef: {name: tools, key: key}}}}, {name: r, spec: {handoff: {secretRef: {name: lost, key: key}}}}]}`)
	r.cluster.Spec.Redis.Mode = v1alpha1.RedisExternal
	r.cluster.Spec.Auth.Providers = []v1alpha1.AuthProvider{
		{Name: "tools", SharedSecretRef: &v1alpha1.KeyReference{Name: "tools", Key: "key"}},
		{Name: "absent", SharedSecretRef: &v1alpha1.KeyReference{Name: "absent", Key: "key"}},
	}
	dir := t.TempDir()
	config, remarks, err := adapt(r, "127.0.0.1:7000", dir, thisMachine, secretsOf(writeManifest(t, withSecret)))
	if err != nil {
		t.Fatal(err)
	}
	want := r.runtime
	want.Redis = configv1.Redis{Topology: configv1.RedisStandalone, Addresses: []string{"127.0.0.1:7000"}, KeyPrefix: "arena:"}
	want.Observability.Playground = true
	want.Webhooks.AllowCIDRs = []string{"127.0.0.0/8", "::1/128"}
	want.Notifications.OfflineWebhook = &configv1.OfflineWebhook{URL: "https://push.example.com", SecretFile: filepath.Join(dir, "offline-webhook")}
	want.PolicySecretsDir = filepath.Join(dir, "policy-secrets")
	want.Auth.Providers = []configv1.AuthProvider{
		{Name: "accounts", JWKSURL: "https://accounts.example.com/jwks.json"},
		{Name: "tools", SharedSecretFile: filepath.Join(dir, "auth-tools")},
		{Name: "absent", SharedSecretFile: filepath.Join(dir, "auth-absent")},
	}
	if diff := cmp.Diff(want, config); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	if key, _ := os.ReadFile(filepath.Join(dir, "auth-tools")); string(key) != "in-data" {
		t.Errorf("auth-tools: got key %q, want in-data", key)
	}
	if key, _ := os.ReadFile(filepath.Join(dir, "auth-absent")); len(key) < 32 {
		t.Errorf("auth-absent: got key %q, want a new one", key)
	}
	if key, _ := os.ReadFile(filepath.Join(dir, "policy-secrets", "tools_key")); string(key) != "in-data" {
		t.Errorf("policy-secrets: got key %q, want in-data", key)
	}
	if key, _ := os.ReadFile(filepath.Join(dir, "offline-webhook")); string(key) != "in-text" {
		t.Errorf("offline-webhook: got key %q, want in-text", key)
	}
	if text := strings.Join(remarks, "\n"); !strings.Contains(text, `"lost"`) || !strings.Contains(text, "sentinel:26379") || !strings.Contains(text, `"absent"`) {
		t.Errorf("got remarks %q, want ones on lost, sentinel:26379 and absent", text)
	}
}

func TestAdaptNeedsPublicKeys(t *testing.T) {
	r := rendered{runtime: configv1.RuntimeConfig{Auth: configv1.Auth{Providers: []configv1.AuthProvider{{Name: "p", KeysFile: "/etc/k"}}}}}
	r.cluster.Spec.Auth.Providers = []v1alpha1.AuthProvider{{Name: "p", KeysSecretRef: &v1alpha1.KeyReference{Name: "keys", Key: "jwks"}}}
	_, _, err := adapt(r, "127.0.0.1:7000", t.TempDir(), nil, secretsOf(writeManifest(t, withSecret)))
	if err == nil || !strings.Contains(err.Error(), `add that Secret to the file`) {
		t.Errorf("got error %v, want add that Secret to the file", err)
	}
}

func TestKeysDigestChangesWithTheKeys(t *testing.T) {
	var cluster v1alpha1.RealtimeCluster
	cluster.Spec.Auth.Providers = []v1alpha1.AuthProvider{{Name: "tools", SharedSecretRef: &v1alpha1.KeyReference{Name: "tools", Key: "plain"}}}
	digest := func(text string) string {
		t.Helper()
		d, err := keysDigest(cluster, secretsOf(writeManifest(t, text)))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := digest(withSecret)
	if digest(withSecret) != first {
		t.Error("got two digests of the same keys, want one")
	}
	if digest(strings.Replace(withSecret, "in-text", "in-test", 1)) == first {
		t.Error("got the same digest of another key, want another one")
	}
}
