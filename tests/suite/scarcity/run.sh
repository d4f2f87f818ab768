#!/bin/bash
# What cannot be run is not run: tried again when others end, told as such, and never taken for well.
# Usage: run.sh [FINWAIT]. Prints TAP; ends with 1 if a test failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
bin=${1:-$here/../../../finwait}
. "$here/../tap.sh"

if [ "$(id -u)" != 0 ] || ! unshare -mpfn --mount-proc true 2>/dev/null; then
	skip "scarcity" "needs root, whose / is a mount"
	finish
fi
make_scripts many 12 "$socket" # which cannot be late
printf '%s\n' "$socket" >pass.pkt
printf '%s\n+0 listen(3, 1) = -1\n' "$socket" >fail.pkt
printf -- '--requires=kernel>=99.0\n%s\n' "$socket" >requires.pkt
printf -- '--slow\n%s\n' "$socket" >slow.pkt

# ---- what comes back when others end
namespaces() { # COUNT COMMAND...: in a user namespace that may have so many network namespaces
	local count=$1
	shift
	unshare -Urm sh -c 'echo "$0" >/proc/sys/user/max_net_namespaces; exec "$@"' "$count" "$@"
}
check "with few network namespaces all are played" exits 0 namespaces 3 "$bin" --json few.json many
check "and pass" test "$(grep -c '"pass"' few.json)" = 12
check "at the first try" test "$(grep -c '"attempts":1,' few.json)" = 12
check "with one as well" exits 0 namespaces 1 "$bin" -q many
pids() {
	unshare -Urm sh -c 'echo 3 >/proc/sys/user/max_pid_namespaces; exec "$@"' sh "$@"
}
check "with few pid namespaces too" exits 0 pids "$bin" -q many
chmod 666 many/*
processes() { # an ordinary user; a run takes five: its keeper, itself, a thread of it, the program and its own
	in_places 'mkdir tun; mknod tun/tun c 10 200; chmod 666 tun/tun; mount --bind tun/tun /dev/net/tun
		exec setpriv --reuid 65534 --regid 65534 --clear-groups prlimit --nproc=8 "$bin" -q many'
}
if setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Un test -x "$bin" 2>/dev/null; then
	check "with few processes" exits 0 processes
else
	skip "with few processes" "no user namespaces, or the program is out of reach"
fi
few_files() { (ulimit -n 80 && "$bin" -q many); }
check "with few descriptors" exits 0 few_files

# ---- what does not
none() {
	namespaces 0 "$bin" "$@"
}
check "without network namespaces nothing is run, which is 4" exits 4 none -q pass.pkt
check "also in a suite" exits 4 none --tap t.tap --ktap=k.tap --junit j.xml --json j.json pass.pkt many requires.pkt
check "what is not to be played is skipped still" exits 0 none -q requires.pkt slow.pkt
check "the reason is told, once" test "$(none pass.pkt many 2>&1 | grep -c 'cannot make a network namespace: No space left')" = 1
check "and how many runs it is of" prints '^  13 runs: ' none pass.pkt many
check "the last line counts them" prints '0 passed, 0 failed, 13 not run' none pass.pkt many
check "TAP: not ok, and no skip" sh -c 'test $(grep -c "^not ok" t.tap) = 13 && test $(grep -c SKIP t.tap) = 1'
check "KTAP: an error" test "$(grep -c '^not ok.*# ERROR cannot make' k.tap)" = 13
check "JUnit: an error" test "$(grep -c '<error .*type="not run"' j.xml)" = 13
check "JSON: a verdict of its own, with the reason" \
	test "$(grep '"verdict":"not run"' j.json | grep -c '"reason":"cannot make a network namespace')" = 13
check "and the error number" test "$(grep -c '"fault":"system".*"error":28' j.json)" = 13
check "GitHub: one annotation" test "$(none --github pass.pkt many 2>&1 | grep -c '^::error')" = 1
check "beside a bad script it is 2" bash -c 'echo nonsense >bad.pkt; exits 2 "$@"' bash unshare -Urm sh -c \
	'echo 0 >/proc/sys/user/max_net_namespaces; exec "$bin" -q bad.pkt pass.pkt'
check "merge says so too" exits 4 "$bin" merge -q j.json
check "--last-failed does not forget what was not run" bash -c '
	"$bin" -q fail.pkt
	unshare -Urm sh -c "echo 0 >/proc/sys/user/max_net_namespaces; $bin -q fail.pkt"
	exits 1 "$bin" -q --last-failed'

# ---- what is not there
check "without a TUN device" exits 4 in_places 'mount -t tmpfs none /dev/net; exec "$bin" pass.pkt'
check "it says so" prints 'not run:.*|1 run: .*/dev/net/tun' in_places 'mount -t tmpfs none /dev/net; exec "$bin" pass.pkt'
check "as packetdrill it says so too, with 1" bash -c 'ln -s "$bin" packetdrill
	prints "pass.pkt: not run: .*/dev/net/tun" unshare -mn sh -c "mount -t tmpfs none /dev/net; ./packetdrill pass.pkt"'

