#!/bin/sh
# Ladders of real runs, times normalised: those of the library and of the failures here, and the README's.
# Usage: run.sh [FINWAIT]. Prints TAP; ends with 1 if a test failed. FINWAIT_UPDATE_GOLDEN=1 writes them anew.
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/ladder.py" "${1:-$here/../../../finwait}"
