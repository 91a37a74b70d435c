# The operator's resource use with 1,000 RealtimeClusters.
.PHONY: bench bench-operator
bench: bench-operator ## Run the benchmarks
bench-operator:
	KUBEBUILDER_ASSETS=$$(hack/envtest/assets.sh) $(GO) test ./controllers/internal/manager -run '^$$' -bench Clusters -benchtime 1x -timeout 40m
