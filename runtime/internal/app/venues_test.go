package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/domain/matchmaking"
	"github.com/anteroom/anteroom/runtime/internal/infra/webhook"
	"github.com/anteroom/anteroom/runtime/wire"
)

func TestAServiceMakesThePlace(t *testing.T) {
	secrets := t.TempDir()
	if err := os.WriteFile(filepath.Join(secrets, "games_key"), []byte("sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_790_000_000, 0)
	var answer string
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if want := webhook.Sign([]byte("sesame"), "m1", at, body); r.Header.Get("Webhook-Signature") != want {
			t.Errorf("signed %q, not %q", r.Header.Get("Webhook-Signature"), want)
		}
		want := `{"matchId":"m1","queue":"duel","region":"eu","teams":[{"name":"red","players":[{"userId":"ann","name":"Ann"}]},{"name":"blue","players":[{"userId":"bob"}]}]}`
		if string(body) != want {
			t.Errorf("asked with %s", body)
		}
		if answer == "" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer service.Close()
	p := venues{secrets: secrets, hooks: localHooks(), now: func() time.Time { return at }}
	q := matchmaking.Queue{Handoff: matchmaking.Handoff{URL: service.URL, SecretFile: "games_key", Timeout: 5 * time.Second}}
	r := matchmaking.Proposal{ID: "m1", Queue: "duel", Region: "eu", Teams: []matchmaking.Team{
		{Name: "red", Players: []matchmaking.TeamPlayer{{ID: "ann", Name: "Ann", Ticket: "a"}}},
		{Name: "blue", Players: []matchmaking.TeamPlayer{{ID: "bob", Ticket: "b"}}},
	}}
	answer = `{"address":"game.example:7777","token":"all","tokens":{"ann":"own"},"expiresAt":5}`
	got, err := p.Place(t.Context(), q, r)
	want := matchmaking.Place{
		MMHandoff: wire.MMHandoff{Type: "server", Address: "game.example:7777", Token: "all", ExpiresAt: 5},
		Tokens:    map[string]string{"ann": "own"},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for _, answer = range []string{"", "{}", "no", `{"address":7}`} {
		if got, err := p.Place(t.Context(), q, r); err == nil {
			t.Errorf("answered %q: %+v", answer, got)
		}
	}
	q.Handoff.SecretFile = "gone"
	if _, err := p.Place(t.Context(), q, r); err == nil || strings.Contains(err.Error(), secrets) {
		t.Errorf("without its key: %v", err)
	}
}

func TestAgonesAllocatesTheServer(t *testing.T) {
	var answer string
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		want := `{"namespace":"games","gameServerSelectors":[{"matchLabels":{"agones.dev/fleet":"duel"}}],` +
			`"metadata":{"labels":{"anteroom.dev/match":"m1"},"annotations":{"anteroom.dev/players":` +
			`"{\"matchId\":\"m1\",\"queue\":\"duel\",\"teams\":[{\"name\":\"red\",\"players\":[{\"userId\":\"ann\"}]}]}"}}}`
		if string(body) != want {
			t.Errorf("asked with %s\nwant       %s", body, want)
		}
		if answer == "" {
			w.WriteHeader(http.StatusTooManyRequests) // as the allocator says that there is none
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer service.Close()
	p := venues{namespace: "games", hooks: localHooks(), now: time.Now}
	q := matchmaking.Queue{Name: "duel", Handoff: matchmaking.Handoff{URL: service.URL, Agones: true, Timeout: 5 * time.Second}}
	r := matchmaking.Proposal{ID: "m1", Queue: "duel", Teams: []matchmaking.Team{
		{Name: "red", Players: []matchmaking.TeamPlayer{{ID: "ann", Ticket: "a"}}},
	}}
	answer = `{"gameServerName":"duel-x7","ports":[{"name":"game","port":7654},{"name":"admin","port":1}],"address":"192.0.2.7","nodeName":"n"}`
	got, err := p.Place(t.Context(), q, r)
	want := matchmaking.Place{MMHandoff: wire.MMHandoff{Type: "server", Address: "192.0.2.7:7654"}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for _, answer = range []string{"", "{}", "no", `{"address":"192.0.2.7"}`, `{"ports":[{"port":1}]}`} {
		if got, err := p.Place(t.Context(), q, r); err == nil {
			t.Errorf("answered %q: %+v", answer, got)
		}
	}
}

// bundle makes a certificate for 127.0.0.1 that signs itself, good for both sides, in PEM
// with its key.
func bundle(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...,
	)
}

func TestAgonesIsShownACertificate(t *testing.T) {
	both := bundle(t)
	certificate, err := tls.X509KeyPair(both, both)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(both)
	service := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"address":"192.0.2.7","ports":[{"port":7654}]}`)
	}))
	service.Config.ErrorLog = log.New(io.Discard, "", 0)
	service.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots}
	service.StartTLS()
	defer service.Close()
	secrets := t.TempDir()
	for name, content := range map[string][]byte{"good": both, "other": bundle(t), "none": []byte("sesame")} {
		if err := os.WriteFile(filepath.Join(secrets, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := venues{secrets: secrets, hooks: localHooks(), now: time.Now}
	for name, good := range map[string]bool{"good": true, "other": false, "none": false, "gone": false, "": false} {
		q := matchmaking.Queue{Handoff: matchmaking.Handoff{URL: service.URL, Agones: true, SecretFile: name, Timeout: 5 * time.Second}}
		place, err := p.Place(t.Context(), q, matchmaking.Proposal{ID: "m1"})
		if good != (err == nil) || good && place.Address != "192.0.2.7:7654" {
			t.Errorf("with %q: %+v, %v", name, place, err)
		}
	}
}
