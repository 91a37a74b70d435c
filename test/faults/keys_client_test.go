//go:build faults

package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/anteroom/anteroom/test/fleet"
	"github.com/anteroom/anteroom/test/siotest"
)

// object is the JSON object of a request.
type object = map[string]any

// ack is the unparsed answer to a request.
type ack struct {
	OK    bool            `json:"ok"`
	Data  json.RawMessage `json:"data"`
	Meta  json.RawMessage `json:"meta"`
	Error *struct {
		Code, Reason, Message string
		Retryable             bool
		RetryAfterMs          int64
	} `json:"error"`
}

// text returns a text in the answer's data by its path.
func (a ack) text(path ...string) string {
	var data any
	_ = json.Unmarshal(a.Data, &data)
	for _, name := range path {
		member, _ := data.(map[string]any)
		data = member[name]
	}
	return fmt.Sprint(data)
}

func (a ack) String() string {
	text, _ := json.Marshal(a)
	return string(text)
}

// place is a position in a stream.
type place struct {
	Stream string `json:"stream"`
	Epoch  string `json:"epoch"`
	Seq    uint64 `json:"seq"`
}

func (a ack) place() (p place) {
	_ = json.Unmarshal(a.Meta, &p)
	return p
}

// user is a user with a device on each server, connected on demand.
type user struct {
	keys *keys
	name string

	mu      sync.Mutex
	devices map[int]*siotest.Raw
	pushes  []push
}

// push is an event that a device of a user received on a server.
type push struct {
	server int
	event  string
	data   json.RawMessage
}

const (
	// tryFor bounds one try of a request, settleFor all of its tries.
	tryFor    = 12 * time.Second
	settleFor = 40 * time.Second
)

// device returns the user's connection to a server; a connection that ended is replaced.
func (u *user) device(server int) (*siotest.Raw, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if d := u.devices[server]; d != nil && d.Err() == nil {
		return d, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), tryFor)
	defer cancel()
	auth := object{"protocol": 1, "token": fleet.Token(u.keys.t, u.name)}
	d, err := siotest.Dial(ctx, "http://"+u.keys.fleet.Servers[server].Client, auth, u.receive(server), siotest.WithTransport(siotest.WebSocket))
	if err == nil {
		u.devices[server] = d
	}
	return d, err
}

func (u *user) receive(server int) func(string, []json.RawMessage) {
	return func(event string, args []json.RawMessage) {
		u.mu.Lock()
		defer u.mu.Unlock()
		for _, data := range args {
			u.pushes = append(u.pushes, push{server, event, data})
		}
	}
}

// find waits for a push that matches.
func (u *user) find(what string, matches func(push) bool) push {
	for deadline := time.Now().Add(settleFor); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		u.mu.Lock()
		at := slices.IndexFunc(u.pushes, matches)
		if at >= 0 {
			defer u.mu.Unlock()
			return u.pushes[at]
		}
		u.mu.Unlock()
	}
	panic(violation(fmt.Sprintf("%s got no %s", u.name, what)))
}

// pushed waits for a push and returns a text in it.
func (u *user) pushed(event string, path ...string) string {
	return ack{Data: u.find(event, func(p push) bool { return p.event == event }).data}.text(path...)
}

// cut closes a device's connection without a packet.
func (u *user) cut(server int) {
	u.mu.Lock()
	d := u.devices[server]
	delete(u.devices, server)
	u.mu.Unlock()
	if d != nil {
		d.Cut()
	}
}

func (u *user) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, d := range u.devices {
		d.Cut()
	}
}

// send sends a request; its answer, if any, arrives on the channel.
func (u *user) send(server int, event string, body object) <-chan ack {
	answers := make(chan ack, 1)
	d, err := u.device(server)
	if err != nil {
		close(answers)
		return answers
	}
	err = d.Emit(event, body, func(args []json.RawMessage) {
		var a ack
		if len(args) == 1 && json.Unmarshal(args[0], &a) == nil {
			answers <- a
		}
	})
	if err != nil {
		close(answers)
	}
	return answers
}

var errUnknown = errors.New("no answer")

// try makes one try of a request.
func (u *user) try(server int, event string, body object) (ack, error) {
	answers := u.send(server, event, body)
	u.mu.Lock()
	d := u.devices[server]
	u.mu.Unlock()
	if d == nil {
		return ack{}, errUnknown
	}
	select {
	case a, ok := <-answers:
		if ok {
			return a, nil
		}
	case <-d.Ended():
	case <-time.After(tryFor):
		u.cut(server)
	}
	return ack{}, errUnknown
}

// settle repeats a request until its answer is definite.
func (u *user) settle(server int, event string, body object) ack {
	var last string
	for deadline := time.Now().Add(settleFor); time.Now().Before(deadline); {
		a, err := u.try(server, event, body)
		if err == nil && (a.OK || !a.Error.Retryable) {
			return a
		}
		wait := 20 * time.Millisecond
		if last = fmt.Sprint(err); err == nil {
			last = a.String()
			wait += time.Duration(a.Error.RetryAfterMs) * time.Millisecond
		}
		time.Sleep(wait)
	}
	panic(violation(fmt.Sprintf("%s of %s has no certain answer: %s", event, u.name, last)))
}

// must is settle for a request that must succeed.
func (u *user) must(server int, event string, body object) ack {
	a := u.settle(server, event, body)
	if !a.OK {
		panic(violation(fmt.Sprintf("%s of %s: %s", event, u.name, a)))
	}
	return a
}
