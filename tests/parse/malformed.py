#!/usr/bin/env python3
"""Scripts gone wrong: each is refused with exit status 2 and a position, without a crash or a leak.

    tests/parse/malformed.py FINWAIT

Takes the scripts of the library and spoils each in many small ways (always the same ones). What is still a valid
script afterwards must be accepted with exit status 0 and is not counted.
"""
import concurrent.futures
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from finwait import Tap # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TOKEN = re.compile(r'"[^"]*"|`[^`]*`|%\{.*?\}%|[A-Za-z_][A-Za-z_0-9]*|[0-9.]+|[^\sA-Za-z0-9]', re.S)
GARBAGE = ["}", "{", "]", "(", "<", ">", ",", "=", ":", "~", "...", "`", '"', "%{", "/*", "\x01", "\xff",
           "99999999999999999999999", "-1", "0x", "frobnicate", "TCP_NOWHERE", "#", "\\", "win", "ack", "<>"]
SCRIPTS, WANTED, PER_SCRIPT = 24, 200, 16


def spoil(text, dice):
    """One way of spoiling a script, and its name."""
    tokens = [t for t in TOKEN.finditer(text) if not in_comment(text, t.start())]
    token = dice.choice(tokens)
    start, end = token.span()
    garbage = dice.choice(GARBAGE)
    ways = {
        "drop": lambda: text[:start] + text[end:],
        "twice": lambda: text[:end] + " " + token.group() + text[end:],
        "insert": lambda: text[:start] + " " + garbage + " " + text[start:],
        "replace": lambda: text[:start] + garbage + text[end:],
        "cut": lambda: text[:start],
        "swap": lambda: swap(text, token, dice.choice(tokens)),
        "byte": lambda: text[:start] + chr(dice.randrange(1, 256)) + text[start + 1:],
    }
    way = dice.choice(sorted(ways))
    return way, ways[way]()


def swap(text, one, other):
    if one.start() > other.start():
        one, other = other, one
    if one.end() > other.start():
        return text[:one.start()] + text[one.end():]
    return (text[:one.start()] + other.group() + text[one.end():other.start()] + one.group()
            + text[other.end():])


def in_comment(text, at):
    line = text[text.rfind("\n", 0, at) + 1:at]
    return "//" in line


def judge(binary, folder, name):
    done = subprocess.run([os.path.abspath(binary), "--dry_run", "--color=never", name], cwd=folder,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    said = (done.stdout + done.stderr).decode(errors="replace")
    if done.returncode == 0:
        return None, said
    where = re.search(re.escape(name) + r":\d+:\d+: ", said)
    wrong = []
    if done.returncode != 2:
        wrong.append(f"exit status {done.returncode}")
    if not where:
        wrong.append("no position")
    if "Sanitizer" in said or "runtime error: " in said:
        wrong.append("sanitizer report")
    return (", ".join(wrong), said)


def main():
    tap, binary, dice = Tap(), sys.argv[1], random.Random(9293)
    scripts = sorted(glob.glob(os.path.join(ROOT, "scripts", "**", "*.pkt"), recursive=True))
    if not scripts:
        tap.skip("malformed scripts", "nothing in scripts/ to spoil")
        return tap.done()
    dice.shuffle(scripts)
    folder = tempfile.mkdtemp(prefix="finwait-malformed-")
    names = []
    for script in scripts[:SCRIPTS]:
        with open(script, encoding="utf-8") as f:
            text = f.read()
        for i in range(PER_SCRIPT):
            way, spoiled = spoil(text, dice)
            name = f"{os.path.basename(script)[:-4]}-{i}-{way}.pkt"
            # latin-1 for what the dice threw in, so that there is text that is not UTF-8 as well
            with open(os.path.join(folder, name), "wb") as f:
                f.write(b"".join(c.encode("latin-1") if c in "\xff" else c.encode() for c in spoiled))
            names.append(name)
    refused = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, (wrong, said) in zip(names, pool.map(lambda n: judge(binary, folder, n), names)):
            if wrong is None:
                continue # still a script
            refused += 1
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as f:
                text = f.read()
            tap.result(not wrong, name, f"{wrong}\n{said}\n---- the script\n{text}" if wrong else "")
    tap.result(refused >= WANTED, f"at least {WANTED} are refused", f"{refused} of {len(names)}")
    shutil.rmtree(folder)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
