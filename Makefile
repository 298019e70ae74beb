# Two commands on a fresh machine with Rust and make: `make demo` and `make test`.

.DEFAULT_GOAL := help
.PHONY: help setup demo test build fmt lint docs report deny

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

setup: ## install what the build needs
	@scripts/setup.sh

demo: ## build, generate a fleet, plan it, check the plan
	@scripts/demo.sh

test: ## run every check
	@scripts/test.sh

build: setup ## build the optimized binary, target/release/lessor
	cargo build --release --workspace

fmt: ## format the code
	cargo fmt --all

lint: setup ## run clippy as the tests do
	cargo clippy --release --workspace --all-targets -- -D warnings

docs: ## run the examples in the documents (needs a build)
	@scripts/check-docs.sh

report: ## check the report of the demo in a headless browser; the picture is out/report.png (needs Chromium)
	@scripts/check-report.sh out/plan/report.html out/report.png

deny: ## check the licenses and sources of dependencies (needs cargo-deny)
	@scripts/deny.sh

