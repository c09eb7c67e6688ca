#!/bin/sh
# Runs every fuzz target for a while under ASan and UBSan (libFuzzer), starting from the seeds.
# Usage: run.sh [SECONDS-EACH [TARGET…]]; 600 seconds and all targets when none are given.
# What is found is left in build/fuzz/found/ and makes a seed. Ends in "N passed, N failed".
set -u
cd "$(dirname "$0")/../.." || exit 1

seconds=${1:-600}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- addr name wire frames message answer synth discover advert config response

[ -f build/fuzz/build.ninja ] ||
	CC=clang meson setup build/fuzz . -Dfuzz=true -Db_sanitize=address,undefined \
		-Db_lundef=false >/dev/null || exit 1

passed=0
failed=0
for target; do
	ninja -C build/fuzz "tests/fuzz/fuzz_$target" >/dev/null || exit 1
	mkdir -p "build/fuzz/corpus/$target" build/fuzz/found
	if "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=10 \
		-rss_limit_mb=4096 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/found/$target-" \
		"build/fuzz/corpus/$target" "tests/fuzz/seeds/$target" \
		>"build/fuzz/$target.log" 2>&1; then
		passed=$((passed + 1))
		echo "ok      $target: $(sed -n 's/^stat::number_of_executed_units: *//p' \
			"build/fuzz/$target.log") runs"
	else
		failed=$((failed + 1))
		echo "FAILED  $target:"
		tail -n 30 "build/fuzz/$target.log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
