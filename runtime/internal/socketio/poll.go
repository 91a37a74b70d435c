package socketio

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"sync"

	"github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// closePacket is an Engine.IO close packet.
var closePacket = []byte("1")

// polls knows which polls wait, by session.
type polls struct {
	mu      sync.Mutex
	waiting map[string]map[*poll]struct{}
}

func (p *polls) add(session string, one *poll) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[string]map[*poll]struct{}{}
	}
	if p.waiting[session] == nil {
		p.waiting[session] = map[*poll]struct{}{}
	}
	p.waiting[session][one] = struct{}{}
}

func (p *polls) remove(session string, one *poll) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting[session], one)
	if len(p.waiting[session]) == 0 {
		delete(p.waiting, session)
	}
}

// end ends the polls of a session.
func (p *polls) end(session string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for one := range p.waiting[session] {
		one.end()
	}
}

// poll is one HTTP request that the engine answers, now or later.
//
// The engine forgets a poll once more after it has answered it, by when the next
// one may be there; and it is not ready to be told that a poll is over while it
// still takes the poll in. So the answer leaves only when the engine is done with
// the request (settled), and the end waits until the engine has it (taken).
type poll struct {
	types.EventEmitter
	ctx     *types.HttpContext
	answer  *answer
	taken   chan struct{}
	settled chan struct{}
	take    func()
	once    sync.Once
}

// newPoll makes a poll of a request whose context does not end before it.
func newPoll(r *http.Request) *poll {
	p := &poll{answer: &answer{}, taken: make(chan struct{}), settled: make(chan struct{})}
	p.take = sync.OnceFunc(func() { close(p.taken) })
	p.ctx = types.NewHttpContext(p.answer, r)
	p.EventEmitter = p.ctx.EventEmitter
	_ = p.EventEmitter.Once("close", func(...any) { close(p.settled) })
	p.ctx.EventEmitter = p
	return p
}

// Once implements types.EventEmitter. Listening to the close is the last thing
// the engine does with a request that it takes in.
func (p *poll) Once(event types.EventName, listeners ...types.EventListener) error {
	err := p.EventEmitter.Once(event, listeners...)
	if event == "close" {
		p.take()
	}
	return err
}

// end makes the engine let go of the request. It does not block.
func (p *poll) end() {
	p.once.Do(func() {
		go func() {
			select {
			case <-p.taken:
				p.ctx.Flush()
			case <-p.ctx.Done():
			}
		}()
	})
}

// serve has the engine answer the request, until the client's context ends. If it
// lets go without an answer, that is otherwise.
func (p *poll) serve(client context.Context, e engine.Server, w http.ResponseWriter, otherwise []byte) {
	defer context.AfterFunc(client, p.end)()
	e.HandleRequest(p.ctx)
	<-p.settled
	p.answer.send(w, otherwise)
}

// answer keeps what the engine writes, until it is sent. The engine may write a
// request's answer in two goroutines at once, of which one wins, and may write on
// after the request has ended; what comes too late is lost.
type answer struct {
	mu     sync.Mutex
	header http.Header
	status int
	// head is the header as it was when the status was written.
	head http.Header
	body []byte
	sent bool
}

// Header implements http.ResponseWriter. Each call gives a map of its own: the
// engine guards the first one with a lock, and fills the last one without, right
// before it writes the status.
func (a *answer) Header() http.Header {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.header = http.Header{}
	return a.header
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.status == 0 {
		a.status, a.head = status, a.header
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(data []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sent {
		return 0, http.ErrHandlerTimeout
	}
	a.body = append(a.body, data...)
	return len(data), nil
}

func (a *answer) send(w http.ResponseWriter, otherwise []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = true
	status, body := a.status, a.body
	if status == 0 {
		status, body = http.StatusOK, otherwise
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		w.Header().Set("Cache-Control", "no-store")
	} else {
		maps.Copy(w.Header(), a.head)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// The client may be gone; then nobody misses the answer.
	_, _ = w.Write(body)
}
