package schema

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// shape is what the exact reading of a JSON text knows of its Go type. Nil is any JSON.
type shape struct {
	// members are those of a struct; nil where names are the client's own.
	members map[string]*shape
	// element is that of an array, or of an object whose names are the client's own.
	element *shape
}

// shapes has the shape of each type that was asked for, by its reflect.Type.
var shapes sync.Map

// shapeOf gives the shape of a type. It is made once a type.
func shapeOf(t reflect.Type) *shape {
	if known, ok := shapes.Load(t); ok {
		return known.(*shape)
	}
	made := makeShape(t)
	shapes.Store(t, made)
	return made
}

var (
	rawJSON = reflect.TypeFor[json.RawMessage]()
	ownJSON = reflect.TypeFor[json.Unmarshaler]()
)

// makeShape ends because no request refers to its own type.
func makeShape(t reflect.Type) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == rawJSON || reflect.PointerTo(t).Implements(ownJSON):
		return nil
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map:
		return &shape{element: makeShape(t.Elem())}
	case t.Kind() != reflect.Struct:
		return nil
	}
	s := &shape{members: map[string]*shape{}}
	s.add(t)
	return s
}

// add takes in the members of a struct, those of embedded structs included.
func (s *shape) add(t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			s.add(f.Type)
		case f.IsExported() && name != "-":
			if name == "" {
				name = f.Name
			}
			s.members[name] = makeShape(f.Type)
		}
	}
}

// member finds the shape of a member. Near is the member's real name where this one differs
// from it in the case of letters only: encoding/json would take one for the other.
func (s *shape) member(name string) (of *shape, near string) {
	if s == nil {
		return nil, ""
	}
	if s.members == nil {
		return s.element, ""
	}
	if of, known := s.members[name]; known {
		return of, ""
	}
	for exactly := range s.members {
		if strings.EqualFold(exactly, name) {
			return nil, exactly
		}
	}
	return nil, ""
}

// elements is the shape of the elements of an array.
func (s *shape) elements() *shape {
	if s == nil {
		return nil
	}
	return s.element
}
