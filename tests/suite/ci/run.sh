#!/bin/bash
# What CI meets: what a log holds, runs one after another, what git bisect and others read.
# Usage: run.sh [FINWAIT]. Prints TAP; ends with 1 if a test failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../..
bin=${1:-$root/finwait}
. "$here/../tap.sh"

printf '%s\n+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n' "$socket" >pass.pkt
printf '%s\n+0 listen(3, 1) = -1\n' "$socket" >fail.pkt
printf -- '--requires=kernel>=99.0\n%s\n' "$socket" >skip.pkt
printf '%s\n+0 nonsense() = 0\n' "$socket" >bad.pkt
if ! "$bin" -q pass.pkt >out 2>&1; then
	skip "CI" "no script can be played here"
	finish
fi

# ---- what a log holds
shows() { # LEVEL PATTERN-OF-LINES: these and no other runs have a line
	"$bin" --status-level "$1" pass.pkt fail.pkt skip.pkt >shown
	cat shown
	[ "$(grep -oE '^\[[1-3]/3\] [a-z]+' shown | sed 's/.* //' | sort | tr '\n' ' ')" = "$2" ]
}
check "no lines of runs by default" bash -c '"$bin" pass.pkt fail.pkt skip.pkt | tee shown; ! grep "^\[" shown'
check "but failures in full" grep -q '^  actual ' shown
check "the few that are skipped" grep -q '^  skip.pkt (ipv4): requires' shown
check "and the names of those that failed" grep -A1 '^failed:' shown
check "--status-level none" shows none ''
check "tells nothing of runs" bash -c '! grep -q "^fail.pkt" shown && grep -q "^1 passed, 1 failed, 1 skipped" shown'
check "fail" shows fail 'fail '
check "skip" shows skip 'fail skip '
check "all" shows all 'fail pass skip '
check "another is refused" exits 2 "$bin" --status-level pass pass.pkt
make_scripts many 60 "$(cat pass.pkt)"
long_log() {
	"$bin" many fail.pkt skip.pkt >shown
	cat shown
	[ "$(grep -c '^\.\.\. [1-6]0/62' shown)" = 6 ] && ! grep -q '^  skip.pkt' shown && grep -q '^  actual ' shown
}
check "a log of many says how far it is" long_log
check "-q is silent till the end" bash -c '"$bin" -q many | tee shown; [ "$(wc -l <shown)" = 1 ]'

