#!/usr/bin/env bash
# The floors of the house: no module includes one that stands above it or beside it without being named here, so that
# there are no circles; curses, SQLite, curl and libmicrohttpd stay where they belong. Usage: floors.sh SOURCE_DIRECTORY
set -euo pipefail
cd "$1"
failed=0

breach() {
    echo "$1"
    failed=1
}

# module: what it may include besides itself. Lowest first; a module may only name modules above its own line.
allowed='
base:
googlesql: base
pipeline: base googlesql
bigquery: base
logs: base
state: base
coverage: base pipeline
gates: base pipeline coverage state
plan: base pipeline coverage gates state
runs: base pipeline coverage state logs
alerts: base pipeline state
situation: base pipeline coverage state logs gates runs
agent: base googlesql pipeline coverage state logs gates runs bigquery situation alerts plan
emulator: base googlesql
ui: base pipeline coverage state logs gates runs situation plan
demo: base pipeline coverage bigquery emulator state runs
cli: base pipeline coverage state logs gates runs bigquery situation alerts plan agent ui emulator demo
'

seen=" "
while IFS=: read -r module may; do
    [ -n "$module" ] || continue
    for lower in $may; do
        [[ $seen == *" $lower "* ]] || breach "floors.sh: $module may not stand on $lower, which is not below it"
    done
    seen+="$module "
    directory=src/$module
    [ "$module" = ui ] && directory=ui
    [ -d "$directory" ] || continue
    while IFS=: read -r file line text; do
        [[ $file =~ /([a-z]+_)?main\.c$ ]] && continue # a program stands on the roof, as in cmake/Phasegate.cmake
        included=${text#*\"}
        included=${included%%/*}
        [[ $included == "$module" || " $may " == *" $included "* ]] ||
            breach "$file:$line: $module may not include $included ($text)"
    done < <(grep -rnE '^ *# *include +"[a-z_]+/' "$directory" --include='*.[ch]' || true)
done <<<"$allowed"

for directory in src/*/; do
    [[ $seen == *" $(basename "$directory") "* ]] || breach "$directory has no floor in floors.sh"
done

# only PATTERN-OF-HEADER ALLOWED-PATH-EXPRESSION
only() {
    local header=$1 where=$2 file line text
    while IFS=: read -r file line text; do
        [[ $file =~ $where ]] || breach "$file:$line: $text belongs to $where only"
    done < <(grep -rnE "^ *# *include +<($header)" src ui --include='*.[ch]' || true)
}
only '(ncurses[a-z]*/)?n?curses' '^ui/terminal'
only 'sqlite3' '^src/(state|emulator)/'
only 'curl/' '^src/(bigquery|alerts)/'
only 'microhttpd' '^src/emulator/'
exit $failed
