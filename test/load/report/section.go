package report

import (
	"fmt"
	"strings"
)

// Section puts body between the markers of a document, in the place of what is there.
func Section(document, begin, end, body string) (string, error) {
	before, rest, found := strings.Cut(document, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", fmt.Errorf("there is no %s … %s", begin, end)
	}
	return before + begin + "\n" + strings.Trim(body, "\n") + "\n" + end + after, nil
}
