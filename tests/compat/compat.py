#!/usr/bin/env python3
"""Compares verdicts: every script of a corpus under finwait and under a reference packetdrill.

Each run has a fresh network namespace, the script's directory as working directory, and the addresses and
defines that the usual runners give, once for ipv4, ipv6 and ipv4-mapped-ipv6. A verdict that differs is
tried again, under both, before it counts. Corpora and reference stay where they are; the reference's
verdicts may be kept in a file (--cache), so that the next comparison takes only finwait's time.

Prints four lists: agree pass, agree fail, finwait alone passes, finwait alone fails (with both messages).
Exit status 1 if finwait alone fails anywhere.
"""
import argparse
import atexit
import collections
import concurrent.futures
import fnmatch
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

V4_ADDRESSES = ["--local_ip=192.168.0.1", "--gateway_ip=192.168.0.1", "--netmask_ip=255.255.0.0",
                "--remote_ip=192.0.2.1", "-D", "TFO_COOKIE=3021b9d889017eeb",
                "-D", "TFO_COOKIE_ZERO=b7c12350a90dc8f5"]
FAMILIES = {
    "ipv4": ["--ip_version=ipv4", *V4_ADDRESSES, "-D", "CODE=host_unreachable",
             "-D", "CMSG_LEVEL_IP=SOL_IP", "-D", "CMSG_TYPE_RECVERR=IP_RECVERR"],
    "ipv6": ["--ip_version=ipv6", "--mtu=1520", "--local_ip=fd3d:0a0b:17d6::1",
             "--gateway_ip=fd3d:0a0b:17d6:8888::1", "--remote_ip=fd3d:fa7b:d17d::1",
             "-D", "TFO_COOKIE=c1d1e9742a47a9bc", "-D", "TFO_COOKIE_ZERO=82af1a8f9a205c34",
             "-D", "CMSG_LEVEL_IP=SOL_IPV6", "-D", "CMSG_TYPE_RECVERR=IPV6_RECVERR"],
    "ipv4-mapped-ipv6": ["--ip_version=ipv4-mapped-ipv6", *V4_ADDRESSES, "-D", "CODE=host_unreachable",
                         "-D", "CMSG_LEVEL_IP=SOL_IPV6", "-D", "CMSG_TYPE_RECVERR=IPV6_RECVERR"],
}
PASS, FAIL, UNREADABLE, HANG = "pass", "fail", "unreadable", "hang"
Run = collections.namedtuple("Run", "corpus path family")
Verdict = collections.namedtuple("Verdict", "verdict message seconds tries")


def families_of(path, text):
    """As the runners choose: by a line in the script, else by the file's name, else all three."""
    lines = re.findall(r"^\s*--ip_version=(\S+)", text, re.M)
    if lines:
        return [f for f in FAMILIES if f in lines]
    name = os.path.basename(path)
    if name.endswith("v4.pkt"):
        return ["ipv4", "ipv4-mapped-ipv6"]
    if name.endswith("v6.pkt"):
        return ["ipv6"]
    return list(FAMILIES)


def discover(corpora, only, exclude):
    runs = []
    for corpus in corpora:
        corpus = os.path.abspath(corpus)
        paths = [corpus] if os.path.isfile(corpus) else sorted(
            os.path.join(folder, name) for folder, _, names in os.walk(corpus)
            for name in names if name.endswith(".pkt"))
        for path in paths:
            if only and not any(fnmatch.fnmatch(path, "*" + p + "*") for p in only):
                continue
            if any(fnmatch.fnmatch(path, "*" + p + "*") for p in exclude):
                continue
            with open(path, encoding="utf-8", errors="replace") as f:
                text = f.read()
            runs += [Run(corpus, path, family) for family in families_of(path, text)]
    return runs


