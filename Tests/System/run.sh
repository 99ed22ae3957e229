#!/usr/bin/env bash
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
# run.sh PACKAGE SCRATCH: takes a package and a newer one through a real systemd, on this machine's files and on a bare Debian, and
# what `make install` makes of the folder SCRATCH. Needs root; `make system` installs the rest.
set -euo pipefail
here=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here/../.."

# The template is the unit, with the name of the instance in all places.
diff <(sed -e '/^#/d; s|/etc/forecastd/forecastd.yaml|/etc/forecastd/%i.yaml|; s/^Description=.*/& (%i)/' \
    -e 's/^\(Runtime\|State\)Directory=.*/&-%i/' systemd/forecastd.service) <(sed '/^#/d' systemd/forecastd@.service)
echo "ok  unit and template say the same"

package=$(realpath "$1")
lintian --allow-root --fail-on error,warning "$package"
echo "ok  lintian has no complaint"

# What the documentation links to is there; benchmarks are for those who have the sources.
mkdir "$work/documentation"
dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work/documentation" ./usr/share/doc
(
    cd "$work/documentation/usr/share/doc/forecastd"
    for file in *.md Documentation/*.md; do
        for link in $(grep -oP '\]\((?!https?:|#|\.\./Benchmarks/)\K[^)#]+' "$file"); do
            [ -e "$(dirname "$file")/$link" ] || { echo "$file: the package lacks $link" >&2; exit 1; }
        done
    done
)
echo "ok  the documentation's links"

# A newer one: nothing but the version is another.
mkdir "$work/box"
version=$(dpkg-deb --field "$package" Version)
dpkg-deb --raw-extract "$package" "$work/newer"
sed -i "s/^Version: .*/&+1/" "$work/newer/DEBIAN/control"
newer=$work/box/forecastd_$version+1_$(dpkg-deb --field "$package" Architecture).deb
dpkg-deb --root-owner-group -Znone --build "$work/newer" "$newer" >/dev/null
Packaging/install.sh "$2" /opt/forecastd "$work/box/elsewhere"
cp "$package" "$here"/*.py "$here/bare.sh" Tests/Documents/{commands,waiting}.py Documentation/Operations.md "$work/box"
"$here/box.sh" / "$work/box" /usr/bin/python3 /srv/box/service.py \
    "/srv/box/$(basename "$package")" "/srv/box/$(basename "$newer")"

mmdebstrap --quiet --variant=minbase --include=systemd-sysv --customize-hook="copy-in $package /tmp" \
    --customize-hook="chroot \"\$1\" apt-get install -qq --no-install-recommends /tmp/$(basename "$package") >/dev/null" \
    bookworm "$work/debian" </dev/null
"$here/box.sh" "$work/debian" "$work/box" bash /srv/box/bare.sh
