# The suite on a real cluster: test/e2e/cluster. LABELS='rollout || policy' selects
# behaviours; KEEP=1 keeps the cluster running for inspection and for the next run.
.PHONY: e2e cluster-up cluster-down
e2e: ## Run the suite on a real Kubernetes cluster, with clients behind an ingress
	LABELS='$(LABELS)' KEEP='$(KEEP)' hack/cluster/e2e.sh

cluster-up: ## Start a Kubernetes cluster on this machine, and print its shell variables
	@hack/cluster/up

cluster-down: ## End the cluster of cluster-up
	@hack/cluster/down
