package siomatch_test

import (
	"encoding/json"
	"fmt"

	"github.com/onsi/gomega"

	"github.com/anteroom/anteroom/test/siotest"
	"github.com/anteroom/anteroom/test/siotest/siomatch"
)

func ExampleBeEvent() {
	t := gomega.NewGomega(func(message string, _ ...int) { fmt.Println(message) }) // in a test: gomega.NewWithT(t)
	e := siotest.Event{Name: "chat:message", Args: []json.RawMessage{json.RawMessage(`{"text": "hello", "meta": {"seq": 7}}`)}}

	t.Expect(e).To(siomatch.BeEvent("chat:message", siomatch.Fields{"text": gomega.HavePrefix("hel"), "meta.seq": 7}))
	fmt.Println("as expected")
	// Output: as expected
}
