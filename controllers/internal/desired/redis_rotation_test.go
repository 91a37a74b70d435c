package desired

import (
	"fmt"
	"strings"
	"testing"
)

// TestARotationClosesNoConnection: connections of every kind live through a whole
// rotation, in which both passwords are valid until the old password is revoked.
func TestARotationClosesNoConnection(t *testing.T) {
	p := newRedisPod(t, "old")
	const own = "anteroom:games:arena:"
	var busy, subscribers []*redisConn
	for range 20 {
		busy = append(busy, p.dial(t, login("old")))
	}
	for i := range 12 {
		word := []string{"SUBSCRIBE " + own + "c", "PSUBSCRIBE " + own + "*"}[i%2]
		s := p.dial(t, login("old"), word)
		s.until(t, ":1")
		subscribers = append(subscribers, s)
	}
	sharded := p.dial(t, login("old"), "SSUBSCRIBE "+own+"s")
	sharded.until(t, ":1")
	open := p.dial(t, login("old"), "MULTI", "SET "+own+"multi 1")
	blocked := p.dial(t, login("old"))
	blocked.send(t, "BLPOP "+own+"list 0")

	sent := 0
	works := func(when string) {
		t.Helper()
		sent++
		for _, c := range busy {
			if answer := c.do(t, "INCR "+own+"n"); !strings.HasPrefix(answer, ":") {
				t.Fatalf("%s: %s", when, answer)
			}
		}
		text := fmt.Sprintf("%d-%s", sent, strings.ReplaceAll(when, " ", "-"))
		if got := busy[0].do(t, "PUBLISH "+own+"c "+text); got != ":12" {
			t.Fatalf("%s: %s subscribers of 12", when, got)
		}
		for _, s := range subscribers {
			s.until(t, text)
		}
		if got := busy[0].do(t, "SPUBLISH "+own+"s "+text); got != ":1" {
			t.Fatalf("%s: sharded: %s subscribers of 1", when, got)
		}
		sharded.until(t, text)
	}
	logins := func(when string, good map[string]bool) {
		t.Helper()
		for password, want := range good {
			if answer := p.dial(t).do(t, login(password)); (answer == "+OK") != want {
				t.Errorf("%s: password %q: %s", when, password, answer)
			}
		}
	}
	works("before")
	logins("before", map[string]bool{"old": true, "new": false})
	p.mount(t, "new", "old")
	p.probe(t)
	works("both are good")
	logins("both are good", map[string]bool{"old": true, "new": true})
	for range 5 {
		p.probe(t)
	}
	works("the probe repeats")
	p.mount(t, "new")
	p.probe(t)
	works("the old one is gone")
	logins("the old one is gone", map[string]bool{"old": false, "new": true})

	if answer := open.do(t, "EXEC"); answer != "*1" {
		t.Errorf("the open transaction ended with %s", answer)
	}
	busy[0].do(t, "RPUSH "+own+"list x")
	blocked.until(t, "x")
}

// TestARestartAmidARotation: the file that is mounted is good for the next start, also
// when no probe ran in between, and each start has an admin password of its own.
func TestARestartAmidARotation(t *testing.T) {
	p := newRedisPod(t, "old")
	read := func() string { return string(readFile(t, p.dir+"/run/admin")) }
	first := read()
	p.mount(t, "new", "old")
	p.kill()
	p.start(t)
	p.dial(t, login("old"))
	p.dial(t, login("new"))
	if again := read(); again == first || len(strings.TrimSpace(again)) < 64 {
		t.Errorf("the admin's password is %q after %q", again, first)
	}
	// The file may also return to an earlier state.
	p.mount(t, "old")
	p.probe(t)
	if answer := p.dial(t).do(t, login("new")); answer == "+OK" {
		t.Error("the probe left a password that the file no longer has")
	}
}

// TestProbesTellWhatIsWrong: a probe that cannot set a user fails and says why, and what
// was in force stays.
func TestProbesTellWhatIsWrong(t *testing.T) {
	p := newRedisPod(t, "old")
	p.write(t, "etc/users/"+KeyRedisUsers, "user anteroom on nonsense\n")
	out, err := p.command(p.container.ReadinessProbe.Exec.Command).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "nonsense") {
		t.Errorf("a file that Redis refuses: %v: %s", err, out)
	}
	p.dial(t, login("old"), "GET anteroom:games:arena:k")
}

// harmful are the command categories that no user without a credential may have.
var harmful = []string{"write", "admin", "dangerous", "scripting", "pubsub", "keyspace", "read", "blocking", "transaction"}

// TestNobodyWithoutACredentialChangesAnything goes through all users of the running Redis
// and, for those that need no password, through all commands of Redis.
func TestNobodyWithoutACredentialChangesAnything(t *testing.T) {
	p := newRedisPod(t, "secret")
	admin := "AUTH " + redisAdminUser + " " + strings.TrimSpace(string(readFile(t, p.dir+"/run/admin")))
	root := p.dial(t, admin, "ACL SETUSER "+redisAdminUser+" +@all")
	users := root.list(t, "ACL LIST")
	if len(users) != 4 {
		t.Errorf("%d users: %q", len(users), users)
	}
	for _, line := range users {
		words := strings.Fields(line)
		if !isOpen(words) {
			continue
		}
		for _, category := range harmful {
			for _, command := range root.list(t, "ACL CAT "+category) {
				if answer := root.dryRun(t, words[1], command); !strings.Contains(answer, "permissions to run") {
					t.Errorf("user %s needs no password and may %s (@%s): %s", words[1], command, category, answer)
				}
			}
		}
	}
	for _, command := range []string{"ACL LOAD", "ACL SETUSER x on", "SET k v", "FLUSHALL", "CONFIG SET maxclients 1", "CLIENT KILL TYPE normal", "SHUTDOWN", "RESET"} {
		c := p.dial(t, "AUTH "+redisProbeUser+" -", "PING")
		if answer := c.do(t, command); command != "RESET" && !strings.Contains(answer, "NOPERM") {
			t.Errorf("%s: %s: %s", redisProbeUser, command, answer)
		}
		if answer := p.dial(t).do(t, command); command != "RESET" && !strings.Contains(answer, "NOAUTH") {
			t.Errorf("without a credential: %s: %s", command, answer)
		}
	}
}

// isOpen reports whether a line of ACL LIST allows access without a credential.
func isOpen(words []string) bool {
	on, nopass := false, false
	for _, w := range words[2:] {
		on, nopass = on || w == "on", nopass || w == "nopass"
	}
	return on && nopass
}

// dryRun asks whether a user may run a command, with as many arguments as it needs.
func (c *redisConn) dryRun(t *testing.T, user, command string) (answer string) {
	t.Helper()
	for arguments := range 8 {
		answer = c.do(t, "ACL DRYRUN "+user+" "+strings.ReplaceAll(command, "|", " ")+strings.Repeat(" x", arguments))
		if strings.HasPrefix(answer, "$") {
			answer = c.line(t)
		}
		if !strings.Contains(answer, "wrong number of arguments") {
			break
		}
	}
	return answer
}
