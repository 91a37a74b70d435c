package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anteroom/anteroom/test/siotest"
)

// allocator is a service that allocates game servers like Agones. Over its control
// address, a scenario makes callers wait (/hold, /release) and counts the waiting callers
// (/waiting).
type allocator struct {
	control *httptest.Server
	// manifest is the manifest of testdata with the allocator's address and key.
	manifest string
	held     atomic.Pointer[chan struct{}]
	waiting  atomic.Int64
}

func startAllocator(t *testing.T, manifest string) *allocator {
	t.Helper()
	a := &allocator{}
	bundle := certificate(t)
	pair, err := tls.X509KeyPair(bundle, bundle)
	if err != nil {
		t.Fatal(err)
	}
	service := httptest.NewUnstartedServer(http.HandlerFunc(a.allocate))
	service.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert}
	service.StartTLS()
	t.Cleanup(service.Close)
	a.control = httptest.NewServer(http.HandlerFunc(a.command))
	t.Cleanup(a.control.Close)
	t.Cleanup(a.release)
	text, err := os.ReadFile(filepath.Join("testdata", manifest))
	if err != nil {
		t.Fatal(err)
	}
	a.manifest = strings.ReplaceAll(string(text), "ALLOCATOR", service.URL) + fmt.Sprintf(
		"---\napiVersion: v1\nkind: Secret\nmetadata: {name: allocator}\ndata: {pem: %s}\n", base64.StdEncoding.EncodeToString(bundle))
	return a
}

func (a *allocator) allocate(w http.ResponseWriter, r *http.Request) {
	if held := a.held.Load(); held != nil {
		a.waiting.Add(1)
		defer a.waiting.Add(-1)
		select {
		case <-*held:
		case <-r.Context().Done(): // the caller disconnected
			return
		}
	}
	_, _ = fmt.Fprint(w, `{"gameServerName":"gs-1","address":"192.0.2.1","ports":[{"name":"game","port":7777}]}`)
}

func (a *allocator) release() {
	if held := a.held.Swap(nil); held != nil {
		close(*held)
	}
}

func (a *allocator) command(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/hold":
		held := make(chan struct{})
		a.held.Store(&held)
	case "/release":
		a.release()
	}
	_, _ = fmt.Fprint(w, a.waiting.Load())
}

// certificate returns a self-signed certificate for 127.0.0.1, for clients and servers,
// in PEM with its key.
func certificate(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
}

func TestMatchesOutliveTheirMatcher(t *testing.T) {
	a := startAllocator(t, "matches.yaml")
	s := stack{siotest.StartServer(t, siotest.YAML(a.manifest), siotest.Race())}
	s.scenario(t, "matches.test.mjs", "ALLOCATOR_CONTROL="+a.control.URL)
}
