.PHONY: golden
golden: ## Rewrite the golden files of the rendered objects
	$(GO) test ./controllers/internal/desired/... -run TestGolden -update
