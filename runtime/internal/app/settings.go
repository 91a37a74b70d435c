// Package app puts a server together from all the other packages and owns its
// life: start, readiness, orderly stop.
package app

import (
	"io"
	"log/slog"
	"strings"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/infra/auth"
	"github.com/anteroom/anteroom/runtime/internal/infra/config"
	"github.com/anteroom/anteroom/runtime/internal/infra/observe"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
)

// Files are where a server's configuration is.
type Files struct {
	// Config is a RuntimeConfig, read once.
	Config string
	// Policies is a PolicySet, which is followed.
	Policies string
}

// Settings are a configuration that was read and found good.
type Settings struct {
	config   *v1alpha1.RuntimeConfig
	policies *config.Policies
	auth     *auth.Authenticator
	redis    redisstore.Options
	password credential
	// claims are the claims of tokens that queues in force ask for.
	claims  claimNames
	hooks   *hooks
	version string
	log     *slog.Logger
}

// ConfigError is everything that is wrong with a server's configuration.
type ConfigError struct{ Problems []error }

// Error lists the problems.
func (e *ConfigError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap gives the problems.
func (e *ConfigError) Unwrap() []error { return e.Problems }

// Read reads a server's configuration and the files it names, without connecting to anything. The
// error is a *ConfigError with all problems at once. The server logs to log; version is its own
// version.
func Read(files Files, version string, log io.Writer) (*Settings, error) {
	s := &Settings{version: version}
	var problems []error
	note := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	var err error
	s.config, err = config.Load(files.Config)
	note(err)
	level := "error"
	if err == nil {
		level = s.config.Observability.LogLevel
	}
	s.log, err = observe.NewLogger(log, level)
	note(err)
	s.policies, err = config.OpenPolicies(files.Policies, s.log)
	note(err)
	if s.config != nil {
		s.auth, err = auth.New(s.config.Auth, auth.Options{Log: s.log, Claim: s.claims.has})
		note(err)
		s.redis, err = redisOptions(s.config.Redis)
		note(err)
		s.password.watch(&s.redis)
		s.hooks = newHooks(s.config)
	}
	if len(problems) > 0 {
		return nil, &ConfigError{Problems: problems}
	}
	return s, nil
}
