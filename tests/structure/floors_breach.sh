#!/usr/bin/env bash
# floors.sh must fail on each kind of breach and pass on a sound tree. Usage: floors_breach.sh FLOORS_SH
set -euo pipefail
floors=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/src/base" "$tree/src/agent" "$tree/ui"
echo '#include "base/text.h"' >"$tree/src/agent/agent.c"
"$floors" "$tree" >/dev/null || { echo "a sound tree was refused"; exit 1; }

# refused FILE LINE: the tree with this one line more must fail.
refused() {
    mkdir -p "$tree/$(dirname "$1")"
    echo "$2" >"$tree/$1"
    if "$floors" "$tree" >/dev/null; then
        echo "not noticed: $2 in $1"
        exit 1
    fi
    rm "$tree/$1"
    rmdir -p --ignore-fail-on-non-empty "$tree/$(dirname "$1")" 2>/dev/null || true
}
refused src/base/up.c '#include "agent/agent.h"'
refused ui/view.c '#include "bigquery/bigquery.h"'
refused ui/view.c '#include "agent/agent.h"'
refused ui/view.c '#include <ncurses.h>'
refused src/agent/db.c '#include <sqlite3.h>'
refused src/agent/net.c '#include <curl/curl.h>'
refused src/attic/new.c '#include "base/text.h"'
