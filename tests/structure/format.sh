#!/usr/bin/env bash
# Every C file is as clang-format leaves it. Usage: format.sh SOURCE_DIRECTORY
set -euo pipefail
cd "$1"
find src ui tests -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run --Werror
