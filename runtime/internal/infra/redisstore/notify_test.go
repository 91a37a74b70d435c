package redisstore_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/anteroom/anteroom/runtime/internal/core/stream"
	"github.com/anteroom/anteroom/runtime/internal/core/stream/streamtest"
	"github.com/anteroom/anteroom/runtime/internal/domain/notify"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/runtime/internal/infra/webhook"
	"github.com/anteroom/anteroom/runtime/wire"
	"github.com/anteroom/anteroom/test/redistest"
)

// post is two pods that keep inboxes in one Redis. Their clock is the wall clock, which a
// test can advance.
type post struct {
	*testing.T
	server *redistest.Server
	prefix string
	pods   [2]*notify.Service
	stores [2]*redisstore.Client
	ahead  atomic.Int64
	online atomic.Bool
	hook   *hook
}

const maxPerUser = 5

func newPost(t *testing.T, h *hook) *post {
	p := &post{T: t, server: redistest.Start(t), prefix: fmt.Sprintf("t%d:", prefixes.Add(1)), hook: h}
	o := standalone(p.server)
	o.Prefix = p.prefix
	for i := range p.pods {
		c, err := redisstore.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() }) // a test may have closed it
		ports := notify.Ports{Store: c.Store(), Names: c.Names(), Sets: c.Sets(), Deadlines: c.Deadlines(), Connections: p.away}
		if h != nil {
			ports.Call = func(ctx context.Context, id string, body []byte) error {
				_, err := webhook.Hook{URL: h.URL, Secret: hookSecret, Client: localHooks}.Post(ctx, webhook.Call{ID: id, At: time.Now(), Body: body})
				return err
			}
		}
		p.stores[i] = c
		p.pods[i] = notify.NewService(ports, notify.Settings{
			Rules:       notify.Rules{MaxPerUser: maxPerUser, Retention: time.Hour, CallAfter: 10 * time.Second},
			HistorySize: 1000, HistoryTTL: 10 * time.Minute, IdempotencyTTL: 5 * time.Minute, Now: p.now,
		})
	}
	return p
}

func (p *post) now() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) }

func (p *post) later(d time.Duration) { p.ahead.Add(int64(d)) }

func (p *post) away(context.Context, string) (notify.Connections, error) {
	return notify.Connections{Online: p.online.Load()}, nil
}

func (p *post) notify(pod int, n notify.Notification) string {
	p.Helper()
	n.Type = "x"
	id, err := p.pods[pod].Notify(p.Context(), "ann", n)
	if err != nil {
		p.Fatal(err)
	}
	return id
}

// look processes the inbox's deadlines on a pod.
func (p *post) look(pod int) {
	p.Helper()
	if _, err := p.pods[pod].OnDeadline(p.Context(), "notify:ann"); err != nil {
		p.Error(err)
	}
}

// list returns the inbox as a client on a pod sees it, newest first.
func (p *post) list(pod int) wire.NotifyPage {
	p.Helper()
	reply, err := notify.NewHandlers(p.pods[pod]).List(p.Context(), caller("ann"), &wire.NotifyList{Limit: 100})
	if err != nil {
		p.Fatal(err)
	}
	return reply.Data.(wire.NotifyPage)
}

func (p *post) has(when string, ids ...string) {
	p.Helper()
	for pod := range p.pods {
		page, got := p.list(pod), []string{}
		for _, n := range page.Notifications {
			got = append(got, n.ID)
		}
		if d := cmp.Diff(append([]string{}, ids...), got); d != "" || page.Unread != len(ids) {
			p.Errorf("%s: %d unread on pod %d (-want +got):\n%s", when, page.Unread, pod, d)
		}
	}
}

func TestInboxIsBoundedInTimeAndNumber(t *testing.T) {
	p := newPost(t, nil)
	short := p.notify(0, notify.Notification{TTL: time.Minute})
	long := p.notify(1, notify.Notification{TTL: 1000 * time.Hour}) // no longer than the retention
	p.has("after two notifications", long, short)
	p.later(time.Minute)
	p.has("after the first expired", long)
	p.look(1)

	old := p.notify(0, notify.Notification{CollapseKey: "score"})
	renewed := p.notify(1, notify.Notification{CollapseKey: "score"})
	p.has("collapsed", renewed, long)
	var many []string
	for i := range maxPerUser + 2 {
		many = append([]string{p.notify(i%2, notify.Notification{})}, many...)
	}
	p.has("more than the bound", many[:maxPerUser]...)
	ttl, _ := strconv.Atoi(p.server.MustDo("PTTL", p.prefix+"{notify:ann}:h"))
	if kept := time.Duration(ttl) * time.Millisecond; kept < 59*time.Minute || kept > time.Hour {
		t.Errorf("Redis keeps the inbox for %v, want about the retention", kept)
	}
	p.later(time.Hour)
	p.has("after the retention")
	p.look(0)

	var replaces, expired []string
	unread := -1
	for _, e := range p.told() {
		switch payload := e.(type) {
		case wire.NotifyNew:
			replaces = append(replaces, payload.Replaces)
		case wire.NotifyUpdated:
			if payload.Change == wire.NotifyChangedExpired {
				expired = append(expired, payload.IDs...)
			}
		case wire.NotifyBadge:
			unread = payload.Unread
		}
	}
	if unread != 0 || slices.Contains(expired, old) || !slices.Contains(expired, short) || !slices.Contains(expired, many[0]) || !slices.Contains(expired, many[maxPerUser]) {
		t.Errorf("pushed %d unread and %v expired", unread, expired)
	}
	if len(replaces) > 0 {
		t.Errorf("%v was pushed to an offline user", replaces)
	}
}

