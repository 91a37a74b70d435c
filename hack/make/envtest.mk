# Suites against a real API server need kube-apiserver, etcd and kubectl. They find them
# through KUBEBUILDER_ASSETS; hack/envtest/assets.sh prints the folder and builds missing
# programs.
.PHONY: envtest test-api
envtest: ## Print the variable with the folder of kube-apiserver, etcd and kubectl
	@assets=$$(hack/envtest/assets.sh) && echo "export KUBEBUILDER_ASSETS=$$assets"

test-api: ## Run the API suite only, against a real API server
	KUBEBUILDER_ASSETS=$$(hack/envtest/assets.sh) $(GO) test -race ./api/... ./config/...
