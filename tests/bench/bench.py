#!/usr/bin/env python3
"""Measures finwait, as ratios against a reference packetdrill where one is given.

    tests/bench/bench.py [--finwait PATH] [--reference PATH] [--corpus FOLDER] [SECTION...]

Every number is taken from both programs in the same run, on the same scripts, turn by turn, so that a busy
machine is busy for both. Medians unless said otherwise. Sections: start-up, lateness, parse, rate, waiting, suite.
"""
import argparse
import collections
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HANDSHAKE = """0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1460>
+0 > S. 0:0(0) ack 1 <...>
+0 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
"""
Cost = collections.namedtuple("Cost", "status wall cpu output")
MS = 1000


def spend(argv, cwd=None):
    """Runs to the end; wall and CPU seconds of it and all it waited for."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        output.seek(0)
        return Cost(process.returncode, wall, usage.ru_utime + usage.ru_stime, output.read().decode(errors="replace"))


def peak_mib(argv):
    """Memory of all its processes at once, the most that was seen. (ru_maxrss would tell that of this Python, which
    the child is a copy of before it becomes argv.)"""
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    time.sleep(0.02)
    while process.poll() is None:
        peak = max(peak, proportional_kib(process.pid))
        time.sleep(0.005)
    return peak / 1024


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * percent / 100))]


class Bench:
    def __init__(self, args):
        self.args = args
        self.ours = os.path.abspath(args.finwait)
        self.theirs = os.path.abspath(args.reference) if args.reference else None
        self.folder = tempfile.mkdtemp(prefix="finwait-bench-")
        self.failed = False

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def reference(self, *argv):
        """In a namespace of its own, as its runners do."""
        return ["unshare", "-n", "--", self.theirs, "--ip_version=ipv4", *argv]

    def show(self, name, ours, theirs=None, unit="", good="<"):
        line = f"  {name:48} {ours:12.3f} {unit:10}"
        if theirs is not None:
            line += f" reference {theirs:12.3f}"
            line += f"   {ours / theirs:8.4f} x" if theirs else ""
        print(line + ("" if good == "<" else "   (more is better)"), flush=True)

    def note(self, text):
        print(f"  {text}", flush=True)

    def spend(self, argv, what):
        """As spend(), and it must succeed; on a busy machine even what is right is late now and then."""
        for _ in range(3):
            cost = spend(argv)
            if cost.status == 0:
                return cost
        self.failed = True
        self.note(f"{what} FAILED with exit status {cost.status}: {cost.output[-600:]}")
        return cost

    # ---- sections -------------------------------------------------------------------------

    def start_up(self):
        """What one run costs on top of the script's own time."""
        scripted = 0.1
        script = self.write("wait.pkt", HANDSHAKE + f"+{scripted} close(4) = 0\n+0 > F. 1:1(0) ack 1 <...>\n")
        ours, theirs = [], []
        for _ in range(self.args.rounds):
            ours.append(self.spend([self.ours, script], "finwait"))
            if self.theirs:
                theirs.append(self.spend(self.reference(script), "reference"))

        def median(costs, value):
            return statistics.median(map(value, costs)) if costs else None

        def slow(costs, value):
            return percentile(list(map(value, costs)), 90) if costs else None

        def extra(cost):
            return (cost.wall - scripted) * MS

        def cpu(cost):
            return cost.cpu * MS

        for name, of, value in (("wall time on top of a script's own", median, extra),
                                ("  90th percentile of that", slow, extra),
                                ("CPU time of a script", median, cpu)):
            self.show(name, of(ours, value), of(theirs, value), "ms")
        self.show("peak memory, all processes", peak_mib([self.ours, script]),
                  peak_mib(self.reference(script)) if self.theirs else None, "MiB")

    def lateness(self):
        """How late packets of a single run are injected: actual minus due; and what being on time costs."""
        events, step = 100, 0.01
        text, dues = "--tolerance_usecs=500000\n" + HANDSHAKE, []
        for i in range(events):
            dues.append(0.1 + i * step)
            text += f"{dues[-1]:.3f} < . 1:1(0) ack 1 win {65000 + i}\n"
        script = self.write("late.pkt", text)
        path = os.path.join(self.folder, "late.json")
        ours, theirs, cpu, their_cpu = [], [], [], []
        for _ in range(max(3, self.args.rounds // 4)):
            cpu.append(self.spend([self.ours, "--json", path, script], "finwait").cpu * MS)
            ours += [ns / 1e3 for run in read_json(path) for ns in run.get("lateness_ns", [])]
            if self.theirs:
                cost = self.spend(self.reference("--verbose", script), "reference")
                seen = [float(t) for t in re.findall(r"inbound injected packet: +([0-9.]+) ", cost.output)][2:]
                theirs += [(t - due) * 1e6 for t, due in zip(seen, dues)]
                their_cpu.append(cost.cpu * MS)
        for name, percent in (("injection lateness, median", 50), ("injection lateness, p99", 99)):
            if ours:
                self.show(name, percentile(ours, percent), percentile(theirs, percent) if theirs else None, "us")
        self.show(f"CPU time of that script, {events} packets", statistics.median(cpu),
                  statistics.median(their_cpu) if their_cpu else None, "ms")

    def parse(self):
        """--dry_run of 100,000 lines."""
        text = HANDSHAKE + "".join(f"+.001 < P. {1 + i * 100}:{101 + i * 100}(100) ack 1 win 65535\n"
                                   f"+0 > . 1:1(0) ack {101 + i * 100}\n" for i in range(49996))
        script = self.write("long.pkt", text)
        ours, theirs = [], []
        for _ in range(5):
            ours.append(self.spend([self.ours, "--dry_run", script], "finwait"))
            if self.theirs:
                theirs.append(self.spend(self.reference("--dry_run", script), "reference"))

        def median(costs, value):
            return statistics.median(map(value, costs)) if costs else None

        self.show("reading 100,000 lines", median(ours, lambda c: c.wall * MS), median(theirs, lambda c: c.wall * MS), "ms")
        self.show("peak memory of that", peak_mib([self.ours, "--dry_run", script]),
                  peak_mib(self.reference("--dry_run", script)) if self.theirs else None, "MiB")

    def rate(self):
        """A hundred scripts that need no waiting."""
        folder = os.path.join(self.folder, "trivial")
        os.makedirs(folder, exist_ok=True)
        scripts = [self.write(f"trivial/{i:03}.pkt", HANDSHAKE + "+0 close(4) = 0\n+0 > F. 1:1(0) ack 1 <...>\n")
                   for i in range(100)]
        theirs = theirs_cpu = None
        rounds = [self.spend([self.ours, folder], "finwait") for _ in range(3)]
        if self.theirs:
            costs = [self.spend(self.reference(s), "reference") for s in scripts]
            theirs, theirs_cpu = len(costs) / sum(c.wall for c in costs), sum(c.cpu for c in costs) * MS / len(costs)
        self.show("scripts a second, no waiting in them", 100 / statistics.median(c.wall for c in rounds), theirs,
                  "1/s", ">")
        self.show("CPU of each", statistics.median(c.cpu for c in rounds) * MS / 100, theirs_cpu, "ms")

    def waiting(self):
        """Many runs of a 1-second script at once."""
        n = self.args.at_once
        script = self.write("second.pkt", HANDSHAKE + "+1 close(4) = 0\n+0 > F. 1:1(0) ack 1 <...>\n")
        path = os.path.join(self.folder, "waiting.json")
        process = subprocess.Popen([self.ours, "-q", "--repeat", str(n), "--at-once", str(n), "--json", path, script],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        started, peak = time.monotonic(), 0
        while process.poll() is None:
            peak = max(peak, proportional_kib(process.pid))
            time.sleep(0.5)
        output = process.stdout.read().decode(errors="replace")
        if process.returncode:
            self.failed = True
            self.note(output[-1500:])
        self.show(f"{n} runs of a 1-second script at once", time.monotonic() - started, None, "s")
        self.show("memory of each that waits", peak / 1024 / n, None, "MiB")
        self.verdicts(path)

    def suite(self):
        """A whole corpus, in all address families, as in tests/compat."""
        if not self.args.corpus:
            self.note("suite: no --corpus")
            return
        sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "compat"))
        import compat # pylint: disable=import-outside-toplevel
        options = ["--send_omit_free", "--ip_versions=" + ",".join(compat.FAMILIES)]
        for family, arguments in compat.FAMILIES.items():
            options += ["--for", family, *[a for a in arguments if not a.startswith("--ip_version")]]
        path = os.path.join(self.folder, "suite.json")
        serially = self.runner("serially", "-S")
        self.runner("all at once")
        failed = []
        for busy in [False] * self.args.suite_rounds + [True] * bool(self.args.busy):
            load = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(os.cpu_count() * busy)]
            cost = spend([self.ours, *options, "--json", path, self.args.corpus])
            for process in load:
                process.kill()
                process.wait()
            failed.append({(r["path"], r["mode"]) for r in read_json(path) if r["verdict"] not in ("pass", "skip")})
            self.show("the corpus" + (" on a busy machine" if busy else ""), cost.wall, serially, "s")
            self.verdicts(path)
        always = set.intersection(*failed)
        for path, mode in sorted(set.union(*failed) - always):
            self.note(f"failed in some rounds only: {path} ({mode})")

    def runner(self, how, *options):
        """Wall time of the reference's own runner, which stands beside it; None: it did not run."""
        folder = os.path.dirname(self.theirs or "")
        path = os.path.join(folder, "run_all.py")
        if not os.path.exists(path):
            return None
        cost = spend([sys.executable, path, *options, os.path.abspath(self.args.corpus)], os.path.dirname(folder))
        said = [line.strip() for line in cost.output.splitlines() if line.startswith("Ran ")]
        self.note(f"the reference's runner, {how}: {said[-1] if said else cost.output[-300:]}")
        return cost.wall if said else None

    # ---- reading what came ----------------------------------------------------------------

    def verdicts(self, path):
        runs = read_json(path)
        if not runs:
            return
        late = [ns / 1e3 for run in runs for ns in run.get("lateness_ns", [])]
        count = collections.Counter(run["verdict"] for run in runs)
        flaky = sum(run["verdict"] == "pass" and run.get("attempts", 1) > 1 for run in runs)
        again = sum(run.get("attempts", 1) - 1 for run in runs)
        self.note("verdicts: " + ", ".join(f"{n} {name}" for name, n in sorted(count.items())) +
                  f", {flaky} flaky, {again} tries more than runs")
        if late:
            self.show("injection lateness there, median", percentile(late, 50), None, "us")
            self.show("injection lateness there, p99", percentile(late, 99), None, "us")


