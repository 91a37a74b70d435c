package engineio

import (
	"errors"
	"fmt"
	"net/http"
)

// servePost takes a payload of packets from a polling session.
func (s *Socket) servePost(w http.ResponseWriter, r *http.Request) {
	p, err := s.beginPost()
	if err != nil {
		s.refuseRequest(w, r, err)
		return
	}
	defer s.endPost(p)
	if r.Header.Get("Content-Type") == "application/octet-stream" {
		s.shut(TransportError, ending{code: CodeProtocol, now: true})
		s.server.refuse(w, r, errContentType, false)
		return
	}
	body, over, err := s.readBody(w, r)
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		s.fault(errTooBig)
		s.server.refuse(w, r, tooLarge(tooBig.Limit), false)
	case err != nil:
		s.shut(TransportError, ending{code: CodeProtocol, now: true})
		s.server.refuse(w, r, errBody, false)
	case over:
		s.takeOversized(w, r, body)
	default:
		s.takePayload(w, r, body)
	}
}

func (s *Socket) beginPost() (*polling, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.polling
	switch {
	case p == nil:
		return nil, errCarried
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

// tooLarge refuses a POST of more than limit bytes.
func tooLarge(limit int64) error {
	return &Refusal{
		Status: http.StatusRequestEntityTooLarge, Reason: RefusedRequest,
		Message: fmt.Sprintf("Bad request: a POST may have %d bytes", limit),
	}
}

// takePayload hands on the packets and answers.
func (s *Socket) takePayload(w http.ResponseWriter, r *http.Request, body []byte) {
	reason, answer := ParseError, errPayloadParts
	switch err := s.handleAll(body); {
	case err == nil, errors.Is(err, errStop):
		taken(w)
		return
	case errors.Is(err, errDirection):
		reason, answer = TransportError, errPingSent
	case errors.Is(err, errBinary):
		answer = errBinaryBody
	}
	s.fault(answer)
	s.shut(reason, ending{code: CodeProtocol, now: true})
	s.server.refuse(w, r, answer, false)
}

func (s *Socket) handleAll(body []byte) error {
	s.events.Lock()
	defer s.release()
	return parsePayload(body, s.handle)
}
