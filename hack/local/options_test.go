package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	bin := t.TempDir()
	for _, program := range []string{"manager", "server"} {
		if err := os.WriteFile(filepath.Join(bin, program), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := writeManifest(t, manifest)
	tests := map[string]struct {
		args  []string
		users []string
		wrong string // part of the error; "" when there is none
	}{
		"defaults":           {nil, devUsers, ""},
		"named users":        {[]string{"--users", "eve,mallory"}, []string{"eve", "mallory"}, ""},
		"a nameless user":    {[]string{"--users", "eve,"}, nil, "a user without a name"},
		"too many users":     {[]string{"--users", strings.Repeat("a,", maxUsers) + "a"}, nil, "at most 1000"},
		"claims":             {[]string{"--claims", `{"*": {"skill": 1500}}`}, devUsers, ""},
		"no claims":          {[]string{"--claims", ""}, devUsers, ""},
		"invalid claims":     {[]string{"--claims", `{"alice": 7}`}, nil, "a JSON object of objects by user"},
		"webhooks":           {[]string{"--webhooks-to", "127.0.0.0/8,10.0.0.0/8"}, devUsers, ""},
		"invalid webhooks":   {[]string{"--webhooks-to", "localhost"}, nil, "not an address range"},
		"an extra argument":  {[]string{"extra"}, nil, `unexpected argument "extra"`},
		"a missing manifest": {[]string{"--file", "nowhere.yaml"}, nil, "nowhere.yaml does not exist"},
		"no programs":        {[]string{"--bin", t.TempDir()}, nil, "make build"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o, err := parseOptions(append([]string{"--file", file, "--bin", bin}, test.args...))
			switch {
			case test.wrong != "":
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Errorf("got %v, want %q in it", err, test.wrong)
				}
			case err != nil:
				t.Error(err)
			case !slices.Equal(o.users, test.users):
				t.Errorf("got users %q, want %q", o.users, test.users)
			}
		})
	}
}
