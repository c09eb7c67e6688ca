#!/bin/sh
# How the code looks: clang-format, shellcheck, and no function over 100 lines.
# tests/check/tidy.sh does what takes longer.
set -eu
cd "$(dirname "$0")/../.."

status=0
sources=$(git ls-files '*.c' '*.h')
scripts=$(git ls-files '*.sh' '.ci/run')

# shellcheck disable=SC2086 # lists of file names without blanks
clang-format --dry-run --Werror $sources || status=1
# shellcheck disable=SC2086
shellcheck $scripts || status=1

long=$(ctags -x --languages=C --kinds-C=f --fields=+ne --_xformat='%{end} %{line} %F:%N' \
	-R src tests | awk '{ n = $1 - $2 + 1; if (n > 100) print n, $3 }')
if [ -n "$long" ]; then
	printf 'functions over 100 lines:\n%s\n' "$long"
	status=1
fi
exit "$status"
