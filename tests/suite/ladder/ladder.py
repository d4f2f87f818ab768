#!/usr/bin/env python3
"""What --ladder, --svg and --mermaid draw of real runs: see run.sh."""
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(ROOT, "tests"))
import finwait # noqa: E402

# The library's, by what they show; then those of this folder, which fail.
CLOSE = ["active-close", "active-close-three-segments", "passive-close", "passive-close-three-segments",
         "simultaneous-close", "simultaneous-close-mislabelled", "client-simultaneous-close", "client-active-close",
         "half-close", "peer-half-close", "linger-zero", "close-unread-data", "reset-inexact-closing",
         "killed-unread-data", "killed-unsent-data", "time-wait-answers-fin", "time-wait-connect-reuse",
         "fin-retransmitted", "last-ack-lost", "fin-repeated-closing", "fin-behind-zero-window", "linger-waits",
         "icmp-last-ack", "syn-fin-wait-1"]
OTHERS = ["tests/live/language/connections/two-children.pkt"]
FAILING = ["differs", "missing", "extra", "command"]


def draw(binary, path, *options):
    """Standard output of a quiet run; the ladder, then what failed."""
    done = subprocess.run([binary, "run", "-q", "--color=never", "--ip_version=ipv4", *options, path], cwd=ROOT,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                          env={**os.environ, "LC_ALL": "C.UTF-8"})
    return done.stdout.decode(errors="replace")


def ladder_of(output):
    """The picture alone, without times and ports, which differ from run to run, and without the words of messages."""
    lines = []
    for line in output.splitlines():
        if not lines and not re.match(r"^\S+\.pkt \(ipv4\): ", line):
            continue
        if re.match(r"^(\d+ passed|flaky|\S+\.pkt:\d+)", line):
            break
        if lines and re.match(r"^ *(FAILED|warning): \.\.\.", lines[-1]) and "│" not in line and "┊" not in line and line:
            continue # the rest of a message
        line = re.sub(r"^( *(FAILED|warning):) .*", r"\1 ...", line)
        line = re.sub(r"^\d+\.\d{6}(?= )", "0.TTTTTT", line)
        line = re.sub(r"^ *[\d.]+ m?s(?=  )", "     gap", line)
        line = re.sub(r"^kernel ([\d.]+):[3-6]\d{4},", r"kernel \1:PORT,", line)
        lines.append(line.rstrip())
    return "\n".join(lines).strip("\n") + "\n"


def compare(tap, name, text):
    path = os.path.join(HERE, name + ".txt")
    if os.environ.get("FINWAIT_UPDATE_GOLDEN"):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    try:
        with open(path, encoding="utf-8") as f:
            want = f.read()
    except OSError as e:
        want = str(e)
    tap.result(text == want, name, f"is\n{text}should be\n{want}")


def check_goldens(tap, binary):
    for name in CLOSE:
        compare(tap, name, ladder_of(draw(binary, f"scripts/close/{name}.pkt", "--ladder")))
    for path in OTHERS:
        compare(tap, os.path.basename(path)[:-4], ladder_of(draw(binary, path, "--ladder")))
    for name in FAILING:
        compare(tap, name, ladder_of(draw(binary, f"tests/suite/ladder/{name}.pkt", "--ladder")))


def check_readme(tap, binary):
    """The README's block is what the program prints."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        blocks = re.findall(r"^```\n(scripts/close/(\S+)\.pkt \(ipv4\): pass\n.*?)^```", f.read(), re.M | re.S)
    tap.result(bool(blocks), "the README has a ladder")
    for block, name in blocks:
        drawn = ladder_of(draw(binary, f"scripts/close/{name}.pkt", "--ladder"))
        tap.result(ladder_of(block) == drawn, f"the README's ladder of {name}",
                   f"is\n{ladder_of(block)}should be\n{drawn}")


def check_ascii(tap, binary):
    path = "scripts/close/simultaneous-close.pkt"
    tap.result(draw(binary, path, "--ladder", "--ascii").isascii(), "--ascii has nothing else")
    done = subprocess.run([binary, "-q", "--ladder", "--ip_version=ipv4", path], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, env={**os.environ, "LC_ALL": "C"})
    tap.result(done.stdout.isascii(), "nor has another locale")


def check_merge(tap, binary, work):
    """A failure read back from JSON is drawn as it was."""
    json, path = os.path.join(work, "r.json"), "tests/suite/ladder/extra.pkt"
    drawn = draw(binary, path, "--ladder", f"--json={json}")
    merged = subprocess.run([binary, "merge", "-q", "--color=never", "--ladder", json], cwd=ROOT,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                            env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout.decode()
    tap.result("FAILED" in drawn and ladder_of(merged) == ladder_of(drawn), "merge draws the same", merged)
    drawn = draw(binary, "scripts/close/active-close.pkt", f"--json={json}")
    merged = subprocess.run([binary, "merge", "-q", "--ladder", json], cwd=ROOT, stdout=subprocess.PIPE, check=False)
    tap.result(b"no records" in merged.stdout, "or says that there is nothing to draw", merged.stdout.decode())


def check_files(tap, binary, work):
    """SVG is well-formed, shows and describes every segment; Mermaid has a diagram for each run."""
    svg, md = os.path.join(work, "p.svg"), os.path.join(work, "p.md")
    draw(binary, "scripts/close/simultaneous-close.pkt", f"--svg={svg}", f"--mermaid={md}")
    root = xml.etree.ElementTree.parse(svg).getroot()
    name = "{http://www.w3.org/2000/svg}"
    texts = ["".join(e.itertext()) for e in root.iter(name + "text")]
    tap.result(texts.count("FIN 1 ack 1") == 2 and texts.count("CLOSING") == 2, "SVG shows both ends", str(texts))
    described = "".join(root.find(f".//{name}desc").itertext())
    tap.result(described.count("ack") == 6 and "peer CLOSING TIME_WAIT" in described, "and says so in words", described)
    with open(svg, encoding="utf-8") as f:
        tap.result(not re.search(r"(href|src|url|@import)\b", f.read()), "and needs nothing else")
    with open(md, encoding="utf-8") as f:
        text = f.read()
    tap.result(text.startswith("```mermaid\nsequenceDiagram\n") and text.count("FIN 1 ack 1") == 2 and
               "Note over peer: CLOSING\n" in text, "Mermaid", text)
    text = draw(binary, "scripts/close/active-close.pkt", "--mermaid")
    tap.result(text.count("```") == 2, "Mermaid to standard output", text)


def main():
    tap = finwait.Tap()
    binary = os.path.abspath(sys.argv[1])
    check_goldens(tap, binary)
    check_readme(tap, binary)
    check_ascii(tap, binary)
    with tempfile.TemporaryDirectory(prefix="finwait-ladder.") as work:
        check_merge(tap, binary, work)
        check_files(tap, binary, work)
    tap.done()
    sys.exit(tap.failed > 0)


main()
