#!/bin/bash
# What a run leaves to be seen, in trace, JSON and capture file: nothing that happened is missing, nothing
# is told that did not happen. Usage: run.sh [FINWAIT]. Prints TAP; ends with 1 if a test failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
bin=$(realpath "${1:-$here/../../../finwait}")
work=$(mktemp -d /tmp/finwait-records.XXXXXX) || exit 1
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/state NO_COLOR=1 ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
cd "$work" || exit 1

n=0 failed=0
# check NAME COMMAND...: passes if the command does.
check() {
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >out 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' out | head -n 40
		failed=$((failed + 1))
	fi
}

opened='0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1460>
+0 > S. 0:0(0) ack 1 <...>
+0 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4'

# play NAME OPTIONS... <SCRIPT: plays it after the handshake, as NAME.pkt; leaves NAME.txt, NAME.json, NAME.pcap and
# NAME.status
play() {
	local name=$1
	shift
	{ echo "$opened"; cat; } >"$name.pkt"
	"$bin" -v --ip_version=ipv4 --json="$name.json" --pcap="$name.pcap" --pcap-format=pcap "$@" "$name.pkt" >"$name.txt" 2>&1
	echo $? >"$name.status"
}

# json NAME PYTHON: an expression over `run`, the result, and `records`
json() {
	cat "$1.json"
	python3 -c 'import json, sys
run = json.loads(open(sys.argv[1] + ".json").readline())
records = run.get("records", [])
kinds = [r["kind"] for r in records]
sys.exit(0 if eval(sys.argv[2]) else 1)' "$1" "$2"
}

# shows NAME PATTERN: the trace and the report hold it; hides: they do not
shows() {
	cat "$1.txt"
	grep -qE -- "$2" "$1.txt"
}
hides() {
	cat "$1.txt"
	! grep -qE -- "$2" "$1.txt"
}

# packets NAME COUNT: so many stand in the capture file: after its header of 24 bytes, each has one of 16
packets() {
	python3 -c 'import struct, sys
data, at, n = open(sys.argv[1], "rb").read(), 24, 0
while at < len(data):
    at += 16 + struct.unpack_from("<IIII", data, at)[2]
    n += 1
print(n, "packets")
sys.exit(n != int(sys.argv[2]))' "$1.pcap" "$2"
}

# in_order NAME: the times of the trace go up
in_order() {
	cat "$1.txt"
	grep -oE '^ +[0-9]+\.[0-9]{6}  ' "$1.txt" | sort -c -n
}

# ---- what no event expects is shown, at its time

play between <<-'END'
	+.1 close(4) = 0
	+.5 tcp_state(4) = TCP_FIN_WAIT1
END
check "a segment between two events stands in the trace" shows between '> +F\. 1:1\(0\) ack 1.*not in the script'
check "and so does its retransmission" test "$(grep -c 'not in the script' between.txt)" = 2
check "in the order of times" in_order between
check "and in the capture file" packets between 5
check "a script that passed has passed" test "$(cat between.status)" = 0

play last <<-'END'
	+.1 close(4) = 0
END
check "what came after the last event is shown" shows last 'F\. 1:1\(0\).*not in the script'
check "and captured" packets last 4

play failure --strict <<-'END'
	+.1 close(4) = 0
	+0 > F. 1:1(0) ack 1
	+.1 < . 1:1(0) ack 3 win 65535
	+0 tcp_state(4) = TCP_FIN_WAIT2
END
check "a failure comes with what the kernel sent before it" \
	json failure '[r["actual"] for r in records if r["kind"] == "extra"] == ["> . 2:2(0) ack 1 win 64240"]'
check "a segment stands before the event that it came before" json failure 'kinds[-2:] == ["extra", "state"]'
check "and is in the capture file" packets failure 6

play after --tolerance_usecs=400000 <<-'END'
	+.1 close(4) = 0
	+0 > F. 1:1(0) ack 2
	+.1 < F. 1:1(0) ack 2 win 65535
END
check "after a failure one tolerance is waited: the retransmission is seen" \
	json after 'kinds[8:10] == ["segment", "extra"] and records[9]["actual_ns"] > records[8]["actual_ns"] + 10**8'

play strict --strict <<-'END'
	+.1 close(4) = 0
END
check "--strict: such a segment fails the run" test "$(cat strict.status)" = 1
check "and says so" shows strict 'a segment that the script does not have \(--strict\)'

# ---- a run that is ended, or dies, keeps its history

play limit --timeout=1 <<-'END'
	+.1 close(4) = 0
	+0 > F. 1:1(0) ack 1
	+0 `sleep 5`
END
check "at its time limit a run keeps its records" json limit 'kinds[-3:] == ["call", "segment", "command"]'
check "the last one says why it ended" \
	json limit 'records[-1]["fault"] == "time_limit" and records[-1]["limit_ns"] == 10**9'
check "that time limit is named" shows limit 'time limit of 1 s \(--timeout\) at line 10'
check "it took its time" json limit 'run["run_ns"] > 5 * 10**8'

play crash <<-'END'
	+.1 close(4) = 0
	+0 `kill -SEGV $PPID; sleep 1`
END
check "a crash keeps its records" json crash 'kinds[-2:] == ["call", "command"]'
check "and the signal" json crash 'records[-1]["fault"] == "crash" and records[-1]["signal"] == 11'

# ---- nothing is told that did not happen

play pending <<-'END'
	+0...0.2 read(4, ..., 100) = 77
	+.1 < P. 1:101(100) ack 1 win 65535
	+0 > . 1:1(0) ack 99
END
check "a call that is under way is told without a result" shows pending 'call +read\(4, \.\.\., 100\) +\S* *\(blocks\)'
check "and without the script's wish" hides pending '= 77'

play unmade <<-'END'
	+.1 poll([{fd=7, events=POLLIN}], 1, 0) = 0
END
check "a call that was not made did not fail to return" shows unmade 'was not made'
check "no time is given up there" hides unmade 'given up|did not return'

play unevaluated <<-'END'
	+.1 %{ assert tcpi_snd_cwnd == 11 }%
	+.1 tcp_state(4) = TCP_CLOSE
END
check "an assertion is evaluated after the run" shows unevaluated 'tcpi_snd_cwnd == 11 .*\(evaluated at the end\)'

play assertion <<-'END'
	+.1 %{ assert tcpi_snd_cwnd == 1111 }%
	+.2 close(4) = 0
	+0 > F. 1:1(0) ack 1
END
check "what came after the values were taken is not told as before" \
	sh -c 'sed -n "/before it/,/after it/p" assertion.txt | tee /dev/stderr | grep -q accept &&
	! sed -n "/before it/,/after it/p" assertion.txt | grep -q "close"'

# ---- the output of commands is shown where it was printed, and is harmless

play output <<-'END'
	+0 `printf 'one\033[31m\n::error::x\n'`
	+.1 close(4) = 0
END
check "a command's output stands below it" shows output '\| one'
check "without control characters" sh -c '! grep -q "$(printf "\033")" output.txt'
check "and at the head of no line" hides output '^::error'

echo "1..$n"
exit $((failed > 0))
