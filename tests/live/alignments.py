#!/usr/bin/env python3
"""Shows that a line too many, and one too few, are told as such, and where.

    tests/live/alignments.py FINWAIT [-v] [FOLDER...]

Each line of a script that expects a segment is left out once: under --strict the kernel then sent one that the script
does not have, behind the event before that line. Where its time is not +0 another event waits in its place, so that the
rest comes as before. And it is written twice: then the second was never sent. What the kernel does is not always so
simple, so that a share is asked for, not all.
"""
import collections
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from finwait import Tap, play # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SHARE = 0.98
OPTIONS = ["--strict", "--ip_version=ipv4", "--color=never"]
EXPECTS = re.compile(r"\s*[+*\d.][^<>`]*> ")
WINDOW = re.compile(r"\s*\+[\d.]+~\+?([\d.]+)")
SLACK = 0.012
EVENT = re.compile(r"\s*[+*\d.`%]")
Mutant = collections.namedtuple("Mutant", "file name text right")


def failed_of(run):
    index, records = run.get("failed_record", -1), run.get("records") or []
    return records[index] if 0 <= index < len(records) else {}


def lacks(lines, at, waits):
    """The line is missing: it is told behind the event before it, or the one in its place."""
    before = max(i for i in range(at) if EVENT.match(lines[i])) + 1
    last = at + waits

    def right(run):
        record = failed_of(run)
        return record.get("alignment") == "insertion" and before <= record.get("after_line", 0) <= last
    return right


def doubles(at):
    """The line below is the same: that one was never sent."""
    def right(run):
        record = failed_of(run)
        return record.get("line") == at + 2 and (
            record.get("alignment") in ("deletion", "repeated") or record.get("fault") == "time")
    return right


def mutants_of(path, text, waits):
    """`waits`: how long each line was waited for, in seconds."""
    lines = text.splitlines()
    stem = os.path.relpath(path, ROOT)[:-4].replace(os.sep, ".")
    for at, line in enumerate(lines):
        if not EXPECTS.match(line):
            continue
        shown = f"{os.path.relpath(path, ROOT)}:{at + 1}: {line.strip()}"
        wait, window = waits.get(at + 1, 0), WINDOW.match(line)
        if window: # it may come later than it did
            wait = max(wait, min(wait + SLACK, float(window.group(1))))
        instead = [f"+{wait:.6f} `true`"] if wait > 0.001 else []
        yield Mutant(f"{stem}.{at + 1}.without.pkt", "without " + shown,
                     "\n".join(lines[:at] + instead + lines[at + 1:]) + "\n", lacks(lines, at, len(instead)))
        yield Mutant(f"{stem}.{at + 1}.twice.pkt", "twice " + shown,
                     "\n".join(lines[:at + 1] + lines[at:]) + "\n", doubles(at))


def waits_of(run):
    """By line: how long after the event before it an event came."""
    waits, last = {}, 0
    for record in run["records"]:
        if record["event"] >= 0 and "actual_ns" in record and record["kind"] != "call_end":
            waits[record["line"]] = (record["actual_ns"] - last) / 1e9
            last = max(last, record["actual_ns"])
    return waits


def playable(binary, folder, work):
    """Those that pass under --strict and do not take minutes: (name, text, waits). Only failures have records, so that each
    fails at last."""
    texts = {}
    for name in sorted(n for n in os.listdir(folder) if n.endswith(".pkt")):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            texts[name] = f.read()
        with open(os.path.join(work, name), "w", encoding="utf-8") as f:
            f.write(texts[name] + "\n+0 `false`\n")
    for run in play(binary, sorted(texts), *OPTIONS, cwd=work).runs:
        if failed_of(run).get("fault") == "exit_status" and run["verdict"] == "fail":
            yield run["path"], texts[run["path"]], waits_of(run)


def play_all(binary, work, mutants):
    names = sorted(mutant.file for mutant in mutants)
    runs = {run["path"]: run for run in play(binary, names, *OPTIONS, cwd=work).runs}
    late = sorted(name for name, run in runs.items() if run["verdict"] == "late")
    if late: # on a busy machine: once more, and few at a time
        runs.update({run["path"]: run for run in play(binary, late, "--timelines=1", *OPTIONS, cwd=work).runs})
    return runs


def main():
    tap, binary, verbose = Tap(), os.path.abspath(sys.argv[1]), "-v" in sys.argv
    folders = [f for f in sys.argv[2:] if f != "-v"] or ["scripts/close"]
    mutants, work = [], tempfile.mkdtemp(prefix="finwait-alignments-")
    for folder in (os.path.join(ROOT, f) for f in folders):
        for name in os.listdir(folder):
            if name.endswith(".sh"):
                os.symlink(os.path.join(folder, name), os.path.join(work, name))
        for name, text, waits in playable(binary, folder, work):
            mutants += mutants_of(os.path.join(folder, name), text, waits)
    for mutant in mutants:
        with open(os.path.join(work, mutant.file), "w", encoding="utf-8") as f:
            f.write(mutant.text)
    runs = play_all(binary, work, mutants)
    for what in ("without", "twice"):
        # That passes where the kernel then sends it with what comes next.
        some = [mutant for mutant in mutants if mutant.name.startswith(what) and
                runs.get(mutant.file, {}).get("verdict") != "pass"]
        wrong = []
        for mutant in some:
            run = runs.get(mutant.file, {"verdict": "no result"})
            record = failed_of(run)
            if run["verdict"] != "fail" or not mutant.right(run):
                wrong.append(f"{mutant.name}\n    {run['verdict']} at line {record.get('line')}, "
                             f"{record.get('alignment')} behind {record.get('after_line')}: {run.get('reason')}")
        print(f"# {what}: {len(some) - len(wrong)} of {len(some)} told where they are")
        if verbose:
            print("".join(f"# {line}\n" for text in wrong for line in text.splitlines()), end="")
        tap.result(some and len(some) - len(wrong) >= SHARE * len(some), f"a line {what}", "\n".join(wrong))
    shutil.rmtree(work)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
