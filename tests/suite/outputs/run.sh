#!/bin/bash
# What finwait writes: whole or not at all, never over what is no file of the user's, and never lost without a word.
# Usage: run.sh [FINWAIT]. Prints TAP; ends with 1 if a test failed. KILLS=N: kill -9 so many times.
set -u
here=$(cd "$(dirname "$0")" && pwd)
bin=${1:-$here/../../../finwait}
kills=${KILLS:-30}
. "$here/../tap.sh"

printf '%s\n+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n+0 < S 0:0(0) win 1000\n+0 > S. 0:0(0) ack 1 <...>\n' "$socket" >pass.pkt
printf '%s\n+0 listen(3, 1) = -1\n' "$socket" >fail.pkt
printf '`touch %s/played`\n%s\n' "$work" "$socket" >mark.pkt
if ! "$bin" -q pass.pkt >out 2>&1; then
	skip "outputs" "no script can be played here"
	finish
fi
root() { [ "$(id -u)" = 0 ] && unshare -mpfn --mount-proc true 2>/dev/null; }

# ---- what is no regular file
if root; then
	own_dev='mount -t tmpfs none /dev; mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/full c 1 7; mkdir /dev/net
		mknod -m 666 /dev/net/tun c 10 200; ln -s /proc/self/fd /dev/fd'
	for option in pcap json junit tap ktap; do
		check "--$option to a device leaves it one" in_places "$own_dev
			\"\$bin\" -q --$option=/dev/null pass.pkt; test -c /dev/null; ls -A /dev | wc -l | grep -qx 4"
	done
	check "captures of many runs too" in_places "$own_dev
		\"\$bin\" -q --pcap=/dev/null pass.pkt pass.pkt; test -c /dev/null; ls -A /dev | wc -l | grep -qx 4"
	check "a capture that a device refuses is told" exits 4 in_places "$own_dev
		exec \"\$bin\" --pcap=/dev/full pass.pkt"
else
	skip "devices" "needs root, whose / is a mount"
fi
fifo() { # OPTION
	local got
	rm -f fifo
	mkfifo fifo
	timeout 20 cat fifo >read &
	"$bin" -q "--$1=fifo" pass.pkt || return 1
	wait $!
	[ -p fifo ] && [ -s read ]
}
check "a FIFO is written through: --json" fifo json
check "and --pcap" fifo pcap
through() { # OPTION
	rm -rf l && mkdir l && echo old >l/file && chmod 640 l/file && ln -s file l/link && ln -s new l/dangling
	"$bin" -q "--$1=l/link" pass.pkt && "$bin" -q "--$1=l/dangling" pass.pkt &&
		[ -L l/link ] && [ -L l/dangling ] && [ -f l/new ] && ! grep -q old l/file &&
		[ "$(stat -c %a l/file)" = 640 ] && [ "$(ls -A l | wc -l)" = 4 ]
}
for option in pcap json junit tap ktap; do
	check "--$option: links stay, a mode is kept, nothing is left beside" through $option
done
check "a standard stream that is a file is added to" bash -c \
	'echo before >log; "$bin" -q --json /dev/fd/3 pass.pkt 3>>log && grep -q before log && grep -q verdict log'

# ---- what cannot be written is told before anything is played
unwritable() { # OPTION PATH
	rm -f played
	exits 2 "$bin" "$1=$2" mark.pkt && ! [ -e played ]
}
mkdir folder
for option in --pcap --json --junit --tap --ktap; do
	check "$option in no folder" unwritable $option nowhere/x
	check "$option to a folder" unwritable $option folder
done
check "a name that is too long" unwritable --json "$(printf 'a%.0s' $(seq 300))"
summary() {
	rm -f played
	GITHUB_STEP_SUMMARY=nowhere/x exits 2 "$bin" --github mark.pkt && ! [ -e played ]
}
check "the step summary" summary
check "a script is not written over" unwritable --json pass.pkt
check "nor by a capture" bash -c 'exits 2 "$bin" --pcap pass.pkt mark.pkt && grep -q socket pass.pkt'
check "two reports in one file" bash -c 'exits 2 "$bin" --json x --tap x pass.pkt && ! [ -e x ]'
check "merge: the same" exits 2 "$bin" merge --tap nowhere/x /dev/null

