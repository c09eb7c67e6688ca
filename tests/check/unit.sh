#!/bin/sh
# Runs the unit tests and scenarios of a build, and counts the single tests in them.
# Usage: unit.sh BUILD-DIR [SUITE…]
set -u

folder=$1
log=$folder/meson-logs/testlog.txt

shift
suites=
for suite; do
	suites="$suites --suite $suite"
done
status=0
# shellcheck disable=SC2086 # a list of words
meson test -C "$folder" --no-rebuild --print-errorlogs $suites || status=$?
passed=$(sed -n 's/.*\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
failed=$(sed -n 's/.*\[  FAILED  \] \([0-9]*\) test.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
# A test program that crashed says nothing of the kind.
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
	failed=1
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
