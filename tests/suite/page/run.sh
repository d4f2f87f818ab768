#!/bin/sh
# The page that --html writes: well-formed, nothing of scripts, commands and names taken for markup, and as a browser
# shows it: in a headless Chromium, where there is one. Usage: run.sh [FINWAIT]. Prints TAP; ends with 1 if a test
# failed. FINWAIT_PICTURES=FOLDER keeps screenshots there, to be looked at.
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/page.py" "${1:-$here/../../../finwait}"
