package budget

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheReadmeListsEveryBudget compares the table of the server's README with the budgets.
func TestTheReadmeListsEveryBudget(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range All {
		if row := fmt.Sprintf("| `%s` | %s | %s | %s | %s |", b.Name, b.Meaning, rate(b.Actor), rate(b.Pair), rate(b.Target)); !strings.Contains(string(page), row+"\n") {
			t.Errorf("runtime/README.md has no row\n%s", row)
		}
	}
}

// rate writes a limit as a cell of the table.
func rate(l Limit) string {
	if l.Events == 0 {
		return "–"
	}
	per := strings.TrimSuffix(strings.TrimSuffix(l.Per.String(), "0s"), "m")
	if l.Per < time.Minute {
		return fmt.Sprintf("%d in %.0f s", l.Events, l.Per.Seconds())
	}
	return fmt.Sprintf("%d in %s min", l.Events, per)
}
