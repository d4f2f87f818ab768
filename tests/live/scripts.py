#!/usr/bin/env python3
"""Plays scripts/ and tests/live/ against the running kernel: one result a script and IP version.

    tests/live/scripts.py FINWAIT [PATH...]
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from finwait import Tap, play # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def scripts_in(folder):
    return sorted(os.path.relpath(os.path.join(f, name), ROOT) for f, _, names in os.walk(folder)
                  for name in names if name.endswith(".pkt"))


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
            tap.result(good, name, f"{run['verdict']}: {run.get('reason', '')}\n" + about(played.output, run["path"]))
    for path in paths:
        if path not in heard_of and not is_slow(path):
            tap.result(False, path, "no result; finwait said:\n" + played.output[-3000:])
    bad = tap.failed > 0
    tap.result((played.status == 0) == (not bad), "exit status",
               f"{played.status} with {tap.failed} failed\n{played.output[-3000:]}")
    return tap.done()


def about(output, path):
    """The part of finwait's output that names the script."""
    at = output.find(path + ":")
    return output[at:at + 3000] if at >= 0 else ""


def is_slow(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return any(line.strip() == "--slow" for line in f)


if __name__ == "__main__":
    sys.exit(main())
