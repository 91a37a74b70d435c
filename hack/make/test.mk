# Each test sets itself up; `make test` runs the set-up first, so that slow or missing
# tools show before the tests begin.
.PHONY: test test-setup
test-setup: ## Install the requirements of the tests: Redis, Node packages, a browser, helm, the API server's binaries
	@hack/deps/redis.sh
	@hack/deps/node.sh test/e2e runtime/client/typescript runtime/contract/asyncapi
	@hack/deps/chromium.sh
	@hack/deps/helm.sh >/dev/null
	@hack/envtest/assets.sh >/dev/null

test: test-setup ## Run every test with the race detector
	KUBEBUILDER_ASSETS=$$(hack/envtest/assets.sh) $(GO) test -race -timeout 25m ./...
