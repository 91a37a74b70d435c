// Package webhook calls other services about events, signed as the Standard Webhooks
// specification says (https://www.standardwebhooks.com).
//
// A URL comes from a policy or the cluster's configuration, never from a client.
// Redirects are not followed, answers are bounded, and private addresses are refused; see
// [Targets].
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// MaxAnswer is how many bytes of an answer are read; a longer one is an error.
	MaxAnswer = 64 << 10
	// MaxBody is how large a body may be.
	MaxBody = 256 << 10
	// callsPerHost bounds the calls that are under way to one service.
	callsPerHost = 64
)

// Hook is a service that is called.
type Hook struct {
	URL string
	// Secret signs the calls; empty means that they are not signed.
	Secret []byte
	// Timeout bounds one call, with its connecting and answer; 0 means that only the
	// context does.
	Timeout time.Duration
	// Client makes the calls; nil means the client of the zero [Targets].
	Client *http.Client
}

// Call is one message. A call that is repeated has the ID of the first, so that the
// service can tell.
type Call struct {
	ID   string
	At   time.Time
	Body []byte
}

// StatusError says that the service answered with something else than 2xx.
type StatusError struct {
	Status int
	// RetryAfter is how long the service asks to be left alone; 0 when it does not.
	RetryAfter time.Duration
}

// Error makes *StatusError an error.
func (e *StatusError) Error() string { return "the webhook answered " + strconv.Itoa(e.Status) }

// Temporary reports whether the same call may succeed later.
func (e *StatusError) Temporary() bool {
	return e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
}

// own reaches public addresses and Services; see [Targets].
var own = Targets{}.Client(nil)

// stay keeps a call from being led elsewhere.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Post makes one call and gives the answer's body. Errors: *StatusError; any other is
// of the network or the deadline. None of them holds the URL, whose query may be secret.
func (h Hook) Post(ctx context.Context, c Call) ([]byte, error) {
	if len(c.Body) > MaxBody {
		return nil, fmt.Errorf("a body of %d bytes, at most %d are sent", len(c.Body), MaxBody)
	}
	if h.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.Timeout)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(c.Body))
	if err != nil {
		return nil, errors.New("the webhook's URL cannot be used")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "anteroom")
	req.Header.Set("Webhook-Id", c.ID)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(c.At.Unix(), 10))
	if len(h.Secret) > 0 {
		req.Header.Set("Webhook-Signature", Sign(h.Secret, c.ID, c.At, c.Body))
	}
	return answer(h.client().Do(req)) //nolint:bodyclose // answer closes it
}

func (h Hook) client() *http.Client {
	if h.Client == nil {
		return own
	}
	c := *h.Client
	c.CheckRedirect = stay
	return &c
}

func answer(resp *http.Response, err error) ([]byte, error) {
	if err != nil {
		var located *url.Error
		if errors.As(err, &located) {
			err = located.Err
		}
		return nil, fmt.Errorf("call the webhook: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer+1))
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return nil, &StatusError{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header)}
	case err != nil:
		return nil, fmt.Errorf("read the webhook's answer: %w", err)
	case len(body) > MaxAnswer:
		return nil, fmt.Errorf("the webhook's answer is larger than %d bytes", MaxAnswer)
	}
	return body, nil
}

// retryAfter reads the header's form in seconds.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// Sign gives the value of the header webhook-signature.
func Sign(secret []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(mac, "%s.%d.", id, at.Unix()) // a hash never fails
	_, _ = mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// secretPrefix begins a secret in the specification's form.
const secretPrefix = "whsec_"

// ParseSecret reads a secret: "whsec_" and base64, or, without that, the bytes as they
// are without white space at the ends.
func ParseSecret(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	if !ok {
		return []byte(text), nil
	}
	secret, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("a webhook secret with the prefix whsec_ must go on in base64")
	}
	return secret, nil
}
