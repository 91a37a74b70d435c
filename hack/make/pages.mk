# The servers' web pages, built from web/ and from the TypeScript client. The build is
# committed, so that building a server needs no Node.
PAGES := runtime/internal/edge/pages
GENERATED += $(PAGES)/dist

.PHONY: generate-pages
generate: generate-pages
generate-pages:
	@hack/deps/node.sh $(PAGES)/web
	cd $(PAGES)/web && npm run --silent build
