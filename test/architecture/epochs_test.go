package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// epochs declares every field Epoch, Version or Seq and every field of type
// stream.Position in the servers, with the reason why it stays correct after a restart of
// the store. A restart begins an epoch and may lose nothing.
//
// Fields Version and Seq hold positions without an epoch. They are correct because a
// stream's seq continues over the end of an epoch that lost nothing.
var epochs = map[string]string{
	"app.lately.at":                "a position to continue from, which catch-up compares by the ends of epochs; kept for a second",
	"chat.Marks.Epoch":             "Snapshot.Clamp moves the marks by the ends of epochs",
	"app.missedData.Seq":           "the position of a message in a notification; in another epoch it stays until its user reads that far or acknowledges it",
	"chat.Message.Seq":             "the position of a message, read from the log with it",
	"chat.Sent.At":                 "the position of a commit, in its answer",
	"document.Result.At":           "the position of a commit, in its answer",
	"document.recent.at":           "a commit in another epoch conflicts, and the state is loaded",
	"search.Entry.Epoch":           "an entry of another epoch replaces it, and the sweep of the index corrects late entries",
	"rules.Departure.Version":      "a seq in the document of its own stream, which is kept or lost with the stream",
	"search.Entry.Version":         "compared only within an epoch",
	"rules.Lobby.Epoch":            "set on load; members receive Committed, which a patch replaces",
	"rules.Lobby.Version":          "set on load, as the seq",
	"lobby.Outcome.At":             "the position of a commit, in its answer",
	"rules.Stamp.Version":          "a seq in the document of its own stream, which is kept or lost with the stream",
	"notify.Inbox.Epoch":           "part of a key; after a restart an update may come twice, with the same content",
	"notify.Inbox.Version":         "set on load, as the seq",
	"notify.Item.Seq":              "a count within the inbox's document",
	"notify.Update.Version":        "a seq in the document of its own stream, which is kept or lost with the stream",
	"rules.Party.Epoch":            "set on load; members receive Committed, which a patch replaces",
	"rules.Party.Version":          "set on load, as the seq",
	"serverapi.Emitted.Epoch":      "the position of a commit, in its answer",
	"serverapi.Emitted.Seq":        "the position of a commit, in its answer",
	"serverapi.Options.Version":    "the server's own version, not a position",
	"serverapi.Place.Epoch":        "the position of a commit, in its answer",
	"serverapi.Place.Seq":          "the position of a commit, in its answer",
	"session.subscription.patched": "compared with the position of an answer; another epoch costs a snapshot",
	"session.subscription.from":    "a position to continue from, which catch-up compares by the ends of epochs",
	"stream.Attachment.at":         "the hub catches up when the epoch differs",
	"stream.Commit.Epoch":          "another epoch conflicts, and the change is computed from the current state",
	"stream.Place.Position":        "a position to continue from, which catch-up compares by the ends of epochs",
	"stream.Position.Epoch":        "the value itself; Snapshot.Clamp and catch-up compare it",
	"stream.Position.Seq":          "the value itself; it continues over the end of an epoch that lost nothing",
	"stream.Record.Position":       "the position of a commit, as published",
	"stream.Result.Position":       "the position of a commit, in its answer",
	"stream.Snapshot.Position":     "the stream's position, with the ends of earlier epochs in Past",
	"stream.subscription.at":       "the hub catches up when the epoch differs",
	"streamtest.Recorder.at":       "a client of the tests",
}

// TestEveryEpochIsDeclared finds state that depends on an epoch. A new field fails until
// its author declares how it survives a restart without losses.
func TestEveryEpochIsDeclared(t *testing.T) {
	found := map[string]bool{}
	err := filepath.WalkDir(internal, func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		folder := filepath.Base(filepath.Dir(path))
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					for _, f := range s.Fields.List {
						addEpochs(found, folder+"."+spec.Name.Name, f)
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for at := range found {
		if epochs[at] == "" {
			t.Errorf("%s: declare in this test how the field survives a restart of the store", at)
		}
	}
	for at := range epochs {
		if !found[at] {
			t.Errorf("%s is declared here but does not exist", at)
		}
	}
}

// addEpochs records the fields of a struct that hold an epoch, a position or a seq.
func addEpochs(found map[string]bool, in string, f *ast.Field) {
	position := false
	switch t := f.Type.(type) {
	case *ast.Ident:
		position = t.Name == "Position"
	case *ast.SelectorExpr:
		position = t.Sel.Name == "Position"
	}
	if position && len(f.Names) == 0 {
		found[in+".Position"] = true
	}
	for _, name := range f.Names {
		if position || name.Name == "Epoch" || name.Name == "Version" || name.Name == "Seq" {
			found[in+"."+name.Name] = true
		}
	}
}
