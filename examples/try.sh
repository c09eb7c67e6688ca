#!/bin/sh
# Installs what is missing (Debian packages), builds, and serves on [::1]:5300, in the foreground:
#
#	dig -p 5300 @::1 AAAA ipv4-only.example
#
# Arguments go to sixward: ./examples/try.sh lookup www.ipv4-only.example
set -eu
cd "$(dirname "$0")/.."

./tests/install.sh try
[ -f build/try/build.ninja ] ||
	meson setup build/try . -Dbuildtype=release -Db_lto=true -Db_lto_threads=2 -Dtests=false >&2
ninja -C build/try >&2

command=run
if [ $# -gt 0 ]; then
	command=$1
	shift
fi
exec build/try/src/app/sixward "$command" -c examples/try.yaml "$@"
