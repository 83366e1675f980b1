#!/usr/bin/env bash
# Who only installs configures in any way of CMake's: out of the source, of any build type, with no preset and without the
# tests' packages; a warning of another compiler stops nobody, the source is not written to, and a program finds its
# queries from wherever it was built. What is missing is named at once, by package. Usage: builds.sh SOURCE_DIR BUILD_DIR
set -euo pipefail
source=$1
build=$2
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
unset PHASEGATE_QUERIES PHASEGATE_PIPELINE PHASEGATE_STATE BIGQUERY_EMULATOR_HOST PKG_CONFIG_PATH
export XDG_STATE_HOME=$tree/state

fail() {
    echo "$1"
    [ ! -f "$tree/log" ] || cat "$tree/log"
    exit 1
}

# The source as a tarball has it, which nobody may write to.
mkdir "$tree/source"
(cd "$source" && tar -cf - --exclude=./build --exclude=./.git .) | tar -xf - -C "$tree/source"
find "$tree/source" | sort >"$tree/before"
chmod -R a-w "$tree/source"

for type in Release None ""; do
    rm -rf "$tree/out"
    cmake -S "$tree/source" -B "$tree/out" -G Ninja ${type:+-DCMAKE_BUILD_TYPE=$type} >"$tree/log" 2>&1 ||
        fail "cmake -S . -B out -DCMAKE_BUILD_TYPE=$type fails:"
    ! grep -q -- '-Werror' "$tree/out/build.ninja" || fail "warnings are errors without a preset (build type '$type')"
    [ ! -e "$tree/out/tests" ] || fail "the tests are configured though nobody asked for them (build type '$type')"
done
cmake -S "$tree/source" -B "$tree/out" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON >"$tree/log" 2>&1
grep -q -- '-Werror' "$tree/out/build.ninja" || fail "CMAKE_COMPILE_WARNING_AS_ERROR changes nothing"
chmod -R u+w "$tree/source"
find "$tree/source" | sort | diff "$tree/before" - || fail "configuring wrote into the source"

# A program of that tree: this build's own, put where that one's will be.
cp "$build/phasegate" "$tree/out/phasegate"
(cd "$tree" && out/phasegate init mine && out/phasegate validate mine/pipeline.yaml) >"$tree/log" 2>&1 ||
    fail "a program in a build tree elsewhere does not find its queries:"

# The presets that developers use ask for the packages of the tests; all that is missing is said at once.
# missing WANTED... : what cmake says when pkg-config finds nothing.
missing() {
    ! PKG_CONFIG_LIBDIR=$tree/nothing cmake -S "$tree/source" -B "$tree/bare" "$@" >"$tree/log" 2>&1 ||
        fail "cmake $* succeeds without any library"
}
missing
for package in libjansson-dev libcurl4-openssl-dev libsqlite3-dev libncurses-dev 'apt-get install'; do
    grep -q -- "$package" "$tree/log" || fail "what is missing is not named: $package"
done
! grep -q libvterm-dev "$tree/log" || fail "the tests' packages are asked for though nobody asked for the tests"
missing -DPHASEGATE_TESTS=ON
for package in libjansson-dev libcriterion-dev libvterm-dev; do
    grep -q -- "$package" "$tree/log" || fail "what is missing for the tests is not named: $package"
done
