# Every target installs what it needs or says in one line what is missing.
#
# Cargo is asked for the whole workspace, examples included: asking for less
# would switch features of shared crates and build much of the graph again.

LOCKED := $(if $(CI),--locked)
# Once `make dashboard` has built the page, whatever is compiled has it: with and without it in turns, the core would be
# built twice. Asked anew each time, since a target may build the page first.
CARGO_WORKSPACE = --workspace $(LOCKED) $(shell [ ! -f $(DASHBOARD) ] || echo --features libgateway-tests/dashboard)
BUILT := $(or $(CARGO_TARGET_DIR),target)/debug
RELEASED := $(or $(CARGO_TARGET_DIR),target)/release
AIMOCK := tests/aimock/node_modules/.package-lock.json
FUZZ_TARGETS := spool_segment event_stream answer envelope
LITELLM := target/litellm/bin/litellm
SCHEMATHESIS := target/schemathesis/bin/schemathesis
GENAI_PRICES := target/prices/bin/python
NODE_MODULES := node/node_modules/.package-lock.json
NODE_ADDON := node/lib/libgateway.node
ZIG := target/zig/bin/cargo-zigbuild
PYTHON_ENV := target/python/env
PYTHON_BENCH := target/python/bench
PYTHON_MODULE := python/libgateway/_native.abi3.so
DASHBOARD := core/dashboard/dist/index.html.gz
DASHBOARD_SOURCE := $(shell find core/dashboard/src -type f) core/dashboard/build.mjs
DASHBOARD_MODULES := core/dashboard/node_modules/.package-lock.json
BROWSER_MODULES := tests/dashboard/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help fuzz demo test test-crash test-pooler test-memory soak test-upstreams test-openapi check check-fmt clippy deny layers docs package \
	fresh fmt bench bench-analytics bench-c bench-http gen install prices notices

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

demo: ## open a gateway, send calls through it and look at what it kept
	@.ci/need cargo cc
	@cargo build --quiet $(CARGO_WORKSPACE) --example demo
	@$(BUILT)/examples/demo

.PHONY: dashboard demo-dashboard test-dashboard
demo-dashboard: $(DASHBOARD) ## the same, then serve what it kept at /dashboard until interrupted
	@.ci/need cargo cc
	@cargo build --quiet $(CARGO_WORKSPACE) --example demo
	@$(BUILT)/examples/demo --dashboard

dashboard: $(DASHBOARD) ## build the page of the feature `dashboard`, for all that is compiled from then on

test: $(AIMOCK) $(GENAI_PRICES) $(DASHBOARD) ## run every test, on SQLite and on PostgreSQL
	@.ci/need
	.ci/with-postgres cargo test $(CARGO_WORKSPACE) --no-fail-fast
	@$(MAKE) --no-print-directory test-node test-python test-dashboard

