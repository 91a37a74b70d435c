package siotest

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// TestBehindTLSOnAnotherPath connects through a proxy with a private certificate and
// another path for the engine.
func TestBehindTLSOnAnotherPath(t *testing.T) {
	const path = "/games/rt/"
	server := secured(t, path)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	trusts := WithTLS(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
	for _, transport := range []Transport{WebSocket, Polling, Upgrade} {
		t.Run(string(transport), func(t *testing.T) {
			c := Connect(t, server.URL, WithTransport(transport), WithPath(path), trusts)
			c.Emit("message", "hello")
			if got := c.Expect("message-back").String(); got != `message-back "hello"` {
				t.Errorf("got %s", got)
			}
		})
	}
	for name, c := range map[string]struct {
		opts []Option
		want string
	}{
		"another path":           {[]Option{trusts}, "404"},
		"an unknown certificate": {[]Option{WithPath(path)}, "certificate"},
	} {
		failed := verdict(t, func(tb TB) { Connect(tb, server.URL, c.opts...) })
		if !strings.Contains(failed, c.want) {
			t.Errorf("%s: it fails with %q", name, failed)
		}
	}
}

// secured is a TLS proxy that serves a server's engine under a path, and nothing else.
func secured(t *testing.T, path string) *httptest.Server {
	t.Helper()
	to, err := url.Parse(startEcho(t) + defaultPath)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(path, http.StripPrefix(path, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}))
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the test includes a client that does not trust the certificate
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}
