#!/usr/bin/env bash
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
# box.sh ROOT FILES COMMAND…: boots a real systemd in a container whose files are a copy of ROOT (/ for this machine's own),
# with the folder FILES as /srv/box, runs COMMAND in it, powers it off, and exits as COMMAND did. Nothing is written to ROOT,
# and nothing reaches beyond the container: it has no network but lo. Needs root, and systemd-nspawn of systemd-container.
set -euo pipefail
umask 022
[ $# -ge 3 ] || { echo "usage: $0 ROOT FILES COMMAND..." >&2; exit 64; }
root=$(realpath "$1") files=$(realpath "$2")
shift 2
name=forecastd-box-$$
work=$(mktemp -d "/run/$name.XXXXXX")
console=$work/console nspawn='' groups=()

# Whatever happens: no process, no control group, no mount and no file stays.
clean() {
    if [ -n "$nspawn" ] && kill -TERM "$nspawn" 2>/dev/null; then
        for _ in {1..50}; do kill -0 "$nspawn" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "$nspawn" 2>/dev/null || true
        wait "$nspawn" 2>/dev/null || true
    fi
    for group in "${groups[@]}"; do
        for _ in {1..50}; do
            find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
            [ -d "$group" ] || break
            sleep 0.1
        done
    done
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP

# A control group of its own in each hierarchy (v1 controllers and the unified one), so that limits work inside and what
# the container's systemd makes can be removed.
while IFS=: read -r number controllers path; do
    hierarchy=${controllers#name=}
    [ "$number" != 0 ] || hierarchy=unified
    for parent in "/sys/fs/cgroup/$hierarchy$path" $([ "$number" != 0 ] || echo "/sys/fs/cgroup$path"); do
        [ -f "$parent/cgroup.procs" ] || continue
        group=${parent%/}/$name
        mkdir "$group" || continue
        groups+=("$group")
        for kind in cpus mems; do  # they must be set before a process can enter
            [ ! -f "$group/cpuset.$kind" ] || cat "$parent/cpuset.$kind" >"$group/cpuset.$kind"
        done
        break
    done
done </proc/self/cgroup

# The container: an overlay in a mount namespace that goes with it.
(
    for group in "${groups[@]}"; do echo "$BASHPID" >"$group/cgroup.procs"; done
    exec unshare --mount --propagation private bash -euc '
        work=$1 root=$2 files=$3 name=$4
        mkdir "$work/over"
        mount -t tmpfs -o size=4g tmpfs "$work/over"
        cd "$work/over"
        mkdir changes scratch root
        mount -t overlay overlay -o "lowerdir=$root,upperdir=changes,workdir=scratch" root
        : >root/etc/machine-id
        rm -f root/usr/sbin/policy-rc.d  # forbids services where images of containers are made
        # Of what is installed on this machine only what is asked for runs.
        [ "$root" != / ] || rm -rf root/etc/systemd/system/*.wants
        mkdir -p root/srv/box
        cp -r "$files/." root/srv/box
        exec systemd-nspawn --directory=root --boot --quiet --register=no --keep-unit --private-network \
            --private-users=identity --console=pipe --hostname=box --machine="$name"
    ' _ "$work" "$root" "$files" "$name"
) </dev/null >"$console" 2>&1 &
nspawn=$!

# Calls a command inside.
inside() {
    nsenter --target "$first" --all -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        PYTHONDONTWRITEBYTECODE=1 SYSTEMD_PAGER= SYSTEMD_COLORS=0 DEBIAN_FRONTEND=noninteractive "$@"
}

# The container's first process is the child of nspawn; it is up when it says so.
first='' state=''
for _ in {1..600}; do
    first=$(pgrep -P "$nspawn" -x systemd || true)
    [ -z "$first" ] || state=$(inside systemctl is-system-running 2>/dev/null || true)
    case $state in running | degraded) break ;; esac
    kill -0 "$nspawn" 2>/dev/null || break
    sleep 0.1
done
case $state in
running | degraded) ;;
*)
    echo "$0: expected a running system in the container, found: ${state:-none}; what it said:" >&2
    cat "$console" >&2
    exit 1
    ;;
esac
nsenter --target "$first" --net ip link set lo up
status=0
inside "$@" || status=$?
inside systemctl poweroff >/dev/null 2>&1 || true
wait "$nspawn" || true
nspawn=''
exit "$status"
