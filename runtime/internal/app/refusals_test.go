package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// provokedElsewhere has a test, in a file below runtime/internal, for each code that no
// bad request alone is answered with: it takes another state of the server, of the token,
// or of the connection.
var provokedElsewhere = map[string][2]string{
	"unauthenticated":      {"socketio/connect_test.go", "TestConnectRefused"},
	"token_expired":        {"auth/auth_test.go", "TestRefusals"},
	"unsupported_protocol": {"socketio/connect_test.go", "TestConnectRefused"},
	"idempotency_mismatch": {"app/badinput_test.go", "grantsOnce"},
	"rate_limited":         {"socketio/request_test.go", "TestRateLimit"},
	"unavailable":          {"lobby/idempotency_test.go", "TestTakenCodes"},
	"draining":             {"session/drain_test.go", "TestDrainTakenBack"},
	"deadline_exceeded":    {"socketio/request_test.go", "TestDeadline"},
	"internal":             {"socketio/request_test.go", "TestRequests"},
	"connection_limit":     {"socketio/connect_test.go", "TestConnectRefused"},
	"subscription_limit":   {"socketio/follow_test.go", "TestSubscriptionBound"},
	"topic_limit":          {"notify/rules_test.go", "TestTopicsRules"},
	"watch_limit":          {"presence/watcher_test.go", "TestWatchesAreBounded"},
	"reaction_limit":       {"chat/amend_test.go", "TestReact"},
	"member_offline":       {"matchmaking/service_test.go", "TestRefusals"},
	"room_limit":           {"serverapi/users_test.go", "TestAUserIsInSoManyRooms"},
}

// neverSaid are codes that the contract has and no server answers with: what a client
// makes gets its id from the server, so that none is there already.
var neverSaid = []string{"already_exists"}

// TestEveryRefusalIsProvoked: for each declared code and reason, a test receives an answer with
// it.
func TestEveryRefusalIsProvoked(t *testing.T) {
	schema, inRows := readContract(t), map[string]bool{}
	for _, in := range badInputs {
		for _, bad := range in.bad {
			code := bad.want
			if end := strings.IndexAny(code, "@="); end >= 0 {
				code = code[:end]
			}
			code, reason, _ := strings.Cut(code, "/")
			inRows[code], inRows[reason] = true, true
		}
	}
	for _, row := range schema.request("lobby:get").misshapen(t, "ann", "{}") {
		inRows[row.want] = true
	}
	for _, declared := range slices.Concat(schema.Defs["Code"].Enum, schema.Defs["Reason"].Enum) {
		name := declared.(string)
		switch at, elsewhere := provokedElsewhere[name]; {
		case elsewhere && !names(t, at[0], at[1], name):
			t.Errorf("%s in %s does not want %s", at[1], at[0], name)
		case slices.Contains(neverSaid, name) && said(t, name):
			t.Errorf("%s is said, and no test provokes it", name)
		case !elsewhere && !slices.Contains(neverSaid, name) && !inRows[name]:
			t.Errorf("no row of badInputs wants %s", name)
		}
	}
}

// names reports whether a function has a code in it, by its value or its constant.
func names(t *testing.T, file, function, code string) bool {
	t.Helper()
	path := find(t, file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed.Decls {
		if f, is := d.(*ast.FuncDecl); is && f.Name.Name == function {
			return mention(code).Match(text[files.Position(f.Pos()).Offset:files.Position(f.End()).Offset])
		}
	}
	return false
}

// mention finds a code in a program, as a string or as its constant.
func mention(code string) *regexp.Regexp {
	constant := ""
	for word := range strings.SplitSeq(code, "_") {
		constant += strings.ToUpper(word[:1]) + word[1:]
	}
	return regexp.MustCompile(`"` + code + `"|wire\.(Code|Reason)` + constant + `\b`)
}

// find returns the path of a file below runtime/internal by its package and its name.
func find(t *testing.T, file string) string {
	t.Helper()
	for _, path := range sources(t) {
		if strings.HasSuffix(filepath.ToSlash(path), "/"+file) {
			return path
		}
	}
	t.Fatalf("there is no %s", file)
	return ""
}

// sources returns the paths of the Go files below runtime/internal.
func sources(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) < 100 {
		t.Fatalf("found %d files, %v; want at least 100", len(paths), err)
	}
	return paths
}

// said reports whether the server answers with a code anywhere.
func said(t *testing.T, code string) bool {
	t.Helper()
	return slices.ContainsFunc(sources(t), func(file string) bool {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return !strings.HasSuffix(file, "_test.go") && mention(code).Match(text)
	})
}
