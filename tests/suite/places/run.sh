#!/bin/bash
# Where finwait runs: in a chroot, without pid namespaces, where no tmpfs may be mounted on /tmp.
# Usage: run.sh [FINWAIT]. Prints TAP; ends with 1 if a test failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
bin=$(realpath "${1:-$here/../../../finwait}")
work=$(mktemp -d /tmp/finwait-places.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
export bin work XDG_STATE_HOME=$work/state NO_COLOR=1 ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
cd "$work" || exit 1

n=0 failed=0
# check NAME SHELL-TEXT: in pid and mount namespaces of its own; passes if the text ends with 0.
check() {
	n=$((n + 1))
	if unshare -mpf --mount-proc sh -e -c "$2" >out 2>&1 </dev/null; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' out | head -n 40
		failed=$((failed + 1))
	fi
}
skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}
if [ "$(id -u)" != 0 ] || ! unshare -mpf --mount-proc true 2>/dev/null; then
	skip "other places" "needs root, whose / is a mount"
	echo "1..$n"
	exit 0
fi

mark=/tmp/finwait-mark-$$
printf '0 `echo mine >>%s; sleep .1; test "$(cat %s)" = mine`\n' $mark $mark >tmp.pkt
printf '0 `echo mine >>$TMPDIR/mark; sleep .1; test "$(cat $TMPDIR/mark)" = mine`\n' >tmpdir.pkt
printf '0 `sleep 1234 & test $(ls -d /proc/[0-9]* | wc -l) -lt 20`\n' >processes.pkt
cp tmp.pkt tmp-too.pkt
cp tmpdir.pkt tmpdir-too.pkt

# A copy of this system but for /tmp, by mounts; its root is none.
mkdir root
export system='for d in /*; do
	case $d in /tmp|/proc|/sys) mkdir -p root$d ;; *)
		if [ -L $d ]; then cp -Pf $d root/; elif [ -d $d ]; then mkdir -p root$d; mount --bind $d root$d; fi ;; esac
done
mount -t proc proc root/proc; mount -t sysfs sys root/sys
cp "$bin" root/tmp/finwait; cp *.pkt root/tmp'
check "in a chroot each run has its own /tmp" "$system
	chroot root sh -c 'cd /tmp && ./finwait -q tmp.pkt tmp-too.pkt'
	test ! -e root$mark"
check "and its own processes" "$system
	chroot root sh -c 'cd /tmp && ./finwait -q processes.pkt'; ! pgrep -x sleep"
check "the mounts outside are as before" "$system
	cat /proc/self/mountinfo >before; chroot root sh -c 'cd /tmp && ./finwait -q tmp.pkt'
	diff before /proc/self/mountinfo"
check "doctor has nothing to say against it" "$system
	chroot root /tmp/finwait doctor >doctor.out
	grep '^ok *process namespace' doctor.out && grep '^ok */tmp' doctor.out"

without_processes='echo 0 >/proc/sys/user/max_pid_namespaces'
as_user='unshare -Ur --map-root-user sh -e -c'
check "without pid namespaces each run has its own /tmp" "exec $as_user '$without_processes
	\$bin -q tmp.pkt tmp-too.pkt; test ! -e $mark'"
check "that processes may outlive a run is told by doctor" "exec $as_user '$without_processes
	\$bin doctor | grep \"^warning *process namespace *.*outlive\"'"

# A seccomp filter: one call, by number, does nothing and ends with this errno (0: as if it had done it).
cat >without <<'END'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def op(code, jt, jf, k): return struct.pack("HBBI", code, jt, jf, k)
calls = {"x86_64": {"clone3": 435, "unshare": 272}, "aarch64": {"clone3": 435, "unshare": 97}}[os.uname().machine]
code = (op(0x20, 0, 0, 0) + op(0x15, 0, 1, calls[sys.argv[1]]) + op(0x06, 0, 0, 0x00050000 | int(sys.argv[2])) +
        op(0x06, 0, 0, 0x7fff0000))
buffer = ctypes.create_string_buffer(code)
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer)))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
    sys.exit(77)
os.execvp(sys.argv[3], sys.argv[3:])
END
if python3 without clone3 38 true 2>/dev/null; then
	same_mounts='cat /proc/self/mountinfo >before
		'; same='
		cat /proc/self/mountinfo | diff before -'
	check "where there is no clone3() scripts are played" 'python3 without clone3 38 "$bin" -q tmp.pkt tmp-too.pkt processes.pkt'
	check "and mount nothing outside" "$same_mounts python3 without clone3 38 \"\$bin\" -q tmp.pkt processes.pkt $same"
	check "where unshare() does nothing they are not run" \
		'python3 without unshare 0 "$bin" -q tmp.pkt 2>&1 | grep "unshare(2) made no mount namespace"'
	check "and mount nothing" "$same_mounts ! python3 without unshare 0 \"\$bin\" -q tmp.pkt $same"
	check "without /proc too" "$same_mounts ! python3 without unshare 0 sh -c 'mount -t tmpfs none /proc; \$bin -q tmp.pkt'
		umount /proc $same"
else
	skip "where there is no clone3()" "no python3, no seccomp, or another processor"
fi

# A seccomp filter that refuses a tmpfs, known by its flags; what runs need else they may mount.
cat >no-tmpfs <<'END'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
nr = {"x86_64": 165, "aarch64": 40}[os.uname().machine]
def op(code, jt, jf, k): return struct.pack("HBBI", code, jt, jf, k)
# load nr; is it mount(2)? load its flags; are they MS_NOSUID|MS_NODEV? EPERM
code = (op(0x20, 0, 0, 0) + op(0x15, 0, 3, nr) + op(0x20, 0, 0, 16 + 3 * 8) + op(0x15, 0, 1, 2 | 4) +
        op(0x06, 0, 0, 0x00050001) + op(0x06, 0, 0, 0x7fff0000))
buffer = ctypes.create_string_buffer(code)
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer)))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
    sys.exit(77)
os.execvp(sys.argv[1], sys.argv[1:])
END
python3 no-tmpfs true 2>/dev/null
case $? in
0)
	check "where /tmp is shared runs have a directory each" 'python3 no-tmpfs "$bin" -q tmpdir.pkt tmpdir-too.pkt'
	check "and this is said, once" 'python3 no-tmpfs "$bin" -q tmpdir.pkt tmpdir-too.pkt 2>err
		test $(grep -c "/tmp is shared here" err) = 1'
	check "nothing is left of them" 'ls -d /tmp/finwait-?????? >before 2>/dev/null || true
		python3 no-tmpfs "$bin" -q tmpdir.pkt; ls -d /tmp/finwait-?????? 2>/dev/null | diff before -'
	check "it is told by doctor" 'python3 no-tmpfs "$bin" doctor | grep "^warning */tmp *is shared"'
	check "who asked for the real /tmp is told nothing" \
		'python3 no-tmpfs "$bin" -q --keep-tmp processes.pkt 2>err; ! grep shared err' ;;
*) skip "where /tmp is shared" "no python3, no seccomp, or another processor" ;;
esac

echo "1..$n"
exit $((failed > 0))