# ---- what fails while a script is played, and is neither its fault nor the kernel's
device_down="$socket
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 \`ip link set tun0 down\`
+0 < S 0:0(0) win 1000"
printf '%s\n' "$device_down" >down.pkt
check "a device that takes no packets: not run" exits 4 "$bin" --json down.json down.pkt
check "at its line" prints 'down.pkt \(ipv4\), at line 5' "$bin" down.pkt
check "a failure of the script beside it is 1" exits 1 "$bin" -q down.pkt fail.pkt
full='mkdir -p disk; mount -t tmpfs -o size=4k none disk; echo old >disk/p.pcap; cp /bin/true disk/ 2>/dev/null || :'
printf '%s\n+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n+0 < S 0:0(0) win 1000\n+0 > S. 0:0(0) ack 1 <...>\n' "$socket" >packets.pkt
sed 's/ack 1/ack 7/' packets.pkt >wrong.pkt
check "a capture on a full disk: not run" in_places "$full; exits 4 \"\$bin\" --json p.json --pcap disk/p.pcap packets.pkt"
check "which file and why" prints 'cannot write disk/p.pcap: No space left' in_places \
	"$full; \"\$bin\" --pcap disk/p.pcap packets.pkt"
check "the old file is as it was" in_places "$full; ! \"\$bin\" -q --pcap disk/p.pcap packets.pkt
	grep -q old disk/p.pcap; test \$(ls -A disk | grep -vc true) = 1"
check "a failure stays one, and says it of the capture too" in_places "$full
	exits 1 prints 'warning .*cannot write disk/p.pcap' \"\$bin\" --pcap disk/p.pcap wrong.pkt || :
	grep -q 'warning .*cannot write disk/p.pcap' shown && grep -q '0 passed, 1 failed' shown"

printf '%s\n+0 `kill -KILL $PPID; sleep 1`\n' "$socket" >killed.pkt
check "a run that is killed, as where memory runs out: not run" exits 4 "$bin" killed.pkt
check "which it says" prints 'the run was killed: SIGKILL, .* at line 2' "$bin" killed.pkt

# ---- early ends
printf '%s\n+0 bind(3, ..., ...) = 0\n+20 close(3) = 0\n' "$socket" >long.pkt
interrupted() { # SIGNAL
	env --default-signal="$1" "$bin" --status-level all --json i.json long.pkt pass.pkt >shown 2>&1 &
	local pid=$!
	until grep -q 'pass  pass.pkt' shown 2>/dev/null; do sleep .1; done
	sleep .5
	kill -"$1" $pid
	wait $pid
	local status=$?
	cat shown
	[ $status = $((128 + $(kill -l "$1"))) ]
}
check "a run that is interrupted" interrupted INT
check "is told as that, with its line" grep -A1 '1 run: interrupted by SIGINT' shown
check "and where it was" grep -q 'long.pkt (ipv4), at line 3' shown
check "not as not played" grep -qE 'finwait: Interrupt: 1 of 2 runs interrupted$' shown
check "its report has what happened until then" \
	grep -q '"verdict":"not run".*"actual":"bind(.*"fault":"interrupted".*"signal":2' i.json
check "SIGTERM: the same" interrupted TERM
check "by its name" grep -q 'interrupted by SIGTERM' shown
fail_fast() {
	make_scripts failing 40 "$(cat fail.pkt)"
	"$bin" -x -j 1 --json x.json failing
	[ $? = 1 ] && [ "$(grep -c '"fail"' x.json)" -lt 10 ]
}
check "--fail-fast" fail_fast
check "says what was not played" prints 'stopped early: .*of 40 (runs )?not played' "$bin" -q -x failing

finish
