#!/usr/bin/env bash
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
# Starts a generator of this machine's own figures and the daemon, and shows its forecasts until Ctrl-C.
set -u
# Each process in a group of its own: Ctrl-C reaches this script, which then ends each of them once.
set -m
binary=$1
here=$(dirname "$0")
log=$(mktemp -t forecastd-demo.XXXXXX)

stop() {
    trap '' INT TERM HUP
    trap - EXIT
    # shellcheck disable=SC2046  # one word each
    kill -TERM $(jobs -p) 2>/dev/null
    wait 2>/dev/null  # without the shell's own words on how each ended
}
trap 'stop; rm -f "$log"; exit 0' INT TERM HUP
trap 'stop; rm -f "$log"' EXIT

"$binary" generate --host --bind tcp://127.0.0.1:5556 >>"$log" 2>&1 &
"$binary" run --config "$here/demo.yaml" >>"$log" 2>&1 &
echo "forecasts of this machine's own figures, once a second; Ctrl-C ends it"
page=http://127.0.0.1:8080/
echo "watch them at $page"
if [ -n "${DISPLAY-}${WAYLAND_DISPLAY-}" ] && command -v xdg-open >/dev/null; then
    # As soon as the page is there; what the browser says is not for this terminal.
    (until (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null; do sleep 0.2; done; xdg-open "$page") >/dev/null 2>&1 &
fi
"$binary" tap --config "$here/demo.yaml" &
tap=$!

# Whichever ends first ends the demonstration; if it was not the viewer, its last words say why.
wait -n
status=$?
if kill -0 "$tap" 2>/dev/null; then
    tail -n 20 "$log" >&2
fi
exit "$status"
