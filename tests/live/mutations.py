#!/usr/bin/env python3
"""Shows that scripts can fail: each with one expectation made wrong, which must fail at that very line.

    tests/live/mutations.py FINWAIT [FOLDER...]

A folder's table is its file `mutations`, one row a line: script | line | change [| what is said]. The line is its
text, or enough of it to be the only one; `text (2)` is the second of several. The change is a sed-like s/old/new/.
What is said is text that the failure must hold: a message, a field's name, a value. Every script of the folder
must have a row, but those that fail as they are (--xfail).
"""
import collections
import json
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from finwait import Tap, failed_line, play, scripts_in # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
Row = collections.namedtuple("Row", "table number script line change said")


class Bad(Exception):
    pass


def rows_of(table):
    with open(table, encoding="utf-8") as f:
        for number, text in enumerate(f, 1):
            if not text.strip() or text.startswith("#"):
                continue
            fields = [field.strip() for field in text.split(" | ")]
            if len(fields) not in (3, 4):
                raise Bad(f"{table}:{number}: not `script | line | change [| what is said]`")
            yield Row(table, number, *fields[:3], fields[3] if len(fields) == 4 else "")


def find(lines, wanted):
    which = re.fullmatch(r"(.*) \((\d+)\)", wanted)
    text, nth = (which.group(1), int(which.group(2))) if which else (wanted, None)
    found = [i for i, line in enumerate(lines) if text in line and not line.lstrip().startswith("//")]
    if not found or (nth is None and len(found) > 1) or (nth or 1) > len(found):
        raise Bad(f"{len(found)} lines hold '{text}'")
    return found[(nth or 1) - 1]


def mutate(row, text):
    """(mutated text, line number)."""
    change = re.fullmatch(r"s(.)(.+)\1(.*)\1", row.change)
    if not change:
        raise Bad(f"not a change: {row.change}")
    lines = text.splitlines()
    at = find(lines, row.line)
    if change.group(2) not in lines[at]:
        raise Bad(f"line {at + 1} holds no '{change.group(2)}'")
    lines[at] = lines[at].replace(change.group(2), change.group(3), 1)
    return "\n".join(lines) + "\n", at + 1


def is_xfail(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return any(line.startswith("--xfail") for line in f)


def failure(run):
    """All that is known of it, as text: the reason and the failed record."""
    index, records = run.get("failed_record", -1), run.get("records") or []
    return run.get("reason", "") + json.dumps(records[index] if 0 <= index < len(records) else {}, ensure_ascii=False)


def judge(tap, binary, folder, rows):
    """Plays all mutants of one folder at once."""
    work = tempfile.mkdtemp(prefix="finwait-mutants-")
    wanted = {}
    for row in rows:
        path = os.path.join(os.path.dirname(row.table), row.script)
        name = f"{os.path.relpath(path, ROOT)} {row.change} at '{row.line}'"
        try:
            with open(path, encoding="utf-8") as f:
                text, line = mutate(row, f.read())
        except (Bad, OSError) as e:
            tap.result(False, name, f"{os.path.relpath(row.table, ROOT)}:{row.number}: {e}")
            continue
        mutant = f"{row.script[:-4]}.{row.number}.pkt"
        os.makedirs(os.path.dirname(os.path.join(work, mutant)), exist_ok=True)
        with open(os.path.join(work, mutant), "w", encoding="utf-8") as f:
            f.write(text)
        wanted[mutant] = (name, line, row.said)
    played = play(binary, sorted(wanted), "--color=never", "--slow", cwd=work)
    seen = collections.defaultdict(list)
    for run in played.runs:
        seen[run["path"]].append(run)
    for mutant, (name, line, said) in wanted.items():
        wrong = [f"[{run.get('mode')}] {run['verdict']} at line {failed_line(run)}, not fail at line {line}: "
                 f"{run.get('reason', '')}" for run in seen[mutant]
                 if run["verdict"] != "fail" or failed_line(run) != line]
        wrong += [f"[{run.get('mode')}] does not say '{said}': {failure(run)}" for run in seen[mutant]
                  if said not in failure(run)]
        tap.result(seen[mutant] and not wrong, name, "\n".join(wrong) or "no result: " + played.output[-2000:])
    if wanted:
        tap.result(played.status == 1, "exit status", f"{played.status}: {played.output[-2000:]}")
    shutil.rmtree(work)


def main():
    tap, binary = Tap(), sys.argv[1]
    folders = sys.argv[2:] or sorted({os.path.dirname(path) for top in ("scripts", "tests/live")
                                      for path in scripts_in(os.path.join(ROOT, top))})
    for folder in (os.path.join(ROOT, f) for f in folders):
        table = os.path.join(folder, "mutations")
        scripts = sorted(n for n in os.listdir(folder) if n.endswith(".pkt"))
        if not os.path.exists(table):
            tap.skip(os.path.relpath(folder, ROOT), "no table of mutations")
            continue
        rows = list(rows_of(table))
        for script in scripts:
            if not any(row.script == script for row in rows) and not is_xfail(os.path.join(folder, script)):
                tap.result(False, f"{os.path.relpath(folder, ROOT)}/{script}", "has no mutation")
        judge(tap, binary, folder, rows)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
