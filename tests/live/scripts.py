#!/usr/bin/env python3
"""Plays scripts/ and tests/live/ against the running kernel: one result a script and IP version.

    tests/live/scripts.py FINWAIT [PATH...]
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from finwait import Tap, play, scripts_in # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def main():
    tap, binary = Tap(), sys.argv[1]
    paths = sys.argv[2:] or scripts_in(os.path.join(ROOT, "scripts")) + scripts_in(os.path.join(ROOT, "tests/live"))
    if not paths:
        tap.skip("scripts", "none")
        return tap.done()
    played = play(binary, paths, "--color=never", cwd=ROOT)
    heard_of = set()
    for run in played.runs:
        name = f"{run['path']} [{run.get('mode', '')}]"
        heard_of.add(run["path"])
        if run["verdict"] == "skip":
            tap.skip(name, run.get("reason", ""))
        else:
            good = run["verdict"] in ("pass", "xfail")
            tap.result(good, name, f"{run['verdict']}: {run.get('reason', '')}\n" + about(played.output, run))
    for path in paths:
        if path not in heard_of and not is_slow(path):
            tap.result(False, path, "no result; finwait said:\n" + played.output[-3000:])
    bad = tap.failed > 0
    tap.result((played.status == 0) == (not bad), "exit status",
               f"{played.status} with {tap.failed} failed\n{played.output[-3000:]}")
    return tap.done()


def about(output, run):
    """The paragraph of finwait's output on this run."""
    head = re.search("^" + re.escape(run["path"]) + r":\d+.*\(" + re.escape(run.get("mode", "")) + r"\)$", output, re.M)
    return output[head.start():].split("\n\n", 1)[0] if head else ""


def is_slow(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return any(line.strip() == "--slow" for line in f)


if __name__ == "__main__":
    sys.exit(main())
