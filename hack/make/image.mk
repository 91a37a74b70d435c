# The images, built with docker, podman or buildah, whichever is installed. A release
# pushes them for several architectures.
IMAGE_REGISTRY  ?= ghcr.io/anteroom
IMAGE_BUILDER   ?= $(shell command -v docker || command -v podman || command -v buildah)
IMAGE_PLATFORMS ?= linux/amd64,linux/arm64
IMAGE_ARGS       = --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) $(IMAGE_FLAGS)
OPERATOR_IMAGE   = $(IMAGE_REGISTRY)/anteroom-operator:$(VERSION)
SERVER_IMAGE     = $(IMAGE_REGISTRY)/anteroom-server:$(VERSION)

.PHONY: images push release sbom
images: ## Build both images (IMAGE_REGISTRY=… IMAGE_FLAGS='--build-arg BASE_IMAGE=…')
	@test -n '$(IMAGE_BUILDER)' || { echo 'images: install docker, podman or buildah' >&2; exit 1; }
	$(IMAGE_BUILDER) build $(IMAGE_ARGS) --target manager -t $(OPERATOR_IMAGE) .
	$(IMAGE_BUILDER) build $(IMAGE_ARGS) --target runtime -t $(SERVER_IMAGE) .

push: images ## Build both images and push them (IMAGE_REGISTRY=… VERSION=…)
	$(IMAGE_BUILDER) push $(OPERATOR_IMAGE)
	$(IMAGE_BUILDER) push $(SERVER_IMAGE)

# Images for all platforms under one name each. The build stage runs on this machine's own
# platform and compiles for the others. docker pushes its build directly; podman and
# buildah build a manifest and push it afterwards, unless IMAGE_PUSH is empty.
IMAGE_PUSH ?= yes
define release-image
	@case '$(notdir $(IMAGE_BUILDER))' in \
	docker) set -x; docker buildx build $(IMAGE_ARGS) --platform $(IMAGE_PLATFORMS) $(if $(IMAGE_PUSH),--push) --target $(1) -t $(2) . ;; \
	*) set -x; $(IMAGE_BUILDER) build $(IMAGE_ARGS) --build-arg BUILDPLATFORM=linux/$$($(GO) env GOHOSTARCH) --platform $(IMAGE_PLATFORMS) --target $(1) --manifest $(2) .; \
	   $(if $(IMAGE_PUSH),$(IMAGE_BUILDER) manifest push --all $(2) docker://$(2)) ;; \
	esac
endef

release: sbom ## Build for all platforms and push; bin/*.cdx.json are the bills of material (IMAGE_PUSH= builds only)
	$(call release-image,manager,$(OPERATOR_IMAGE))
	$(call release-image,runtime,$(SERVER_IMAGE))

# The programs' bill of materials in CycloneDX, read from the binaries' own build
# information.
CYCLONEDX_GOMOD_VERSION := v1.10.0
CYCLONEDX_GOMOD := $(TOOLS)/cyclonedx-gomod-$(CYCLONEDX_GOMOD_VERSION)/cyclonedx-gomod

$(CYCLONEDX_GOMOD):
	CGO_ENABLED=0 GOBIN=$(dir $@) $(GO) install -trimpath -ldflags '-s -w' github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_GOMOD_VERSION)

sbom: build $(CYCLONEDX_GOMOD) ## Write bin/*.cdx.json, the bills of material of both programs
	for program in manager server; do $(CYCLONEDX_GOMOD) bin -json -version $(VERSION) -output bin/$$program.cdx.json bin/$$program; done
