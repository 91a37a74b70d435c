package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// decodes are calls that decode external input.
var decodes = map[string]bool{
	"json.Unmarshal": true, "json.NewDecoder": true, "msgpack.Decode": true, "msgpack.Unmarshal": true, "yaml.NewDecoder": true, "yaml.Unmarshal": true,
	"schema.Decode": true, "gob.NewDecoder": true, "xml.Unmarshal": true, "io.ReadAll": true,
	"StdEncoding.DecodeString": true, "StdEncoding.Decode": true, "RawURLEncoding.DecodeString": true, "Strict().DecodeString": true,
}

// decoders lists all decoding functions of the server with the fuzz target that feeds
// them bombs or, after a dash, the reason why none is needed.
var decoders = map[string]string{
	"schema.Decode":           "schema.FuzzRequest",
	"schema.name":             "schema.FuzzExact",
	"session.handle":          "schema.FuzzRequest",
	"session.readAuth":        "schema.FuzzRequest",
	"serverapi.post":          "schema.FuzzRequest",
	"serverapi.emitOne":       "serverapi.FuzzEvent",
	"screening.data":          "schema.FuzzRequest", // the same bytes, after Exact
	"serverapi.event":         "serverapi.FuzzEvent",
	"serverapi.parseEmission": "serverapi.FuzzEmission",
	"socketio.event":          "socketio.FuzzPacket",
	"engineio.parsePart":      "engineio.FuzzPayload",
	"config.parse":            "config.FuzzDecode",
	"config.decodeOwn":        "config.FuzzDecode",
	"auth.decodeSegment":      "auth.FuzzAuthenticate",
	"auth.readSet":            "auth.FuzzKeySet",
	"auth.readKey":            "auth.FuzzKeySet",
	"search.resume":           "search.FuzzCursor",
	"redisstore.decodeRecord": "redisstore.FuzzDecodeRecord",
	"wire.UnmarshalJSON":      "wire.FuzzCurrent",
	"wire.IDs":                "wire.FuzzCurrent",
	"engineio.checkWebSocket": small,
	"adminui.check":           small,
	"webhook.ParseSecret":     small,
	"engineio.readBody":       bytesOnly,
	"serverapi.readCall":      bytesOnly,
	"config.readFile":         bytesOnly,
	"app.readCredential":      bytesOnly,
	"peer.Ask":                bytesOnly,
	"webhook.answer":          bytesOnly,
	"auth.fetch":              bytesOnly,
	"app.askAll":              answers,
	"app.allocate":            answers,
	"app.post":                answers,
	"app.ask":                 answers,
	"app.playerOf":            stored,
	"app.Withdrawn":           stored,
	"chat.decodePayload":      stored,
	"chat.decodeMessage":      stored,
	"chat.marks":              stored,
	"document.Decode":         stored,
	"jsonpatch.plain":         stored,
	"lobby.verify":            stored,
	"lobby.publishChanges":    stored,
	"matchmaking.decode":      stored,
	"presence.currentView":    stored,
	"revocation.Check":        stored,
	"session.replay":          stored,
	"stream.JSON":             stored,
}

// The reasons for a decoder without a fuzz target. These decoders read JSON or base64,
// which declare no length, with encoding/json, which refuses more than 10,000 levels.
const (
	small     = "- base64 of a header, or of a Secret's key, which net/http or Kubernetes bounds"
	bytesOnly = "- bytes up to a bound, which TestWholeBodiesAreReadWithinABound requires"
	answers   = "- the answer of a peer or a webhook, whose bytes peer.Ask and webhook.answer bound, read into a struct"
	stored    = "- data that a server of this cluster wrote, from decoded and bounded requests"
)

// handmade are decoders that make none of the calls above.
var handmade = map[string]string{
	"socketio.parsePacket":    "socketio.FuzzPacket",
	"engineio.parsePayload":   "engineio.FuzzPayload",
	"engineio.parseQuery":     "engineio.FuzzQuery",
	"redisstore.decodeRecord": "redisstore.FuzzDecodeRecord",
	"msgpack.Decode":          "msgpack.FuzzDecode",
}

