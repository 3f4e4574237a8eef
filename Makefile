# fedhelm. `make help` lists the targets; `make demo` and `make test` are all a newcomer needs.
SHELL := /bin/bash -o pipefail
.DEFAULT_GOAL := help

# One set of flags for every Go command, so that the product, the tests and the test bed's Kubernetes share one build cache.
export CGO_ENABLED := 0
export GOFLAGS := -trimpath -buildvcs=false

VERSION := $(shell sed -n 's/^appVersion: *"\{0,1\}\([^"]*\)"\{0,1\}/\1/p' Chart.yaml)
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
VERSION_PKG := github.com/fedhelm/fedhelm/pkg/version
LDFLAGS := -s -w -X $(VERSION_PKG).version=$(VERSION) -X $(VERSION_PKG).commit=$(COMMIT)
BINARIES := fedhelm federation-hook federation-controller-manager federation-auth-proxy federation-health-proxy federation-start

# The tools that check and generate are pinned in a Go module of their own.
TOOL := go tool -modfile=$(CURDIR)/ci/tools/go.mod
TESTBED := cd ci/testbed && go run .
MEMBERS ?= 2
# Whether members' nodes are real: MEMBER_KINDS=real,simulated
MEMBER_KINDS ?=
# Members of older versions of Kubernetes: VERSIONS=erebor=1.35,lindon=1.34
VERSIONS ?=
UP_ARGS = --members $(MEMBERS) $(addprefix --member-kinds=,$(MEMBER_KINDS)) $(addprefix --member-versions=,$(VERSIONS))
export FEDHELM_TESTBED ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/fedhelm/state
TESTBED_KUBECONFIG := $(FEDHELM_TESTBED)/kubeconfig

##@ Start here
.PHONY: help demo test
help: ## List the targets
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*##/ {printf "  %-18s %s\n", $$1, $$2}' Makefile

demo: build ## Bring up real clusters and a federation in them (or use yours: CONTEXT=host IMAGE=ours [MEMBER_CONTEXTS=a,b])
	@ci/demo.sh "$(CONTEXT)" "$(MEMBER_CONTEXTS)" "$(IMAGE)"

test: ## Run every tier: lint, unit, chart, integration, e2e; a summary says how each went
	@ci/tiers.sh lint unit chart integration e2e

##@ Build
.PHONY: build image clean
build: ## Build all binaries into bin/
	@mkdir -p bin
	go build -ldflags '$(LDFLAGS)' -o bin/ $(addprefix ./cmd/,$(BINARIES))

image: ## Pack our image as an OCI archive, ARCHIVE=bin/fedhelm-image.tar
	@mkdir -p bin
	archive=$$($(TESTBED) images --product) && cp "$$archive" "$(or $(ARCHIVE),bin/fedhelm-image.tar)"

clean: ## Remove what was built here (the test bed's state: make testbed-down; its cache: make testbed-purge)
	rm -rf bin

##@ Test tiers
.PHONY: test-unit test-race test-chart test-integration test-e2e test-e2e-long test-versions fuzz bench bench-init bench-join bench-propagation bench-dns
test-unit: ## Unit tests: no cluster, no network, no root
	go test $(shell go list ./... | grep -v -e '^github.com/fedhelm/fedhelm$$')
	cd ci/testbed && go test ./...
	$(MAKE) --no-print-directory test-race

# What runs concurrently is tested under the race detector, which needs cgo and so a build of its own.
RACE_PACKAGES := ./hooks/... ./pkg/pki/... ./pkg/authproxy/... ./pkg/healthproxy/... ./cmd/federation-auth-proxy/... ./cmd/federation-health-proxy/... ./cmd/federation-start/... ./cmd/federation-controller-manager/... ./pkg/held/... ./pkg/reload/... ./pkg/httpserver/... ./pkg/progress/... ./pkg/kubeconfig/... ./pkg/federation/... ./pkg/setup/... ./pkg/join/... ./pkg/members/... ./pkg/controllers/... ./pkg/check/... ./pkg/memberdns/... ./pkg/dial/... ./pkg/delivery/... ./pkg/ledger/... ./pkg/endpoints/... ./pkg/dns/configured/... ./pkg/dns/inmemory/... ./pkg/dns/keeper/... ./pkg/testutil/fakeapi/... ./ci/bench/...
test-race: ## The packages with concurrency in them, under the race detector (takes a C compiler, which root installs)
	@ci/cc.sh
	CGO_ENABLED=1 go test -race $(RACE_PACKAGES)

test-chart: ## The chart: golden renders, schema negatives, security levels
	go test .

INTEGRATION_PACKAGES = $(shell grep -rl '^//go:build integration' --include='*_test.go' cmd hooks pkg | xargs -n 1 dirname | sort -u | sed 's,^,./,')
# With MEMBER_VERSION, the tests of packages that work in members have members of that older minor version.
WITH_MEMBERS = $(shell grep -rl 'apiserver.StartMember' --include='*_test.go' cmd hooks pkg | xargs -n 1 dirname | sort -u | sed 's,^,./,')
test-integration: bind ## Against real servers: etcd, kube-apiserver, CoreDNS (built when missing), BIND (installed by root); MEMBER_VERSION=1.35: older members
	bin=$$($(TESTBED) build --only etcd,kube-apiserver,kubectl,coredns --print-dir) && \
	member=$(if $(MEMBER_VERSION),$$($(TESTBED) build --kubernetes $(MEMBER_VERSION) --only kube-apiserver --print-dir)) && \
	FEDHELM_TEST_BIN="$$bin" FEDHELM_TEST_MEMBER_BIN="$$member" go test -tags integration -run Integration $(if $(MEMBER_VERSION),$(WITH_MEMBERS),$(INTEGRATION_PACKAGES))

