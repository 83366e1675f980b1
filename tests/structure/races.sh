#!/usr/bin/env bash
# Every test that tests/fault/races.md names exists in the file it names, and all twenty races are there. Usage:
# races.sh SOURCE_DIRECTORY
set -euo pipefail
cd "$1"
page=tests/fault/races.md
failed=0
named=0

breach() {
    echo "$page: $1"
    failed=1
}

for number in {1..20}; do
    grep -qE "^\| $number \|.*\`[a-z_]+/[a-z_0-9]+\`" "$page" || breach "race $number names no test"
done

# Words in order: a file ends with .c: and is followed by its `suite/test` names.
file=
while read -r word; do
    case $word in
    *.c:) file=${word%:} ;;
    \`*)
        name=${word//\`/}
        named=$((named + 1))
        grep -qsF "(${name%%/*}, ${name#*/}" "$file" || breach "$file has no test ${name%%/*}, ${name#*/}"
        ;;
    esac
done < <(grep -oE '[a-z_/0-9]+\.c:|`[a-z_]+/[a-z_0-9]+`' "$page")
[ "$named" -ge 40 ] || breach "only $named tests are named"
exit $failed
