#!/bin/sh
# Builds the Debian package of what is committed: examples/debian/build.sh [FOLDER]. The package and
# what belongs to it are put there; build/package when none is given. Needs the packages that
# control names under Build-Depends, and build-essential.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "${1:-$top/build/package}"
out=$(cd "${1:-$top/build/package}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The tarball of meson is what others would build from.
meson setup "$work/dist" "$top" -Dtests=false >"$out/build.log"
meson dist -C "$work/dist" --no-tests --formats gztar >>"$out/build.log"
tar -xf "$work"/dist/meson-dist/sixward-*.tar.gz -C "$work"
cd "$work"/sixward-*/
cp -r examples/debian debian

packaged=$(dpkg-parsechangelog -S Version)
if [ "$(basename "$PWD")" != "sixward-$packaged" ]; then
	echo "the changelog is of $packaged, but this is $(basename "$PWD")" >&2
	exit 1
fi
dpkg-buildpackage --build=binary --no-sign >>"$out/build.log" 2>&1 || {
	tail -n 40 "$out/build.log" >&2
	exit 1
}
cp "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$work"/dist/meson-dist/*.tar.gz "$out"
ls "$out"/*.deb
