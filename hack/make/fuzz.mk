# Runs every fuzz target in sequence, because go test fuzzes a single target at a time. A
# finding does not stop the remaining targets; it fails the whole run.
FUZZTIME ?= 20s

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZTIME (20s), in sequence
	@git grep -n --untracked -E '^func Fuzz[A-Z]' -- '*_test.go' | sed -E 's|/[^/]*:[0-9]+:func (Fuzz[A-Za-z0-9]*).*| \1|' | { \
	failed=; while read -r package target; do \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s "./$$package" || failed="$$failed $$package.$$target"; \
	done; \
	[ -z "$$failed" ] || { echo "found something:$$failed"; exit 1; }; }
