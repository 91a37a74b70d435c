package peer

import (
	"crypto/subtle"
	"net/http"
	"net/netip"
)

// Headers between pods. A client's own are overwritten.
const (
	headerToken  = "Anteroom-Peer-Token"
	headerClient = "Anteroom-Client-Addr"
	// headerAsk is another pod's own question, and on no request of a client.
	headerAsk = "Anteroom-Peer-Ask"
)

// Receive serves what other pods forward to this one: requests that bring its
// token, as if they came from the client's address. Others are answered 421. It is
// not to forward what it gets, so that no request goes in circles. What other pods
// want to know themselves, with [Ask], report answers.
func Receive(self Endpoint, next, report http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get(headerToken)
		if subtle.ConstantTimeCompare([]byte(token), []byte(self.Token)) != 1 {
			w.Header().Set("Connection", "close")
			http.Error(w, "this port is for the other servers of the cluster", http.StatusMisdirectedRequest)
			return
		}
		if r.Header.Get(headerAsk) != "" {
			report.ServeHTTP(w, r)
			return
		}
		if client, err := netip.ParseAddrPort(r.Header.Get(headerClient)); err == nil {
			r.RemoteAddr = client.String()
		}
		r.Header.Del(headerToken)
		r.Header.Del(headerClient)
		next.ServeHTTP(w, r)
	})
}
