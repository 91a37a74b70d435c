package websocket

import (
	"bytes"
	"fmt"
)

// maxHandshake bounds the server's answer, in bytes.
const maxHandshake = 16 << 10

// AppendRequest appends the request that opens a WebSocket.
func AppendRequest(dst []byte, host, path string) []byte {
	return fmt.Appendf(dst, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, host)
}

// Answer reads the server's answer to the request and returns the data after it. done is
// false when more data is needed.
func Answer(b []byte) (rest []byte, done bool, err error) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		if len(b) > maxHandshake {
			return nil, false, fmt.Errorf("no end of the handshake within %d bytes", maxHandshake)
		}
		return nil, false, nil
	}
	status, _, _ := bytes.Cut(b[:end], []byte("\r\n"))
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 101 ")) {
		return nil, false, fmt.Errorf("the server refused the handshake: %s %s", status, tail(b[end+4:]))
	}
	return b[end+4:], true, nil
}

func tail(body []byte) []byte { return body[:min(len(body), 200)] }