// told returns the pushes on the user stream.
func (p *post) told() (all []any) {
	p.Helper()
	caught, err := p.stores[0].Store().CatchUp(p.Context(), "user:ann", stream.Position{})
	if err != nil || !caught.Recovered {
		p.Fatalf("%+v, %v", caught, err)
	}
	for _, r := range caught.Records {
		all = append(all, payload(p, r.Name, r.Data))
	}
	return all
}

func payload(t testing.TB, name string, data json.RawMessage) any {
	t.Helper()
	switch name {
	case wire.EventNotifyNew:
		return as[wire.NotifyNew](t, data)
	case wire.EventNotifyUpdated:
		return as[wire.NotifyUpdated](t, data)
	case wire.EventNotifyBadge:
		return as[wire.NotifyBadge](t, data)
	}
	t.Errorf("unexpected push %s", name)
	return nil
}

func as[T any](t testing.TB, data json.RawMessage) (payload T) {
	t.Helper()
	if err := json.Unmarshal(data, &payload); err != nil {
		t.Error(err)
	}
	return payload
}

// device subscribes to a user stream on one pod, and applies the badge with the highest
// version.
type device struct {
	t     testing.TB
	mu    sync.Mutex
	badge wire.NotifyBadge
	heard int
}

func (d *device) Deliver(delivery *stream.Delivery) {
	p := payload(d.t, delivery.Name, delivery.Data)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard++
	if b, is := p.(wire.NotifyBadge); is && b.Version >= d.badge.Version {
		d.badge = b
	}
}

func (d *device) Reset(stream.ID, stream.Snapshot) { d.t.Error("the device was reset") }

func (d *device) shows() (unread, heard int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.badge.Unread, d.heard
}

