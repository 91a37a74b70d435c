package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/anteroom/anteroom/test/audit/plan"
	"github.com/anteroom/anteroom/test/audit/trace"
	"github.com/anteroom/anteroom/test/fleet"

	"github.com/anteroom/anteroom/runtime/wire"
)

// backend is a further back end, which uses the server API.
type backend struct {
	run    *run
	client http.Client
}

// backendName is the back end's name in the trace.
const backendName = "backend"

func (b *backend) notify(s plan.Step, target m) {
	body := m{"type": "audit", "title": fmt.Sprintf("note %d", s.N), "body": fmt.Sprintf("note %d", s.N)}
	for k, v := range target {
		body[k] = v
	}
	b.post(fmt.Sprintf("api-notify-%d", s.N), "/v1/notifications", body)
}

func (b *backend) event(s plan.Step, user string) {
	body := m{"target": m{"user": user}, "event": "game:reward", "data": m{"gold": s.N}}
	b.post(fmt.Sprintf("api-event-%d", s.N), "/v1/events", body)
}

// post repeats a request until it is answered or finally refused, on one server after
// another.
func (b *backend) post(key, path string, body m) (data json.RawMessage, is trace.Outcome) {
	b.run.calls.Add(1)
	request, _ := json.Marshal(body) // strings, numbers and lists
	is = trace.Unknown
	for try, deadline := 1, time.Now().Add(callFor); time.Now().Before(deadline); try++ {
		server := try % len(b.run.fleet.Servers)
		b.run.tries.Add(1)
		b.run.trace.Add(trace.Record{Kind: trace.Ask, User: backendName, Call: key, Try: try, Event: path, Data: request, Server: server})
		status, answer, err := b.once(server, key, path, request)
		switch {
		case err != nil:
			b.run.trace.Add(trace.Record{Kind: trace.Lost, User: backendName, Call: key, Try: try, Event: path, Text: err.Error()})
		case status == http.StatusOK:
			b.run.trace.Add(trace.Record{Kind: trace.Ack, User: backendName, Call: key, Try: try, Event: path, Data: answer})
			data, is = answer, trace.OK
		default:
			var refusal struct{ Error *wire.Error }
			_ = json.Unmarshal(answer, &refusal) // missing fields stay empty
			b.run.trace.Add(trace.Record{Kind: trace.Refused, User: backendName, Call: key, Try: try, Event: path, Err: refusal.Error, Text: fmt.Sprint(status)})
			if refusal.Error != nil && !refusal.Error.Retryable {
				is = trace.MaybeDone
			}
		}
		if is != trace.Unknown {
			break
		}
		time.Sleep(comeBackAfter)
	}
	b.run.trace.Add(trace.Record{Kind: trace.Done, User: backendName, Call: key, Event: path, Outcome: is, Data: data})
	return data, is
}

func (b *backend) once(server int, key, path string, request []byte) (status int, answer json.RawMessage, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*tryFor)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+b.run.fleet.Servers[server].API+path, bytes.NewReader(request))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+fleet.APIToken)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := b.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(res.Body, 16<<20))
	return res.StatusCode, answer, err
}
