.PHONY: golden
golden: ## Rewrite the golden files of what the operator renders
	$(GO) test ./controllers/internal/desired/... -run TestGolden -update
