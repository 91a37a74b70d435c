package peer

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxReport bounds a pod's report, in bytes.
const maxReport = 1 << 20

// asking connects to pods directly, so that a token reaches no proxy and no redirect's
// target.
var asking = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Ask reads the report of another pod over its peer port, within ctx. The error is short,
// because the admin pages show it.
func Ask(ctx context.Context, e Endpoint) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.Address+"/", http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set(headerToken, e.Token)
	r.Header.Set(headerAsk, "report")
	answer, err := asking.Do(r)
	if err != nil {
		return nil, fmt.Errorf("the pod does not answer: %w", err)
	}
	defer func() { _ = answer.Body.Close() }() // the answer was only read
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the pod answers %s", answer.Status)
	}
	return io.ReadAll(io.LimitReader(answer.Body, maxReport))
}
