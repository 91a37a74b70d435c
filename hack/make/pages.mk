# The pages that servers show, built from web/ and from the TypeScript client, and
# committed so that building a server needs no Node.
PAGES := runtime/internal/edge/pages
GENERATED += $(PAGES)/dist

.PHONY: generate-pages
generate: generate-pages
generate-pages:
	@hack/deps/node.sh $(PAGES)/web
	cd $(PAGES)/web && npm run --silent build
