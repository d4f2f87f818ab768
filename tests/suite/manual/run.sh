#!/bin/bash
# The manual page tells every option that finwait has, and is well-formed.
# Usage: run.sh [FINWAIT]. Prints TAP; ends with 1 if a test failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
bin=$(realpath "${1:-$here/../../../finwait}")
page=$here/../../../docs/finwait.1
n=0 failed=0
result() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /' | head -n 20
		failed=$((failed + 1))
	fi
}

missing=
while read -r option; do
	grep -q "Fl -$option\b" "$page" || missing+="--$option is not in the page"$'\n'
done < <("$bin" --help | grep -vE 'not supported yet|without effect$' | grep -oE '^ *(-. )? *--[a-z0-9_-]+' | sed 's/.*--//')
result "every option of --help" "$missing"

extra=
while read -r option; do
	"$bin" --help | grep -q -- "--$option\b" || extra+="--$option is no option"$'\n'
done < <(grep -oE '^\.It .*' "$page" | grep -oE 'Fl -[a-z0-9_-]+' | sed 's/Fl -//')
result "no option that is not there" "$extra"

if command -v mandoc >/dev/null; then
	result "mandoc has nothing to say" "$(mandoc -T lint -W warning "$page" 2>&1)"
elif command -v groff >/dev/null; then
	result "groff has nothing to say" "$(groff -mdoc -ww -z "$page" 2>&1)"
else
	n=$((n + 1))
	echo "ok $n - the page is well-formed # SKIP neither mandoc nor groff"
fi
echo "1..$n"
[ $failed = 0 ]
