# The suite on a real cluster: test/e2e/cluster. LABELS='rollout || policy' picks behaviours;
# KEEP=1 leaves the cluster up for a look, and for the next run.
.PHONY: e2e cluster-up cluster-down
e2e: ## Prove it on a real Kubernetes cluster, with clients behind an ingress
	LABELS='$(LABELS)' KEEP='$(KEEP)' hack/cluster/e2e.sh

cluster-up: ## Start a Kubernetes cluster on this machine, and print how to reach it
	@hack/cluster/up

cluster-down: ## End it
	@hack/cluster/down
