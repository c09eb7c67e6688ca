#!/bin/sh
# Installs the Debian packages that are missing: "build" what the program needs to be built, "try"
# dig besides, to ask it, "test" what its tests need, "lab" what the long form of tests/lab needs
# besides, "all" a browser for tests/browser, the tools of tests/package, dnsdist and Prometheus as
# well, "bench" the servers that it is measured beside. Of "lab", "all" and "bench", what Debian
# does not have is left out. Does nothing, and needs no network, when all are there.
set -eu
cd "$(dirname "$0")/.."

build='gcc libc6-dev meson ninja-build pkg-config libuv1-dev libldns-dev libyaml-dev
	libmicrohttpd-dev'
test='git libcmocka-dev clang clang-format clang-tidy libclang-rt-14-dev shellcheck valgrind python3
	nsd unbound ldnsutils bind9-dnsutils knot-dnsutils curl iproute2 tayga mandoc universal-ctags'
lab='nodejs dnsmasq-base knot-resolver bind9 musl-tools libc-ares-dev netplan.io dbus-daemon
	libsystemd-shared'
package='build-essential debhelper lintian debootstrap systemd systemd-container'
around='dnsdist prometheus'
browser='chromium chromium-driver fonts-dejavu-core'
bench='libcmocka-dev python3 util-linux'
peers='unbound bind9 knot-resolver pdns-recursor'
# For "lab", but installed they would be this machine's own resolver: only unpacked, in build/unpacked.
unpacked='systemd-resolved libnss-resolve'

what=${1:-build}
case "$what" in
build) wanted=$build ;;
try) wanted="$build bind9-dnsutils" ;;
test) wanted="$build $test" ;;
lab) wanted="$build $test $lab" ;;
all) wanted="$build $test $lab $around $browser $package" ;;
bench) wanted="$build $bench $peers" ;;
*)
	echo "usage: $0 [build|try|test|lab|all|bench]" >&2
	exit 2
	;;
esac

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

# Package by package: what cannot be had is no error, its tests are skipped.
unpack() {
	folder=build/unpacked
	for package in $unpacked; do
		is_installed "$package" && continue
		[ ! -e "$folder/usr/share/doc/$package" ] || continue
		echo "unpacking: $package" >&2
		mkdir -p "$folder/packages"
		(cd "$folder/packages" && apt-get -o APT::Sandbox::User=root download -q "$package" >&2 &&
			dpkg -x "$package"_*.deb .. && rm "$package"_*.deb) || echo "no such package here: $package" >&2
	done
}

# Last of all, when the lists of packages are new if anything was missing.
finish() {
	case "$what" in
	lab | all) unpack ;;
	esac
	exit "$1"
}

missing=
for package in $wanted; do
	is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || finish 0

root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "these packages are missing, and there is no sudo to install them:$missing" >&2
		exit 1
	}
	root=sudo
fi

# Servers that come with the packages shall not start: port 53 is ours to try.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
	$root chmod +x "$policy"
	made=yes
fi
echo "installing:$missing" >&2
status=0
$root apt-get update -q >&2 || status=$?
case "$what" in
lab | all | bench)
	known=
	for package in $missing; do
		apt-cache show -q=2 "$package" >/dev/null 2>&1 || {
			echo "no such package here: $package" >&2
			continue
		}
		known="$known $package"
	done
	missing=$known
	;;
esac
# shellcheck disable=SC2086 # a list of words
$root env DEBIAN_FRONTEND=noninteractive \
	apt-get install -q -y --no-install-recommends $missing >&2 || status=$?
[ -z "$made" ] || $root rm -f "$policy"
finish "$status"
