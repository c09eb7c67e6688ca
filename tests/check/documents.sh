#!/bin/sh
# What the documents say is what the program does. Usage: documents.sh SIXWARD
set -eu
cd "$(dirname "$0")/../.."

sixward=$1
status=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

wrong() {
	echo "$1"
	status=1
}

# The manual's settings are the table's.
"$sixward" check --reference >"$work/reference"
sed -n '/^\.\\" The rest of this section/,/^\.\\" End of what is printed/p' docs/sixward.yaml.5 |
	sed '1d;$d' >"$work/manual"
diff -u "$work/manual" "$work/reference" ||
	wrong "docs/sixward.yaml.5: put in what 'sixward check --reference' prints"

# examples/all.yaml is what is shown without a file, and every example is good.
"$sixward" check -c /dev/null --show >"$work/shown"
diff -u examples/all.yaml "$work/shown" ||
	wrong "examples/all.yaml: put in what 'sixward check -c /dev/null --show' prints"
for file in examples/try.yaml examples/smallest.yaml examples/public-nat64.yaml examples/gateways.yaml \
	examples/all.yaml; do
	"$sixward" check -c "$file" || wrong "$file has errors"
done

# So is every file of ours that a guide shows; those of other programs begin with their name.
for file in README.md docs/ipv6-only-server.md docs/operations.md docs/scale.md; do
	awk -v out="$work/$(basename "$file")" '
		/^```yaml$/ { block = sprintf("%s.%d.yaml", out, ++n); next }
		/^```$/ { block = "" }
		block { print > block }' "$file"
	for block in "$work/$(basename "$file")".*.yaml; do
		[ -e "$block" ] || wrong "$file shows no file of ours"
		head -n 1 "$block" | grep -q '^# /etc/netplan/\|^#cloud-config\|^# /etc/prometheus/' ||
			"$sixward" check -c "$block" || wrong "$file: $(cat "$block")"
	done
done

# The manuals are well-formed, and name every command and option that there is.
mandoc -Tlint -Wwarning docs/sixward.8 docs/sixward.yaml.5 || wrong "the manuals are malformed"
for command in $("$sixward" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	grep -q "Cm.* $command" docs/sixward.8 || wrong "docs/sixward.8 says nothing of $command"
	grep -q "sixward.*$command\|/ .unmap" README.md || wrong "README.md says nothing of $command"
done

# The architecture names every room, and none that is gone.
for room in $(git ls-files 'src/*/*.c' | sed 's,^src/,,; s,\.c$,,'); do
	grep -q "\`$room\`" docs/architecture.md || wrong "docs/architecture.md says nothing of $room"
done
# shellcheck disable=SC2016 # the backquotes are the document's
sed -n 's/^| `\([a-z0-9_]*\/[a-z0-9_]*\)` |.*/\1/p' docs/architecture.md >"$work/rooms"
while read -r room; do
	[ -f "src/$room.c" ] || [ -f "include/sixward/$room.h" ] || wrong "docs/architecture.md speaks of $room, which is not there"
done <"$work/rooms"

# Every line of the log at warning and above is told of, and none that nobody writes.
./tests/check/log_lines.py || wrong "docs/operations.md and the log lines differ"

# Links lead somewhere.
for file in README.md docs/architecture.md docs/ipv6-only-server.md docs/operations.md docs/scale.md; do
	grep -o '](\([^)]*\))' "$file" | sed 's/](\(.*\))/\1/; s/#.*//' >"$work/links"
	while read -r link; do
		[ -e "$(dirname "$file")/$link" ] || wrong "$file: $link is not there"
	done <"$work/links"
done
exit "$status"
