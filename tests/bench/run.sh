#!/bin/sh
# Measures sixward beside Unbound, BIND, Knot Resolver and PowerDNS Recursor, all as DNS64
# forwarders to one upstream on loopback, and prints one table. README.md says what is measured.
# Installs what is missing, and builds with LTO in build/bench.
#
# run.sh [--quick] [--rows M1,M2,…] [--servers sixward,unbound,…] [--runs N] [--out FILE]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/bench

"$root/tests/install.sh" bench || echo 'not everything could be installed; going on' >&2

[ -f "$build/build.ninja" ] || meson setup "$build" "$root" --buildtype=release -Db_lto=true \
	-Db_lto_threads=2 >/dev/null
log=$(mktemp)
ninja -C "$build" src/app/sixward tests/bench/bench-upstream tests/bench/bench-load \
	tests/bench/bench-floor >"$log" 2>&1 || {
	cat "$log" >&2
	rm -f "$log"
	exit 1
}
rm -f "$log"

exec "$here/bench.py" --build "$build" "$@"
