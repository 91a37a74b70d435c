// Package proxy is a TCP proxy that can stall and slow connections, and lose answers.
package proxy

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy forwards connections to a target.
type Proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	open  chan struct{} // closed while data passes
	pairs map[*pair]struct{}
	// slow is the longest delay of a chunk of data, late the longest delay of a chunk
	// that Redis publishes.
	slow, late time.Duration
	// lose is the number of next answers to lose, each with its connection.
	lose int
}

// pair is a forwarded connection.
type pair struct {
	client, server net.Conn
	// subscribes is set when the client subscribes to channels on the connection.
	subscribes atomic.Bool
}

func (p *pair) close() { _, _ = p.client.Close(), p.server.Close() }

// Listen starts a proxy on a free port of 127.0.0.1.
func Listen(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, target: target, open: make(chan struct{}), pairs: make(map[*pair]struct{})}
	close(p.open)
	go p.accept()
	return p, nil
}

// Addr returns the address of the proxy.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close ends the proxy and its connections.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.Heal()
	p.Cut()
}

// Stall holds back all data in both directions until Heal.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.open:
		p.open = make(chan struct{})
	default: // already stalled
	}
}

// Slow delays each chunk of data by up to d.
func (p *Proxy) Slow(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow = d
}

// Late delays each chunk of data that Redis publishes by up to d; answers are not
// delayed.
func (p *Proxy) Late(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = d
}

// LoseAnswers ends the connections of the next n answers instead of forwarding them. The
// requests have arrived, and their effects remain.
func (p *Proxy) LoseAnswers(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lose = n
}

// Heal ends Stall, Slow, Late and LoseAnswers.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow, p.late, p.lose = 0, 0, 0
	select {
	case <-p.open:
	default:
		close(p.open)
	}
}

// Cut ends all connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for pair := range p.pairs {
		pair.close()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.serve(client)
	}
}

func (p *Proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	pair := &pair{client: client, server: server}
	p.mu.Lock()
	p.pairs[pair] = struct{}{}
	p.mu.Unlock()
	go p.copy(pair, server, client, false)
	p.copy(pair, client, server, true)
	p.mu.Lock()
	delete(p.pairs, pair)
	p.mu.Unlock()
}

// copy forwards a direction until it ends, and then ends the pair.
func (p *Proxy) copy(pair *pair, to io.Writer, from io.Reader, answers bool) {
	defer pair.close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if !answers && bytes.Contains(bytes.ToLower(buf[:n]), []byte("subscribe")) {
				pair.subscribes.Store(true)
			}
			if !p.pass(pair, answers) {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits until a chunk may continue; false means that the chunk is lost.
func (p *Proxy) pass(pair *pair, answer bool) bool {
	p.mu.Lock()
	open, slow := p.open, p.slow
	if answer && pair.subscribes.Load() {
		slow = max(slow, p.late)
	}
	lost := answer && p.lose > 0
	if lost {
		p.lose--
	}
	p.mu.Unlock()
	<-open
	if slow > 0 {
		time.Sleep(rand.N(slow))
	}
	return !lost
}