# ---- how many at once
at_once() { # N OPTIONS...: the most runs that were seen at the same time
	local most=$1
	shift
	rm -rf seen && mkdir seen
	"$bin" -q --cwd=caller "$@" counting || return 1
	sort -n seen/* | tail -n 1 | tee largest
	[ "$(cat largest)" -le "$most" ]
}
# Each leaves a file while it is set up and played, and how many of them there are.
make_scripts counting 12 '`touch seen/run.$PPID; ls seen | grep -c run >seen/n.$PPID`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+.05 close(3) = 0
+0 `rm seen/run.$PPID`'
check "-j1 plays one after another" at_once 1 -j1
check "also with many prepared at once" at_once 1 -j1 --prepare 8
check "-j3 plays three" at_once 3 -j3
check "--timelines is gone" exits 2 "$bin" --timelines 1 pass.pkt

# ---- git bisect
printf '%s\n+0 `kill -SEGV $PPID; sleep 1`\n' "$socket" >crash.pkt
check "--bisect: a pass is good" exits 0 "$bin" --bisect pass.pkt
check "a failure is bad" exits 1 "$bin" --bisect fail.pkt crash.pkt
check "an expected one is good" exits 0 "$bin" --bisect --xfail=known fail.pkt
check "a pass that should not be is bad" exits 1 "$bin" --bisect --xfail=known pass.pkt
check "a crash says nothing" exits 125 "$bin" --bisect crash.pkt pass.pkt
check "nor does a time limit" exits 125 "$bin" --bisect --timeout .5 "$here/../scripts/hang.pkt"
check "nor a run that is late itself" exits 125 "$bin" --bisect --retries 0 "$here/../scripts/always-late.pkt"
check "nor a bad script" exits 125 "$bin" --bisect bad.pkt
check "nor one that is not there" exits 125 "$bin" --bisect nowhere.pkt
check "nor one that was not played" exits 125 "$bin" --bisect skip.pkt
check "beside others a skip is fine" exits 0 "$bin" --bisect skip.pkt pass.pkt
check "nor what is not run" exits 125 bash -c '"$bin" --bisect --pcap=nowhere/x pass.pkt'
check "an option that is wrong ends it" exits 255 "$bin" --bisect --nonsense pass.pkt
# Eleven revisions of what is tested, here a sysctl: from the 7th on wrong; the 5th, 6th and 8th cannot be tested.
bisected() (
	local i
	export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
	git init -q repository && cd repository || return 1
	for i in $(seq 11); do
		cp ../pass.pkt x.pkt
		[ "$i" -lt 7 ] || cp ../fail.pkt x.pkt
		case $i in 5 | 8) cp ../crash.pkt x.pkt ;; 6) echo nonsense >x.pkt ;; esac
		echo "$i" >number
		git add . && git commit -qm "$i" && git tag "r$i"
	done
	git bisect start r11 r1
	git bisect run "$bin" -q --bisect x.pkt | tee said
	# All that is known: the first bad one is 5, 6 or 7.
	grep -q 'There are only .skip.ped commits left to test' said || return 1
	git bisect log | grep '^# bad:' | tail -n 1 | grep -q '\] 7$' || return 1
	git bisect log | grep '^# good:' | tail -n 1 | grep -q '\] 4$'
)
if command -v git >/dev/null; then check "git bisect run" bisected; else skip "git bisect run" "no git"; fi

# ---- GitHub, JUnit, netdev's CI
readers() { python3 "$here/readers.py" "$@"; }
export here
export -f readers
cat >two.pkt <<'END'
0 sokcet(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 lisen(3, 1) = 0
END
late=$here/../scripts/always-late.pkt
annotated() {
	"$bin" --github pass.pkt fail.pkt two.pkt | grep '^::' | tee shown
	[ "$(wc -l <shown)" = 3 ] && grep -q '^::error file=two.pkt,line=1,col=3,title=unknown' shown &&
		grep -q '^::error file=two.pkt,line=3,col=4,title=unknown' shown && grep -q '^::error file=fail.pkt,line=2,col=19,' shown
}
check "an annotation for each mistake, where it is" annotated
matched() { # EXPECTED OPTIONS...
	local expected=$1
	shift
	"$bin" "$@" >shown 2>&1
	readers matcher "$root/tools/finwait-problem-matcher.json" shown | tee matches
	printf '%s' "$expected" | diff - <(sed -E 's/^(([^ ]+ ){4}[^ ]+ [^ ]+).*/\1/' matches)
}
check "the problem matcher finds what failed" matched "error fail.pkt 2 19 listen() differs
error two.pkt 1 3 unknown system
error two.pkt 3 4 unknown system
" pass.pkt fail.pkt two.pkt
check "in quiet logs the first of each" matched "error fail.pkt 2 19 listen() differs
error two.pkt 1 3 unknown system
" -q pass.pkt fail.pkt two.pkt
check "one that should not pass" matched "error pass.pkt - - unexpected pass
" --xfail=known pass.pkt
check "nothing in a pass" matched '' --status-level all --repeat 3 pass.pkt
check "a run that is late is a warning" bash -c '"$bin" --retries 0 "$1" >shown; readers matcher "$2" shown |
	grep -qE "^warning .*/always-late.pkt [0-9]+ [0-9]+ "' - "$late" "$root/tools/finwait-problem-matcher.json"
junit() {
	rm -f late-once.mark
	cp "$here/../scripts/late-once.pkt" .
	"$bin" -q --junit j.xml pass.pkt fail.pkt skip.pkt bad.pkt late-once.pkt
	xmllint --noout --schema "$root/tests/unit/report/junit.xsd" j.xml || return 1
	readers junit j.xml | tee shown
	grep -qx 'fail.pkt (ipv4) fail.pkt 2 failure' shown && grep -qx 'pass.pkt (ipv4) pass.pkt -' shown &&
		grep -qx 'late-once.pkt (ipv4) late-once.pkt - flakyFailure' shown && grep -qx '5 1 1' shown
}
if command -v xmllint >/dev/null; then check "JUnit: files, lines, flaky runs, totals" junit; else skip "JUnit" "no xmllint"; fi
nipa() { # EXPECTED OPTIONS...: behind the runner of the kernel's selftests
	local expected=$1
	shift
	"$bin" --kselftest "$@" 2>&1 | sed 's/^/# /' >log
	readers nipa log | tee shown
	printf '%s' "$expected" | diff - <(sed -E 's/ ([0-9.]+|-)$//' shown)
	grep -qE '^pass pass.pkt \(ipv4\) [0-9.]+$' shown
}
check "netdev's CI: passes" nipa "pass pass.pkt (ipv4)
skip skip.pkt (ipv4)
" pass.pkt skip.pkt
check "and the whole has nothing of a failure" bash -c '! grep "the whole" shown'
check "a failure" nipa "the whole has # not ok 1
fail fail.pkt (ipv4)
pass pass.pkt (ipv4)
" pass.pkt fail.pkt

