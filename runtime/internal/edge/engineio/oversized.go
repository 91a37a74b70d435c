package engineio

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// overFactor times the largest message is read over, so that the owner can answer it.
	overFactor = 8
	// overHead is how much of such a message is kept, in bytes.
	overHead = 256
)

// Salvage is a [Handler] that answers what its trusted clients do wrong, where the
// session would otherwise end.
type Salvage interface {
	Handler
	// Oversized gives the beginning of a text message that was too large, and was read over.
	Oversized(s *Socket, head []byte)
	// Fault is called before a session ends for what its client sent. Send and Close may
	// be used to say why.
	Fault(s *Socket, err error)
}

// salvage is the handler that may answer an oversized packet of a trusted client; nil for none.
func (s *Socket) salvage() Salvage {
	owner, ok := s.server.handler.(Salvage)
	if !ok || !s.trusted.Load() || s.closed.Load() {
		return nil
	}
	return owner
}

// readLimit is the size of the largest message that is read, or read over.
func (s *Socket) readLimit() int {
	if s.salvage() == nil {
		return s.payloadLimit()
	}
	return overFactor * s.payloadLimit()
}

// Discard has the next n binary messages dropped, which would end the session otherwise:
// the attachments of a message that the owner does not take. Call it from Message only.
func (s *Socket) Discard(n int) { s.discard += n }

// fault tells the owner of what its client broke.
func (s *Socket) fault(err error) {
	if owner := s.salvage(); owner != nil {
		defer s.guard()
		owner.Fault(s, err)
	}
}

// oversized gives the owner the beginning of a text that was read over.
func (s *Socket) oversized(head []byte) error {
	owner := s.salvage()
	if owner == nil || len(head) == 0 || head[0] != packetMessage {
		return errTooBig
	}
	defer s.guard()
	owner.Oversized(s, head[1:])
	return nil
}

// readBody reads no more than the largest payload, and over no more than readLimit,
// whatever the length announced. Of a body that is too large it gives the beginning.
func (s *Socket) readBody(w http.ResponseWriter, r *http.Request) (body []byte, over bool, err error) {
	limit, most := s.payloadLimit(), int64(s.readLimit())
	if r.ContentLength > most {
		return nil, false, &http.MaxBytesError{Limit: int64(limit)}
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.server.options.ReadTimeout))
	limited := http.MaxBytesReader(w, r.Body, most)
	body, err = io.ReadAll(io.LimitReader(limited, int64(limit)+1))
	if err == nil && len(body) > limit {
		over = true
		_, err = io.Copy(io.Discard, limited)
	}
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) {
		tooBig.Limit = int64(limit)
	}
	return body, over, err
}

// takeOversized answers a POST that was read over: the owner does, if it is one message.
func (s *Socket) takeOversized(w http.ResponseWriter, r *http.Request, body []byte) {
	err := error(errTooBig)
	if bytes.IndexByte(body, separator) < 0 {
		s.events.Lock()
		err = s.oversized(body[:min(len(body), overHead)])
		s.release()
	}
	if err != nil {
		s.fault(err)
		s.server.refuse(w, r, tooLarge(int64(s.payloadLimit())), false)
		return
	}
	taken(w)
}

// taken answers a POST whose packets were handed on.
func taken(w http.ResponseWriter) {
	noStore(w)
	// Not text/plain: some browsers would offer it for download.
	write(w, http.StatusOK, "text/html", []byte("ok"))
}

// TooLarge reports whether an error that [Salvage.Fault] was given is a message's size.
func TooLarge(err error) bool { return errors.Is(err, errTooBig) }
