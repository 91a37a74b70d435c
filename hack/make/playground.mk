# The playground's page, built from web/ and from the TypeScript client, and committed so
# that building a server needs no Node.
PLAYGROUND := runtime/internal/playground
GENERATED += $(PLAYGROUND)/dist

.PHONY: generate-playground
generate: generate-playground
generate-playground:
	@hack/deps/node.sh $(PLAYGROUND)/web
	cd $(PLAYGROUND)/web && npm run --silent build -- --logLevel warn
