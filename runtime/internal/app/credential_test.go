package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
	"github.com/anteroom/anteroom/test/redistest"
)

func TestChooseAPassword(t *testing.T) {
	good := map[string]bool{"old": true}
	reachable, asked := true, 0
	login := func(_ context.Context, password string) error {
		asked++
		switch {
		case !reachable:
			return errors.New("connection refused")
		case !good[password]:
			return errors.New("WRONGPASS invalid username-password pair or user is disabled.")
		}
		return nil
	}
	var c credential
	now := time.Unix(0, 0)
	choose := func(when, file, want string, asks int) {
		t.Helper()
		asked = 0
		if got := c.choose(file, login, now); got != want || asked != asks {
			t.Errorf("%s: %q after %d questions, want %q after %d", when, got, asked, want, asks)
		}
	}
	choose("the first", "old", "old", 0)
	choose("the same", "old", "old", 0)
	choose("Redis does not know the new one yet", "new", "old", 1)
	choose("it is not asked each time", "new", "old", 0)
	now = now.Add(askAgain)
	reachable = false
	choose("Redis cannot be asked", "new", "new", 1)
	reachable = true
	choose("it still does not know it", "new", "old", 1)
	now = now.Add(askAgain)
	good["new"] = true
	choose("now it does", "new", "new", 1)
	choose("and that is the one that is good", "new", "new", 0)
	good["old"] = false
	choose("a third is refused", "third", "new", 1)
}

// TestAServerOutrunsTheRotation: the file has the new password before Redis does; the server logs
// in with the previous password, which Redis accepts.
func TestAServerOutrunsTheRotation(t *testing.T) {
	s := redistest.Start(t, redistest.Config("user anteroom on >old ~* &* +@all"))
	file := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("old")
	options := redisstore.Options{
		Topology: redisstore.Standalone, Addresses: []string{s.Addr()}, Username: "anteroom",
		Password: func() (string, error) { return readCredential(file) },
	}
	var c credential
	c.watch(&options)
	uses := func(when, want string) {
		t.Helper()
		got, err := options.Password()
		if err != nil || got != want || options.Login(t.Context(), got) != nil {
			t.Errorf("%s: it logs in with %q, %v: %v", when, got, err, options.Login(t.Context(), got))
		}
	}
	uses("before", "old")
	write("new")
	uses("the file is ahead of Redis", "old")
	if revision := c.last.Load(); *revision != "old" {
		t.Errorf("it reports %q", *revision)
	}
	s.MustDo("ACL", "SETUSER", "anteroom", ">new")
	c.refusedAt = time.Time{} // askAgain is over
	uses("Redis follows", "new")
	s.MustDo("ACL", "SETUSER", "anteroom", "<old")
	uses("the old one is revoked", "new")
}