# Before anything that takes long: tests fail without it.
.PHONY: bind
bind:
	@ci/bind.sh

# What runs against the test bed finds its clusters, its programs and ours.
ON_TESTBED = bin=$$($(TESTBED) build --print-dir) && \
	PATH="$$bin:$$PATH" FEDHELM_BIN="$(CURDIR)/bin" FEDHELM_E2E_KUBECONFIG="$(TESTBED_KUBECONFIG)"

test-e2e test-e2e-long test-versions: MEMBER_KINDS = real,simulated,simulated,real
test-e2e test-e2e-long: MEMBERS = 4
test-e2e: bind build ## End to end on the test bed's real clusters, but for tests that take many minutes each
	@ci/e2e.sh $(UP_ARGS) -- -timeout 60m -short

test-e2e-long: bind build ## All of that tier: members lost in every way, controller managers killed twenty times
	@ci/e2e.sh $(UP_ARGS) -- -timeout 90m

# Apart from the others, because each version's API server takes minutes to compile.
test-versions: MEMBERS = 6
test-versions: VERSIONS = erebor=1.35,lindon=1.34
test-versions: build ## Members one and two minor versions older than the federation API: integration and end to end
	$(MAKE) --no-print-directory test-integration MEMBER_VERSION=1.35
	$(MAKE) --no-print-directory test-integration MEMBER_VERSION=1.34
	@FEDHELM_E2E_OLDER="$(VERSIONS)" ci/e2e.sh $(UP_ARGS) -- -timeout 40m -run '^TestOlderMembers$$'

FUZZTIME ?= 30s
fuzz: ## Run every fuzz target for FUZZTIME (30s)
	@ci/fuzz.sh $(FUZZTIME)

bench: bench-init bench-join bench-propagation bench-dns ## Every benchmark

bench-init: build testbed-up ## fedhelm init to a usable context, beside the floor: a bare etcd and kube-apiserver
	$(ON_TESTBED) go run ./ci/bench init

bench-join: build testbed-up ## A Cluster's registration to its first Ready, and fedhelm join step by step, beside the floor
	$(ON_TESTBED) go run ./ci/bench join

# All of it takes the better part of an hour; BENCH="cold --objects=1000 --runs=1" is a part of it.
bench-propagation: BENCH ?= --objects=1000,5000 --growth-members=2,10,100,1000 --growth-objects=1000,10000,50000
bench-propagation: MEMBERS = 3
bench-propagation: build testbed-up ## How fast objects come into members, beside the floor: a client-go program that applies the same objects
	$(ON_TESTBED) go run ./ci/bench propagation $(BENCH)

# BENCH="flip --services=100" is a part of it.
bench-dns: build testbed-up ## How Services get names and names follow members, in a real CoreDNS, beside the floor: the records straight to etcd
	$(ON_TESTBED) FEDHELM_TEST_BIN="$$bin" go run ./ci/bench dns $(BENCH)

##@ Test bed: real Kubernetes on this machine (needs root)
.PHONY: testbed-up testbed-down testbed-load testbed-status testbed-build testbed-purge
testbed-build: ## Build Kubernetes, etcd and CoreDNS from their Go modules (cached)
	$(TESTBED) build

testbed-up: ## Bring up the host cluster and MEMBERS=2 member clusters, of VERSIONS=rohan=1.35; repairs what is there
	$(TESTBED) up $(UP_ARGS)

testbed-load: ## Rebuild our image and load it into the running clusters
	$(TESTBED) load

testbed-status: ## What runs, and what memory it takes
	$(TESTBED) status

testbed-down: ## Take everything away again
	$(TESTBED) down

testbed-purge: testbed-down ## Take it away, with the built binaries and images
	rm -rf "$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/fedhelm"

##@ Checks and generated files
.PHONY: lint fmt generate golden chart-deps chart-lint chart-docs verify
lint: chart-lint ## Static checks: Go, workflows, charts, generated files up to date
	$(TOOL) golangci-lint run --build-tags integration,e2e ./...
	cd ci/testbed && $(TOOL) golangci-lint run --config $(CURDIR)/.golangci.yml ./...
	$(TOOL) actionlint
	$(MAKE) --no-print-directory verify

fmt: ## Format the Go code
	$(TOOL) golangci-lint fmt ./...

generate: ## Regenerate deep copies, CRDs and the charts' READMEs
	$(TOOL) controller-gen object crd:crdVersions=v1 paths=./pkg/apis/... output:crd:dir=pkg/apis/federation/v1beta1/crds
	$(MAKE) --no-print-directory chart-docs

golden: ## Rewrite the golden files (look at the diff)
	go test . ./cmd/fedhelm ./pkg/shape -args -update

chart-deps: ## Rewrite Chart.lock from Chart.yaml
	go tool helm dependency update .

chart-lint: ## helm lint, on every values case
	@for values in ci/*-values.yaml; do go tool helm lint . --quiet --values "$$values" || exit 1; done
	@for values in charts/*/ci/*-values.yaml; do go tool helm lint "$${values%/ci/*}" --quiet --values "$$values" || exit 1; done

chart-docs: ## Write the charts' READMEs from the comments of their values
	$(TOOL) helm-docs --chart-search-root charts --log-level warning

verify: ## Regenerate, then the tree must be as committed
	@ci/verify.sh
