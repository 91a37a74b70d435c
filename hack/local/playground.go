package main

import (
	"encoding/json"
	"net"
	"net/http"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
)

// devUsersPath is the path of the playground's list of users to sign in as. The proxy
// answers it, because only this program makes tokens.
const devUsersPath = configv1.PlaygroundPath + "users.json"

// devUsersHandler returns the dev tokens to the playground in a browser on this machine.
// Other clients get an empty list and must paste a token.
func devUsersHandler(tokens func() []devToken) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer struct {
			Users []devToken `json:"users"`
		}
		answer.Users = []devToken{}
		if own := tokens(); fromThisMachine(r) && len(own) > 0 {
			answer.Users = own
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		_ = json.NewEncoder(w).Encode(answer) // a closed connection is no error
	})
}

// fromThisMachine reports whether a request comes from this machine, under one of its own
// names, through no proxy, and from no page of another site. Another name that resolves
// here belongs to a page that rebinds its DNS name.
func fromThisMachine(r *http.Request) bool {
	peer, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !loopback(peer) {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host != "localhost" && !loopback(host) {
		return false
	}
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return r.Method == http.MethodGet && (site == "" || site == "same-origin")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