# ---- nothing is left, however it ends
printf '%s\n+.3 close(3) = 0\n' "$socket" >short.pkt
make_scripts many 20 "$(cat short.pkt)"
killed() { # SIGNAL TIMES
	local i pid
	rm -rf captures && mkdir captures
	for i in $(seq "$2"); do
		"$bin" -q --pcap captures/c.pcap --json captures/j.json many >/dev/null 2>&1 &
		pid=$!
		sleep ".$((RANDOM % 5))$((RANDOM % 10))"
		kill -"$1" $pid
		wait $pid 2>/dev/null
	done
	sleep .3
	ls -A captures
	! ls -A captures | grep -qvE '^(c-many-[0-9]+-ipv4\.pcap|j\.json)$'
}
check "SIGKILL, $kills times, leaves no file that is not whole" killed KILL "$kills"
check "nor does SIGTERM" killed TERM 10
limit() {
	rm -rf captures && mkdir captures
	printf '`sleep 1000`\n%s\n' "$socket" >hang.pkt
	! "$bin" -q --timeout 1 --pcap captures/c.pcap short.pkt long.pkt
	ls -A captures
	[ "$(ls -A captures)" = c-short-ipv4.pcap ]
}
printf '%s\n+0 `sleep 1000`\n' "$socket" >long.pkt
check "nor does a time limit" limit

# ---- captures and their comments
cat >close.pkt <<'END'
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1460>
+0 > S. 0:0(0) ack 1 <...>
+0 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
+.1 close(4) = 0
+0 > F. 1:1(0) ack 1
+.1 < . 1:1(0) ack 2 win 65535
END
sed 's/> F. 1:1(0) ack 1/> F. 1:1(0) ack 2/' close.pkt >differs.pkt
sed '/> F./d' close.pkt >extra.pkt
"$bin" -q --pcap c.pcapng close.pkt
"$bin" -q --pcap differs.pcapng differs.pkt
"$bin" -q --pcap extra.pcapng extra.pkt
"$bin" -q --pcap c.pcap --pcap-format pcap close.pkt
commented() { # FILE PATTERN...: in that order
	local file=$1 pattern
	shift
	pattern=$(printf '%s.*' "$@")
	python3 "$here/pcapng.py" "$file" >packets && cat packets && tr '\n' ' ' <packets | grep -qE "$pattern"
}
check "a capture says where each packet stands in the script" commented c.pcapng \
	' in [0-9]+ line 4, injected: as the script has it; state TCP_SYN_RECV' \
	' out [0-9]+ line 5, sent by the kernel: as expected; state TCP_SYN_RECV' ' out 40 line 9,' ' in 40 line 10,.*TCP_FIN_WAIT2'
check "and how one differs" commented differs.pcapng 'line 9, sent by the kernel: the segment differs in ack: expected 2, got 1'
check "and what the script does not have, in the order of time" commented extra.pcapng \
	' out 40 sent by the kernel: not in the script' ' in 40 line 9'
check "pcap is the old format" bash -c '! python3 "$1/pcapng.py" c.pcap 2>/dev/null && [ "$(od -An -tx4 -N4 c.pcap)" = " a1b23c4d" ]' - "$here"
check "another format is none" exits 2 "$bin" --pcap x --pcap-format pcapx pass.pkt
reads() { # TOOL COMMAND...
	if [ -x "$(command -v "$1")" ]; then check "$1 reads both" bash -c "$2"; else skip "$1 reads both" "there is none"; fi
}
reads tcpdump 'for f in c.pcapng c.pcap; do [ "$(tcpdump -nr $f 2>/dev/null | wc -l)" = 5 ] || exit 1; done'
reads capinfos '[ "$(capinfos -Mc c.pcapng c.pcap | grep -c "packets: *5")" = 2 ] && capinfos c.pcapng | grep -q nanoseconds'
reads tshark '[ "$(tshark -r c.pcap 2>/dev/null | wc -l)" = 5 ] &&
	tshark -r c.pcapng -Y "frame.comment contains \"line 9,\"" -T fields -e tcp.flags 2>/dev/null | grep -qx 0x0011'
