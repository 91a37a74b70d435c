# Servers and Redis are killed, paused and replaced under clients who check every
# push: test/faults. About two minutes, most of them waiting.
.PHONY: faults
faults: ## Prove that nothing is lost while servers and Redis fail
	@hack/deps/redis.sh
	$(GO) test -tags faults -count=1 -parallel 8 -timeout 10m ./test/faults/...