// Notifications arrive and are read and deleted on both pods concurrently. In the end each
// device shows the count of the list.
func TestTwoDevicesShowTheSameBadge(t *testing.T) {
	p := newPost(t, nil)
	p.online.Store(true)
	var devices [2]*device
	for i := range devices {
		devices[i] = &device{t: t}
		hub := streamtest.StartHub(t, p.stores[i].Store(), p.stores[i].Bus())
		at, err := hub.Attach(t.Context(), "user:ann", stream.Position{}, devices[i])
		if err != nil {
			t.Fatal(err)
		}
		at.Start()
	}
	var working sync.WaitGroup
	for pod := range p.pods {
		working.Go(func() {
			h := notify.NewHandlers(p.pods[pod])
			for i := range 25 {
				id, err := p.pods[pod].Notify(t.Context(), "ann", notify.Notification{Type: "x"})
				switch rand.IntN(4) { //nolint:gosec // a test's
				case 0:
					_, e := h.Read(t.Context(), caller("ann"), &wire.NotifyRead{IDs: []string{id}})
					err = errors.Join(err, e)
				case 1:
					_, e := h.Delete(t.Context(), caller("ann"), &wire.NotifyDelete{IDs: []string{id}})
					err = errors.Join(err, e)
				case 2:
					if i%10 == 9 {
						_, e := h.Read(t.Context(), caller("ann"), &wire.NotifyRead{All: true})
						err = errors.Join(err, e)
					}
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	working.Wait()
	want := p.list(0).Unread
	streamtest.Eventually(t, fmt.Sprintf("both devices show %d", want), func() bool {
		one, heardOne := devices[0].shows()
		two, heardTwo := devices[1].shows()
		return one == want && two == want && heardOne == heardTwo
	})
}

// localHooks is the webhook client, which may reach the test's service on this machine.
var localHooks = webhook.Targets{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}.Client(nil)

var hookSecret = []byte("a secret of this test")

// hook is the webhook service for offline users.
type hook struct {
	*httptest.Server
	t  *testing.T
	mu sync.Mutex
	// ids are the calls in order; the next fails calls are answered 503.
	ids   []string
	fails int
	// hold, when set, delays the answers until it is closed.
	hold chan struct{}
}

func newHook(t *testing.T) *hook {
	h := &hook{t: t}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	id, at := r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp")
	mac := hmac.New(sha256.New, hookSecret)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	var told struct {
		Type string
		Data struct {
			UserID       string
			Notification wire.Notification
		}
	}
	if err != nil || r.Header.Get("Webhook-Signature") != want || json.Unmarshal(body, &told) != nil ||
		told.Data.UserID != "ann" || told.Data.Notification.ID != id {
		h.t.Errorf("called with %s, headers %v, %v", body, r.Header, err)
	}
	h.mu.Lock()
	h.ids = append(h.ids, id)
	fails, hold := h.fails > 0, h.hold
	h.fails--
	h.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if fails {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (h *hook) calls() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ids)
}

// settled reports whether no call is due or running.
func (p *post) settled() bool {
	p.Helper()
	now, err := p.stores[0].Store().Load(p.Context(), "notify:ann")
	if err != nil {
		p.Fatal(err)
	}
	return !strings.Contains(string(now.Doc), "callAt")
}

// both processes the inbox's deadlines on both pods concurrently.
func (p *post) both() {
	var looking sync.WaitGroup
	for pod := range p.pods {
		looking.Go(func() { p.look(pod) })
	}
	looking.Wait()
}

// Two pods that process the inbox concurrently make one call for each try. A failed try is
// repeated after a pause that doubles, six times in all.
func TestTwoPodsCallTheWebhookOnce(t *testing.T) {
	p := newPost(t, newHook(t))
	p.hook.fails = 2
	id := p.notify(0, notify.Notification{Title: "hello"})
	p.both()
	if calls := p.hook.calls(); len(calls) > 0 {
		t.Fatalf("called %v before the user was offline long enough", calls)
	}
	p.later(10 * time.Second)
	want := []string{}
	for try := range 3 {
		want = append(want, id)
		for range 5 {
			p.both()
		}
		streamtest.Eventually(t, "the call", func() bool { return len(p.hook.calls()) >= len(want) })
		if calls := p.hook.calls(); !slices.Equal(calls, want) {
			t.Fatalf("after try %d: called %v", try, calls)
		}
		if try < 2 {
			p.later(20*time.Second<<try - 2*time.Second) // not yet
			p.both()
			p.later(2 * time.Second)
		}
	}
	streamtest.Eventually(t, "the answer of the call is stored", p.settled)
	p.later(10 * time.Minute)
	p.both()
	if calls := p.hook.calls(); !slices.Equal(calls, want) {
		t.Errorf("after the answer: called %v", calls)
	}
}

func TestCallsOfTheWebhookAreBounded(t *testing.T) {
	p := newPost(t, newHook(t))
	p.hook.fails = 1000
	p.notify(0, notify.Notification{})
	p.later(10 * time.Second)
	const tries = 6
	for try := range tries {
		p.both()
		streamtest.Eventually(t, "the call", func() bool { return len(p.hook.calls()) == try+1 })
		p.later(20 * time.Second << try)
	}
	p.both()
	if !p.settled() {
		t.Error("the webhook is still due")
	}
	if calls := p.hook.calls(); len(calls) != tries {
		t.Errorf("%d calls, want %d", len(calls), tries)
	}
}

// A pod dies while it calls, or before it has stored the answer. Another pod then repeats
// the call after the pause, under the same id, so that the service can detect the
// repetition. A notification is thus delivered at least once.
func TestWebhookCallOfADyingPod(t *testing.T) {
	p := newPost(t, newHook(t))
	p.hook.hold = make(chan struct{})
	id := p.notify(0, notify.Notification{})
	p.later(10 * time.Second)
	p.look(0)
	streamtest.Eventually(t, "the call", func() bool { return len(p.hook.calls()) == 1 })
	p.look(1)
	p.later(19 * time.Second)
	p.look(1)
	if calls := p.hook.calls(); len(calls) != 1 {
		t.Errorf("%d calls while the first is running, want 1", len(calls))
	}
	if err := p.stores[0].Close(); err != nil { // this pod can store nothing from now on
		t.Fatal(err)
	}
	close(p.hook.hold)
	p.later(time.Second)
	p.look(1)
	streamtest.Eventually(t, "the call of the other pod", func() bool { return len(p.hook.calls()) == 2 })
	p.stores[0] = p.stores[1]
	streamtest.Eventually(t, "the answer of the call is stored", p.settled)
	p.later(time.Hour)
	p.look(1)
	if calls := p.hook.calls(); !slices.Equal(calls, []string{id, id}) {
		t.Errorf("called %v, want %s twice", calls, id)
	}
}
