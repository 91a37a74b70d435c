.PHONY: golden
golden: ## Rewrite the golden files of rendered objects and of make run
	$(GO) test ./controllers/internal/desired/... -run TestGolden -update
	$(GO) test ./hack/local -run TestGolden -update
