package report

import (
	"fmt"
	"strings"
)

// Section replaces the text between the markers of a document by body.
func Section(document, begin, end, body string) (string, error) {
	before, rest, found := strings.Cut(document, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", fmt.Errorf("the document has no %s … %s", begin, end)
	}
	return before + begin + "\n" + strings.Trim(body, "\n") + "\n" + end + after, nil
}