class Program:
    def __init__(self, binary, extra, timeout, nice, environment):
        self.binary, self.extra, self.timeout, self.nice = os.path.abspath(binary), extra, timeout, nice
        self.environment = environment

    def command(self, run, *more):
        return [self.binary, *FAMILIES[run.family], *self.extra, *more, os.path.basename(run.path)]

    def once(self, run, *more):
        """(exit status or None when it hung, combined output, seconds), in a namespace of its own."""
        started = time.monotonic()
        process = subprocess.Popen(
            ["nice", "-n", str(self.nice), "unshare", "-n", "--", *self.command(run, *more)],
            cwd=os.path.dirname(run.path), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, env=self.environment)
        try:
            output, _ = process.communicate(timeout=self.timeout)
            status = process.returncode
        except subprocess.TimeoutExpired:
            status = None
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
        return status, output.decode(errors="replace").strip(), time.monotonic() - started

    def play(self, run, tries):
        """The first pass of `tries`; otherwise the last failure."""
        for attempt in range(1, tries + 1):
            status, output, seconds = self.once(run)
            if status == 0:
                return Verdict(PASS, "", round(seconds, 3), attempt)
        verdict = HANG if status is None else FAIL
        return Verdict(verdict, output[-4000:], round(seconds, 3), tries)

    def reads(self, run):
        return self.once(run, "--dry_run")[0] == 0


def shims(names):
    """The environment, with commands of these names that do nothing first in PATH."""
    if not names:
        return dict(os.environ)
    folder = tempfile.mkdtemp(prefix="finwait-shims-")
    atexit.register(shutil.rmtree, folder)
    for name in names:
        os.symlink(shutil.which("true"), os.path.join(folder, name))
    return {**os.environ, "PATH": folder + os.pathsep + os.environ["PATH"]}


class Cache:
    """The reference's verdicts by script text, family and binary."""

    def __init__(self, path, binary):
        self.path, self.verdicts = path, {}
        with open(binary, "rb") as f:
            self.binary = hashlib.sha256(f.read()).hexdigest()[:16]
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                self.verdicts = json.load(f)

    def key(self, run):
        with open(run.path, "rb") as f:
            text = hashlib.sha256(f.read()).hexdigest()[:16]
        return f"{os.path.relpath(run.path, os.path.dirname(run.corpus))} {run.family} {text} {self.binary}"

    def get(self, run):
        found = self.verdicts.get(self.key(run))
        return Verdict(*found) if found else None

    def put(self, run, verdict):
        self.verdicts[self.key(run)] = list(verdict)
        if not self.path:
            return
        os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(self.path)))
        with os.fdopen(handle, "w", encoding="utf-8") as f:
            json.dump(self.verdicts, f, indent=0, sort_keys=True)
        os.replace(temporary, self.path)


def play_reference(reference, cache, runs, tries, parse_first, again):
    """Serially: all in parallel, the reference's own start-up work makes its scripts fail."""
    readable = {}
    for i, run in enumerate(runs):
        known = cache.get(run)
        if known and not (again and known.verdict in (FAIL, HANG)):
            continue
        if parse_first and run.path not in readable:
            readable[run.path] = reference.reads(run)
        if not readable.get(run.path, True):
            verdict = Verdict(UNREADABLE, "", 0, 1)
        else:
            verdict = reference.play(run, tries)
        cache.put(run, verdict)
        if sys.stderr.isatty() or i % 50 == 0:
            print(f"reference: {i + 1}/{len(runs)}", file=sys.stderr, flush=True)
    return {run: cache.get(run) for run in runs}


def compare(args, runs, reference, cache):
    theirs = play_reference(reference, cache, runs, args.tries, not args.all, args.again)
    runs = [run for run in runs if theirs[run].verdict != UNREADABLE]
    if args.reference_only:
        count = collections.Counter(v.verdict for v in theirs.values())
        print("reference: " + ", ".join(f"{n} {name}" for name, n in sorted(count.items())))
        return 0
    ours = play_ours(args, runs, theirs)
    replay_reference(reference, cache, runs, ours, theirs, args.tries)
    return tell(args, runs, ours, theirs)


def play_ours(args, runs, theirs):
    program = Program(args.finwait, args.option, args.timeout, 0, args.environment)

    def play(run):
        expected_pass = theirs[run].verdict == PASS
        first = program.play(run, args.tries if expected_pass else 1)
        return run, first

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        ours = dict(pool.map(play, runs))
    # What failed in company is tried alone: the machine must not be blamed on the kernel, or on us.
    for run in runs if args.jobs > 1 else []:
        if theirs[run].verdict == PASS and ours[run].verdict != PASS:
            ours[run] = program.play(run, args.tries)
    return ours


