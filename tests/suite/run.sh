#!/bin/bash
# The runner, seen from outside: exit statuses, isolation, what is left behind, retries, reports.
# Usage: run.sh [FINWAIT]. Prints TAP; ends with 1 if a test failed. KILLS=N: kill -9 so many times.
set -u
here=$(cd "$(dirname "$0")" && pwd)
bin=${1:-$here/../../finwait}
kills=${KILLS:-50}
. "$here/tap.sh"
ln -s "$bin" packetdrill
sources=$here/scripts
cp -r "$sources"/. "$work"/
# A time nobody else sleeps for: by it we know our processes.
nap=$((100000 + $$))
sed -i "s/98765/$nap/" ./*.pkt

if ! "$bin" -q pass.pkt >out 2>&1 && [ "$("$bin" doctor >/dev/null 2>&1; echo $?)" = 4 ]; then
	check "a machine that cannot run scripts is status 4" exits 4 "$bin" pass.pkt
	finish
fi

# ---- exit statuses
check "a pass is 0" exits 0 "$bin" pass.pkt
check "a failure is 1" exits 1 "$bin" fail.pkt
check "a bad script is 2" exits 2 "$bin" bad.pkt
check "a bad script does not stop the others" prints '1 passed' "$bin" bad.pkt pass.pkt
check "no such file is 2" exits 2 "$bin" nowhere.pkt
check "an unknown option is 2" exits 2 "$bin" --nonsense pass.pkt
check "no scripts is 2" exits 2 "$bin"
check "a requirement that is not met is a skip, and 0" exits 0 "$bin" requires.pkt
check "a skip says why" prints 'requires kernel>=99' "$bin" requires.pkt
check "slow scripts are left out" prints 'slow' "$bin" slow.pkt
check "an expected failure is 0" exits 0 "$bin" xfail.pkt
check "an unexpected pass is 1" exits 1 "$bin" xpass.pkt
check "standard input" exits 0 "$bin" - <pass.pkt
check "a pipe, which can be read only once" exits 0 sh -c "cat pass.pkt | '$bin' /dev/stdin"
check "dry_run plays nothing" exits 0 "$bin" --dry_run fail.pkt pass.pkt
check "dry_run finds bad scripts" exits 2 "$bin" --dry_run bad.pkt pass.pkt
check "mistakes in colours" prints $'\033\[1;31merror\[FW' "$bin" --color=always --dry_run bad.pkt
check "--help is 0" exits 0 "$bin" --help
check "doctor is 0" exits 0 "$bin" doctor

# ---- as packetdrill
silent() { exits 0 "$@" >shown 2>&1 && [ ! -s shown ]; }
check "packetdrill is silent about a pass" silent ./packetdrill pass.pkt
check "packetdrill fails with 1" exits 1 ./packetdrill fail.pkt
check "packetdrill has 1 for a bad script" exits 1 ./packetdrill bad.pkt
check "packetdrill has 1 for bad usage" exits 1 ./packetdrill --jobs=2 pass.pkt
check "packetdrill ends at the first failure" \
	prints '^first$' ./packetdrill echo-first.pkt fail.pkt echo-second.pkt
check "and does not play what follows" sh -c '! grep -q second shown'
check "packetdrill takes three families" sh -c 'for v in ipv4 ipv6 ipv4-mapped-ipv6; do
	./packetdrill --ip_version=$v pass.pkt || exit 1; done'
if [ "$(id -u)" = 0 ]; then
	check "packetdrill stays in a network namespace of the user's own" \
		unshare -n sh -c 'sysctl -qw net.ipv4.tcp_reordering=77 && ./packetdrill sees-77.pkt'
	check "and leaves no device in it" \
		unshare -n sh -c './packetdrill pass.pkt && ./packetdrill pass.pkt &&
			! test -e /sys/class/net/tun0 && ! ip link show tun0 2>/dev/null'
	check "in the machine's own one it makes another" exits 1 ./packetdrill sees-77.pkt
	printf '`test "$(readlink /proc/self/ns/net)" != "$MACHINE_NET"`\n%s\n' "$socket" >apart.pkt
	if unshare -pfn --mount-proc true 2>/dev/null; then
		check "wherever process 1 is" unshare -pfn --mount-proc sh -c \
			'export MACHINE_NET=$(readlink /proc/self/fd/9); nsenter --net=/proc/self/fd/9 ./packetdrill apart.pkt; exit $?' \
			9</proc/self/ns/net
	else
		skip "wherever process 1 is" "the root is no mount, or mounts are not allowed"
	fi
fi

# ---- isolation
mkdir elsewhere
check "a script runs in its own directory" sh -c "cd elsewhere && '$bin' ../directory.pkt"
make_scripts ppid 12 "\`echo \$PPID >> $work/ppids; sleep .3\`
$socket"
check "\$PPID differs between runs at the same time" sh -c \
	"'$bin' -q -j 12 ppid && test \$(sort -u ppids | wc -l) = 12"
check "sysctls outside net are read-only" exits 0 "$bin" read-only.pkt
check "sysctls of the namespace stay in it" sh -c "before=\$(sysctl net.ipv4.tcp_reordering) &&
	'$bin' sets-77.pkt && test \"\$before\" = \"\$(sysctl net.ipv4.tcp_reordering)\""
check "what a command writes to /tmp is gone" sh -c \
	"'$bin' tmp.pkt && ! ls /tmp/finwait-left-over-*"
check "unless it is to be kept" sh -c \
	"'$bin' --keep-tmp tmp.pkt && rm /tmp/finwait-left-over-*"
no_process() { # PATTERN: within two seconds there is none
	local i
	for i in $(seq 40); do
		pgrep -f "$1" >/dev/null || return 0
		sleep .05
	done
	pgrep -af "$1"
	return 1
}
check "a command in the background ends with its run" exits 0 "$bin" background.pkt
check "and is gone" no_process "sleep $nap"
check "a crash of a run is that run's failure" prints 'crashed: SIGSEGV at line 3' "$bin" crash.pkt pass.pkt
check "and the others go on" prints '1 passed' "$bin" crash.pkt pass.pkt
check "a run that hangs is ended, and says where" \
	prints 'time limit of 1 s \(--timeout\) at line 3' "$bin" --timeout 1 hang.pkt
check "nothing is told of a crash there" sh -c '! grep -qE "crash|given up" shown'
command_limit() {
	printf '%s\n+0 `sleep %s & sleep %s`\n' "$socket" "$nap" "$nap" >two-sleep.pkt
	"$bin" --command_timeout=.5 two-sleep.pkt
	[ $? = 1 ] || return 1
	no_process "sleep $nap"
}
check "a command that hangs is ended, with all of its group" command_limit
check "and says by which limit" prints 'ran longer than 0.5 s, its time limit \(--command_timeout\)' \
	"$bin" --command_timeout=.5 two-sleep.pkt
if [ -n "${SLOW:-}" ]; then
	check "what commands take is not the run's" exits 0 "$bin" --slow longer-than-a-minute.pkt
else
	skip "what commands take is not the run's" "takes a minute; set SLOW"
fi

# ---- where commands run
printf '0 `test "$(pwd -P)" = "$WANTED"`\n' >cwd.pkt
mkdir -p sub/deeper && cp cwd.pkt sub/cwd.pkt
printf -- '--cwd=deeper\n0 `test "$(pwd -P)" = "$WANTED"`\n' >sub/own.pkt
printf -- '--cwd=caller\n0 `test "$(pwd -P)" = "$WANTED"`\n' >sub/caller.pkt
printf -- '--cwd=nowhere\n0 `true`\n' >sub/nowhere.pkt
runs_in() { # DIRECTORY COMMAND...
	local wanted=$1
	shift
	WANTED=$(cd "$wanted" && pwd -P) "$@"
}
check "commands run where the script lies" runs_in sub "$bin" sub/cwd.pkt
check "as packetdrill where the caller is" runs_in . ./packetdrill sub/cwd.pkt
check "or where --cwd says: caller" runs_in . "$bin" --cwd=caller sub/cwd.pkt
check "script" runs_in sub ./packetdrill --cwd=script sub/cwd.pkt
check "a directory, as seen from the caller" runs_in sub/deeper "$bin" --cwd=sub/deeper cwd.pkt
check "in a script, as seen from it" runs_in sub/deeper "$bin" sub/own.pkt
check "the caller's" runs_in . "$bin" sub/caller.pkt
check "the command line wins" runs_in sub "$bin" --cwd=script sub/own.pkt sub/caller.pkt
check "one that is not there is told before" exits 2 "$bin" --cwd=nowhere pass.pkt
check "in a script it is the script's error" exits 1 "$bin" sub/nowhere.pkt

# ---- nothing is left behind
host_state() {
	{ ip -o link; ip -o addr; ip route show table all; ip -6 route show table all; ip rule; ip -6 rule
	} | sed -E 's/(valid_lft|preferred_lft|expires|age) [0-9]+sec//g' # they run down by themselves
	tc qdisc; ip netns; nft list ruleset; iptables-save | grep -v '^#'; ip6tables-save | grep -v '^#'
	sysctl -a 2>/dev/null | grep -E '^(net|kernel|vm|fs)' |
		grep -vE 'random|uuid|nr_|_state|cpu_|hostname|ns_last_pid|sample_rate|aio-|conntrack_count|tcp_mem|epoch|\.pty|dentry|inode|file-'
	ls -A /tmp | grep -e '^finwait-busy' -e '^finwait-left'
} 2>/dev/null
make_scripts busy 150 "\`echo x > /tmp/finwait-busy-\$PPID; sleep $nap & \`
$socket
+.3 close(3) = 0"
host_state >before
check "a suite with processes in the background" exits 0 "$bin" -q busy
leaves_nothing() { # SIGNAL TIMES
	local i pid status=0
	for i in $(seq "$2"); do
		env --default-signal=INT "$bin" -q busy >/dev/null 2>&1 & # a shell ignores it for us
		pid=$!
		sleep "0.$((RANDOM % 60 + 10))"
		kill -"$1" $pid
		wait $pid 2>/dev/null
		no_process "sleep $nap" || status=1
		no_process "$bin -q busy" || status=1
	done
	return $status
}
check "SIGINT leaves no process" leaves_nothing INT 2
check "SIGTERM leaves no process" leaves_nothing TERM 2
check "SIGKILL leaves no process, $kills times" leaves_nothing KILL "$kills"
host_unchanged() { host_state >after; diff before after; }
check "links, addresses, routes, sysctls and /tmp are as before" host_unchanged
# A single run need not wait for the kernel to take its capture down.
printf '%s\n+.1 close(3) = 0\n' "$socket" >single.pkt
in_namespaces="unshare -mpf --mount-proc"
[ "$(id -u)" = 0 ] || in_namespaces="unshare -Urmpf --mount-proc"
for how in end killed; do
	if $in_namespaces true 2>out; then
		check "nothing is left of a single run: $how" \
			$in_namespaces python3 "$here/single.py" "$bin" single.pkt $how
	else
		skip "nothing is left of a single run: $how" "$(head -n 1 out)"
	fi
done
interrupted() {
	"$bin" -q busy &
	local pid=$!
	sleep .3
	kill -TERM $pid
	wait $pid
	[ $? = 143 ]
}
check "a runner that was ended says so" interrupted

# A process group of its own, as a terminal's job is; Ctrl-C goes to all of the group.
to_the_group() { # SIGNAL
	local i pid
	for i in 1 2 3 4; do
		setsid env --default-signal="$1" "$bin" -q --json group.json busy >group.out 2>&1 &
		pid=$!
		sleep ".$((RANDOM % 5 + 3))"
		kill -"$1" -- -$pid
		wait $pid
		cat group.out
		grep -E 'crashed|limit|"fail"' group.json && return 1
		grep -qE 'runs? (interrupted|not played)' group.out || return 1
	done
	return 0
}
check "a signal to the whole group invents no crash" to_the_group INT
check "nor does SIGTERM" to_the_group TERM
ignores() {
	sh -c 'trap "" HUP; exec "$0" -q busy-short' "$bin" &
	local pid=$!
	sleep .3
	kill -HUP $pid
	wait $pid
}
make_scripts busy-short 4 "$socket
+.5 close(3) = 0"
check "an ignored hangup stays ignored" ignores
ends_while_writing() {
	mkfifo nobody-reads
	"$bin" -q --json nobody-reads pass.pkt &
	local pid=$!
	sleep .5
	kill -TERM $pid
	(sleep 5; kill -KILL $pid) 2>/dev/null & # or it would wait for ever
	wait $pid
	[ $? = 143 ]
}
check "it can be ended while it waits for a reader" ends_while_writing

# ---- late is not wrong
check "a run that is late every time is inconclusive, and 1" exits 1 "$bin" --retries 2 --json late.json always-late.pkt
check "after all its tries" prints '"attempts":3' cat late.json
check "and is called late" prints '"verdict":"late"' cat late.json
check "a run that was late once passes" exits 0 "$bin" late-once.pkt
rm -f late-once.mark
check "and is listed as flaky" prints 'flaky' "$bin" late-once.pkt
check "what is much of a short wait is late as well" prints '"attempts":2,' sh -c \
	"'$bin' --retries 1 --json f.json late-for-its-wait.pkt; cat f.json"
check "a failure in time is not tried again" prints '"attempts":1,' sh -c "'$bin' --repeat 5 --json f.json fail.pkt; cat f.json"

# Clock 6 is CLOCK_MONOTONIC_COARSE. The kernel answers at once: 1.2 ticks early, which its ticks may explain; and 2, which they do not.
tick=$(python3 -c 'import time; print(time.clock_getres(6))' 2>/dev/null || echo 0)
off_by() { # TICKS
	printf '%s\n+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n+0 < S 0:0(0) win 1000\n+%s > S. 0:0(0) ack 1 <...>\n' \
		"$socket" "$(awk "BEGIN { printf \"%.4f\", $1 * $tick }")" >"off-$1.pkt"
}
if awk "BEGIN { exit !($tick * 1.2 > .0045) }"; then
	off_by 1.2
	off_by 2
	check "a time that ticks may explain is tried again, and fails" \
		prints '"verdict":"fail".*"attempts":7.*"tick_ns":' sh -c "'$bin' --json f.json off-1.2.pkt; cat f.json"
	check "and says why it may be" prints 'hint .*ticks are [0-9]* ms' "$bin" off-1.2.pkt
	check "one further off is not tried again" prints '"attempts":1,' sh -c "'$bin' --json f.json off-2.pkt; cat f.json"
else
	skip "a time that ticks may explain is tried again" "the kernel's ticks are short, or no python3"
fi
check "an assertion over what the kernel measures in ticks is tried again" prints '"attempts":7.*"tick_ns":' sh -c \
	"'$bin' --json f.json busy-time.pkt; cat f.json"
check "another is not" prints '"attempts":1,' sh -c "'$bin' --json f.json mss.pkt; cat f.json"
check "nor a run that was late long before" prints '"attempts":1,' sh -c \
	"'$bin' --retries 1 --json f.json late-long-ago.pkt; cat f.json"
check "after a slow command it is tried again, at last alone" prints '"attempts":4,' sh -c \
	"'$bin' --json f.json slow-command.pkt pass.pkt; cat f.json"
check "alone at once" prints '"attempts":1,' sh -c "'$bin' --json f.json slow-command.pkt; cat f.json"

if chrt -f 1 true 2>/dev/null; then
	check "a timeline and its program share a processor" exits 0 "$bin" one-processor.pkt
else
	skip "a timeline and its program share a processor" "real-time priority is not allowed"
fi

# ---- choosing
make_scripts many 10 "$socket"
check "a family that is none is refused" exits 2 "$bin" --ip_versions=ipv4,ip6 pass.pkt
check "so is a shard of millions" exits 2 "$bin" --shard 1/4000000000 pass.pkt
check "and no repetition at all" exits 2 "$bin" --repeat 0 pass.pkt
few_files() { (ulimit -n 64 && "$bin" pass.pkt); }
check "few descriptors are enough for one run" few_files
mkdir links && cp pass.pkt links && ln -s nowhere links/dangling.pkt
check "a link that leads nowhere is told" exits 2 "$bin" links
unreadable() {
	mkdir -p closed && cp pass.pkt closed/a.pkt && mkdir closed/b.pkt.d && : >closed/b.pkt && chmod 0 closed/b.pkt
	chmod 755 . closed
	setpriv --reuid 65534 --regid 65534 --clear-groups "$bin" list closed 2>list.err
	[ $? = 2 ] && grep -q 'closed/b.pkt: error: cannot be read' list.err
}
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$bin"; then
	check "a script that cannot be read is one failure" unreadable
else
	skip "a script that cannot be read is one failure" "not root"
fi
check "--filter and --exclude" prints '^many/10.pkt' "$bin" list --filter '1*.pkt' --exclude /1.pkt many
fail_fast() {
	make_scripts failing 40 "$(cat fail.pkt)"
	"$bin" -x -j 1 --json x.json failing
	[ $? = 1 ] && [ "$(grep -c '"fail"' x.json)" -lt 10 ]
}
check "--fail-fast" fail_fast
check "and says what was not played" prints 'stopped early: .*of 40 (runs )?not played' "$bin" -q -x failing
last_failed() {
	export XDG_STATE_HOME=$work/state-of-two
	"$bin" -q --slow slow-fail.pkt fail.pkt pass.pkt
	"$bin" -q slow-fail.pkt # not played, not forgotten
	"$bin" -q --slow --last-failed
}
check "--last-failed plays what failed" prints '0 passed, 2 failed' last_failed
check "--repeat tells a rate" prints '100.0%  5 of 5' "$bin" --repeat 5 pass.pkt
check "families of a script" sh -c "test \$('$bin' list families.pkt | wc -l) = 3"
check "families are played" prints '3 passed' "$bin" families.pkt
check "families of the command line" prints '2 passed' "$bin" --ip_versions=ipv4,ipv6 pass.pkt
check "options for one family" prints '1 passed, 1 failed|1 failed' \
	"$bin" --ip_versions=ipv4,ipv6 --for=ipv6 --mtu=1400 mtu-1400.pkt
check "shards are a partition" sh -c "for k in 1 2 3; do '$bin' list --shard \$k/3 many; done |
	sort >parts; '$bin' list many | sort | diff parts -"

# ---- reports
reports() {
	"$bin" -q --tap t.tap --ktap=k.tap --junit j.xml --json j.json pass.pkt fail.pkt bad.pkt requires.pkt
	grep -q '^TAP version 14' t.tap && grep -q '^1\.\.4' t.tap && grep -q '^not ok' t.tap &&
		grep -q '^KTAP version 1' k.tap && [ "$(wc -l <j.json)" = 4 ] &&
		python3 -c 'import sys, json, xml.dom.minidom as m
m.parse("j.xml"); [json.loads(line) for line in open("j.json")]'
}
if command -v python3 >/dev/null; then
	check "all reports at once" reports
else
	skip "all reports at once" "no python3"
fi
check "a report has standard output to itself" sh -c "'$bin' --tap - pass.pkt 2>/dev/null | head -1 | grep -q ^TAP"
check "also from the events of -v" sh -c "'$bin' -v --json - pass.pkt 2>shown | grep -qv '^{' && exit 1; grep -q socket shown"
check "also from annotations" sh -c "'$bin' --github --json - fail.pkt 2>shown | grep -qv '^{' && exit 1; grep -q ^::error shown"
check "by its name in /dev as well" sh -c "echo before >log; '$bin' -q --json /dev/stdout pass.pkt >>log; head -1 log | grep before"
check "two of them are refused" exits 2 "$bin" --tap - --json - pass.pkt
check "by merge too" exits 2 "$bin" merge --tap - --json - no-mode.json
check "annotations for GitHub" prints '^::error file=fail.pkt,line=3' "$bin" --github fail.pkt
merged() {
	"$bin" -q --json 1.json --shard 1/2 many fail.pkt
	"$bin" -q --json 2.json --shard 2/2 many fail.pkt
	"$bin" merge --json all.json 1.json 2.json
	[ $? = 1 ] && [ "$(wc -l <all.json)" = 11 ]
}
check "merge puts shards together" merged
empty_shard() {
	"$bin" -q --shard 1/2 --json full.json pass.pkt && "$bin" -q --shard 2/2 --json empty.json pass.pkt &&
		"$bin" merge empty.json full.json
}
check "a shard with nothing to play has its report" empty_shard
printf '{"verdict":"pass","path":"a"}\n%.0s' 1 2 >no-mode.json
check "results without a mode" prints '2 passed' "$bin" merge --repeat 2 no-mode.json
cannot='{"verdict":"not run","path":"a","mode":"ipv4","attempts":1,"reason":"no rights"}'
check "what a shard could not play is status 4" sh -c "echo '$cannot' >cannot.json; '$bin' merge cannot.json; [ \$? = 4 ]"
check "what was not to be played is not" sh -c "'$bin' -q --json slow.json slow.pkt; '$bin' merge slow.json"
check "with them as durations" exits 0 "$bin" list --shard 1/1 --durations no-mode.json pass.pkt
echo nonsense >nonsense.json
check "merge says which file is wrong" prints 'nonsense.json: line 1' "$bin" merge nonsense.json
check "--pcap saves what was sent" sh -c "'$bin' --pcap p.pcap packets.pkt && test \$(wc -c < p.pcap) -gt 100"
check "of many runs each has its own" sh -c "'$bin' --pcap q.pcap --ip_versions=ipv4,ipv6 packets.pkt &&
	test -s q-packets-ipv4.pcap && test -s q-packets-ipv6.pcap"
check "each of the same name and each round as well" sh -c "mkdir -p c && cp packets.pkt c &&
	'$bin' --pcap r.pcap --repeat 2 ./packets.pkt c/packets.pkt &&
	ls r-packets-ipv4.pcap r-packets-ipv4-2.pcap r-c-packets-ipv4.pcap r-c-packets-ipv4-2.pcap"
check "a capture that cannot be written is told before" exits 2 "$bin" --pcap no-such-directory/p.pcap packets.pkt
check "a warning is shown though all passed" sh -c "'$bin' --non_fatal=packet '$here/../live/language/segments/non-fatal-header.pkt' 2>&1 >/dev/null | grep -q '13:1: warning: '"
check "-v prints each event" prints 'socket' "$bin" -v pass.pkt

# ---- an ordinary user
ordinary() {
	chmod 755 "$work"
	cp -r "$here/../../scripts/close" "$work"
	chmod -R a+rX "$work" "$bin"
	unshare -m sh -c "mkdir tun && mknod tun/tun c 10 200 && chmod 666 tun/tun &&
		mount --bind tun/tun /dev/net/tun &&
		XDG_STATE_HOME=/nonexistent setpriv --reuid 65534 --regid 65534 --clear-groups $bin pass.pkt families.pkt packets.pkt close"
}
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Un true 2>/dev/null &&
	setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$bin"; then
	check "an ordinary user may do the same" ordinary
else
	skip "an ordinary user may do the same" "not root, or no user namespaces"
fi

finish
