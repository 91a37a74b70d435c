# What the operator costs with 1,000 RealtimeClusters.
.PHONY: bench bench-operator
bench: bench-operator ## Measure
bench-operator:
	KUBEBUILDER_ASSETS=$$(hack/envtest/assets.sh) $(GO) test ./controllers/internal/operator -run '^$$' -bench Clusters -benchtime 1x -timeout 40m
