#!/usr/bin/env bash
# Of every program that is installed: position independent, full RELRO, no executable stack, no text relocation.
# Usage: hardened.sh PROGRAM...
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: hardened.sh PROGRAM..."; exit 64; }
status=0
complain() {
    echo "$1: $2"
    status=1
}
for program in "$@"; do
    headers=$(readelf --wide --file-header --program-headers "$program")
    dynamic=$(readelf --wide --dynamic "$program")
    grep -q 'Type: *DYN' <<<"$headers" || complain "$program" 'not position independent'
    grep -q 'GNU_RELRO' <<<"$headers" || complain "$program" 'no RELRO'
    grep -qE 'BIND_NOW|FLAGS_1.*NOW' <<<"$dynamic" || complain "$program" 'RELRO is not full: symbols are bound late'
    grep -E 'GNU_STACK' <<<"$headers" | grep -q ' RW ' || complain "$program" 'its stack is executable'
    if grep -q 'TEXTREL' <<<"$dynamic"; then complain "$program" 'relocations in its text'; fi
done
exit $status
