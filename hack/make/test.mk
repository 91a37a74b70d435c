# Each test does its own set-up; `make test` only does it first, so that what is
# slow or missing is told before the tests begin.
.PHONY: test test-setup
test-setup: ## Install what the tests need: Redis, Node packages, a browser, helm, the API server's binaries
	@hack/deps/redis.sh
	@hack/deps/node.sh test/e2e runtime/client/typescript runtime/contract/asyncapi
	@hack/deps/chromium.sh
	@hack/deps/helm.sh >/dev/null
	@hack/envtest/assets.sh >/dev/null

test: test-setup ## Run every test with the race detector
	KUBEBUILDER_ASSETS=$$(hack/envtest/assets.sh) $(GO) test -race -timeout 25m ./...
