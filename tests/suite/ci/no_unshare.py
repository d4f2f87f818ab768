"""Runs a command behind a seccomp filter like Docker's without CAP_SYS_ADMIN: no new namespaces, no mounts; clone3() is not there.

    no_unshare.py COMMAND...
"""

import ctypes
import os
import struct
import sys

REFUSED = {"x86_64": (272, 308, 165, 166, 442, 428, 429, 430, 431, 432), "aarch64": (97, 268, 40, 39, 442, 428, 429, 430, 431, 432)}
CLONE = {"x86_64": 56, "aarch64": 220}
ALLOW, ERRNO, NEW_NAMESPACES = 0x7FFF0000, 0x00050000, 0x7E020000


def op(code, jump_true, jump_false, k):
    return struct.pack("HBBI", code, jump_true, jump_false, k)


def main():
    machine = os.uname().machine
    code = op(0x20, 0, 0, 0) # the call's number
    for number in REFUSED[machine]:
        code += op(0x15, 0, 1, number) + op(0x06, 0, 0, ERRNO | 1)
    code += op(0x15, 0, 1, 435) + op(0x06, 0, 0, ERRNO | 38)
    code += op(0x15, 0, 3, CLONE[machine]) + op(0x20, 0, 0, 16) + op(0x45, 0, 1, NEW_NAMESPACES) + op(0x06, 0, 0, ERRNO | 1)
    code += op(0x06, 0, 0, ALLOW)
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(code)
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer)))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
        sys.exit("seccomp is not to be had")
    os.execvp(sys.argv[1], sys.argv[1:])


main()
