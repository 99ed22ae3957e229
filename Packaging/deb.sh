#!/usr/bin/env bash
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
# deb.sh SCRATCH FOLDER: makes FOLDER/forecastd_VERSION_ARCHITECTURE.deb of what was built in the folder SCRATCH.
# The same sources, built by the same compiler, are to give the same bytes (`make reproducible`): SOURCE_DATE_EPOCH, by default
# the time of the last commit, is the time of all. DEBFULLNAME and DEBEMAIL say who makes the package.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022
scratch=$(realpath "$1")
version=$("$scratch/release/forecastd" --version)
architecture=$(dpkg --print-architecture)
mkdir -p "$2"
package=$(realpath "$2")/forecastd_${version}_$architecture.deb
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
maintainer="${DEBFULLNAME:-forecastd packagers} <${DEBEMAIL:-packagers@forecastd.invalid}>"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
doc=$root/usr/share/doc/forecastd

Packaging/install.sh "$scratch" /usr "$root"
mkdir -p "$root/DEBIAN" "$root/usr/share/lintian/overrides"
install -m 644 Packaging/copyright "$doc/copyright"
install -m 644 Packaging/lintian-overrides "$root/usr/share/lintian/overrides/forecastd"

# The newest section of CHANGELOG.md, as Debian writes it.
{
    echo "forecastd ($version) unstable; urgency=medium"
    echo
    sed '0,/^## /d' CHANGELOG.md | sed '/^## /,$d' | sed -n 's/^  /    /; s/^- /  * /; /^ /p' | fmt -t -w 78
    echo
    echo " -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.gz"

# What the binary is linked with. dpkg-shlibdeps wants to see a source package.
mkdir "$work/debian"
echo "Source: forecastd" >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O root/usr/bin/forecastd | sed -n 's/^shlibs:Depends=//p')
cat >"$root/DEBIAN/control" <<END
Package: forecastd
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f1)
Depends: $depends
Recommends: libjs-dygraphs
Suggests: prometheus, python3-zmq
Section: science
Priority: optional
Description: daemon that forecasts streams of sensor values as they come
 Values come in over ZeroMQ, forecasts with intervals go out over ZeroMQ
 within a fraction of a millisecond. Each stream has an LSTM whose hidden
 state is carried from value to value and outlasts restarts. Models are the
 state_dict of the usual PyTorch class, saved as safetensors; a general one
 comes with the package.
 .
 The charts of its page need libjs-dygraphs.
END
echo /etc/forecastd/forecastd.yaml >"$root/DEBIAN/conffiles"
install -m 755 Packaging/{postinst,prerm,postrm} "$root/DEBIAN"
(cd "$root" && find . -type f -not -path './DEBIAN/*' -not -path './etc/*' -printf '%P\0' | sort -z | xargs -0 md5sum) \
    >"$root/DEBIAN/md5sums"

find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
# One thread: how many there are shows in the bytes.
dpkg-deb --root-owner-group -Zxz -z2 --threads-max=1 --build "$root" "$package" >/dev/null
echo "$package"
