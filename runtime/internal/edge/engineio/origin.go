package engineio

import "net/http"

// checkOrigin refuses pages of other origins, and sets the CORS headers for those
// that are welcome. done: it was a preflight, and is answered.
func (srv *Server) checkOrigin(w http.ResponseWriter, r *http.Request) (done bool, err error) {
	allow, origin := srv.options.AllowOrigin, r.Header.Get("Origin")
	for i := range len(origin) {
		if c := origin[i]; c < ' ' || c == 0x7f {
			return false, errOriginText
		}
	}
	if allow == nil {
		return false, nil
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if origin == "" {
		return false, nil
	}
	// The page of a refused origin may read why it was refused.
	h.Set("Access-Control-Allow-Origin", origin)
	if err := allow(r, origin); err != nil {
		return false, err
	}
	if srv.options.AllowCredentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if r.Method != http.MethodOptions {
		return false, nil
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		h.Set("Access-Control-Allow-Headers", wanted)
	}
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true, nil
}
