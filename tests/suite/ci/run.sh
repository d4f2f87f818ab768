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

finish
