# Generated files are committed; check-generated verifies that they are current. Another
# makefile joins with `generate: generate-x` and `GENERATED += paths`.
CONTROLLER_GEN_VERSION := v0.23.0
CONTROLLER_GEN := $(TOOLS)/controller-gen-$(CONTROLLER_GEN_VERSION)/controller-gen

$(CONTROLLER_GEN):
	@echo "building controller-gen $(CONTROLLER_GEN_VERSION) (once)" >&2
	CGO_ENABLED=0 GOBIN=$(dir $@) $(GO) install -trimpath -ldflags '-s -w' sigs.k8s.io/controller-tools/cmd/controller-gen@$(CONTROLLER_GEN_VERSION)

GENERATED += api/v1alpha1/zz_generated.deepcopy.go config/crd/bases api/README.md
GENERATED += runtime/client/typescript/src/wire.ts runtime/contract/schema.json runtime/contract/asyncapi.json runtime/README.md

.PHONY: generate generate-api generate-contract check-generated
generate: generate-api generate-contract ## Write all generated files: deepcopy, CRDs, api/README.md, the client contract

generate-api: $(CONTROLLER_GEN)
	$(CONTROLLER_GEN) object paths=./api/v1alpha1/...
	$(CONTROLLER_GEN) crd paths=./api/v1alpha1/... output:crd:dir=config/crd/bases
	$(GO) run ./hack/apidocs -crds config/crd/bases -out api/README.md

# The chart copies files of config, and its README is generated from its values.
GENERATED += charts/anteroom/files/crds charts/anteroom/files/rbac charts/anteroom/README.md
.PHONY: generate-chart
generate: generate-chart
generate-chart: generate-api generate-rbac
	mkdir -p charts/anteroom/files/crds charts/anteroom/files/rbac
	cp config/crd/bases/*.yaml charts/anteroom/files/crds/
	cp config/rbac/role.yaml config/rbac/namespace_role.yaml config/rbac/metrics_reader.yaml config/rbac/user_*.yaml charts/anteroom/files/rbac/
	$(GO) run ./hack/chartdocs -chart charts/anteroom

generate-contract:
	$(GO) run ./hack/contract

# Compares checksums before and after, so that uncommitted changes are allowed; an
# untracked file would be missing from a clone.
generated-sums = git ls-files -z -co --exclude-standard -- $(GENERATED) | xargs -0 sha256sum

check-generated: ## Fail when generated files are not current
	@before=$$($(generated-sums)) && $(MAKE) --no-print-directory generate >/dev/null && \
	after=$$($(generated-sums)) && untracked=$$(git ls-files -o --exclude-standard -- $(GENERATED)) && \
	if [ "$$before" != "$$after" ]; then \
		diff <(echo "$$before") <(echo "$$after") | sed -n 's/^> [0-9a-f]* */not current: /p' >&2; \
		echo "these files were regenerated: review them (git diff) and commit them" >&2; exit 1; \
	elif [ -n "$$untracked" ]; then \
		echo "not committed: $$untracked" >&2; exit 1; \
	fi
