# Part of forecastd. SPDX-License-Identifier: Apache-2.0
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
BINARY := .build/release/forecastd
# Where the public data of `make quality` and `make anomalies` are.
DATA ?= ../shared/data
# How many seeds `make simulate` tries, or which.
SEEDS ?= 100000
CUTS ?= 100
KILLS ?= 200
# Where `make install` puts things, below DESTDIR.
PREFIX ?= /usr/local
# Builds what is shipped: the standard library in it, and nothing of the folder or of the moment. Where the compiler's memory lies
# decides on the order of some instructions, so that it is to lie at the same place each time.
SHIPPED := .build-static
SAME_PLACE := $(shell setarch -R true 2>/dev/null && echo setarch -R)
define build_shipped
	$(SAME_PLACE) swift build -c release --product forecastd --scratch-path $(SHIPPED) --static-swift-stdlib -debug-info-format none \
	    -Xswiftc -file-prefix-map -Xswiftc "$$PWD=." -Xcc "-ffile-prefix-map=$$PWD=." -Xlinker --build-id=none
	cp "$$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')/../../share/swift/LICENSE.txt" $(SHIPPED)/swift.txt
endef
# Seconds for each target of `make fuzz`.
TIME ?= 45
# Which inputs it tries; 0 for others each time.
SEED ?= 0
# What watches `make sanitize`; both with SANITIZER="address thread".
SANITIZER ?= address
# How long `make soak` goes on, and where its samples and plot go.
HOURS ?= 2
OUT ?= .build/soak

.PHONY: help run build test simulate faults sanitize fuzz soak deb install reproducible system check format bench bench-peers quality \
    anomalies golden deps deps-test deps-package arm64 clean

help: ## lists the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 12

run: build ## builds, starts generator and daemon, shows forecasts of this machine's own figures here and on a page
	@config/demo.sh $(BINARY)

build: deps ## builds the release binary
	@swift build -c release --product forecastd

test: deps-test ## installs what the tests need, builds, runs all of them
	swift build -c release --product forecastdPackageTests
	swift build -c release --product forecastd
	swift test -c release --skip-build
	Tests/RecurrentKernelsTests/arm64/check
	Tests/StateStoreTests/arm64/check

simulate: ## SEEDS=1000000 histories of crashes and power cuts through the store and a daemon, or SEEDS=42-42 a single one
	swift build -c release --product forecastdPackageTests
	SEEDS="$(SEEDS)" swift test -c release --skip-build --filter "StoreSimulationTests|DaemonSimulationTests"

faults: ## CUTS power cuts under a store on ext4 and xfs, KILLS of a daemon, its disk full and failing; needs root
	$(call install,e2fsprogs gcc libc6-dev python3 python3-zmq xfsprogs)
	swift build -c release --product forecastdPackageTests
	swift build -c release --product forecastd
	for system in ext4 xfs; do
	    $(SUDO) /usr/bin/python3 Tests/Faults/power_cuts.py --file-system $$system --cuts $(CUTS)
	    $(SUDO) /usr/bin/python3 Tests/Faults/power_cuts.py --file-system $$system --cuts 20 --plant nosync
	done
	$(SUDO) /usr/bin/python3 Tests/Faults/daemon_faults.py --kills $(KILLS)