def read_json(path):
    with open(path, encoding="utf-8") as f:
        runs = [json.loads(line) for line in f]
    return [run for run in runs if "verdict" in run]


def proportional_kib(root):
    """Memory of a process and all below it, shared pages shared out."""
    parents, total = {}, 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                parents[int(pid)] = int(f.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
    family, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family |= more
        grown = bool(more)
    for pid in family:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
        except OSError:
            continue
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("section", nargs="*")
    parser.add_argument("--finwait", default="./finwait")
    parser.add_argument("--reference")
    parser.add_argument("--corpus", help="a folder of scripts for the section `suite`")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=200, help="runs of the section `waiting`")
    parser.add_argument("--suite-rounds", type=int, default=1)
    parser.add_argument("--busy", action="store_true", help="once more with every processor kept busy")
    args = parser.parse_args()
    bench = Bench(args)
    sections = {"start-up": bench.start_up, "lateness": bench.lateness, "parse": bench.parse, "rate": bench.rate,
                "waiting": bench.waiting, "suite": bench.suite}
    unknown = set(args.section) - set(sections)
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(sections)}")
    try:
        for name in args.section or sections:
            print(f"{name}: {sections[name].__doc__}")
            sections[name]()
    finally:
        shutil.rmtree(bench.folder)
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
