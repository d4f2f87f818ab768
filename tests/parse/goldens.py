#!/usr/bin/env python3
"""What finwait says about a script, kept word for word: NAME.pkt beside NAME.golden.

    tests/parse/goldens.py FINWAIT [--update]

A golden holds what `finwait --dry_run NAME.pkt` printed, started in the script's folder, and its exit status in
the last line. --update writes them anew; look at the difference before you commit it.
"""
import difflib
import glob
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from finwait import Tap # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def said(binary, script):
    done = subprocess.run([os.path.abspath(binary), "--color=never", "--dry_run", os.path.basename(script)],
                          cwd=os.path.dirname(script), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60)
    return done.stdout.decode(errors="surrogateescape") + f"exit status {done.returncode}\n"


def main():
    tap, binary, update = Tap(), sys.argv[1], "--update" in sys.argv[2:]
    scripts = sorted(glob.glob(os.path.join(HERE, "**", "*.pkt"), recursive=True))
    if not scripts:
        tap.skip("goldens", "no scripts in tests/parse")
    for script in scripts:
        name, golden = os.path.relpath(script, HERE), script[:-4] + ".golden"
        now = said(binary, script)
        if update:
            with open(golden, "w", encoding="utf-8", errors="surrogateescape") as f:
                f.write(now)
            continue
        if not os.path.exists(golden):
            tap.result(False, name, "no golden file; tools/update-golden writes it")
            continue
        with open(golden, encoding="utf-8", errors="surrogateescape") as f:
            kept = f.read()
        difference = difflib.unified_diff(kept.splitlines(), now.splitlines(), "golden", "now", lineterm="")
        tap.result(now == kept, name, "\n".join(difference).encode(errors="replace").decode())
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
