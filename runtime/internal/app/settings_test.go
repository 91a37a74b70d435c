package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
)

func TestReadTellsAllProblemsOfAllFiles(t *testing.T) {
	config := testConfig("127.0.0.1:6379")
	config.Auth.Mode = v1alpha1.AuthJWT
	config.Auth.Providers = []v1alpha1.AuthProvider{{
		Name: "main", Algorithms: []string{"HS256"}, SharedSecretFile: "/nowhere/secret",
		Claims: v1alpha1.AuthClaims{User: "sub", Name: "name", Scopes: "scope"},
	}}
	config.Redis.PasswordFile = "/nowhere/password"
	config.Redis.TLS = &v1alpha1.RedisTLS{CAFile: "/nowhere/ca"}
	policies := testPolicies("casual")
	policies.Revision, policies.Limits.ConnectionsPerUser = "wrong", 0

	_, err := Read(writeFiles(t, config, policies), "v1", &journal{})
	var wrong *ConfigError
	if !errors.As(err, &wrong) {
		t.Fatalf("error %v", err)
	}
	for _, part := range []string{
		"policies.yaml has 2 problems", "limits.connectionsPerUser", "revision: Invalid value",
		`auth provider "main"`, "/nowhere/secret", "redis password: open /nowhere/password", "redis TLS: open /nowhere/ca",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in\n%v", part, err)
		}
	}

	config.Engine.Path, config.Observability.LogLevel = "x", "loud"
	_, err = Read(writeFiles(t, config, policies), "v1", &journal{})
	for _, part := range []string{"runtime.yaml has 2 problems", "engine.path", "observability.logLevel", "policies.yaml has 2 problems"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in\n%v", part, err)
		}
	}
}

// certificate makes a self-signed certificate and its key, in PEM.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redis"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

func TestRedisOptions(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert, key := certificate(t)
	c := testConfig("127.0.0.1:6379").Redis
	c.Database, c.UsernameFile, c.PasswordFile = 3, file("user", "app\n"), file("password", "one\n")
	c.TLS = &v1alpha1.RedisTLS{CAFile: file("ca", string(cert)), CertFile: file("cert", string(cert)), KeyFile: file("key", string(key)), ServerName: "redis"}
	options, err := redisOptions(c)
	if err != nil {
		t.Fatal(err)
	}
	if options.Username != "app" || options.Database != 3 || options.Prefix != "rt:" || string(options.Topology) != "Standalone" {
		t.Errorf("options: %+v", options)
	}
	for _, want := range []string{"one", "two"} {
		file("password", want+"\n")
		if got, err := options.Password(); err != nil || got != want {
			t.Errorf("password %q, %v; want %q", got, err, want)
		}
	}
	if options.TLS.ServerName != "redis" || options.TLS.RootCAs == nil {
		t.Errorf("TLS: %+v", options.TLS)
	}
	if pair, err := options.TLS.GetClientCertificate(nil); err != nil || len(pair.Certificate) != 1 {
		t.Errorf("client certificate: %v", err)
	}
}

func TestRedisOptionsProblems(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	long := filepath.Join(dir, "long")
	if err := errors.Join(os.WriteFile(empty, nil, 0o600), os.WriteFile(long, make([]byte, maxCredential+1), 0o600)); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		change func(*v1alpha1.Redis)
		says   string // "" when it is good
	}{
		{"nothing to read", func(*v1alpha1.Redis) {}, ""},
		{"no user name is the default user", func(r *v1alpha1.Redis) { r.UsernameFile = filepath.Join(dir, "none") }, ""},
		{"user name too long", func(r *v1alpha1.Redis) { r.UsernameFile = long }, "redis user name: " + long + " has more than 4096 bytes"},
		{"no password", func(r *v1alpha1.Redis) { r.PasswordFile = filepath.Join(dir, "none") }, "redis password: "},
		{"system roots", func(r *v1alpha1.Redis) { r.TLS = &v1alpha1.RedisTLS{} }, ""},
		{"no certificate in it", func(r *v1alpha1.Redis) { r.TLS = &v1alpha1.RedisTLS{CAFile: empty} }, "holds no certificate"},
		{"bad pair", func(r *v1alpha1.Redis) { r.TLS = &v1alpha1.RedisTLS{CertFile: empty, KeyFile: empty} }, "redis TLS: "},
	}
	for _, tc := range cases {
		c := testConfig("127.0.0.1:6379").Redis
		tc.change(&c)
		_, err := redisOptions(c)
		if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want %q", tc.name, err, tc.says)
		}
	}
}
