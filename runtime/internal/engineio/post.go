package engineio

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// errOverlap: a client has sent a request while another of its kind is under way.
var errOverlap = errors.New("overlap from client")

// servePost takes a payload of packets from a polling session.
func (s *Socket) servePost(w http.ResponseWriter, r *http.Request) {
	p, err := s.beginPost()
	if err != nil {
		s.refuseRequest(w, err)
		return
	}
	defer s.endPost(p)
	if r.Header.Get("Content-Type") == "application/octet-stream" {
		s.shut(TransportError, ending{code: CodeProtocol, now: true})
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	body, err := s.readBody(w, r)
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case err != nil:
		s.shut(TransportError, ending{code: CodeProtocol, now: true})
		refuse(w, errBadRequest, false)
	default:
		s.takePayload(w, body)
	}
}

func (s *Socket) beginPost() (*polling, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.polling
	switch {
	case p == nil:
		return nil, errBadRequest
	case p.posting:
		return nil, errOverlap
	}
	p.posting = true
	return p, nil
}

func (s *Socket) endPost(p *polling) {
	s.mu.Lock()
	p.posting = false
	s.mu.Unlock()
}

// readBody reads no more than the largest payload, whatever the length announced.
func (s *Socket) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := int64(s.payloadLimit())
	if r.ContentLength > limit {
		return nil, &http.MaxBytesError{Limit: limit}
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.server.options.ReadTimeout))
	return io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
}

// takePayload hands on the packets and answers.
func (s *Socket) takePayload(w http.ResponseWriter, body []byte) {
	switch err := s.handleAll(body); {
	case err == nil, errors.Is(err, errStop):
		noStore(w)
		// Not text/plain: some browsers would offer it for download.
		write(w, http.StatusOK, "text/html", []byte("ok"))
	case errors.Is(err, errDirection):
		s.shut(TransportError, ending{code: CodeProtocol, now: true})
		refuse(w, errBadRequest, false)
	default:
		s.shut(ParseError, ending{code: CodeProtocol, now: true})
		refuse(w, errBadRequest, false)
	}
}

func (s *Socket) handleAll(body []byte) error {
	s.events.Lock()
	defer s.release()
	return parsePayload(body, s.handle)
}
