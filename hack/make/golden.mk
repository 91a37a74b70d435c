.PHONY: golden
golden: ## Rewrite the golden files of rendered objects, generators and make run
	$(GO) test ./controllers/internal/desired/... -run TestGolden -update
	$(GO) test ./hack/apidocs -run TestGolden -update
	$(GO) test ./hack/contract -run TestGolden -update
	$(GO) test ./hack/local -run TestGolden -update
