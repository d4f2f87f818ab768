# What the checks of the command line share: sourced, with $bin set. A working directory, TAP, and the words of a check.
bin=$(realpath "$bin")
work=$(mktemp -d /tmp/finwait-suite.XXXXXX) || exit 1
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
export bin work XDG_STATE_HOME=$work/state NO_COLOR=1 ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
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
skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}
# The last line of each program.
finish() {
	echo "1..$n"
	exit $((failed > 0))
}
# exits STATUS COMMAND...
exits() {
	local want=$1 got=0
	shift
	"$@" || got=$?
	[ $got = "$want" ] || echo "exit status $got, not $want"
	[ $got = "$want" ]
}
# prints PATTERN COMMAND...
prints() {
	local pattern=$1
	shift
	"$@" >shown 2>&1
	cat shown
	grep -qE -- "$pattern" shown
}
# in_places SHELL-TEXT: in pid, mount and network namespaces of its own; as set -e has it.
in_places() {
	unshare -mpfn --mount-proc bash -e -c "$1"
}
export -f exits prints
socket='0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3'
make_scripts() { # DIRECTORY COUNT TEXT
	mkdir -p "$1"
	local i
	for i in $(seq "$2"); do printf '%s\n' "$3" >"$1/$i.pkt"; done
}
