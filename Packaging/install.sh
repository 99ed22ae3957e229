#!/usr/bin/env bash
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
# install.sh SCRATCH PREFIX [DESTDIR]: installs what was built in the folder SCRATCH under PREFIX, below DESTDIR where a package
# is made of it. An existing configuration stays.
set -euo pipefail
umask 022
cd "$(dirname "$0")/.."
scratch=$1 prefix=$2 destination=${3-}
binary=$scratch/release/forecastd
share=$prefix/share
examples=$share/doc/forecastd/examples

# put FILE… FOLDER: files that all may read.
put() { install -D -m 644 -t "$destination${*: -1}" "${@:1:$#-1}"; }
# write PATH: standard input, with the prefix of the package exchanged for that of this installation.
write() {
    mkdir -p "$(dirname "$destination$1")"
    sed -E "s@/usr/(bin|share)/@$prefix/\1/@g" >"$destination$1"
    chmod 644 "$destination$1"
}

install -D -m 755 "$binary" "$destination$prefix/bin/forecastd"
strip --strip-all --remove-section=.comment "$destination$prefix/bin/forecastd"
# Nobody reads the compiler's digests of its modules, and they depend on the folder that was built in: zeros stand for them.
digests=$(mktemp)
objcopy --dump-section .swift_modhash="$digests" "$destination$prefix/bin/forecastd"
size=$(stat -c %s "$digests")
head -c "$size" /dev/zero >"$digests"
objcopy --update-section .swift_modhash="$digests" "$destination$prefix/bin/forecastd"
rm "$digests"
put config/models/*.safetensors "$share/forecastd/models"
for unit in forecastd.service forecastd@.service forecastd-http.socket; do
    write "$prefix/lib/systemd/system/$unit" <"systemd/$unit"
done
if [ ! -e "$destination/etc/forecastd/forecastd.yaml" ]; then
    write /etc/forecastd/forecastd.yaml <Packaging/forecastd.yaml
fi

for page in forecastd.1 forecastd.yaml.5; do
    Packaging/man.py "$binary" config/forecastd.yaml "$page" | write "$share/man/man${page##*.}/$page"
    gzip -9nf "$destination$share/man/man${page##*.}/$page"
done
# A shell reads them, none executes them.
complete() { "$binary" --generate-completion-script "$1" | sed '1{/^#!/d}' | write "$share/$2"; }
complete bash bash-completion/completions/forecastd
complete zsh zsh/vendor-completions/_forecastd
complete fish fish/vendor_completions.d/forecastd.fish

put README.md CHANGELOG.md "$share/doc/forecastd"
put Documentation/*.md Documentation/*.png Documentation/openapi.yaml "$share/doc/forecastd/Documentation"
put config/forecastd.yaml config/demo.yaml "$examples"
put config/grafana/* "$examples/grafana"
put config/prometheus/* "$examples/prometheus"
put Clients/python/forecastd_producer.py "$examples/python"
install -m 755 Clients/conformance.py "$destination$examples"
ln -sfn ../../../forecastd/models "$destination$examples/models"
# By these the documentation's links and commands hold.
for folder in config Clients; do ln -sfn examples "$destination$share/doc/forecastd/$folder"; done
# What others wrote and the binary contains.
for folder in "$scratch"/checkouts/*/; do
    for file in "$folder"LICENSE* "$folder"NOTICE*; do
        [ ! -f "$file" ] || cat "$file"
    done | write "$share/doc/forecastd/third-party/$(basename "$folder").txt"
done
put "$scratch/swift.txt" "$share/doc/forecastd/third-party"
