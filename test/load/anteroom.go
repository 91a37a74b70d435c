//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"sigs.k8s.io/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

const (
	issuer = "https://issuer.load.example"
	keyID  = "load"
)

// credentials are the users of Anteroom and of the Node handler: an ES256 key in the
// formats of both, and a token for each user.
type credentials struct {
	jwks, pem string
	tokens    []string
	public    *ecdsa.PublicKey
}

// newCredentials creates a key and the tokens of n users.
func newCredentials(dir string, n int) (*credentials, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	c := &credentials{jwks: filepath.Join(dir, "jwks.json"), pem: filepath.Join(dir, "key.pem"), public: &key.PublicKey}
	if err := c.write(); err != nil {
		return nil, err
	}
	for i := range n {
		user := fmt.Sprintf("u%05d", i)
		token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
			"iss": issuer, "sub": user, "name": "User " + user, "exp": time.Now().Add(2 * time.Hour).Unix(),
		})
		token.Header["kid"] = keyID
		signed, err := token.SignedString(key)
		if err != nil {
			return nil, fmt.Errorf("sign a token: %w", err)
		}
		c.tokens = append(c.tokens, signed)
	}
	return c, nil
}

func (c *credentials) write() error {
	der, err := x509.MarshalPKIXPublicKey(c.public)
	if err != nil {
		return fmt.Errorf("encode the key: %w", err)
	}
	point, err := c.public.Bytes()
	if err != nil {
		return fmt.Errorf("encode the key: %w", err)
	}
	part := base64.RawURLEncoding.EncodeToString
	set, err := json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": keyID, "x": part(point[1:33]), "y": part(point[33:]),
	}}})
	if err != nil {
		return fmt.Errorf("encode the key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return errors.Join(os.WriteFile(c.jwks, set, 0o600), os.WriteFile(c.pem, text, 0o600))
}

// verifying measures how long Go takes to check a token's signature and claims.
func (c *credentials) verifying() time.Duration {
	const times = 200
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"ES256"}))
	before := ownCPU()
	for i := range times {
		_, _ = parser.Parse(c.tokens[i%len(c.tokens)], func(*jwt.Token) (any, error) { return c.public, nil })
	}
	return (ownCPU() - before) / times
}

// cluster has the files that the operator would write for the servers of cluster.yaml.
type cluster struct {
	runtime  configv1.RuntimeConfig
	policies []byte
}

// render lets the manager render the manifest, and inserts the key.
func render(manager, manifest string, keys *credentials) (*cluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, manager, "render", "-f", manifest)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", cmd, err, &stderr)
	}
	c := &cluster{}
	for doc := range bytes.SplitSeq(out, []byte("\n---\n")) {
		var object struct {
			Data map[string]string `json:"data"`
		}
		if err := yaml.Unmarshal(doc, &object); err != nil {
			continue // an object with data of another type
		}
		if text, ok := object.Data["runtime.yaml"]; ok {
			if err := yaml.UnmarshalStrict([]byte(text), &c.runtime); err != nil {
				return nil, fmt.Errorf("read the rendered runtime.yaml: %w", err)
			}
		}
		if text, ok := object.Data["policies.yaml"]; ok {
			c.policies = []byte(text)
		}
	}
	if c.policies == nil || c.runtime.Kind == "" {
		return nil, errors.New("the manager rendered no runtime.yaml or no policies.yaml")
	}
	claims := configv1.AuthClaims{User: "sub", Name: "name", Scopes: "scope"}
	c.runtime.Auth.Providers = []configv1.AuthProvider{{
		Name: "load", Issuer: issuer, Algorithms: []string{"ES256"}, KeysFile: keys.jwks, Claims: claims,
	}}
	return c, nil
}

// startServer starts a server of the cluster on a core.
func (c *cluster) startServer(core int, program, dir, redis string) (*process, string, error) {
	client, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	admin, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	config := c.runtime
	// A single server forwards nothing, and other processes may use the rendered peer
	// port.
	config.Listen = configv1.Listen{Client: client, Admin: admin}
	config.Redis = configv1.Redis{
		Topology: configv1.RedisStandalone, Addresses: []string{redis}, KeyPrefix: config.Redis.KeyPrefix, Probe: config.Redis.Probe,
	}
	text, err := yaml.Marshal(config)
	if err != nil {
		return nil, "", fmt.Errorf("encode the configuration: %w", err)
	}
	file := filepath.Join(dir, "runtime-"+admin+".yaml")
	policies := filepath.Join(dir, "policies.yaml")
	if err := errors.Join(os.WriteFile(file, text, 0o600), os.WriteFile(policies, c.policies, 0o600)); err != nil {
		return nil, "", fmt.Errorf("write the configuration: %w", err)
	}
	p, err := start(core, nil, program, "--config", file, "--policies", policies)
	if err != nil {
		return nil, "", err
	}
	go func() { _, _ = p.stdout.WriteTo(p.log) }()
	if err := p.until(func() bool { return answersOK("http://" + admin + "/readyz") }); err != nil {
		p.kill()
		return nil, "", err
	}
	return p, client, nil
}

func answersOK(url string) bool {
	client := http.Client{Timeout: time.Second}
	answer, err := client.Get(url)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}
