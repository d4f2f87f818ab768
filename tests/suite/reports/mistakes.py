#!/usr/bin/env python3
"""One mistake in a script that passes: the report names the line and what is wrong, and its carets stand under just that.

    tests/suite/reports/mistakes.py FINWAIT

A row is (what, the line of base.pkt that has this, this piece of it, what stands there instead, the headline). What is
to be marked stands in « »; the headline is a regular expression of its beginning; a last one is of a line that is left out.
"""
import os
import re
import sys
import tempfile
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", ".."))
from finwait import Tap, play # noqa: E402

SEGMENT = "the segment differs in "
SYN_ACK, FIN, LAST = "> S. 0:0(0)", "> F. 1001", "> . 1002"

MISTAKES = [
    # packets
    ("flags", FIN, "F.", "«.»", SEGMENT + r"flags: expected \., got F\."),
    ("flags: a reset", FIN, "F.", "«R»", SEGMENT + "flags: expected R, got F"),
    ("seq", FIN, "1001:1001", "«1000»:1000", SEGMENT + "seq: expected 1000, got 1001"),
    ("ack", FIN, "ack 101", "ack «100»", SEGMENT + "ack: expected 100, got 101"),
    ("ack and flags", FIN, "F. 1001:1001(0) ack 101", "«.» 1001:1001(0) ack «1»", SEGMENT + "flags and ack"),
    ("no ack", FIN, "F. 1001:1001(0) ack 101", "«F» 1001:1001(0)", SEGMENT + "flags and ack"),
    ("win", FIN, "ack 101", "ack 101 win «7»", SEGMENT + r"win: expected 7, got \d+"),
    ("urg", FIN, "ack 101", "ack 101 urg «7»", SEGMENT + r"urg: expected 7, got 0"),
    ("length", "> P. 1:1001", "1:1001(1000)", "1:501(«500»)", SEGMENT + "payload length: expected 500, got 1000"),
    ("more data than comes", "> P. 1:1001", "1:1001(1000)", "1:1002(«1001»)", SEGMENT + "payload length|only 1000 of 1001 bytes came"),
    ("an option's value", SYN_ACK, "mss 1460", "mss «1400»", SEGMENT + "option 1: mss: expected mss 1400, got mss 1460"),
    ("another option", SYN_ACK, "sackOK", "«nop»,«nop»", SEGMENT + "option 2 and option 3"),
    ("an option too many", SYN_ACK, "ecr 1>", "ecr 1,«nop,nop,nop,nop»>", SEGMENT + "options from the 4th on"),
    ("options that are not written", SYN_ACK, "> S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 100 ecr 1>",
     "«> S. 0:0(0) ack 1»", SEGMENT + "options: expected none"),
    ("a timestamp", "> . 1:1(0)", "val 130", "val «930»", SEGMENT + "option 3: TS val"),
    ("ECN", FIN, "> F.", "> [«ect0»] F.", SEGMENT + "ECN: expected ect0, got noecn"),
    ("ttl", FIN, "> F.", "> [ttl «63»] F.", SEGMENT + "ttl: expected 63, got 64"),
    ("two lines", FIN, "F. 1001:1001(0) ack 101", "F.\n     1001:1001(0) ack «1»", SEGMENT + "ack: expected 1, got 101"),
    ("behind a tab and UTF-8", FIN, "> F. 1001:1001(0) ack 101", "/* \u6325\u624b\t*/ >\tF. «1»:1(0) ack «1»", SEGMENT + "seq and ack"),
    ("a define", FIN, "ack 101", "ack «NINE»", SEGMENT + "ack: expected 9, got 101"),
    ("a packet that does not come", "quiet", "+0~+.01 quiet", "+0   «> . 1:1(0) ack 1 <...>»", "no packet came"),
    ("an ecr of nothing", "< F. 101", "+.01 < F. 101:101(0) ack 1002 win 65535 <nop,nop,TS val 5 ecr 100>",
     "+.01 «< F. 101:101(0) ack 1002 win 65535 <nop,nop,TS val 5 ecr 7>»", "cannot inject this packet: TS ecr 7"),
    # times
    ("a late segment", "> . 1002", "+0 ", "«+.2» ", "the segment came 200.* ms early"),
    ("a window", "> . 1002", "+0 ", "«+.2~+.3» ", "the segment came 200.* ms early"),
    ("a return", "read(4", "+.01...0.02", "+.01...«0.1»", "the blocking call returned .* ms early"),
    # calls
    ("a result", "F_GETFL", "= 2", "= «3»", r"fcntl\(\) differs in result: expected 3, got 2"),
    ("an error", "close(4)", "= 0", "= «-1 EBADF»", r"close\(\) differs in result: expected -1 EBADF .*, got 0"),
    ("another errno", "recvmsg", "EAGAIN", "«EINTR»", r"recvmsg\(\) differs in errno: expected EINTR, got EAGAIN"),
    ("a member", "poll(", "revents=POLLOUT", "revents=«POLLIN»", r"poll\(\) differs in revents of fd 4: expected POLLIN, got POLLOUT"),
    ("an argument", "SO_ERROR", "[0]", "«[4]»", r"getsockopt\(\) differs in option value"),
    ("two arguments", "SO_REUSEADDR", ", [1], 4) = 0", ", [1], 4) = 0\n+0   getsockopt(3, SOL_SOCKET, SO_REUSEADDR, «[0]», [4]) = «5»",
     r"getsockopt\(\) differs in option value and result"),
    ("a call that blocks", "close(4)", "+.01", "+0   «read»(4, ..., 1) = 0\n+.01", r"read\(\) has not returned: it blocks"),
    # states, commands, code
    ("a state", "tcp_state(4)", "TCP_ESTABLISHED", "«TCP_CLOSE_WAIT»", "expected TCP_CLOSE_WAIT, got TCP_ESTABLISHED"),
    ("a state of the path", "tcp_states(4)", "TCP_FIN_WAIT1", "«TCP_CLOSING»", "state 2 of the path: expected TCP_CLOSING, got TCP_FIN_WAIT1"),
    ("a state too few", "tcp_states(4)", "[TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_TIME_WAIT]", "«[TCP_ESTABLISHED, TCP_FIN_WAIT1]»",
     "state 3 of the path: expected none, got TCP_TIME_WAIT"),
    ("the first assertion", "tcpi_unacked", "tcpi_unacked == 0", "«tcpi_unacked == 3»", "assertion failed: assert tcpi_unacked == 3"),
    ("the second assertion", "tcpi_unacked", "tcpi_snd_mss == 1448", "«tcpi_snd_mss == 1460»", "assertion failed: assert tcpi_snd_mss == 1460"),
    ("an assertion of several lines", "tcpi_unacked", "%{ assert tcpi_unacked == 0; assert tcpi_snd_mss == 1448 }%",
     "%{\nif True:\n\tassert «\"\u6325\" and tcpi_unacked == 3», 'why'\n}%", "assertion failed: assert \"\u6325\" and tcpi_unacked == 3"),
    ("a name that is none", "tcpi_unacked", "assert tcpi_unacked == 0", "«assert tcpi_unacke == 0»", "this kernel does not tell it: NameError"),
    ("no Python", "tcpi_unacked", "assert tcpi_unacked == 0;", "assert «)»;", "syntax error in code"),
    ("a command", "`true`", "`true`", "«`exit 3`»", "the command exited with status 3: `exit 3`"),
]