// TestEveryDecoderMeetsBombs requires a fuzz target with bombs in its corpus for each
// decoding function. A new function fails here until the list has its target, or a
// reason.
func TestEveryDecoderMeetsBombs(t *testing.T) {
	calls, targets := decoding(t)
	for name := range calls {
		if decoders[name] == "" {
			t.Errorf("%s decodes (%s): list its fuzz target", name, calls[name])
		}
	}
	for name := range decoders {
		if calls[name] == "" {
			t.Errorf("%s is listed but does not decode", name)
		}
	}
	for _, list := range []map[string]string{decoders, handmade} {
		for name, by := range list {
			if strings.HasPrefix(by, "- ") {
				continue
			}
			if body, ok := targets[by]; !ok || !strings.Contains(body, "bombs.") {
				t.Errorf("%s: fuzz target %s: exists %v, want it with seeds of package bombs", name, by, ok)
			}
		}
	}
	for name, body := range targets {
		if !strings.Contains(body, "bombs.") {
			t.Errorf("fuzz target %s: got no seeds of package bombs", name)
		}
	}
}

// TestWholeBodiesAreReadWithinABound requires a bound around the input of io.ReadAll.
func TestWholeBodiesAreReadWithinABound(t *testing.T) {
	bounded := regexp.MustCompile(`io\.ReadAll\((io\.LimitReader|http\.MaxBytesReader)\(`)
	for _, root := range []string{"runtime", "controllers", "api"} {
		goFiles(t, root, func(path string, text []byte) {
			for _, line := range strings.Split(string(text), "\n") {
				if strings.Contains(line, "io.ReadAll(") && !strings.HasSuffix(path, "_test.go") && !bounded.MatchString(line) {
					t.Errorf("%s reads without a bound: %s", path, strings.TrimSpace(line))
				}
			}
		})
	}
}

// decoding returns the decoding functions with their calls, and the texts of all fuzz
// targets, both by package and name.
func decoding(t *testing.T) (calls, targets map[string]string) {
	t.Helper()
	calls, targets = map[string]string{}, map[string]string{}
	goFiles(t, "runtime", func(path string, text []byte) {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, is := d.(*ast.FuncDecl)
			if !is || f.Body == nil {
				continue
			}
			pkg := filepath.Base(filepath.Dir(path))
			if strings.HasSuffix(pkg, "test") {
				continue // the fixtures of tests
			}
			name := pkg + "." + f.Name.Name
			if strings.HasSuffix(path, "_test.go") {
				if strings.HasPrefix(f.Name.Name, "Fuzz") {
					targets[name] = string(text[files.Position(f.Pos()).Offset:files.Position(f.End()).Offset])
				}
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if call, is := n.(*ast.CallExpr); is && decodes[called(call.Fun)] {
					calls[name] = called(call.Fun)
				}
				return true
			})
		}
	})
	return calls, targets
}

// called returns the last two parts of a call's name.
func called(fun ast.Expr) string {
	if generic, is := fun.(*ast.IndexExpr); is {
		fun = generic.X
	}
	selected, is := fun.(*ast.SelectorExpr)
	if !is {
		return ""
	}
	switch x := selected.X.(type) {
	case *ast.Ident:
		return x.Name + "." + selected.Sel.Name
	case *ast.SelectorExpr:
		return x.Sel.Name + "." + selected.Sel.Name
	case *ast.CallExpr:
		if inner, is := x.Fun.(*ast.SelectorExpr); is {
			return inner.Sel.Name + "()." + selected.Sel.Name
		}
	}
	return ""
}

// goFiles reads the Go files under a folder of the module, with their paths in the
// module.
func goFiles(t *testing.T, root string, do func(path string, text []byte)) {
	t.Helper()
	top := filepath.Join("..", "..")
	err := filepath.WalkDir(filepath.Join(top, root), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		within, err := filepath.Rel(top, path)
		do(filepath.ToSlash(within), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
