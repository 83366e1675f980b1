#!/usr/bin/env bash
# tests/fault/incidents.md has all 32 incidents, and every test that it names exists. Usage: incidents.sh SOURCE_DIRECTORY
set -euo pipefail
cd "$1"
list=tests/fault/incidents.md
failed=0

complain() {
    echo "$list: $1"
    failed=1
}

for number in $(seq 1 32); do
    line=$(grep -E "^\| $number \|" "$list" || true)
    [[ $line == *'`'*', '*'`'* ]] || complain "incident $number has no test"
done

# Of the last column only: the words of the others may be in backquotes too.
while read -r name; do
    grep -rqF --include='*.c' "Test($name" tests || complain "there is no Test($name)"
done < <(sed -n 's/^| [0-9]* |.*| \(`[^|]*\) |$/\1/p' "$list" | grep -oE '`[a-z0-9_]+, [a-z0-9_]+`' | tr -d '`' | sort -u)

exit "$failed"
