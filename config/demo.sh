#!/usr/bin/env bash
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
# Starts a generator of this machine's own figures and the daemon, and shows its forecasts until Ctrl-C.
set -u
binary=$1
here=$(dirname "$0")
log=$(mktemp -t forecastd-demo.XXXXXX)

"$binary" generate --host >>"$log" 2>&1 &
generator=$!
"$binary" run --config "$here/demo.yaml" >>"$log" 2>&1 &
daemon=$!

stop() {
    trap - INT TERM EXIT
    kill -TERM "$generator" "$daemon" ${tap:-} 2>/dev/null
    wait
    rm -f "$log"
}
trap 'stop; exit 0' INT TERM
trap stop EXIT

echo "forecasts of this machine's own figures, once a second; Ctrl-C ends it (log: $log)"
"$binary" tap --outputs &
tap=$!
# Whichever ends first ends the demonstration; if it was not the viewer, its last words say why.
wait -n "$generator" "$daemon" "$tap"
status=$?
if kill -0 "$tap" 2>/dev/null; then
    kill -TERM "$tap"
    wait "$tap" 2>/dev/null
    tail -n 5 "$log" >&2
fi
exit "$status"
