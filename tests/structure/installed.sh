#!/usr/bin/env bash
# What is installed must work wherever it was moved to: it finds its queries beside itself, and starts its own emulator.
# And the commands the README gives for a first pipeline are taken as they stand there. Usage: installed.sh BUILD_DIR
set -euo pipefail
build=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
DESTDIR=$tree/staged cmake --install "$build" --prefix /opt/phasegate >"$tree/log"
mv "$tree/staged/opt/phasegate" "$tree/moved"
export XDG_STATE_HOME=$tree/state XDG_RUNTIME_DIR=$tree/run
export PATH=$tree/moved/bin:$PATH
unset PHASEGATE_QUERIES PHASEGATE_PIPELINE PHASEGATE_STATE BIGQUERY_EMULATOR_HOST
mkdir -m 700 "$tree/run"
cd "$tree"

# gives STATUS TEXT COMMAND...: the command exits so, and says that.
gives() {
    local wanted=$1 text=$2 status=0
    shift 2
    "$@" >"$tree/answer" 2>&1 </dev/null || status=$?
    if [ "$status" != "$wanted" ] || ! grep -q -- "$text" "$tree/answer"; then
        echo "$*: exit $status instead of $wanted, or does not say \"$text\":"
        cat "$tree/answer"
        exit 1
    fi
}
gives 0 'Wrote' phasegate init my-backfill
gives 0 'is valid' phasegate validate my-backfill/pipeline.yaml
gives 2 'no Google credentials' env -u GOOGLE_APPLICATION_CREDENTIALS CLOUDSDK_CONFIG="$tree/gcloud" NO_GCE_CHECK=true \
    phasegate --pipeline my-backfill/pipeline.yaml coverage
gives 2 'could not be measured' env BIGQUERY_EMULATOR_HOST=localhost:1 phasegate --pipeline=my-backfill/pipeline.yaml poll
gives 64 'did you mean coverage' phasegate --pipeline my-backfill/pipeline.yaml covrage
gives 66 'nowhere.yaml' phasegate -p nowhere.yaml coverage
gives 1 'phase3-ready' phasegate demo check

# The service starts the program that was installed, says what to do when another agent is at work, and systemd takes it.
unit=$tree/moved/share/phasegate/systemd/phasegate-agent@.service
for line in '^ExecStart=/opt/phasegate/bin/phasegate agent --stay ' '^KillMode=process$' '^RestartPreventExitStatus=.*75' '^SuccessExitStatus=75$'; do
    grep -q -- "$line" "$unit" || { echo "$unit lacks $line"; exit 1; }
done
if command -v systemd-analyze >/dev/null; then
    sed "s|^ExecStart=[^ ]*|ExecStart=$tree/moved/bin/phasegate|" "$unit" >"$tree/phasegate-agent@nba.service"
    mkdir -p "$tree/config/phasegate/nba"
    answer=$(HOME=$tree XDG_CONFIG_HOME=$tree/config systemd-analyze --user --man=no verify "$tree/phasegate-agent@nba.service" 2>&1) || true
    if grep -q 'phasegate-agent' <<<"$answer"; then
        echo "systemd does not take the unit: $answer"
        exit 1
    fi
fi