deb: deps-package ## makes dist/forecastd_VERSION_ARCHITECTURE.deb, which needs no Swift
	$(build_shipped)
	rm -f dist/*.deb
	Packaging/deb.sh $(SHIPPED) dist

install: deps-package ## builds and installs under PREFIX (/usr/local), below DESTDIR if it is given
	$(build_shipped)
	$(SUDO) Packaging/install.sh $(SHIPPED) "$(PREFIX)" "$(DESTDIR)"

reproducible: deps-package ## makes the package twice, in two folders; both must be the same, byte by byte
	[ -n "$(SAME_PLACE)" ] || { echo "setarch -R expected to work, and does not: $$(setarch -R true 2>&1)" >&2; exit 1; }
	work=$$(mktemp -d)
	trap 'rm -rf "$$work"' EXIT
	# The folders' names are as long as each other: the compiler writes the length of a file's path into what checks closures that
	# must not escape (two bytes of HummingbirdCore), and no option maps that.
	git clone -q . "$$work"/a
	git clone -q . "$$work"/b
	make -C "$$work"/a deb
	cp "$$work"/a/Package.resolved "$$work"/b
	make -C "$$work"/b deb
	cmp "$$work"/*/dist/*.deb
	echo "the same, byte by byte"

system: deb ## takes the package through a real systemd in a container and a bare Debian, from installation to purge; needs root
	$(call install,iproute2 libjs-dygraphs libzmq5 lintian mmdebstrap procps python3 python3-zmq systemd systemd-container)
	$(SUDO) Tests/System/run.sh dist/*.deb $(SHIPPED)

sanitize: deps-test ## the tests, and the daemon that they start, under SANITIZER=address or thread; some with FILTER='JSON CSV' or SHORT=1
	Tests/Sanitizing/run.py $(SANITIZER) $(if $(SHORT),--short) $(if $(FILTER),--filter "$${FILTER}")

fuzz: deps ## TIME=45 seconds of bytes for everything that reads them, or for one: make fuzz TARGET=json TIME=3600
	$(call install,python3)
	Tests/Fuzzing/run.py --time $(TIME) --seed $(SEED) $(if $(TARGET),--target $(TARGET))

soak: build ## HOURS under a load that wishes the daemon ill; OUT gets samples, plot, log and report; needs root
	$(call install,gcc libc6-dev python3 python3-matplotlib python3-zmq)
	$(SUDO) /usr/bin/python3 Tests/Soak/soak.py --hours "$(HOURS)" --out "$(OUT)"

check: ## the format, and warnings as errors (they are in Package.swift)
	swift format lint --strict -r Sources Tests Benchmarks Package.swift

format: ## formats all sources
	swift format -i -r Sources Tests Benchmarks Package.swift

bench: deps-test ## measures step, codecs and end to end beside a C echo, as ratios
	$(MAKE) -C Benchmarks bench

bench-peers: ## the same beside PyTorch, ONNX Runtime, OpenVINO and pyzmq daemons
	$(MAKE) -C Benchmarks bench-peers

quality: build ## backtests on public data (make quality DATA=folder) beside published figures
	@/usr/bin/python3 Benchmarks/quality.py --data "$(DATA)"

anomalies: build ## scores labelled series of PyPI and anomalies put into those of DATA=folder (NAB=folder: those as well)
	$(call install,python3 python3-numpy python3-pip python3-zmq)
	/usr/bin/python3 Benchmarks/anomaly/run.py $(if $(wildcard $(DATA)/ETTh2.csv),--ett "$(DATA)") $(if $(NAB),--nab "$(NAB)")

golden: deps-test ## makes the golden vectors anew with PyTorch and zoneinfo
	/usr/bin/python3 Tests/RecurrentKernelsTests/Golden/make_golden.py
	/usr/bin/python3 Tests/TrainingTests/Golden/make_golden.py
	/usr/bin/python3 Tests/ForecastDaemonTests/Golden/make_calendar.py

# $(call install,PACKAGES): installs the Debian packages that are missing.
define install
	@missing=$$(for package in $(1); do dpkg -s $$package >/dev/null 2>&1 || echo $$package; done)
	if [ -n "$$missing" ]; then
	    echo "installing" $$missing
	    $(SUDO) apt-get update -qq
	    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null
	fi
endef

deps:
	$(call install,libsodium-dev libzmq3-dev libjs-dygraphs)

deps-package:
	$(call install,binutils dpkg-dev git libsodium-dev libzmq3-dev python3)

deps-test:
	$(call install,libsodium-dev libzmq3-dev libjs-dygraphs chromium curl fonts-dejavu-core iproute2 openssl prometheus python3 python3-numpy \
	    python3-torch python3-zmq python3-msgpack tmux qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross)

clean: ## removes what was built
	rm -rf .build .build-* dist
