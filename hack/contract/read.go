package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// contract is the parsed source of runtime/wire.
type contract struct {
	protocol int
	events   []event // in the order of the source
	types    map[string]*object
	words    map[string]*word
	// requested are the types that clients send, sent the types that the server sends,
	// each with the types of its fields.
	requested, sent map[string]bool
}

// object is a struct of the contract.
type object struct {
	name, doc string
	fields    []field
	// embeds are the embedded structs.
	embeds []string
}

// field is a member of a JSON object.
type field struct {
	name, doc string
	goName    string
	typ       kind
	omitted   bool // when empty
	rules     rules
}

// word is a string type with its values, or without values when it is open.
type word struct {
	name, doc string
	values    []string
}

// read parses the package in a folder.
func read(folder string) (*contract, error) {
	set := token.NewFileSet()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(set, path, source, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(set, files, "wire", doc.PreserveAST)
	if err != nil {
		return nil, err
	}
	c := &contract{types: map[string]*object{}, words: map[string]*word{}}
	for _, t := range pkg.Types {
		err = errors.Join(err, c.addType(t))
	}
	for _, group := range pkg.Consts {
		err = errors.Join(err, c.addConstants(group.Decl))
	}
	if err != nil {
		return nil, err
	}
	return c, c.check()
}

// addType adds a struct, or a string type with its values.
func (c *contract) addType(t *doc.Type) error {
	for _, group := range t.Consts {
		if err := c.addConstants(group.Decl); err != nil {
			return err
		}
	}
	if special(t.Name) {
		return nil
	}
	spec := t.Decl.Specs[0].(*ast.TypeSpec)
	switch underlying := spec.Type.(type) {
	case *ast.StructType:
		o, err := readObject(t.Name, sentence(t.Doc), underlying)
		c.types[t.Name] = o
		return err
	case *ast.Ident:
		if underlying.Name == "string" {
			c.word(t.Name).doc = sentence(t.Doc)
			return nil
		}
	}
	return fmt.Errorf("%s: only structs and strings are known here", t.Name)
}

func (c *contract) word(name string) *word {
	if c.words[name] == nil {
		c.words[name] = &word{name: name}
	}
	return c.words[name]
}

// addConstants adds events, by their names, and the values of string types.
func (c *contract) addConstants(group *ast.GenDecl) error {
	for _, spec := range group.Specs {
		constant := spec.(*ast.ValueSpec)
		literal, ok := constant.Values[0].(*ast.BasicLit)
		if !ok {
			return fmt.Errorf("%s: its value is not written out", constant.Names[0])
		}
		switch name := constant.Names[0].Name; {
		case name == "Protocol":
			c.protocol, _ = strconv.Atoi(literal.Value) // the compiler has checked it
		case strings.HasPrefix(name, "Event"):
			e, err := readEvent(unquote(literal), constant.Comment.Text())
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			c.events = append(c.events, e)
		default:
			if typ, ok := constant.Type.(*ast.Ident); ok {
				w := c.word(typ.Name)
				w.values = append(w.values, unquote(literal))
			}
		}
	}
	return nil
}

func unquote(literal *ast.BasicLit) string {
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		return literal.Value
	}
	return text
}

// readObject reads the fields of a struct.
func readObject(name, about string, s *ast.StructType) (*object, error) {
	o := &object{name: name, doc: about}
	for _, f := range s.Fields.List {
		if len(f.Names) == 0 {
			embedded, ok := f.Type.(*ast.Ident)
			if !ok {
				return nil, fmt.Errorf("%s: embeds a type of another package", name)
			}
			o.embeds = append(o.embeds, embedded.Name)
			continue
		}
		var tag reflect.StructTag
		if f.Tag != nil {
			tag = reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
		}
		member, options, _ := strings.Cut(tag.Get("json"), ",")
		if member == "" {
			return nil, fmt.Errorf("%s.%s: has no name in JSON", name, f.Names[0])
		}
		typ, err := readKind(f.Type)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", name, f.Names[0], err)
		}
		if shape := tag.Get("contract"); shape != "" {
			typ = typ.shaped(shape)
		}
		r, err := readRules(tag.Get("validate"))
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", name, f.Names[0], err)
		}
		text := f.Doc.Text()
		if text == "" {
			text = f.Comment.Text()
		}
		o.fields = append(o.fields, field{
			name: member, goName: f.Names[0].Name, doc: sentence(text), typ: typ, rules: r,
			omitted: strings.HasPrefix(options, "omit"),
		})
	}
	return o, nil
}

// all returns the fields of an object, including those of embedded structs, in order.
func (c *contract) all(o *object) []field {
	var found []field
	for _, embedded := range o.embeds {
		found = append(found, c.all(c.types[embedded])...)
	}
	return append(found, o.fields...)
}

// keyed reports whether a request has an idempotency key.
func (c *contract) keyed(request string) bool { return slices.Contains(c.types[request].embeds, "Key") }

// names returns the names of all objects that are sent, sorted.
func (c *contract) names() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.types)) {
		if c.requested[name] || c.sent[name] {
			names = append(names, name)
		}
	}
	return names
}

// check finds the sender of each type, and reports missing types.
func (c *contract) check() error {
	c.requested, c.sent = map[string]bool{}, map[string]bool{}
	err := errors.Join(c.mark(c.requested, "ConnectAuth"), c.mark(c.sent, "Error"), c.mark(c.sent, "Meta"))
	for _, e := range c.events {
		if e.request != "" {
			err = errors.Join(err, c.mark(c.requested, e.request))
		}
		if e.answer != "" {
			err = errors.Join(err, c.mark(c.sent, e.answer))
		}
		if e.push != "" {
			err = errors.Join(err, c.mark(c.sent, e.push))
		}
	}
	if len(c.events) == 0 {
		return errors.New("no events")
	}
	return err
}

func (c *contract) mark(side map[string]bool, name string) error {
	if side[name] {
		return nil
	}
	o, ok := c.types[name]
	if !ok {
		return fmt.Errorf("no type %s", name)
	}
	side[name] = true
	for _, f := range c.all(o) {
		for _, of := range f.typ.objects(c) {
			if err := c.mark(side, of); err != nil {
				return fmt.Errorf("%s.%s: %w", name, f.goName, err)
			}
		}
	}
	return nil
}

// sentence returns a comment on one line, without Go's brackets around names.
func sentence(text string) string {
	return strings.NewReplacer("[", "", "]", "").Replace(strings.Join(strings.Fields(text), " "))
}
