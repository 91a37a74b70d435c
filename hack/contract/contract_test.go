package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEventCommentsDeclareTheirTypes(t *testing.T) {
	for comment, want := range map[string]event{
		"request: A → B":                       {request: "A", answer: "B"},
		"request: A → nothing":                 {request: "A"},
		"request: A → B, or nothing":           {request: "A", answer: "B", maybe: true},
		"request: A → B; push: C":              {request: "A", answer: "B", push: "C"},
		"request, needs no acknowledgement: A": {request: "A", silent: true},
		"request without an answer: A":         {request: "A", silent: true, unanswered: true},
		"push: C with StartsAt":                {push: "C", about: "with StartsAt"},
		"push on the user's own stream: C":     {push: "C", about: "on the user's own stream"},
	} {
		want.name = "lobby:x"
		if got, err := readEvent("lobby:x", comment); err != nil || got != want {
			t.Errorf("%q: got %+v (%v), want %+v", comment, got, err, want)
		}
	}
}

// TestUnknownSourceIsAnError ensures that no part of the contract is silently left
// out of the documents.
func TestUnknownSourceIsAnError(t *testing.T) {
	for name, c := range map[string]struct{ source, says string }{
		"no comment":          {`const EventX = "x:y"`, "neither a request nor a push"},
		"a missing type":      {"const EventX = \"x:y\" // push: Missing", "no type Missing"},
		"an unknown rule":     {"const EventX = \"x:y\" // push: X\ntype X struct { A string `json:\"a\" validate:\"email\"` }", `"email" is not known`},
		"no name in JSON":     {"const EventX = \"x:y\" // push: X\ntype X struct { A string }", "no name in JSON"},
		"a type without JSON": {"const EventX = \"x:y\" // push: X\ntype X struct { A chan int `json:\"a\"` }", "no place in a contract"},
		"no events":           {"type Error struct{}\ntype Meta struct{}\ntype ConnectAuth struct{}", "no events"},
		"a missing part":      {"const EventX = \"x:y\" // push: X\ntype X struct { A Gone `json:\"a\"` }", "no type Gone"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "x.go"), []byte("package wire\n"+c.source), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := read(folder); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got error %v, want %q in it", err, c.says)
			}
		})
	}
}

func TestOnlyTheMarkedSectionIsReplaced(t *testing.T) {
	page := "before\n" + begin + "old\n" + end + "after\n"
	got, err := between([]byte(page), "new\n")
	if want := "before\n" + begin + "new\n" + end + "after\n"; err != nil || string(got) != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	if _, err := between([]byte("no marks"), ""); err == nil {
		t.Error("got no error for a page without marks, want one")
	}
}
