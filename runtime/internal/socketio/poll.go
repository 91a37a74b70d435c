package socketio

import (
	"context"
	"maps"
	"net/http"
	"sync"
)

// closePacket is an Engine.IO close packet.
var closePacket = []byte("1")

// polls knows which polls wait, by session.
type polls struct {
	mu      sync.Mutex
	waiting map[string]map[int]context.CancelFunc
	next    int
}

// add notes a poll; what it gives takes it out again.
func (p *polls) add(session string, end context.CancelFunc) (remove func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[string]map[int]context.CancelFunc{}
	}
	if p.waiting[session] == nil {
		p.waiting[session] = map[int]context.CancelFunc{}
	}
	p.next++
	key := p.next
	p.waiting[session][key] = end
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waiting[session], key)
		if len(p.waiting[session]) == 0 {
			delete(p.waiting, session)
		}
	}
}

// end ends the polls of a session.
func (p *polls) end(session string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, end := range p.waiting[session] {
		end()
	}
}

// guardedWriter is a ResponseWriter that may still be written to, in vain, after
// its handler has returned, which the engine does when a request is cancelled.
type guardedWriter struct {
	header http.Header

	mu      sync.Mutex
	w       http.ResponseWriter // nil once the handler has returned
	started bool
}

func newGuardedWriter(w http.ResponseWriter) *guardedWriter {
	return &guardedWriter{header: http.Header{}, w: w}
}

// Header implements http.ResponseWriter.
func (g *guardedWriter) Header() http.Header { return g.header }

// WriteHeader implements http.ResponseWriter.
func (g *guardedWriter) WriteHeader(status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.start(status)
}

func (g *guardedWriter) start(status int) {
	if g.w == nil || g.started {
		return
	}
	g.started = true
	maps.Copy(g.w.Header(), g.header)
	g.w.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (g *guardedWriter) Write(data []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.start(http.StatusOK)
	if g.w == nil {
		return 0, http.ErrHandlerTimeout
	}
	return g.w.Write(data)
}

// finish ends the response, with otherwise as its body if nothing was written.
func (g *guardedWriter) finish(otherwise []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.started && otherwise != nil {
		g.w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		g.w.Header().Set("Cache-Control", "no-store")
		// The client may be gone; then nobody misses the answer.
		_, _ = g.w.Write(otherwise)
	}
	g.w = nil
}
