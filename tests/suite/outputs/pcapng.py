"""Prints a pcapng file of finwait's, a packet a line: time in ns, direction, bytes, comment. Any block that is not whole ends it.

    pcapng.py FILE
"""

import struct
import sys


def blocks(data):
    at, order = 0, "="
    while at < len(data):
        kind, size = struct.unpack_from(order + "II", data, at)
        if kind == 0x0A0D0D0A:
            order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            size = struct.unpack_from(order + "I", data, at + 4)[0]
        assert size % 4 == 0 and size >= 12 and at + size <= len(data), f"a block of {size} bytes at {at}"
        assert struct.unpack_from(order + "I", data, at + size - 4)[0] == size, f"two sizes at {at}"
        yield kind, order, data[at + 8 : at + size - 4]
        at += size


def options(body, order):
    at = 0
    while True:
        code, size = struct.unpack_from(order + "HH", body, at)
        at += 4
        if not code:
            assert size == 0 and at == len(body), "something behind the options"
            return
        yield code, body[at : at + size]
        at += (size + 3) & ~3


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    kinds, times = [], []
    for kind, order, body in blocks(data):
        kinds.append(kind)
        if kind == 1:
            link, _, _ = struct.unpack_from(order + "HHI", body)
            assert link == 101 and dict(options(body[8:], order))[9] == b"\x09"
        if kind == 6:
            _, high, low, kept, size = struct.unpack_from(order + "IIIII", body)
            said = dict(options(body[20 + ((kept + 3) & ~3) :], order))
            way = {1: "in", 2: "out"}[struct.unpack(order + "I", said[2])[0]]
            times.append(high << 32 | low)
            print(times[-1], way, size, said.get(1, b"").decode("utf-8"))
    assert kinds[:2] == [0x0A0D0D0A, 1] and set(kinds[2:]) <= {6}, kinds
    assert times == sorted(times), "not in the order of time"


main()