def replay_reference(reference, cache, runs, ours, theirs, tries):
    """Where the verdicts differ, the reference's may have been luck, good or bad: it is asked again."""
    for run in runs:
        if (ours[run].verdict == PASS) == (theirs[run].verdict == PASS):
            continue
        again = reference.play(run, tries)
        if again.verdict == PASS and theirs[run].verdict != PASS:
            cache.put(run, again)
        theirs[run] = again


def tell(args, runs, ours, theirs):
    groups = collections.defaultdict(list)
    for run in runs:
        groups[(ours[run].verdict == PASS, theirs[run].verdict == PASS)].append(run)
    both, neither = groups[(True, True)], groups[(False, False)]
    alone_pass, alone_fail = groups[(True, False)], groups[(False, True)]

    def name(run):
        return f"{os.path.relpath(run.path, os.path.dirname(run.corpus))} [{run.family}]"

    def show(title, chosen, messages):
        print(f"\n== {title}: {len(chosen)}")
        for run in chosen:
            print(f"  {name(run)}")
            for who, verdict in messages(run):
                text = verdict.message if verdict.verdict != HANG else f"(hung)\n{verdict.message}"
                lines = text.splitlines()
                # finwait says first what is wrong, the reference last.
                for line in lines[-args.lines:] if who == "reference" else lines[:args.lines]:
                    print(f"      {who} | {line}")

    if args.verbose:
        show("agree pass", both, lambda run: [])
    show("agree fail", neither, lambda run: [("finwait  ", ours[run]), ("reference", theirs[run])]
         if args.verbose else [])
    show("finwait alone passes", alone_pass, lambda run: [("reference", theirs[run])])
    show("finwait alone fails", alone_fail, lambda run: [("finwait  ", ours[run])])
    print(f"\n{'runs':>24}  {len(runs)}\n{'agree pass':>24}  {len(both)}\n{'agree fail':>24}  {len(neither)}\n"
          f"{'finwait alone passes':>24}  {len(alone_pass)}\n{'finwait alone fails':>24}  {len(alone_fail)}")
    if args.report:
        with open(args.report, "w", encoding="utf-8") as f:
            for run in runs:
                f.write(json.dumps({"script": run.path, "family": run.family,
                                    "finwait": ours[run]._asdict(), "reference": theirs[run]._asdict()}) + "\n")
    return 1 if alone_fail else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="+", help="folders (searched for *.pkt) and scripts")
    parser.add_argument("--finwait", default="./finwait")
    parser.add_argument("--reference", required=True, metavar="PACKETDRILL")
    parser.add_argument("--cache", metavar="FILE", help="keeps the reference's verdicts")
    parser.add_argument("--again", action="store_true", help="play the reference's failures once more")
    parser.add_argument("--reference-only", action="store_true", help="fill the cache and stop")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB")
    parser.add_argument("--exclude", action="append", default=[], metavar="GLOB")
    parser.add_argument("--option", action="append", default=[], help="one more option for both programs")
    parser.add_argument("--shim", action="append", default=[], metavar="COMMAND",
                        help="scripts' commands of this name do nothing (sysctl, in corpora of another system)")
    parser.add_argument("--all", action="store_true", help="also scripts that the reference cannot read")
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="finwait runs at a time")
    parser.add_argument("--timeout", type=float, default=100, help="seconds; then it counts as hung")
    parser.add_argument("--nice", type=int, default=0, help="of the reference's runs (a negative one needs root)")
    parser.add_argument("--lines", type=int, default=12, help="of each message shown")
    parser.add_argument("--report", metavar="FILE", help="all verdicts, one JSON object a line")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    runs = discover(args.corpus, args.only, args.exclude)
    if not runs:
        parser.error("no scripts found")
    # The zerocopy scripts of the oldest suite count on this.
    args.environment = shims(args.shim)
    reference = Program(args.reference, ["--send_omit_free", *args.option], args.timeout, args.nice, args.environment)
    args.option = ["--send_omit_free", *args.option]
    return compare(args, runs, reference, Cache(args.cache, args.reference))


if __name__ == "__main__":
    sys.exit(main())
