# Suites against a real API server need kube-apiserver, etcd and kubectl. They find
# them through KUBEBUILDER_ASSETS; hack/envtest/assets.sh says where they are and
# builds them when they are nowhere.
.PHONY: envtest test-api
envtest: ## Print the line that lets tests find kube-apiserver, etcd and kubectl
	@assets=$$(hack/envtest/assets.sh) && echo "export KUBEBUILDER_ASSETS=$$assets"

test-api: ## Run the API suite only, against a real API server
	KUBEBUILDER_ASSETS=$$(hack/envtest/assets.sh) $(GO) test -race ./api/... ./config/...
