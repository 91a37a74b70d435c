//go:build linux

package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// redisServer is a new Redis for a session.
type redisServer struct {
	*process
	addr string
	dir  string
}

// startRedis starts redis-server on a core; it writes no data into its directory, which
// is created under parent.
func startRedis(core int, parent string) (*redisServer, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, "redis-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for Redis: %w", err)
	}
	host, port, _ := net.SplitHostPort(addr)
	p, err := start(core, nil, "redis-server", "--bind", host, "--port", port, "--dir", dir, "--save", "", "--appendonly", "no")
	if err != nil {
		return nil, err
	}
	r := &redisServer{p, addr, dir}
	if err := p.until(func() bool { return r.ask("PING") == "+PONG" }); err != nil {
		r.stop()
		return nil, fmt.Errorf("redis-server: %w", err)
	}
	return r, nil
}

func (r *redisServer) stop() {
	r.kill()
	_ = os.RemoveAll(r.dir)
}

// sent returns the number of bytes that Redis has sent to all of its clients.
func (r *redisServer) sent() float64 {
	_, rest, _ := strings.Cut(r.ask("INFO stats"), "total_net_output_bytes:")
	digits, _, _ := strings.Cut(rest, "\r")
	n, _ := strconv.ParseFloat(digits, 64)
	return n
}

// ask sends an inline command and returns the first line of the answer, or all of a bulk
// answer; "" without an answer.
func (r *redisServer) ask(command string) string {
	conn, err := net.DialTimeout("tcp", r.addr, time.Second)
	if err != nil {
		return ""
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	_, _ = fmt.Fprintf(conn, "%s\r\n", command)
	in := bufio.NewReader(conn)
	line, _ := in.ReadString('\n')
	line = strings.TrimSpace(line)
	size, isBulk := strings.CutPrefix(line, "$")
	if !isBulk {
		return line
	}
	n, _ := strconv.Atoi(size)
	b := make([]byte, max(n, 0))
	for got := 0; got < len(b); {
		m, err := in.Read(b[got:])
		if err != nil {
			return ""
		}
		got += m
	}
	return string(b)
}

// freeAddress returns an unused address of the loopback interface.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}
