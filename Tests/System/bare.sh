#!/usr/bin/env bash
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
# Whether the installed package runs on a Debian with nothing else. Runs in the container of box.sh; the package's own commands
# are publisher and subscriber.
set -euo pipefail
say() { echo "ok  bare Debian: $*"; }

[ ! -e /opt/swift ]
[ -z "$(command -v swift)" ]
[ "$(systemctl is-active forecastd)" = active ]
say "$(forecastd --version) runs"
forecastd generate --signal --streams 3 --every 100ms --duration 1m &
publisher=$!
forecasts=$(forecastd tap --limit 30 --duration 30s --json)
[ "$(grep -c '"yhat":\[' <<<"$forecasts")" = 30 ]
forecastd state show | grep -q signal.
kill "$publisher"
say "forecasts flow"
forecastd check | grep -q general
forecastd check --config /usr/share/doc/forecastd/examples/forecastd.yaml | grep -q general
say "its configuration and that of the manual are right"
systemctl kill --signal KILL forecastd
is_back() {
    [ "$(systemctl show --value --property NRestarts forecastd)" != 0 ] && [ "$(systemctl is-active forecastd)" = active ]
}
for _ in {1..600}; do ! is_back || break; sleep 0.1; done
is_back
forecastd state show | grep -q signal.
say "its state outlasts kill -9"
