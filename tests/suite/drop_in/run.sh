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

printf '0 `echo $(sysctl net.ipv4.tcp_sack); sysctl -q net.ipv4.tcp_timestamps=0`\n' >sysctl.pkt
printf '`tc qdisc add dev tun0 root pfifo`\n0 `ip -br addr show dev tun0; nstat -n; ss -tan >/dev/null`\n' >device.pkt
printf '0 `sleep 0.3`\n' >long.pkt
printf '0 `[ $PPID = $PACKETDRILL_PID ] && echo same`\n' >pid.pkt
printf '0 `echo said; echo cried >&2`\n' >streams.pkt
printf '`true`\n0 `false`\n`echo cleaned`\n' >cleanup.pkt
printf '`exit 3`\n0 `true`\n`echo cleaned`\n' >init.pkt
printf '#!/bin/sh\nls /sys/class/net; cut -d: -f1 /proc/net/dev | sed 1,2d | tr -d " "\n' >init.sh
chmod +x init.sh

check "a script" 0 "" "packetdrill served.pkt"
check "several scripts in one namespace" 0 "" "packetdrill served.pkt served.pkt served.pkt"
check "one script after another" 0 "" "packetdrill served.pkt && packetdrill served.pkt"
check "nothing is left of a connection" 0 "" "packetdrill served.pkt; ss -tanH"
check "unless it shall be" 0 "^FIN-WAIT-1" "packetdrill --no_cleanup served.pkt; ss -tanH"
check "the first failure ends it" 1 "^bad.pkt:1:" "packetdrill good.pkt bad.pkt worse.pkt"
check "no script" 1 "usage: packetdrill" "packetdrill"
check "no such script" 1 "missing.pkt: No such file" "packetdrill missing.pkt"

# What packetdrill understands by a part of a name, ours must not make ambiguous.
check "abbreviated options, in any order" 0 "" \
	"packetdrill good.pkt --ip_v=ipv4 --loc 192.168.0.7 --gate=192.168.0.2 -D A=1 --re=192.0.2.5 --no packet"
check "an option that takes no such value" 1 "tolerance_usecs.*abc" "packetdrill --tolerance_usecs=abc good.pkt"
check "verbose on standard output" 0 "1:1.0. ack 1" "packetdrill -v served.pkt 2>/dev/null"
check "silent otherwise" 0 "" "packetdrill served.pkt"
check "the user's namespace and its sysctls" 0 "^net.ipv4.tcp_sack = 0" \
	"sysctl -q net.ipv4.tcp_sack=0; packetdrill sysctl.pkt; sysctl net.ipv4.tcp_timestamps"
check "what a script sets stays there" 0 "^net.ipv4.tcp_timestamps = 0" \
	"sysctl -q net.ipv4.tcp_sack=0; packetdrill sysctl.pkt; sysctl net.ipv4.tcp_timestamps"
check "commands about tun0" 0 "^tun0 .*192.168.9.9/16" "packetdrill --local_ip=192.168.9.9 device.pkt"
check "twice, each with a device of its own" 0 "tun0" "packetdrill device.pkt && packetdrill device.pkt device.pkt"
check "the device is gone afterwards" 1 "tun0" "packetdrill device.pkt; ip link show tun0"
check "two at a time take turns" 0 "^both" "packetdrill long.pkt & packetdrill long.pkt && wait \$! && echo both"
check "another's tun0 is left alone" 0 "^tun0 *DOWN" "ip tuntap add tun0 mode tun; packetdrill served.pkt && ip -br link show tun0"
check "PACKETDRILL_PID is the shell's parent" 0 "same" "packetdrill pid.pkt"
check "init scripts come before the device" 0 "^lo *\$" "packetdrill --init_scripts=./init.sh good.pkt"
check "both streams are the caller's: output" 0 "^said\$" "packetdrill streams.pkt 2>/dev/null"
check "both streams are the caller's: errors" 0 "^cried\$" "packetdrill streams.pkt >/dev/null"
check "a cleanup command after a failure" 1 "^cleaned" "packetdrill cleanup.pkt"
printf '0 `true`\n`echo cleaned`\n' >no-init.pkt
check "nor without an init command" 0 "" "packetdrill no-init.pkt"
check "no cleanup command after a failed init command" 1 "init.pkt: error executing init command: non-zero status 3" \
	"packetdrill init.pkt | grep cleaned || packetdrill init.pkt"

