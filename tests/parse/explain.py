#!/usr/bin/env python3
"""The pages of `finwait explain`, docs/explain/: each code, call, event word, state and TCP option has one, and each
code's page a code; what is in a script there is one, and what is wrong is told with that code.

    tests/parse/explain.py FINWAIT
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from finwait import Tap # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BEFORE = """0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535
+0 > S. 0:0(0) ack 1 <...>
+.01 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
"""


def rows(path, pattern):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return re.findall(pattern, file.read(), re.M)


def sections():
    """(page, heading, text) of each."""
    for path in sorted(glob.glob(os.path.join(ROOT, "docs/explain/*.md"))):
        with open(path, encoding="utf-8") as file:
            for part in file.read().split("\n## ")[1:]:
                heading, text = part.split("\n", 1)
                yield os.path.basename(path), heading, text


def first_line(text):
    return next(line for line in text.splitlines() if line and not line.startswith("```"))


def judge(binary, folder, name):
    done = subprocess.run([os.path.abspath(binary), "--dry_run", "--color=never", name], cwd=folder, timeout=60,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode(errors="replace")


def main():
    tap, binary, folder = Tap(), sys.argv[1], tempfile.mkdtemp(prefix="finwait-explain-")
    pages = list(sections())
    headings = [heading for _, heading, _ in pages]
    codes = {"FW%04d" % int(number): name for number, name in rows("parser/diag_codes.def", r"^CODE\((\d+), (\w+),")}
    tap.result(len(codes) == len(rows("parser/diag_codes.def", r"^CODE\(")), "no number twice")
    wanted = list(codes) + rows("parser/calls.def", r"^CALL\((\w+),") + \
        rows("parser/events.def", r'^EVENT\(\w+, \w+, "(\w+)"') + \
        list(dict.fromkeys(rows("parser/tcp_options.def", r"^OPTION\(\w+, (\w+),"))) + \
        ["TCP_" + state for state in "ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT "
         "LAST_ACK LISTEN CLOSING".split()]
    for word in wanted:
        tap.result(headings.count(word) == 1, f"{word} has one page", f"{headings.count(word)} in docs/explain")
    for page, heading, text in pages:
        if page == "codes.md":
            tap.result(heading in codes, f"page {heading} has a code")
        for i, (kind, whole, script) in enumerate(re.findall(r"```(\w+)( whole)?\n(.*?)```", text, re.S)):
            name = f"{page[:-3]}-{heading.strip('-').replace('*', 'any')}-{i}.pkt"
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                # Option lines alone are no script yet.
                only_options = kind == "pkt" and all(line.startswith("--") for line in script.splitlines())
                file.write((script if whole else BEFORE + script) + ("0 `true`\n" if only_options else ""))
            status, said = judge(binary, folder, name)
            if kind == "pkt":
                tap.result(status == 0, f"{name} is a script", f"{said}{script}")
            else:
                told = re.findall(r"error\[(\w+)\]", said)
                tap.result(status == 2 and told == [heading], f"{name} is wrong in that way", f"{said}{script}")
        done = subprocess.run([binary, "explain", heading], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        tap.result(done.returncode == 0 and first_line(text) in done.stdout.decode(),
                   f"explain {heading}", done.stdout.decode())
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
