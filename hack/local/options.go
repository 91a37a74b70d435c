package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// options are the command line's options; the Makefile sets them from its variables.
type options struct {
	file    string
	cluster string
	listen  string
	bin     string
	dir     string
	state   string
	// users get a token, with claims by user; the claims under everyone apply to all
	// users.
	users  []string
	claims map[string]map[string]any
	// webhooksTo are address ranges that webhooks may reach in addition to the cluster's.
	webhooksTo []string
	// quiet suppresses the banner, and with it the tokens.
	quiet bool
}

func parseOptions(args []string) (options, error) {
	o := options{users: devUsers, webhooksTo: thisMachine}
	flags := flag.NewFlagSet("anteroom-local", flag.ContinueOnError)
	flags.StringVar(&o.file, "file", "config/samples/quickstart.yaml", "manifest, or a directory of manifests, to run (make run FILE=…)")
	flags.StringVar(&o.cluster, "cluster", "", "name of the RealtimeCluster, when the file has several (CLUSTER=…)")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address that clients connect to (LISTEN=…)")
	flags.StringVar(&o.bin, "bin", "bin", "directory with the programs manager and server")
	flags.StringVar(&o.dir, "run-dir", ".run", "directory for keys, data and state (RUN_DIR=…)")
	flags.StringVar(&o.state, "state", "", "state file; empty means state.json in the run directory")
	flags.BoolVar(&o.quiet, "quiet", false, "do not print the banner with the tokens")
	flags.Func("users", "comma-separated users with a token (default alice,bob,carol,dave)", o.takeUsers)
	flags.Func("webhooks-to", "comma-separated address ranges that webhooks may reach in addition to public ones (WEBHOOKS_TO=…; default 127.0.0.0/8,::1/128)", o.takeWebhooks)
	flags.Func("claims", `claims of the users' tokens as JSON, such as {"alice": {"skill": 1700}, "*": {"skill": 1500}} (CLAIMS=…)`, o.takeClaims)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: the manifest goes after --file", flags.Arg(0))
	}
	var err error
	if o.dir, err = filepath.Abs(o.dir); err != nil {
		return o, fmt.Errorf("find the run directory: %w", err)
	}
	if o.state == "" {
		o.state = filepath.Join(o.dir, "state.json")
	}
	return o, o.check()
}

// takeUsers reads --users.
func (o *options) takeUsers(list string) error {
	o.users = strings.Split(list, ",")
	if slices.Contains(o.users, "") {
		return errors.New("a user without a name")
	}
	if len(o.users) > maxUsers {
		return fmt.Errorf("%d users, want at most %d", len(o.users), maxUsers)
	}
	return nil
}

// thisMachine are the addresses of a developer's local services.
var thisMachine = []string{"127.0.0.0/8", "::1/128"}

// takeWebhooks reads --webhooks-to.
func (o *options) takeWebhooks(list string) error {
	if list == "" {
		return nil
	}
	o.webhooksTo = strings.Split(list, ",")
	for _, text := range o.webhooksTo {
		if _, err := netip.ParsePrefix(text); err != nil {
			return fmt.Errorf("%q is not an address range such as 127.0.0.0/8", text)
		}
	}
	return nil
}

// everyone is the key for the claims of all users.
const everyone = "*"

// takeClaims reads --claims.
func (o *options) takeClaims(text string) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &o.claims); err != nil {
		return fmt.Errorf("claims must be a JSON object of objects by user: %w", err)
	}
	return nil
}

// claimsOf returns the claims of a user, merged over those of everyone.
func (o options) claimsOf(user string) map[string]any {
	all := maps.Clone(o.claims[everyone])
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, o.claims[user])
	return all
}

// check reports missing options before a process starts.
func (o options) check() error {
	if _, err := os.Stat(o.file); err != nil {
		return fmt.Errorf("%s does not exist: name a manifest with FILE=…", o.file)
	}
	for _, program := range []string{"manager", "server"} {
		if _, err := os.Stat(o.program(program)); err != nil {
			return fmt.Errorf("%s does not exist: build it with `make build`", o.program(program))
		}
	}
	return nil
}

func (o options) program(name string) string { return filepath.Join(o.bin, name) }
