#!/bin/sh
# What reports say of mistakes in scripts. Usage: run.sh [FINWAIT]. Prints TAP; ends with 1 if a test failed.
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/mistakes.py" "${1:-$here/../../../finwait}"
