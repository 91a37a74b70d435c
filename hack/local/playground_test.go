package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestDevTokensStayOnThisMachine(t *testing.T) {
	handler := devUsersHandler(func() []devToken { return []devToken{{User: "alice", Token: "t1"}} })
	for name, tc := range map[string]struct {
		peer, host, header, value string
		given                     bool
	}{
		"a browser on this machine":     {peer: "127.0.0.1:5", host: "127.0.0.1:8080", header: "Sec-Fetch-Site", value: "same-origin", given: true},
		"over IPv6, without the header": {peer: "[::1]:5", host: "localhost:8080", given: true},
		"another machine":               {peer: "192.0.2.7:5", host: "127.0.0.1:8080"},
		"another name of this machine":  {peer: "127.0.0.1:5", host: "evil.example:8080"},
		"a page of another site":        {peer: "127.0.0.1:5", host: "127.0.0.1:8080", header: "Sec-Fetch-Site", value: "cross-site"},
		"another port's page":           {peer: "127.0.0.1:5", host: "127.0.0.1:8080", header: "Sec-Fetch-Site", value: "same-site"},
		"through a proxy":               {peer: "127.0.0.1:5", host: "127.0.0.1:8080", header: "X-Forwarded-For", value: "192.0.2.7"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, devUsersPath, nil)
			r.RemoteAddr, r.Host = tc.peer, tc.host
			if tc.header != "" {
				r.Header.Set(tc.header, tc.value)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if given := strings.Contains(w.Body.String(), "t1"); given != tc.given {
				t.Errorf("got %s, want tokens: %v", w.Body, tc.given)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("got headers %v, want no-store and no CORS", w.Header())
			}
		})
	}
}

func TestNoDevTokensAreAnEmptyList(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, devUsersPath, nil)
	r.RemoteAddr, r.Host = "127.0.0.1:5", "127.0.0.1:8080"
	w := httptest.NewRecorder()
	devUsersHandler(func() []devToken { return nil }).ServeHTTP(w, r)
	if w.Body.String() != "{\"users\":[]}\n" {
		t.Errorf("got %s, want an empty list", w.Body)
	}
}
