#!/usr/bin/env python3
"""Shows that scripts can fail: each with one expectation made wrong, which must fail at that very line.

    tests/live/mutations.py FINWAIT [--every] [FOLDER...]

A folder's table is its file `mutations`, one row a line: script | line | change [| what is said]. The line is its
text, or enough of it to be the only one; `text (2)` is the second of several. The change is a sed-like s/old/new/.
What is said is text that the failure must hold: a message, a field's name, a value. Every script of the folder
must have a row, but those that fail as they are (--xfail). --every: not the tables, but every expectation of every script, by rule.
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
Mutant = collections.namedtuple("Mutant", "file name text line said")


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


def file_name(path, number):
    return f"{os.path.relpath(path, ROOT)[:-4].replace(os.sep, '.')}.{number}.pkt"


def mutants_of_table(tap, table):
    for row in rows_of(table):
        path = os.path.join(os.path.dirname(table), row.script)
        name = f"{os.path.relpath(path, ROOT)} {row.change} at '{row.line}'"
        try:
            with open(path, encoding="utf-8") as f:
                text, line = mutate(row, f.read())
        except (Bad, OSError) as e:
            tap.result(False, name, f"{os.path.relpath(table, ROOT)}:{row.number}: {e}")
            continue
        yield Mutant(file_name(path, row.number), name, text, line, row.said)


def one_more(found):
    return f"{found.group(1)}{int(found.group(2)) + 1}"


# What can be expected, and how to expect something else: the first that fits a line is taken.
MECHANICAL = [
    (re.compile(r"(^[^<>]*>.* ack )(\d+)"), one_more),
    # Not SYN: its number is only a name for the one that comes.
    (re.compile(r"(^[^<>]*> (?!S )[A-Z.]+ )(\d+):(\d+)"),
     lambda m: f"{m.group(1)}{int(m.group(2)) + 1}:{int(m.group(3)) + 1}"),
    (re.compile(r"(tcp_state\([^)]*\) = )(TCP_)?CLOSE\b"), lambda m: m.group(1) + "TCP_ESTABLISHED"),
    (re.compile(r"(tcp_state\([^)]*\) = )\w+"), lambda m: m.group(1) + "TCP_CLOSE"),
    (re.compile(r"(tcp_states\([^)]*\) = \[.*)\b(\w+)\]"), lambda m: m.group(1) + "TCP_LISTEN]"),
    (re.compile(r"(\) = -1 )E[A-Z]+"), lambda m: m.group(1) + "EXDEV"),
    (re.compile(r"(\b(?:read|recv|write|send|close|shutdown|poll)\(.*\) = )(\d+)"), one_more),
]


def mutants_of_every_line(folder, script):
    """Each expectation of a script made wrong by rule, once over IPv4; but for those that take minutes."""
    path = os.path.join(folder, script)
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    if any(line.startswith(("--slow", "--xfail")) for line in lines):
        return
    for at, line in enumerate(lines):
        if line.lstrip().startswith(("//", "--")):
            continue
        for pattern, change in MECHANICAL:
            mutated = pattern.sub(change, line, count=1)
            if mutated != line:
                text = "\n".join(lines[:at] + [mutated] + lines[at + 1:]) + "\n"
                yield Mutant(file_name(path, at + 1), f"{os.path.relpath(path, ROOT)}:{at + 1}: {mutated}", text, at + 1, "")
                break


def judge(tap, binary, folders, mutants, *options):
    """Plays all mutants at once, beside what else lies in their folders."""
    work = tempfile.mkdtemp(prefix="finwait-mutants-")
    for folder in folders:
        for name in os.listdir(folder):
            if name.endswith(".sh"):
                os.symlink(os.path.join(folder, name), os.path.join(work, name))
    for mutant in mutants:
        with open(os.path.join(work, mutant.file), "w", encoding="utf-8") as f:
            f.write(mutant.text)
    played = play(binary, sorted(mutant.file for mutant in mutants), "--color=never", "--slow", *options, cwd=work)
    seen = collections.defaultdict(list)
    for run in played.runs:
        seen[run["path"]].append(run)
    # On a busy machine a run may be no verdict: once more, and few at a time.
    late = sorted({run["path"] for run in played.runs if run["verdict"] == "late"})
    for run in play(binary, late, "-j1", "--slow", *options, cwd=work).runs if late else []:
        if run["path"] in late:
            late.remove(run["path"])
            seen[run["path"]] = []
        seen[run["path"]].append(run)
    for mutant in mutants:
        runs = seen[mutant.file]
        if runs and all(run["verdict"] == "skip" for run in runs): # --requires: not for this kernel
            tap.skip(mutant.name, runs[0].get("reason", ""))
            continue
        wrong = [f"[{run.get('mode')}] {run['verdict']} at line {failed_line(run)}, not fail at line {mutant.line}: "
                 f"{run.get('reason', '')}" for run in runs
                 if run["verdict"] != "fail" or failed_line(run) != mutant.line]
        wrong += [f"[{run.get('mode')}] does not say '{mutant.said}': {failure(run)}" for run in runs
                  if mutant.said not in failure(run)]
        tap.result(runs and not wrong, mutant.name, "\n".join(wrong) or "no result: " + played.output[-2000:])
    if mutants:
        tap.result(played.status == 1, "exit status", f"{played.status}: {played.output[-2000:]}")
    shutil.rmtree(work)


def main():
    tap, binary, every = Tap(), sys.argv[1], "--every" in sys.argv
    folders = [f for f in sys.argv[2:] if f != "--every"] or sorted(
        {os.path.dirname(path) for top in ("scripts", "tests/live") for path in scripts_in(os.path.join(ROOT, top))})
    mutants = []
    folders = [os.path.join(ROOT, f) for f in folders]
    for folder in folders:
        table = os.path.join(folder, "mutations")
        scripts = sorted(n for n in os.listdir(folder) if n.endswith(".pkt"))
        if every:
            mutants += [mutant for script in scripts for mutant in mutants_of_every_line(folder, script)]
            continue
        if not os.path.exists(table):
            tap.skip(os.path.relpath(folder, ROOT), "no table of mutations")
            continue
        named = {row.script for row in rows_of(table)}
        for script in scripts:
            if script not in named and not is_xfail(os.path.join(folder, script)):
                tap.result(False, f"{os.path.relpath(folder, ROOT)}/{script}", "has no mutation")
        mutants += mutants_of_table(tap, table)
    judge(tap, binary, folders, mutants, *(["--ip_version=ipv4"] if every else []))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
