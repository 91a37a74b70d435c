# The programs, and a local cluster on this machine.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
FILE    ?= config/samples/quickstart.yaml
LISTEN  ?= 127.0.0.1:8080
RUN_DIR ?= .run
CLUSTER ?=
# Claims of the dev tokens, such as {"alice": {"skill": 1700}, "*": {"skill": 1500}}.
CLAIMS  ?=
# Address ranges that webhooks may reach in addition to public ones; empty means this
# machine.
WEBHOOKS_TO ?=

.PHONY: build
build: ## Build the operator, the server and the local runner into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/manager ./controllers/cmd/manager
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/server ./runtime/cmd/server
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/anteroom-local ./hack/local

.PHONY: run
run: build ## Run a cluster on this machine (FILE=… LISTEN=… CLAIMS=…), without Kubernetes
	@bin/anteroom-local --file '$(FILE)' --listen '$(LISTEN)' --run-dir '$(RUN_DIR)' --cluster '$(CLUSTER)' --claims '$(CLAIMS)' --webhooks-to '$(WEBHOOKS_TO)' --bin bin
