package siomatch_test

import (
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/anteroom/anteroom/test/siotest"
	"github.com/anteroom/anteroom/test/siotest/siomatch"
)

func TestBeEvent(t *testing.T) {
	g := NewWithT(t)
	e := siotest.Event{Name: "chat:message", Args: []json.RawMessage{json.RawMessage(`{"text": "hello", "n": 3, "gone": null, "tags": ["a"]}`)}}
	g.Expect(e).To(siomatch.BeEvent("chat:message"))
	g.Expect(e).To(siomatch.BeEvent("chat:message", siomatch.Fields{
		"text": HavePrefix("hel"), "n": 3, "gone": nil, "tags": []string{"a"}, "tags.0": "a",
	}))
	g.Expect(e).NotTo(siomatch.BeEvent("chat:edited"))
	g.Expect(e).NotTo(siomatch.BeEvent("chat:message", siomatch.Fields{"text": "bye"}))
	g.Expect(e).NotTo(siomatch.BeEvent("chat:message", siomatch.Fields{"absent": nil}))

	_, err := siomatch.BeEvent("x").Match("no event")
	g.Expect(err).To(MatchError(ContainSubstring("not string")))
	text := siomatch.BeEvent("x", siomatch.Fields{"a": 1, "b": HavePrefix("c")}).FailureMessage(e)
	g.Expect(text).To(ContainSubstring(`to be an event "x" where a is 1 and b is HavePrefixMatcher`))
}

func TestHaveReceived(t *testing.T) {
	g := NewWithT(t)
	server := siotest.StartServer(t)
	alice := server.Connect(t, "alice")
	g.Eventually(alice).Should(siomatch.HaveReceived("session:ready", siomatch.Fields{"userId": "alice"}))
	g.Consistently(alice, "100ms").ShouldNot(siomatch.HaveReceived("session:terminated"))
	g.Eventually(alice.Events).Should(ContainElement(siomatch.BeEvent("session:ready")))
	g.Expect(siomatch.HaveReceived("nothing").FailureMessage(alice)).To(And(
		ContainSubstring(`Expected alice to have received an event "nothing"; received, in order:`), ContainSubstring("session:ready"),
	))
	_, err := siomatch.HaveReceived("x").Match(server)
	g.Expect(err).To(MatchError(ContainSubstring("not *siotest.Server")))
}
