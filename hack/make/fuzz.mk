# Every fuzz target, one after the other: go test fuzzes one at a time. All of them run, and one
# that finds something makes the whole fail.
FUZZTIME ?= 20s

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZTIME (20s), one after the other
	@git grep -n --untracked -E '^func Fuzz[A-Z]' -- '*_test.go' | sed -E 's|/[^/]*:[0-9]+:func (Fuzz[A-Za-z0-9]*).*| \1|' | { \
	failed=; while read -r package target; do \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s "./$$package" || failed="$$failed $$package.$$target"; \
	done; \
	[ -z "$$failed" ] || { echo "found something:$$failed"; exit 1; }; }