def unmark(text):
    """The text without its marks, and the places between them: (line, column in bytes, text)."""
    plain, places = "", []
    for number, piece in enumerate(re.split("[«»]", text)):
        if number % 2:
            column = len(plain[plain.rfind("\n") + 1:].encode()) + 1
            places.append((plain.count("\n") + 1, column, piece))
        plain += piece
    return plain, places


def width(text):
    """Columns on a terminal."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def expanded(text):
    """Without tabs."""
    out = ""
    for c in text:
        out += " " * (8 - width(out) % 8) if c == "\t" else c
    return out


def carets(source, places):
    """What stands under a line."""
    under = ""
    for _, column, text in places:
        before = source.encode()[:column - 1].decode()
        begin, end = width(expanded(before)), width(expanded(before + text))
        under = under.ljust(begin) + "^" + "~" * (end - begin - 1)
    return under


def make(base, line, piece, instead, left_out):
    lines = [text for text in base.split("\n") if not left_out or left_out not in text]
    at, = [i for i, text in enumerate(lines) if line in text and not text.startswith("/")]
    if piece not in lines[at]:
        raise ValueError(f"{lines[at]!r} has no {piece!r}")
    lines[at] = lines[at].replace(piece, instead, 1)
    return unmark("\n".join(lines))


def wanted(script, places, headline):
    """The first three lines of the report."""
    first = min(places)
    source = script.split("\n")[first[0] - 1]
    marks = carets(source, [place for place in places if place[0] == first[0]])
    return [rf"\S+:{first[0]}:{first[1]}: error: (?:{headline}).*",
            re.escape(f"{first[0]:9} | " + expanded(source).rstrip()),
            re.escape(f"{'':9} | " + marks)]


def said(output, name):
    head = re.search("^" + re.escape(name) + r":\d", output, re.M)
    return output[head.start():].split("\n") if head else []


def main():
    tap, binary = Tap(), os.path.abspath(sys.argv[1])
    with open(os.path.join(HERE, "base.pkt"), encoding="utf-8") as file:
        base = file.read()
    rows = []
    with tempfile.TemporaryDirectory(prefix="finwait-reports-") as folder:
        for number, (what, line, piece, instead, headline, *left_out) in enumerate(MISTAKES):
            script, places = make(base, line, piece, instead, left_out[0] if left_out else "")
            rows.append((f"{number:02}.pkt", what, wanted(script, places, headline)))
            with open(os.path.join(folder, rows[-1][0]), "w", encoding="utf-8") as file:
                file.write(script)
        played = play(binary, [name for name, _, _ in rows], "--ip_version=ipv4", "--color=never", "-D", "NINE=9",
                      cwd=folder)
    if all(run["verdict"] in ("skip", "notrun") for run in played.runs):
        tap.skip("mistakes", "cannot run here")
        return tap.done()
    for name, what, want in rows:
        got = said(played.output, name)
        good = len(got) >= 3 and all(re.fullmatch(w, g) for w, g in zip(want, got))
        tap.result(good, what, "\n".join(["said:"] + got[:16] + ["wanted:"] + want))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
