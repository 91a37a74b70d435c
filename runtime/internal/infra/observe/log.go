// Package observe makes a server observable: its log, its metrics, and the admin endpoints
// /livez, /readyz, /statusz and /metrics.
package observe

import (
	"fmt"
	"io"
	"log/slog"
)

// NewLogger makes a logger that writes a JSON object per line, from a level on: debug,
// info, warn or error. Any other level is an error. Durations are written as in "1m30s".
func NewLogger(w io.Writer, level string) (*slog.Logger, error) {
	var from slog.Level
	switch level {
	case "debug", "info", "warn", "error":
		_ = from.UnmarshalText([]byte(level)) // valid by the case above
	default:
		return nil, fmt.Errorf("log level %q is not one of debug, info, warn, error", level)
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: from, ReplaceAttr: readable})), nil
}

func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}
