package peer

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxReport bounds what a pod may answer, in bytes.
const maxReport = 1 << 20

// asking reaches pods directly: a token goes through no proxy, and after no redirect.
var asking = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Ask gets the report of another pod over its peer port, within ctx. The error says in a
// few words why there is none.
func Ask(ctx context.Context, e Endpoint) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.Address+"/", http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set(headerToken, e.Token)
	r.Header.Set(headerAsk, "report")
	answer, err := asking.Do(r)
	if err != nil {
		return nil, fmt.Errorf("it does not answer: %w", err)
	}
	defer func() { _ = answer.Body.Close() }() // only read
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", answer.Status)
	}
	return io.ReadAll(io.LimitReader(answer.Body, maxReport))
}
