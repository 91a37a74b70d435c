// Package siomatch has gomega matchers for the clients of package siotest:
//
//	Eventually(bob.Events).Should(ContainElement(siomatch.BeEvent("chat:message", siomatch.Fields{"text": "hello"})))
//	Eventually(bob).Should(siomatch.HaveReceived("chat:message"))
//	Consistently(bob).ShouldNot(siomatch.HaveReceived("lobby:removed"))
package siomatch

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"github.com/anteroom/anteroom/test/siotest"
)

// Fields are values inside an event's first argument by their path, as in
// [siotest.Event.Get]. A value is a gomega matcher, or is compared as JSON.
type Fields map[string]any

// BeEvent succeeds for a [siotest.Event] with the name and the fields.
func BeEvent(name string, fields ...Fields) types.GomegaMatcher {
	return &event{name: name, fields: merge(fields)}
}

// HaveReceived succeeds for a [*siotest.Client] that received such an event, including
// events that an expectation took.
func HaveReceived(name string, fields ...Fields) types.GomegaMatcher {
	return &received{event{name: name, fields: merge(fields)}}
}

func merge(all []Fields) Fields {
	fields := Fields{}
	for _, f := range all {
		maps.Copy(fields, f)
	}
	return fields
}

// event matches an event.
type event struct {
	name   string
	fields Fields
}

// Match implements types.GomegaMatcher.
func (m *event) Match(actual any) (bool, error) {
	e, ok := actual.(siotest.Event)
	if !ok {
		return false, fmt.Errorf("BeEvent wants a siotest.Event, not %T", actual)
	}
	return m.matches(e)
}

func (m *event) matches(e siotest.Event) (bool, error) {
	if e.Name != m.name {
		return false, nil
	}
	for path, want := range m.fields {
		value, ok := e.Get(path)
		if !ok {
			return false, nil
		}
		matcher, ok := want.(types.GomegaMatcher)
		if !ok {
			matcher = gomega.Equal(siotest.Canonical(want))
			if want == nil {
				matcher = gomega.BeNil()
			}
		}
		if ok, err := matcher.Match(value); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// FailureMessage implements types.GomegaMatcher.
func (m *event) FailureMessage(actual any) string {
	return fmt.Sprintf("Expected\n    %v\nto be %s", actual, m)
}

// NegatedFailureMessage implements types.GomegaMatcher.
func (m *event) NegatedFailureMessage(actual any) string {
	return fmt.Sprintf("Expected\n    %v\nnot to be %s", actual, m)
}

// String describes the expected event.
func (m *event) String() string {
	text := fmt.Sprintf("an event %q", m.name)
	for n, path := range slices.Sorted(maps.Keys(m.fields)) {
		link := " and"
		if n == 0 {
			link = " where"
		}
		text += fmt.Sprintf("%s %s is %s", link, path, describe(m.fields[path]))
	}
	return text
}

func describe(want any) string {
	if m, ok := want.(types.GomegaMatcher); ok {
		return strings.TrimPrefix(reflect.TypeOf(m).Elem().Name(), "*")
	}
	return fmt.Sprintf("%v", want)
}

// received matches a client.
type received struct{ event }

// Match implements types.GomegaMatcher.
func (m *received) Match(actual any) (bool, error) {
	c, ok := actual.(*siotest.Client)
	if !ok {
		return false, fmt.Errorf("HaveReceived wants a *siotest.Client, not %T", actual)
	}
	for _, e := range c.Events() {
		if ok, err := m.matches(e); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// FailureMessage implements types.GomegaMatcher.
func (m *received) FailureMessage(actual any) string { return m.message(actual, "to have received") }

// NegatedFailureMessage implements types.GomegaMatcher.
func (m *received) NegatedFailureMessage(actual any) string {
	return m.message(actual, "not to have received")
}

func (m *received) message(actual any, what string) string {
	c, _ := actual.(*siotest.Client) // Match accepted it
	return fmt.Sprintf("Expected %s %s %s; %s", c.Name(), what, &m.event, c.Report())
}