# The words that wrappers of packetdrill look for.
says() { # PATTERN TEXT: what stands after accept() is replaced
	sed '/accept/q' served.pkt >said.pkt
	printf '%s\n' "$2" >>said.pkt
	check "says: $1" 1 "$1" "packetdrill said.pkt"
}
says '^said.pkt:8: error handling packet: Timed out waiting for packet$' '+0 > . 1:1(0) ack 1'
says '^said.pkt:9: error handling packet: live packet field tcp_ack_seq: expected: 5 \(0x5\) vs actual: 1 \(0x1\)$' \
	'+0 close(4) = 0
+0 > F. 1:1(0) ack 5'
says '^said.pkt:9: error handling packet: live packet field tcp_fin: expected: 0 \(0x0\) vs actual: 1 \(0x1\)$' \
	'+0 close(4) = 0
+0 > . 1:1(0) ack 1'
says '^said.pkt:9: error handling packet: live packet field tos: expected: 16 \(0x10\) vs actual: 0 \(0x0\)$' \
	'+0 close(4) = 0
+0 > [tos 0x10] F. 1:1(0) ack 1'
says '^said.pkt:9: error handling packet: live packet field ip_ecn: expected: 2 \(0x2\) vs actual: 0 \(0x0\)$' \
	'+0 close(4) = 0
+0 > [ect0] F. 1:1(0) ack 1'
says '^said.pkt:9: error handling packet: live packet field ttl: expected: 33 \(0x21\) vs actual: 64 \(0x40\)$' \
	'+0 close(4) = 0
+0 > [ttl 33] F. 1:1(0) ack 1'
says '^said.pkt:9: error handling packet: live packet field tcp_ace: expected: 5 \(0x5\) vs actual: 0 \(0x0\)$' \
	'+0 close(4) = 0
+0 > F.5 1:1(0) ack 1'
says '^actual packet:  0.01[0-9]* F. 1:1\(0\) ack 1' '+0 close(4) = 0
+0 > F. 1:1(0) ack 5'
says '^said.pkt:9: error handling packet: live packet payload: expected 50 bytes vs actual 100 bytes$' \
	'+0 write(4, ..., 100) = 100
+0 > P. 1:51(50) ack 1'
says '^said.pkt:9: error handling packet: timing error: expected outbound packet at 0.11[0-9]* sec but happened at' \
	'+0 close(4) = 0
+.1 > F. 1:1(0) ack 1'
says '^said.pkt:9: runtime error in write call: Expected result 1 but got -1 with errno 32 \(Broken pipe\)$' \
	'+0 shutdown(4, SHUT_WR) = 0
+0 write(4, ..., 1) = 1'
says '^said.pkt:8: runtime error in accept call: Expected non-negative result but got -1 with errno 22 \(Invalid argument\)$' \
	'+0 accept(4, ..., ...) = 5'
says '^said.pkt:8: runtime error in accept call: Expected errno 32 \(Broken pipe\) but got 22' \
	'+0 accept(4, ..., ...) = -1 EPIPE (none)'
says '^said.pkt:8: error executing `exit 7` command: non-zero status 7$' '+0 `exit 7`'
says '^said.pkt:8: error in Python code$' '+0 %{ assert tcpi_state == 9 }%'
says '^said.pkt:8: timing error: expected system call return at 0.07' '+.01...0.06 read(4, ..., 1) = 1
+.1 < P. 1:2(1) ack 1 win 1000'

sed 's/<\.\.\.>/<mss 1400>/' served.pkt >said.pkt
check "says: a TCP option" 1 \
	'^said.pkt:5: error handling packet: bad value in outbound TCP option \(kind=2\): expected: mss 1400 actual: mss 1460$' \
	"packetdrill said.pkt"

echo "1..$n"
[ $failed = 0 ]
