#!/bin/sh
# Installs what is missing, builds with sanitizers, runs everything, and ends in
# "N passed, N failed". With --all also what takes long. Builds live in build/.
set -eu
cd "$(dirname "$0")/.."

all=
case "${1:-}" in
'') ;;
--all) all=--all ;;
*)
	echo "usage: $0 [--all]" >&2
	exit 2
	;;
esac

if [ -n "$all" ]; then
	./tests/install.sh all
else
	./tests/install.sh test
fi

passed=0
failed=0
logs=build/logs
mkdir -p "$logs"

# Counts one thing that is one test by itself: name, then its status.
count() {
	name=$1
	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok      $name"
	else
		failed=$((failed + 1))
		echo "FAILED  $name:"
		tail -n 40 "$logs/$name.log"
	fi
}

# Runs such a thing: name, then the command.
one() {
	name=$1
	shift
	status=0
	"$@" >"$logs/$name.log" 2>&1 || status=$?
	count "$name" "$status"
	sed -n 's/^skipped: /        skipped: /p' "$logs/$name.log"
}

# Runs something that ends in "N passed, N failed": name, then the command.
many() {
	name=$1
	shift
	status=0
	"$@" >"$logs/$name.log" 2>&1 || status=$?
	last=$(tail -n 1 "$logs/$name.log")
	good=$(echo "$last" | sed -n 's/^\([0-9]*\) passed, [0-9]* failed$/\1/p')
	bad=$(echo "$last" | sed -n 's/^[0-9]* passed, \([0-9]*\) failed$/\1/p')
	if [ -z "$good" ] || { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
		good=${good:-0}
		bad=$((${bad:-0} + 1))
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
	if [ "$bad" -eq 0 ]; then
		echo "ok      $name ($good)"
	else
		echo "FAILED  $name ($bad of $((good + bad))):"
		tail -n 60 "$logs/$name.log"
	fi
	sed -n 's/^skipped: /        skipped: /p' "$logs/$name.log"
}

# A build directory with meson options, made once and brought up to date.
build() {
	folder=$1
	shift
	[ -f "build/$folder/build.ninja" ] || meson setup "build/$folder" . "$@" >/dev/null
	ninja -C "build/$folder" >"$logs/build-$folder.log" 2>&1 || {
		tail -n 60 "$logs/build-$folder.log"
		echo "0 passed, 1 failed"
		exit 1
	}
}

build asan -Db_sanitize=address,undefined -Db_lundef=false
build release -Dbuildtype=release -Db_lto=true -Db_lto_threads=2 -Dtests=false
build tsan -Db_sanitize=thread -Db_lundef=false

export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1

one includes ./tests/check/includes.py
one style ./tests/check/style.sh
# Takes minutes of both processors, while most tests wait for packets most of the time.
nice ./tests/check/tidy.sh build/asan >"$logs/tidy.log" 2>&1 &
tidy=$!
one protocol ./tests/check/protocol.py
one documents ./tests/check/documents.sh build/asan/src/app/sixward
one metrics ./tests/check/metrics.py build/asan/src/app/sixward
many unit ./tests/check/unit.sh build/asan
many unit-threads ./tests/check/unit.sh build/tsan base net resolve front
many integration ./tests/integration/run.py build/asan/src/app/sixward $all
many threads ./tests/integration/run.py build/tsan/src/app/sixward --threads
many valgrind ./tests/integration/run.py build/release/src/app/sixward --valgrind
many servers ./tests/servers/run.py build/asan/src/app/sixward $all
many lab ./tests/lab/run.py build/asan/src/app/sixward $all
status=0
wait "$tidy" || status=$?
count tidy "$status"
if [ -n "$all" ]; then
	many browser ./tests/browser/run.py build/asan/src/app/sixward
	many package ./tests/package/run.py
	many fuzz ./tests/fuzz/run.sh 60
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
