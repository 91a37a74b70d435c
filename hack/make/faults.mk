# Servers and Redis are killed, paused and replaced under clients that check every push.
# test/faults takes about two minutes, and the audit of a few fixed seeds two more.
# SEED=7,8 runs only those seeds of the audit.
SEED ?=

.PHONY: faults
faults: ## Check that no data is lost while servers and Redis fail; SEED=… runs only those seeds of the audit
	@hack/deps/redis.sh
ifeq ($(SEED),)
	$(GO) test -tags faults -count=1 -parallel 8 -timeout 10m ./test/faults/...
	$(GO) test -tags faults -count=1 -timeout 10m -run TestAudit ./test/audit
else
	$(GO) test -tags faults -count=1 -timeout 0 -v -run TestAudit ./test/audit -seeds '$(SEED)' -traces '$(CURDIR)/bin/audit'
endif
