package peer

import (
	"crypto/subtle"
	"net/http"
	"net/netip"
)

// Headers between pods. They overwrite a client's headers of the same name.
const (
	headerToken  = "Anteroom-Peer-Token"
	headerClient = "Anteroom-Client-Addr"
	// headerAsk marks another pod's own request; rewrite removes it from clients' requests.
	headerAsk = "Anteroom-Peer-Ask"
)

// Receive serves the requests that other pods forward to this pod. A request with this
// pod's token goes to next, with the client's address as RemoteAddr; other requests are
// answered 421. next must not forward, so that no request circulates. report answers [Ask].
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
