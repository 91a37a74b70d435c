package architecture

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// typescript are the folders of TypeScript sources, each with its minimum number of
// files.
var typescript = map[string]int{
	"../../runtime/client/typescript/src":   20,
	"../../runtime/client/typescript/test":  10,
	"../../runtime/internal/edge/pages/web": 35,
}

// TestNoImportCycleInTypeScript keeps the modules of the client and of the pages in layers.
// Imports of types count too: a type in the wrong module is the start of a cycle.
func TestNoImportCycleInTypeScript(t *testing.T) {
	for folder, least := range typescript {
		imports := importsOf(t, os.DirFS(folder))
		if len(imports) < least {
			t.Errorf("%s: found %d modules, want at least %d", folder, len(imports), least)
		}
		if cycle := cycleIn(imports); cycle != nil {
			t.Errorf("%s: import cycle %s", folder, strings.Join(cycle, " → "))
		}
	}
}

func TestImportCyclesAreFound(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		cycle string
	}{
		{"two modules", map[string]string{
			"a.ts":  `import { b } from "./b";`,
			"b.tsx": `import { a } from "./a";`,
		}, "a.ts → b.tsx → a.ts"},
		{"extensions, folders and several lines", map[string]string{
			"x/a.ts": "import {\n  type B,\n} from \"../y/b.js\";",
			"y/b.ts": "export { c } from './c';",
			"y/c.ts": `import type { A } from "../x/a.js";`,
		}, "x/a.ts → y/b.ts → y/c.ts → x/a.ts"},
		{"a module that imports itself", map[string]string{"a.ts": `import "./a";`}, "a.ts → a.ts"},
		{"a dynamic import", map[string]string{
			"a.ts": `const b = await import("./b");`,
			"b.ts": `import { a } from "./a";`,
		}, "a.ts → b.ts → a.ts"},
		{"none, with a shared module, a package, a style sheet and a comment", map[string]string{
			"a.ts": `import { c } from "./c"; import "./style.css"; import { h } from "preact";`,
			"b.ts": `import { c } from "./c";`,
			"c.ts": `// import { a } from "./a";`,
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sources := fstest.MapFS{}
			for name, text := range tc.files {
				sources[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := strings.Join(cycleIn(importsOf(t, sources)), " → "); got != tc.cycle {
				t.Errorf("got cycle %q, want %q", got, tc.cycle)
			}
		})
	}
}

// importStatement matches the relative specifier of an import, a dynamic import or a
// re-export that is not in a line comment.
var importStatement = regexp.MustCompile(`(?m)^[^\n/]*?(?:\bimport\s*\(?|\bfrom)\s*["'](\.{1,2}/[^"']+)["']`)

// importsOf returns the modules of a folder with the modules of the folder that each
// imports. A specifier may end in .js, or have no extension.
func importsOf(t *testing.T, sources fs.FS) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	texts := map[string]string{}
	err := fs.WalkDir(sources, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.Name() == "node_modules" {
			return fs.SkipDir
		}
		if ext := path.Ext(name); ext == ".ts" || ext == ".tsx" {
			text, err := fs.ReadFile(sources, name)
			texts[name], imports[name] = string(text), nil
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		for _, statement := range strings.Split(text, ";") {
			for _, m := range importStatement.FindAllStringSubmatch(statement, -1) {
				base := strings.TrimSuffix(path.Join(path.Dir(name), m[1]), ".js")
				for _, module := range []string{base, base + ".ts", base + ".tsx"} {
					if _, ok := texts[module]; ok {
						imports[name] = append(imports[name], module)
					}
				}
			}
		}
	}
	return imports
}

// cycleIn returns the modules of an import cycle, with the first module at both ends; nil
// when there is none.
func cycleIn(imports map[string][]string) []string {
	done := map[string]bool{}
	var trail []string
	var visit func(module string) []string
	visit = func(module string) []string {
		if at := slices.Index(trail, module); at >= 0 {
			return append(slices.Clone(trail[at:]), module)
		}
		if done[module] {
			return nil
		}
		trail = append(trail, module)
		for _, imported := range imports[module] {
			if cycle := visit(imported); cycle != nil {
				return cycle
			}
		}
		trail = trail[:len(trail)-1]
		done[module] = true
		return nil
	}
	for _, module := range slices.Sorted(maps.Keys(imports)) {
		if cycle := visit(module); cycle != nil {
			return cycle
		}
	}
	return nil
}
