package client

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/anteroom/anteroom/test/siotest"
)

// packed is a package in the output of `npm pack --json`.
type packed struct {
	Filename string `json:"filename"`
	Size     int    `json:"size"`
	Files    []struct {
		Path string `json:"path"`
	} `json:"files"`
}

// pack builds and packs the package as for a publication.
func pack(t *testing.T) (tarball string, of packed) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join("typescript", "dist")); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	run(t, "typescript", "npm", "run", "build")
	out := run(t, "typescript", "npm", "pack", "--json", "--ignore-scripts", "--loglevel=error", "--pack-destination", folder)
	var all []packed
	if err := json.Unmarshal(out, &all); err != nil || len(all) != 1 {
		t.Fatalf("npm pack: got %s (%v)", out, err)
	}
	return filepath.Join(folder, all[0].Filename), all[0]
}

var (
	imports = regexp.MustCompile(`(?m)(?:from|import)\s*\(?"([^"]+)"`)
	stated  = regexp.MustCompile(`(\d+) kB packed`)
	example = regexp.MustCompile("(?s)```ts\n(.*?)```")
)

func TestThePackage(t *testing.T) {
	tarball, of := pack(t)
	readme, err := os.ReadFile(filepath.Join("typescript", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("has exactly its files", func(t *testing.T) {
		var paths []string
		for _, file := range of.Files {
			paths = append(paths, file.Path)
			if !regexp.MustCompile(`^(README\.md|package\.json|dist/[a-z]+(\.d\.ts|\.js))$`).MatchString(file.Path) {
				t.Errorf("%s is in the package", file.Path)
			}
		}
		for _, want := range []string{"README.md", "package.json", "dist/index.js", "dist/index.d.ts"} {
			if !slices.Contains(paths, want) {
				t.Errorf("%s is missing among %q", want, paths)
			}
		}
	})
	t.Run("imports only socket.io-client", func(t *testing.T) {
		for _, file := range of.Files {
			if filepath.Ext(file.Path) != ".js" {
				continue
			}
			source, err := os.ReadFile(filepath.Join("typescript", file.Path))
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range imports.FindAllStringSubmatch(string(source), -1) {
				if !strings.HasPrefix(found[1], "./") && found[1] != "socket.io-client" {
					t.Errorf("%s imports %s", file.Path, found[1])
				}
			}
		}
	})
	t.Run("has the size in its README", func(t *testing.T) {
		said := stated.FindSubmatch(readme)
		if said == nil {
			t.Fatal("the README has no size")
		}
		kB, err := strconv.Atoi(string(said[1]))
		if err != nil || of.Size > kB*1000 || of.Size < kB*1000-3000 {
			t.Errorf("got %d bytes, want the README's %d kB", of.Size, kB)
		}
	})
	t.Run("type-checks in a project that installs it, and runs the README's example", func(t *testing.T) {
		server := siotest.StartServer(t, siotest.Manifest(filepath.Join("testdata", "cluster.yaml")))
		text := string(example.FindSubmatch(readme)[1])
		for placeholder, value := range map[string]string{
			"http://127.0.0.1:3000":          server.URL,
			"a token of your users' service": server.Token(t, "alice"),
		} {
			if !strings.Contains(text, placeholder) {
				t.Fatalf("the example has no %q", placeholder)
			}
			text = strings.Replace(text, placeholder, value, 1)
		}
		project := t.TempDir()
		write(t, filepath.Join(project, "package.json"), `{"private": true, "type": "module"}`)
		write(t, filepath.Join(project, "main.ts"), text)
		run(t, project, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error", tarball, "socket.io-client@4.8.3")
		run(t, project, bin("tsc"), "--strict", "--exactOptionalPropertyTypes", "--target", "es2022", "--module", "nodenext", "main.ts")
		out := string(run(t, project, "node", "main.js"))
		for _, want := range []string{`members: [ 'alice' ]`, "not_found undefined undefined false"} {
			if !strings.Contains(out, want) {
				t.Errorf("the example does not print %q but\n%s", want, out)
			}
		}
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
