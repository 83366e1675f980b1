#!/bin/sh
# Foreign values are shown, never obeyed: whatever the program says goes through base/print.h, and its JSON through
# base/json.h. This finds the places that would go around them. Usage: output.sh SOURCE_DIRECTORY
set -eu
cd "$1"
status=0

# refuse WHAT PATTERN FILE...: no file has the pattern.
refuse() {
    what=$1 pattern=$2
    shift 2
    found=$(grep -nE "$pattern" "$@" /dev/null || true)
    if [ -n "$found" ]; then
        printf '%s\n%s\n' "$what" "$found"
        status=1
    fi
}

# What answers people and programs.
words=$(ls src/cli/*.c src/situation/*.c src/gates/*_text.c src/coverage/*_text.c ui/*.c ui/views/*.c ui/widgets/*.c)
# shellcheck disable=SC2086
refuse 'writes past base/print.h:' '(^|[^a-z_])(printf|fprintf|vfprintf|dprintf|puts|fputs|fputc|putchar|putc|perror)\(' $words
# shellcheck disable=SC2086
refuse 'writes bytes past base/print.h:' '(^|[^a-z_])fwrite\(' $(echo "$words" | grep -v cli_snapshot.c)
# A snapshot writes the cells of a frame, which hold nothing else.

# What does not fit ends in an ellipsis: print_into cuts so, snprintf says nothing.
# shellcheck disable=SC2046
refuse 'cuts words without a sign; use print_into:' 'snprintf\([^;]*%[-0-9.*]*s' $(find ui -name '*.c')

json=$(find src -name '*.c' ! -path 'src/emulator/*' ! -path 'src/bigquery/*' ! -path src/base/json.c)
# shellcheck disable=SC2086
refuse 'loses what is no UTF-8; use json_make and json_words:' '(^|[^a-z_])(json_pack|json_string)\(' $json
# shellcheck disable=SC2086
refuse 'writes JSON past base/json.h:' '(^|[^a-z_])(json_dumpf|json_dumpfd|json_dump_file|json_dumps)\(' $json

# One list of widths and of what is invisible.
# shellcheck disable=SC2046
refuse 'has Unicode ranges of its own; base/unicode.h has them:' '0x(200B|202E|FEFF|E0100)' \
    $(find src ui -name '*.[ch]' ! -path src/base/unicode.c ! -path 'src/googlesql/*' ! -path src/pipeline/identifier.c)
exit $status
