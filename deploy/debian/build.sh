#!/usr/bin/env bash
# Builds the Debian package of this checkout, for the architecture of this machine: deploy/debian/build.sh
# Its last line is the path of the package. Needs cargo-deb (cargo install cargo-deb --locked) and dpkg-dev. FLAGS of cargo-deb can
# follow, such as --maintainer="NAME <ADDRESS>".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# What Cargo.toml packs beside the binary and the files of the repository.
readonly STAGE=target/deb
readonly PROGRAM=${CARGO_TARGET_DIR:-target}/release/rmm-exporter
# The same sources give the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

field() { sed -n "/^\[$1\]/,/^\[/s/^$2 = \"\(.*\)\"/\1/p" Cargo.toml; }

# What Debian calls the changelog tells of the packaging; the project's own is packed beside it.
changelog() {
    printf 'rmm-exporter (%s-1) unstable; urgency=medium\n\n' "$(field package version)"
    printf '  * Package of this version; changelog.gz tells what changed in it.\n\n'
    printf ' -- %s  %s\n' "$(field package.metadata.deb maintainer)" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
}

cargo build --release --locked --bin rmm-exporter

rm -rf "$STAGE"
# install_to FILE: writes standard input to a file of /usr/share.
install_to() { install -D -m 0644 /dev/stdin "$STAGE/share/$1"; }

"$PROGRAM" man | gzip -9n | install_to man/man1/rmm-exporter.1.gz
"$PROGRAM" completions bash | install_to bash-completion/completions/rmm-exporter
"$PROGRAM" completions zsh | install_to zsh/vendor-completions/_rmm-exporter
"$PROGRAM" completions fish | install_to fish/vendor_completions.d/rmm-exporter.fish
gzip -9nc CHANGELOG.md | install_to doc/rmm-exporter/changelog.gz
# packed_links: a document whose links lead to where the package has things; what it does not have (deploy/) is named without a link.
packed_links() {
    sed -E -e 's,\]\((\.\./)*(alerts|dashboards)([/)]),](/usr/share/rmm-exporter/\2\3,g' \
        -e 's,\]\(((\.\./)*)rmm-exporter\.example\.yml\),](\1examples/rmm-exporter.example.yml),g' \
        -e 's,\]\(((\.\./)*)CHANGELOG\.md\),](\1changelog.gz),g' \
        -e 's,\[([^]]*)\]\((\.\./)*deploy/[^)]*\),\1,g'
}
for document in README.md CONTRIBUTING.md SECURITY.md docs/*.md docs/*/*.md; do
    packed_links <"$document" | install_to "doc/rmm-exporter/$document"
done
for image in docs/images/*.* docs/images/*/*; do
    install_to "doc/rmm-exporter/$image" <"$image"
done
install_to doc/rmm-exporter/examples/rmm-exporter.example.yml <rmm-exporter.example.yml
# Rules for Prometheus and dashboards for Grafana, without what only tests them.
mkdir -p "$STAGE/share/rmm-exporter"
cp -R alerts dashboards "$STAGE/share/rmm-exporter/"
rm -rf "$STAGE/share/rmm-exporter/alerts/tests"
changelog >"$STAGE/changelog.Debian"

cargo deb --no-build --locked "$@"
