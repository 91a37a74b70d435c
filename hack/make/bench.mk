# Anteroom beside what one could run instead: test/load/README.md. BENCH=quick takes
# about two minutes; without it, about ten. BENCH_ONLY='node|anteroom' drives some of
# the targets, BENCH_OUT names the file with the tables.
BENCH      ?= full
BENCH_ONLY ?=
BENCH_BIN  := bin/load
ifeq ($(BENCH),quick)
BENCH_ARGS := -quick -limit 3m
BENCH_OUT  ?= $(BENCH_BIN)/quick.md
else
BENCH_ARGS := -limit 10m
BENCH_OUT  ?= test/load/RESULTS.md
endif

.PHONY: bench bench-build
bench-build:
	@hack/deps/redis.sh
	@hack/deps/node.sh test/load/peers/node
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BENCH_BIN)/manager ./controllers/cmd/manager
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BENCH_BIN)/server ./runtime/cmd/server
	CGO_ENABLED=0 $(GO) build -o $(BENCH_BIN)/load ./test/load
	CGO_ENABLED=0 $(GO) test -c -o $(BENCH_BIN)/engineio.test ./runtime/internal/engineio
	CGO_ENABLED=0 $(GO) test -c -o $(BENCH_BIN)/redisstore.test ./runtime/internal/redisstore
	cd test/load/peers && for peer in bare gws centrifuge; do \
		CGO_ENABLED=0 $(GO) build -trimpath -o $(CURDIR)/$(BENCH_BIN)/peer-$$peer ./$$peer; done

bench: bench-build ## Measure beside Node, centrifuge and gws (BENCH=quick for a short look)
	$(BENCH_BIN)/load -bin $(BENCH_BIN) -out '$(BENCH_OUT)' -only '$(BENCH_ONLY)' $(BENCH_ARGS)
