# Fuzzing, keyed requests repeated KEYED_ROUNDS times each, and the audit with random seeds for as long as HOURS says. It names the seeds that failed and
# ends with an error; `make faults SEED=…` repeats them. Traces of failed seeds are in bin/audit.
HOURS        ?= 1
KEYED_ROUNDS ?= 200
# How long each fuzz target runs at night.
NIGHTLY_FUZZTIME ?= 2m

.PHONY: nightly
nightly: ## Fuzz each target for NIGHTLY_FUZZTIME (2m), and audit random seeds for HOURS (1); those that failed are named
	$(MAKE) fuzz FUZZTIME=$(NIGHTLY_FUZZTIME)
	@hack/deps/redis.sh
	KEYED_ROUNDS=$(KEYED_ROUNDS) $(GO) test -tags faults -count=1 -timeout 0 -run TestKeyedRequests ./test/faults
	$(GO) test -tags faults -count=1 -timeout 0 -v -run TestAudit ./test/audit -for "$$(awk 'BEGIN { printf "%dm", 60 * $(HOURS) }')" -traces '$(CURDIR)/bin/audit'
