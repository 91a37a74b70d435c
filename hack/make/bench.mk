# Anteroom compared with alternatives: test/load/README.md. BENCH=quick takes about two
# minutes; the full run takes about twelve and writes the main table into README.md.
# BENCH_ONLY='node|anteroom' selects targets ("matching" is matchmaking, "search" is lobby
# search); BENCH_OUT names the file for the tables.
BENCH      ?= full
BENCH_ONLY ?=
BENCH_BIN  := bin/load
ifeq ($(BENCH),quick)
BENCH_ARGS := -quick -limit 3m
BENCH_OUT  ?= $(BENCH_BIN)/quick.md
else
BENCH_ARGS := -limit 12m -readme README.md
BENCH_OUT  ?= test/load/RESULTS.md
endif

.PHONY: bench bench-build
bench-build:
	@hack/deps/redis.sh
	@hack/deps/node.sh test/load/peers/node
	$(GO) build -o $(BENCH_BIN)/ ./controllers/cmd/manager ./runtime/cmd/server ./test/load
	$(GO) test -c -o $(BENCH_BIN)/engineio.test ./runtime/internal/edge/engineio
	$(GO) test -c -o $(BENCH_BIN)/redisstore.test ./runtime/internal/infra/redisstore
	$(GO) test -c -o $(BENCH_BIN)/matching.test ./runtime/internal/domain/matchmaking/matching
	$(GO) test -c -o $(BENCH_BIN)/app.test ./runtime/internal/app
	cd test/load/peers && for peer in bare gws centrifuge; do \
		$(GO) build -o $(CURDIR)/$(BENCH_BIN)/peer-$$peer ./$$peer; done

.PHONY: bench-load
bench: bench-load
bench-load: bench-build ## Compare with Node, centrifuge and gws (BENCH=quick for a short run)
	$(BENCH_BIN)/load -bin $(BENCH_BIN) -out '$(BENCH_OUT)' -only '$(BENCH_ONLY)' $(BENCH_ARGS)
