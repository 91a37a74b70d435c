package desired

import (
	"bytes"
	"fmt"

	"sigs.k8s.io/yaml"
)

// MaxPolicySetBytes bounds the policies and queues of a PolicySet, as YAML: a ConfigMap holds at
// most 1 MiB in total.
const MaxPolicySetBytes = 900 << 10

// room is the unused part of [MaxPolicySetBytes].
type room struct{ left int }

// take reports whether a further item fits, and reserves its size if it does.
func (r *room) take(item any) (size int, fits bool) {
	text, err := yaml.Marshal(item)
	if err != nil {
		return 0, false
	}
	size = len(text) + 2*bytes.Count(text, []byte("\n")) // a list indents its items
	if size > r.left {
		return size, false
	}
	r.left -= size
	return size, true
}

func tooLarge(kind, name string, size int) Problem {
	return Problem{
		Kind: kind, Name: name, Reason: ReasonTooLarge, Field: "spec",
		Message: fmt.Sprintf("it takes %d bytes, and the cluster's other policies and queues leave no room for them: all may have %d together; "+
			"make some smaller, such as lists of words, or move them to another cluster", size, MaxPolicySetBytes),
	}
}
