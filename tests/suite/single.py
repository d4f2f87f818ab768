#!/usr/bin/env python3
"""What a single run leaves behind: nothing. To be the first process of a pid namespace, so that it sees every process
there is, and one that reaps nobody's but its own: what a run left would stay in sight.

    unshare -mpf --mount-proc single.py FINWAIT SCRIPT end       when a run has ended
    unshare -mpf --mount-proc single.py FINWAIT SCRIPT killed    when its runner was killed
"""
import fcntl
import os
import random
import subprocess
import sys
import time

TRIES = 5
PATIENCE = 20 # seconds


def processes():
    """All but this one, the dead that were not reaped as well."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                found.append(f.read().strip()[:60])
        except OSError:
            continue # gone meanwhile
    return [text for text in found if text.split()[0] != str(os.getpid())]


def machine():
    """Mounts, devices and captures."""
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts, open("/proc/self/net/packet", encoding="utf-8") as packet:
        return [mounts.read(), sorted(os.listdir("/proc/sys/net/ipv4/conf")), len(packet.readlines())]


def within_patience(what, holds):
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"after {PATIENCE} s {what}")
        time.sleep(0.01)


def expect_nothing(when, before):
    if processes():
        sys.exit(f"{when} there is: {processes()}")
    if machine() != before:
        sys.exit(f"{when}: {machine()}\nand before: {before}")


def capture_closed():
    """What is left to the kernel to close holds a lock."""
    with open("/dev/net/tun", "rb") as node:
        try:
            fcntl.flock(node, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def end(argv):
    before = machine()
    for _ in range(TRIES):
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer) as runner:
            os.close(writer)
            status = runner.wait()
        expect_nothing("after a run", before)
        said = os.read(reader, 65536)
        if status or b"1 passed" not in said:
            sys.exit(f"exit status {status}: {said.decode(errors='replace')}")
        if os.read(reader, 1): # raises BlockingIOError if somebody could still write
            sys.exit("it goes on talking")
        os.close(reader)
    time.sleep(1)
    expect_nothing("a second after a run", before)
    within_patience("the capture is not closed", capture_closed)


def reaped():
    """Those that have become ours; True: there are none any more."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return False
    except ChildProcessError:
        return True


def killed(argv):
    before = machine()
    for _ in range(4 * TRIES):
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as runner:
            time.sleep(random.uniform(0, 0.2))
            runner.kill()
        within_patience("there are processes of a run whose runner was killed", reaped)
        expect_nothing("after a runner was killed", before)
    within_patience("the capture is not closed", capture_closed)


if __name__ == "__main__":
    program, script, case = sys.argv[1:]
    {"end": end, "killed": killed}[case]([program, "-q", "--ip_version=ipv4", script])