# ---- KCIDB, LAVA
mkdir -p scripts/close && cp pass.pkt scripts/close/a.b.pkt
everything="pass.pkt fail.pkt skip.pkt bad.pkt crash.pkt ./scripts/close/a.b.pkt"
told() { # EXPECTED READER ARGUMENTS...
	local expected=$1
	shift
	readers "$@" | sort | tee shown
	printf '%s' "$expected" | diff - shown
}
kcidb() {
	"$bin" -q --retries 0 --kcidb k.json --kcidb-build ci_x:linux-7.0 $everything "$late"
	told "ERROR finwait.bad.ipv4
ERROR finwait.late
FAIL finwait.fail.ipv4
MISS finwait.crash.ipv4
PASS finwait.close.a_b.ipv4
PASS finwait.pass.ipv4
SKIP finwait.skip.ipv4
" kcidb "$here/kcidb.json" <(sed "s/\"path\": \"[^\"]*always-late.ipv4\"/\"path\": \"finwait.late\"/" k.json)
}
check "KCIDB" kcidb
check "with the reason" grep -q '"log_excerpt": "fail.pkt:2:19: error: ' k.json
check "of a build that is said" exits 2 "$bin" --kcidb k.json pass.pkt
check "as KCIDB has it" exits 2 "$bin" --kcidb k.json --kcidb-build linux-7.0 pass.pkt
check "from shards too" bash -c '"$bin" -q --json k.jsonl pass.pkt && "$bin" merge -q --kcidb k2.json --kcidb-build a:b k.jsonl &&
	readers kcidb "$here/kcidb.json" k2.json'
lava() {
	"$bin" -q --lava=l.txt $everything
	told "fail finwait.bad.ipv4
fail finwait.crash.ipv4
fail finwait.fail.ipv4
pass finwait.close.a_b.ipv4
pass finwait.pass.ipv4
skip finwait.skip.ipv4
" lava l.txt
}
check "LAVA" lava

# ---- what docs/ci.md shows
doc=$root/docs/ci.md
mkdir -p as-shown/bin && ln -s "$bin" as-shown/bin/finwait && ln -s "$bin" as-shown/bin/packetdrill
as_shown() { # SERVICE
	rm -rf place && mkdir -p place/results && cp -r many place/tcp && python3 "$here/docs.py" "$doc" "$1" >commands.sh && cat commands.sh
	(cd place && PATH=$work/as-shown/bin:$PATH bash -e ../commands.sh)
}
failing() {
	as_shown github && cp fail.pkt place/tcp && (cd place && ! PATH=$work/as-shown/bin:$PATH bash ../commands.sh) &&
		[ "$(ls place/captures)" = tcp-fail-ipv4.pcapng ]
}
shell_parses() { sed -n '/^```sh$/,/^```$/p' "$doc" | grep -v '^```' >shown.sh && [ -s shown.sh ] && bash -n shown.sh; }
docker_parses() { # the client alone, which reads its options before it looks for a daemon
	local out
	sed ':a;/\\$/{N;s/\\\n//;ba}' shown.sh | grep '^docker run' >docker.sh
	out=$(DOCKER_HOST=unix:///nowhere bash docker.sh 2>&1)
	echo "$out"
	[ "$(wc -l <docker.sh)" = 3 ] && [ "$(echo "$out" | grep -c '^docker: ')" = 3 ] && ! echo "$out" | grep -E 'flag|invalid|usage'
}
# Docker's capabilities, and its filter as far as it matters: of capabilities `$1`, in a namespace of the container's own.
in_container() { # CAPABILITIES FILTER COMMAND...
	local kept=,chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,net_raw,sys_chroot,mknod,audit_write,setfcap,$1,
	local filter=$2 dropped='' c
	shift 2
	for c in $(capsh --print | sed -n 's/^Bounding set =//p' | tr ',' ' '); do
		case $kept in *,"${c#cap_}",*) ;; *) dropped=$dropped,$c ;; esac
	done
	unshare -mpfn --mount-proc capsh --drop="${dropped#,}" -- -c "exec $filter \"\$@\"" - "$@"
}
if python3 -c 'import yaml' 2>/dev/null; then
	check "docs/ci.md: YAML and TOML" python3 "$here/docs.py" "$doc" parse
	for service in github gitlab kubernetes; do check "docs/ci.md: what $service runs" as_shown $service; done
	check "docs/ci.md: a capture of what fails" failing
else
	skip "docs/ci.md" "no python3 with yaml"
fi
check "docs/ci.md: shell" shell_parses
if command -v docker >/dev/null; then check "docs/ci.md: Docker's options" docker_parses; else skip "docs/ci.md: Docker's options" "no docker"; fi
if [ "$(id -u)" = 0 ] && command -v capsh >/dev/null && unshare -mpfn --mount-proc true 2>/dev/null; then
	check "docs/ci.md: the capabilities are enough" in_container net_admin,sys_admin,sys_nice '' "$bin" -q pass.pkt
	check "docs/ci.md: without SYS_ADMIN they are not" exits 4 in_container net_admin "python3 $here/no_unshare.py" "$bin" -q pass.pkt
	check "docs/ci.md: but as packetdrill" in_container net_admin "python3 $here/no_unshare.py" as-shown/bin/packetdrill pass.pkt
else
	skip "docs/ci.md: capabilities" "needs root and capsh"
fi

finish
