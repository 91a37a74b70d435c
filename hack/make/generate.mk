# Everything that is generated is committed; check-generated proves that it is current.
CONTROLLER_GEN_VERSION := v0.23.0
CONTROLLER_GEN := $(TOOLS)/controller-gen-$(CONTROLLER_GEN_VERSION)/controller-gen

$(CONTROLLER_GEN):
	@echo "building controller-gen $(CONTROLLER_GEN_VERSION) (once)" >&2
	CGO_ENABLED=0 GOBIN=$(dir $@) $(GO) install -trimpath -ldflags '-s -w' sigs.k8s.io/controller-tools/cmd/controller-gen@$(CONTROLLER_GEN_VERSION)

GENERATED := api/v1alpha1/zz_generated.deepcopy.go config/crd/bases api/README.md

.PHONY: generate check-generated
generate: $(CONTROLLER_GEN) ## Generate deepcopy functions, CRDs and the field reference
	$(CONTROLLER_GEN) object paths=./api/v1alpha1/...
	rm -f config/crd/bases/*.yaml
	$(CONTROLLER_GEN) crd paths=./api/v1alpha1/... output:crd:dir=config/crd/bases
	$(GO) run ./hack/apidocs config/crd/bases >api/README.md

check-generated: generate ## Fail when generated files are not the ones committed
	@changes=$$(git status --porcelain -- $(GENERATED)); \
	if [ -n "$$changes" ]; then \
		git --no-pager diff -- $(GENERATED); \
		echo "generated files are not current:" >&2; echo "$$changes" >&2; \
		echo "run 'make generate' and commit the result" >&2; exit 1; \
	fi
