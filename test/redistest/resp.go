package redistest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Do sends a command over a new connection and returns the reply as text: the elements of
// an array are on separate lines, nil is empty.
func (s *Server) Do(args ...string) (string, error) {
	conn, err := net.DialTimeout("tcp", s.Addr(), 10*time.Second)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return "", err
	}
	r := bufio.NewReader(conn)
	s.mu.Lock()
	password := s.password
	s.mu.Unlock()
	if password != "" {
		if out, err := exchange(conn, r, []string{"AUTH", password}); err != nil {
			return out, err
		}
	}
	return exchange(conn, r, args)
}

// exchange sends a command and reads its reply.
func exchange(w io.Writer, r *bufio.Reader, args []string) (string, error) {
	if _, err := w.Write(request(args)); err != nil {
		return "", err
	}
	return reply(r)
}

// MustDo is Do for commands that must succeed.
func (s *Server) MustDo(args ...string) string {
	s.tb.Helper()
	out, err := s.Do(args...)
	if err != nil {
		s.tb.Fatalf("redistest: %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func request(args []string) []byte {
	b := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, a := range args {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(a), a)
	}
	return b
}

// reply reads a RESP2 reply.
func reply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return "", io.ErrUnexpectedEOF
	}
	kind, rest := line[0], line[1:]
	switch kind {
	case '-':
		return "", errors.New(rest)
	case '$':
		return bulk(r, rest)
	case '*':
		return array(r, rest)
	default:
		return rest, nil
	}
}

func bulk(r *bufio.Reader, size string) (string, error) {
	n, err := strconv.Atoi(size)
	if err != nil || n < 0 {
		return "", err
	}
	b := make([]byte, n+2)
	if _, err := io.ReadFull(r, b); err != nil {
		return "", err
	}
	return string(b[:n]), nil
}

func array(r *bufio.Reader, size string) (string, error) {
	n, err := strconv.Atoi(size)
	if err != nil || n < 0 {
		return "", err
	}
	parts := make([]string, n)
	for i := range parts {
		if parts[i], err = reply(r); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, "\n"), nil
}