.PHONY: test-node node-addon node-package node-release bench-node soak-node
test-node: $(AIMOCK) $(NODE_MODULES) node-addon ## run the tests of the Node package alone
	@.ci/need cargo cc node postgres
	cd node && node --test --test-reporter=dot --test-concurrency=2 --test-timeout=300000 test/*.test.*js

test-dashboard: $(DASHBOARD) $(BROWSER_MODULES) ## run the tests of the dashboard alone, in a browser too
	@.ci/need cargo cc node postgres chromium
	cd core/dashboard && npm run --silent check && npm run --silent test
	cargo build --quiet $(CARGO_WORKSPACE) --example dashboard --example demo
	LIBGATEWAY_TEST_DASHBOARD=$(abspath $(BUILT))/examples/dashboard LIBGATEWAY_TEST_DEMO=$(abspath $(BUILT))/examples/demo \
		node --test --test-reporter=dot tests/dashboard/dashboard.test.mjs

.PHONY: bench-dashboard
bench-dashboard: $(DASHBOARD) $(BROWSER_MODULES) ## measure how soon the dashboard is of use with a million traces
	@.ci/need cargo cc node postgres chromium
	cargo build --quiet --release $(CARGO_WORKSPACE) --example dashboard
	LIBGATEWAY_TEST_DASHBOARD=$(abspath $(RELEASED))/examples/dashboard node tests/dashboard/bench.mjs

# The addon of the workspace's own debug build: a target or features of its own would build the graph again.
node-addon:
	cargo build --quiet $(CARGO_WORKSPACE)
	cp "$$(ls $(BUILT)/liblibgateway_node.so $(BUILT)/liblibgateway_node.dylib 2>/dev/null)" $(NODE_ADDON)

node-package: notices ## pack the Node package for this machine into target/node
	@.ci/need cargo cc node
	cargo build --release --package libgateway-node --features dashboard $(LOCKED)
	node node/scripts/package.js "$$(ls $(RELEASED)/liblibgateway_node.so $(RELEASED)/liblibgateway_node.dylib 2>/dev/null)" target/node

node-release: $(ZIG) notices ## pack the Node package for Linux on x64, from glibc 2.17 on
	@.ci/need cargo cc python3 node
	PATH="$(abspath $(dir $(ZIG))):$$PATH" cargo zigbuild --release --package libgateway-node --features dashboard --target x86_64-unknown-linux-gnu.2.17 $(LOCKED)
	node node/scripts/package.js $(dir $(RELEASED))x86_64-unknown-linux-gnu/release/liblibgateway_node.so target/node x86_64-unknown-linux-gnu

bench-node: $(NODE_MODULES) node-released ## measure what the gateway costs in Node, beside fetch and the OpenAI SDK
	cd node && node bench/bench.js $(abspath $(RELEASED))/upstream

soak-node: $(NODE_MODULES) node-released ## make 200,000 calls from Node, and look for what they leave in memory
	cd node && node --expose-gc bench/soak.js $(abspath $(RELEASED))/upstream

.PHONY: node-released
node-released:
	@.ci/need cargo cc node
	cargo build --release --package libgateway-node --package upstream $(LOCKED)
	cp "$$(ls $(RELEASED)/liblibgateway_node.so $(RELEASED)/liblibgateway_node.dylib 2>/dev/null)" $(NODE_ADDON)

.PHONY: test-python python-module
test-python: $(AIMOCK) $(PYTHON_ENV)/installed python-module ## run the tests of the Python package alone
	@.ci/need cargo cc python3 postgres
	.ci/with-postgres $(PYTHON_ENV)/bin/python -m pytest --quiet --config-file python/pyproject.toml python/tests

.PHONY: soak-python
soak-python: $(PYTHON_ENV)/installed python-module ## make 200,000 calls from Python, and look whether the process grows
	PYTHONPATH=python $(PYTHON_ENV)/bin/python python/tests/soak.py

.PHONY: wheel wheel-release test-wheel bench-python
wheel: $(DASHBOARD) $(PYTHON_ENV)/installed notices ## pack the Python package for this machine, and its source, into target/python/wheels
	@.ci/need cargo cc python3
	rm -rf target/python/wheels && cp target/THIRD-PARTY-NOTICES.md python/
	$(PYTHON_ENV)/bin/maturin sdist --manifest-path python/Cargo.toml --out target/python/wheels
	$(PYTHON_ENV)/bin/maturin build --quiet --release $(LOCKED) --manifest-path python/Cargo.toml --out target/python/wheels

wheel-release: $(DASHBOARD) $(ZIG) $(PYTHON_ENV)/installed notices ## pack the Python package for Linux on x64, from glibc 2.17 on
	@.ci/need cargo cc python3
	rm -rf target/python/wheels && cp target/THIRD-PARTY-NOTICES.md python/
	$(PYTHON_ENV)/bin/maturin sdist --manifest-path python/Cargo.toml --out target/python/wheels
	PATH="$(abspath $(dir $(ZIG))):$$PATH" $(PYTHON_ENV)/bin/maturin build --quiet --release $(LOCKED) --zig \
		--compatibility manylinux2014 --target x86_64-unknown-linux-gnu --manifest-path python/Cargo.toml --out target/python/wheels

test-wheel: wheel ## install the wheel where there is nothing else, and run README's examples with it
	$(PYTHON_ENV)/bin/python python/tests/handed_out.py target/python/wheels

bench-python: $(PYTHON_BENCH)/installed wheel ## measure what the gateway costs in Python, beside httpx, openai, tensorzero and others
	cargo build --release --package upstream $(LOCKED)
	$(PYTHON_BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps target/python/wheels/*.whl
	$(PYTHON_BENCH)/bin/python python/benches/bench.py $(abspath $(RELEASED))/upstream

# The module of the workspace's own debug build, beside the package's Python.
python-module:
	cargo build --quiet $(CARGO_WORKSPACE)
	ln -sf "$$(ls $(abspath $(BUILT))/lib_native.so $(abspath $(BUILT))/lib_native.dylib 2>/dev/null)" $(PYTHON_MODULE)

test-crash: ## kill a working process 300 times on each database, and look for what is lost
	@.ci/need cargo cc postgres
	LIBGATEWAY_TEST_CRASHES=300 .ci/with-postgres cargo test $(CARGO_WORKSPACE) --test crash

test-pooler: ## run the tests of the store behind PgBouncer in transaction mode
	@.ci/need cargo cc postgres pgbouncer
	# The pooler lets in no role that a test makes.
	.ci/with-pgbouncer cargo test $(CARGO_WORKSPACE) --lib store::tests -- --skip a_role_that_may_not_create

soak: ## make a million requests while things break, and some on PostgreSQL, and look for what is lost and what grows
	@.ci/need cargo cc postgres
	LIBGATEWAY_TEST_SOAK=1000000 cargo test --release $(CARGO_WORKSPACE) --test faults behind_on_sqlite -- --nocapture
	LIBGATEWAY_TEST_SOAK=200000 .ci/with-postgres cargo test --release $(CARGO_WORKSPACE) --test faults behind_on_postgres -- --nocapture

test-memory: ## run the C tests with AddressSanitizer in the library, too (nightly), and as often as promised
	@.ci/need cargo cc c-tests postgres
	.ci/test-memory

fuzz: ## feed the readers of foreign bytes what a fuzzer makes up, FUZZ_SECONDS (60) each
	@.ci/need cargo cc fuzz
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p target/fuzz/$$target; \
		cargo +nightly fuzz run --fuzz-dir tests/fuzz $$target target/fuzz/$$target tests/fuzz/corpus/$$target -- \
			-max_total_time=$(or $(FUZZ_SECONDS),60) -max_len=4096 || exit 1; \
	done

test-upstreams: $(LITELLM) ## run the tests against LiteLLM's proxy, which takes minutes to install
	@.ci/need cargo cc python3 postgres
	LIBGATEWAY_TEST_LITELLM=$(abspath $(LITELLM)) cargo test $(CARGO_WORKSPACE) --test litellm

test-openapi: $(SCHEMATHESIS) ## send what the OpenAPI document allows, and what it does not, and look at the answers
	@.ci/need cargo cc python3
	LIBGATEWAY_TEST_SCHEMATHESIS=$(abspath $(SCHEMATHESIS)) cargo test $(CARGO_WORKSPACE) --test openapi

check: check-fmt clippy deny layers docs package ## check all that is not a test: form, lints, licences, layers, docs, package

check-fmt: ## check the form of the code
	@.ci/need cargo
	cargo fmt --all --check

clippy: ## run the lints, warnings being errors
	@.ci/need cargo cc
	cargo clippy $(CARGO_WORKSPACE) --all-targets -- -D warnings

deny: ## check what may be linked: bans, licences, sources
	@.ci/need cargo python3
	.ci/deny

layers: ## check that no module imports from a higher layer
	@.ci/need cargo cc
	cargo test --quiet $(CARGO_WORKSPACE) --test layers

docs: ## build the documentation, warnings being errors
	@.ci/need cargo cc
	RUSTDOCFLAGS="-D warnings" cargo doc $(CARGO_WORKSPACE) --no-deps --lib --examples

package: $(DASHBOARD) ## pack the crate with its page and compile what was packed, by itself
	@.ci/need cargo cc
	cargo package --quiet --package libgateway --features dashboard --allow-dirty $(LOCKED)

fresh: ## check that the generated files are up to date
	@.ci/need cargo cc
	cargo test --quiet $(CARGO_WORKSPACE) --test generated

fmt: ## format the code
	@.ci/need cargo
	cargo fmt --all

bench: ## measure the promises about speed, beside their reference programs
	@.ci/need cargo cc postgres
	cargo bench $(CARGO_WORKSPACE) --bench gateway
	.ci/with-postgres cargo test --release $(CARGO_WORKSPACE) --lib written_as_fast -- --ignored --nocapture

bench-http: ## measure what HTTP through `serve` costs beside a bare proxy of axum's
	@.ci/need cargo cc
	cargo bench $(CARGO_WORKSPACE) --bench gateway -- http

bench-c: ## measure what a call through C costs beside the same call in Rust
	@.ci/need cargo cc
	cargo bench $(CARGO_WORKSPACE) --bench c
bench-analytics: ## measure what answers about many traces cost, and what rollups cost writers (TRACES=10000000)
	@.ci/need cargo cc postgres
	.ci/with-postgres cargo bench $(CARGO_WORKSPACE) --bench analytics -- $(TRACES)
	.ci/with-postgres cargo test --release $(CARGO_WORKSPACE) --lib written_with_rollups -- --ignored --nocapture

install: ## install the C library; PREFIX (/usr/local), DESTDIR and LIBDIR (lib) say where
	@.ci/need cargo cc
	cargo build --release --package libgateway-ffi $(LOCKED)
	PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) LIBDIR=$(LIBDIR) ffi/install $(or $(CARGO_TARGET_DIR),target)/release/libgateway.so

gen: ## write the generated files anew
	@.ci/need cargo cc python3
	UPDATE_GENERATED=1 cargo test --quiet $(CARGO_WORKSPACE) --test generated
	UPDATE_GENERATED=1 cargo test --quiet $(CARGO_WORKSPACE) --test c exactly_the_functions
	python3 python/tools/generate.py
	node node/scripts/data-types.js

prices: $(GENAI_PRICES) ## write the bundled table of prices anew
	$< tests/prices/convert.py > core/src/pricing/prices.jsonl

notices: $(DASHBOARD) ## write target/THIRD-PARTY-NOTICES.md
	@.ci/need cargo python3
	python3 .ci/notices.py

$(AIMOCK): tests/aimock/package-lock.json
	@.ci/need node
	npm ci --silent --prefix tests/aimock
	@touch $@

$(NODE_MODULES): node/package-lock.json
	@.ci/need node
	npm ci --silent --prefix node
	@touch $@

$(PYTHON_ENV)/installed: python/tests/requirements.txt
$(PYTHON_BENCH)/installed: python/benches/requirements.txt
$(PYTHON_ENV)/installed $(PYTHON_BENCH)/installed:
	@.ci/need python3
	python3 -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(ZIG): node/zig-requirements.txt
	@.ci/need python3
	python3 -m venv --clear target/zig
	target/zig/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(DASHBOARD): $(DASHBOARD_SOURCE) $(DASHBOARD_MODULES)
	@.ci/need node
	node core/dashboard/build.mjs

$(DASHBOARD_MODULES): core/dashboard/package-lock.json
	@.ci/need node
	npm ci --silent --prefix core/dashboard
	@touch $@

$(BROWSER_MODULES): tests/dashboard/package-lock.json
	@.ci/need node
	npm ci --silent --prefix tests/dashboard
	@touch $@

$(LITELLM): tests/litellm/requirements.txt
	@.ci/need python3
	python3 -m venv --clear target/litellm
	target/litellm/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(SCHEMATHESIS): tests/schemathesis/requirements.txt
	@.ci/need python3
	python3 -m venv --clear target/schemathesis
	target/schemathesis/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(GENAI_PRICES): tests/prices/requirements.txt
	@.ci/need python3
	python3 -m venv --clear target/prices
	$@ -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
