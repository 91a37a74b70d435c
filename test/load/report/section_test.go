package report

import "testing"

func TestSection(t *testing.T) {
	const begin, end = "<!-- begin -->", "<!-- end -->"
	for name, tc := range map[string]struct{ document, want string }{
		"replaced": {"a\n<!-- begin -->\nold\n<!-- end -->\nz", "a\n<!-- begin -->\nnew\n<!-- end -->\nz"},
		"filled":   {"<!-- begin --><!-- end -->", "<!-- begin -->\nnew\n<!-- end -->"},
		"no begin": {"a <!-- end -->", ""},
		"no end":   {"<!-- begin --> a", ""},
		"reversed": {"<!-- end --> <!-- begin -->", ""},
	} {
		got, err := Section(tc.document, begin, end, "\nnew\n")
		if got != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}