failures_only() {
	rm -rf captures
	"$bin" -q --pcap-on-failure captures pass.pkt differs.pkt close.pkt
	ls -A captures
	[ "$(ls -A captures)" = differs-ipv4.pcapng ] && commented captures/differs-ipv4.pcapng 'line 9.*differs'
}
check "--pcap-on-failure keeps those of runs that failed" failures_only
check "also of a single one" bash -c 'rm -rf captures; "$bin" -q --pcap-on-failure captures --pcap-format pcap differs.pkt
	[ "$(ls -A captures)" = differs-ipv4.pcap ]'
check "a folder of the user's stays as it is" bash -c 'mkdir own && echo mine >own/pass-ipv4.pcapng
	"$bin" -q --pcap-on-failure own pass.pkt && grep -qx mine own/pass-ipv4.pcapng'
check "no folder can be made" unwritable --pcap-on-failure nowhere/x
check "nor of a file" unwritable --pcap-on-failure pass.pkt
check "not both" exits 2 "$bin" --pcap x --pcap-on-failure y pass.pkt

# ---- standard output
for arguments in pass.pkt '-q pass.pkt' '-v pass.pkt' '--list pass.pkt' '--github pass.pkt' --help --version doctor \
	'list pass.pkt' '--json - pass.pkt' '--tap - pass.pkt' '--junit - pass.pkt' '--ktap pass.pkt'; do
	check "an error on standard output is 4: $arguments" exits 4 bash -c "\"\$bin\" $arguments >/dev/full"
done
check "of merge as well" bash -c '"$bin" -q --json j.json pass.pkt; exits 4 bash -c "\"\$bin\" merge j.json >/dev/full"'
check "beside a failure it is 1" exits 1 bash -c '"$bin" fail.pkt >/dev/full'
check "no standard output at all" exits 4 bash -c '"$bin" --json closed.json pass.pkt >&-'
check "is none of a report's business" bash -c 'exits 4 bash -c "\"\$bin\" --json closed.json pass.pkt >&-"
	head -c 11 closed.json | grep -qx "{.verdict.:"'

# ---- shards
make_scripts parts 5 "$socket"
for k in 1 2 3; do "$bin" -q --shard $k/3 --json s$k.json parts >/dev/null; done
"$bin" -q --shard 1/2 --json half.json parts >/dev/null
"$bin" -q --shard 1/3 --json other.json parts pass.pkt fail.pkt >/dev/null
check "all shards" exits 0 "$bin" merge -q s3.json s1.json s2.json
check "in one file" bash -c 'cat s2.json s3.json s1.json >all.json && prints "^5 passed" "$bin" merge all.json'
check "a missing one" bash -c 'exits 2 prints "shard 2 of 3 is missing" "$bin" merge s1.json s3.json || :
	grep -q "shard 2 of 3 is missing" shown; exits 2 "$bin" merge s1.json s3.json'
check "the last one" bash -c 'exits 2 "$bin" merge s1.json s2.json'
check "one twice" bash -c 'exits 2 "$bin" merge s1.json s1.json s2.json s3.json'
check "says which" prints 'shard 1 of 3 is there twice: s1.json, s1.json' "$bin" merge s1.json s1.json s2.json s3.json
check "of another number" prints 'half.json is of 2 shards, s2.json of 3' "$bin" merge half.json s2.json s3.json
check "of another plan" prints 'of 7 runs in all.* of 5' "$bin" merge other.json s2.json s3.json
check "with results left out" bash -c 'head -n 1 s1.json >cut.json
	exits 4 "$bin" merge cut.json s2.json s3.json'
check "says how many" prints 'shard 1 of 3: [12] of [12] runs not played' "$bin" merge cut.json s2.json s3.json
check "an empty file" exits 2 "$bin" merge /dev/null
check "durations come from shards as well" exits 0 "$bin" list --durations s1.json --shard 1/2 parts
check "the merged report is one of a whole" bash -c '"$bin" merge -q --json merged.json s1.json s2.json s3.json &&
	exits 0 "$bin" merge -q merged.json'

# ---- input without an end
bounded() { # in half a gigabyte
	(ulimit -v 600000 && exits 2 timeout 60 "$bin" "$@")
}
if ldd "$bin" 2>/dev/null | grep -q asan; then
	skip "input without an end" "the sanitizer needs more"
else
	check "merge /dev/zero" bounded merge /dev/zero
	check "--durations /dev/zero" bounded --shard 1/2 --durations /dev/zero pass.pkt
	check "a script that is /dev/zero" bounded /dev/zero
fi

finish
