# Fuzzing, keyed requests repeated KEYED_ROUNDS times each, and the audit with random
# seeds for HOURS hours. Prints the failed seeds and exits with an error; `make faults
# SEED=…` repeats them. Traces of failed seeds are in bin/audit.
HOURS        ?= 1
KEYED_ROUNDS ?= 200
# The duration of each fuzz target at night.
NIGHTLY_FUZZTIME ?= 2m

.PHONY: nightly
nightly: ## Fuzz each target for NIGHTLY_FUZZTIME (2m), and audit random seeds for HOURS (1); prints the failed seeds
	$(MAKE) fuzz FUZZTIME=$(NIGHTLY_FUZZTIME)
	@hack/deps/redis.sh
	KEYED_ROUNDS=$(KEYED_ROUNDS) $(GO) test -tags faults -count=1 -timeout 0 -run TestKeyedRequests ./test/faults
	$(GO) test -tags faults -count=1 -timeout 0 -v -run TestAudit ./test/audit -for "$$(awk 'BEGIN { printf "%dm", 60 * $(HOURS) }')" -traces '$(CURDIR)/bin/audit'
