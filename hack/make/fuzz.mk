# Every fuzz target, one after the other: go test fuzzes one at a time.
FUZZTIME ?= 20s

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZTIME (20s), one after the other
	@git grep -n --untracked -E '^func Fuzz[A-Z]' -- '*_test.go' | sed -E 's|/[^/]*:[0-9]+:func (Fuzz[A-Za-z0-9]*).*| \1|' | \
	while read -r package target; do \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "./$$package"; \
	done
