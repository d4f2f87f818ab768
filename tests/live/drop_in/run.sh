#!/bin/bash
# finwait under the name packetdrill, as its users and their wrappers call it.
# Usage: run.sh [FINWAIT]. Prints TAP; ends with 1 if a test failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
bin=$(realpath "${1:-$here/../../../finwait}")
work=$(mktemp -d /tmp/finwait-drop-in.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
cd "$work" || exit 1
mkdir bin
ln -s "$bin" bin/packetdrill
export PATH=$work/bin:$PATH

if [ "$(id -u)" != 0 ] || ! unshare -n true 2>/dev/null; then
	echo "ok 1 - under the name packetdrill # SKIP needs root"
	echo "1..1"
	exit 0
fi

n=0 failed=0
# check NAME STATUS PATTERN SHELL-TEXT: in a network namespace of its own, the text ends with this
# status and prints this (an extended regular expression; empty: nothing at all).
check() {
	local name=$1 status=$2 pattern=$3 got good=true
	n=$((n + 1))
	unshare -n sh -c "$4" >out 2>&1 </dev/null
	got=$?
	[ $got = "$status" ] || good=false
	if [ -n "$pattern" ]; then
		grep -qE -- "$pattern" out || good=false
	else
		[ ! -s out ] || good=false
	fi
	if $good; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "# exit status $got, not $status; or not printed: $pattern"
		sed 's/^/# /' out | head -n 40
		failed=$((failed + 1))
	fi
}

# No SO_REUSEADDR: what a script leaves behind is in the next one's way.
cat >served.pkt <<'EOF'
0    socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0   bind(3, ..., ...) = 0
+0   listen(3, 1) = 0
+0   < S 0:0(0) win 65535 <mss 1000>
+0   > S. 0:0(0) ack 1 <...>
+.01 < . 1:1(0) ack 1 win 65535
+0   accept(3, ..., ...) = 4
+0   close(4) = 0
+0   > F. 1:1(0) ack 1
EOF
printf '0 `true`\n' >good.pkt
printf '0 `false`\n' >bad.pkt
printf "0 \`echo worse\`\n" >worse.pkt

check "a script" 0 "" "packetdrill served.pkt"
check "several scripts in one namespace" 0 "" "packetdrill served.pkt served.pkt served.pkt"
check "one script after another" 0 "" "packetdrill served.pkt && packetdrill served.pkt"
check "nothing is left of a connection" 0 "" "packetdrill served.pkt; ss -tanH"
check "unless it shall be" 0 "^FIN-WAIT-1" "packetdrill --no_cleanup served.pkt; ss -tanH"
check "the first failure ends it" 1 "^bad.pkt:1:" "packetdrill good.pkt bad.pkt worse.pkt"
check "no script" 1 "usage: packetdrill" "packetdrill"
check "no such script" 1 "missing.pkt: No such file" "packetdrill missing.pkt"

echo "1..$n"
[ $failed = 0 ]
