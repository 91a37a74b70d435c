# The images. They are built with whatever of docker, podman and buildah is here, and a
# release pushes them for several architectures.
IMAGE_REGISTRY  ?= ghcr.io/anteroom
IMAGE_BUILDER   ?= $(shell command -v docker || command -v podman || command -v buildah)
IMAGE_PLATFORMS ?= linux/amd64,linux/arm64
IMAGE_ARGS       = --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) $(IMAGE_FLAGS)

.PHONY: images release sbom
images: ## Build both images (IMAGE_REGISTRY=… IMAGE_FLAGS='--build-arg BASE_IMAGE=…')
	@test -n '$(IMAGE_BUILDER)' || { echo 'images: install docker, podman or buildah' >&2; exit 1; }
	$(IMAGE_BUILDER) build $(IMAGE_ARGS) --target manager -t $(IMAGE_REGISTRY)/anteroom-operator:$(VERSION) .
	$(IMAGE_BUILDER) build $(IMAGE_ARGS) --target runtime -t $(IMAGE_REGISTRY)/anteroom-server:$(VERSION) .

release: sbom ## Build for all platforms and push, with docker buildx; attach the SBOMs to the release
	docker buildx build $(IMAGE_ARGS) --platform $(IMAGE_PLATFORMS) --push --target manager -t $(IMAGE_REGISTRY)/anteroom-operator:$(VERSION) .
	docker buildx build $(IMAGE_ARGS) --platform $(IMAGE_PLATFORMS) --push --target runtime -t $(IMAGE_REGISTRY)/anteroom-server:$(VERSION) .

# What the programs are made of, in CycloneDX, read from the binaries' own build information.
sbom: build ## Write bin/*.cdx.json, the bills of material of both programs
	@mkdir -p $(TOOLS)
	GOBIN=$(TOOLS) CGO_ENABLED=0 $(GO) install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.9.0
	$(TOOLS)/cyclonedx-gomod bin -json -version $(VERSION) -output bin/manager.cdx.json bin/manager
	$(TOOLS)/cyclonedx-gomod bin -json -version $(VERSION) -output bin/server.cdx.json bin/server
