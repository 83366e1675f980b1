/* phasegate moved: this file has taken the place of the one that the state was kept for. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/print.h"
#include "cli/verbs.h"
#include "pipeline/watch.h"
#include "state/state_file.h"
#include "state/state_lease.h"

static bool refuse_agent(const struct state_lease *lease, struct error *error) {
    return !lease->held ||
           error_set(
               error, EXIT_NO_GO,
               "agent %lld is at work by the other file; first, with that one: phasegate agent "
               "--stop",
               (long long)lease->pid);
}

static int run(struct cli *cli) {
    struct error error = {0};
    struct state_lease lease = {0};
    char *kept = NULL;
    bool good = cli_find_state(cli, &error) && state_file_path(cli->state, &kept, &error) &&
                state_lease_load(cli->state, clock_boot_ns(clock_system()), &lease, &error) &&
                refuse_agent(&lease, &error) && cli_keep_state(cli, &error);
    if (good) {
        char *path = pipeline_path(cli->pipeline);
        bool other = kept != NULL && strcmp(kept, path) != 0;
        (void)print(cli->out, "The state in %s is kept for %s%s%s.\n", state_directory(cli->state),
                    path,
                    other          ? "; it was for "
                    : kept != NULL ? ", as before"
                                   : "",
                    other ? kept : "");
        free(path);
    }
    state_lease_clear(&lease);
    free(kept);
    return good ? EXIT_GO : cli_fail(cli, &error);
}

const struct cli_verb cli_verb_moved = {
    .name = "moved",
    .arguments = "",
    .summary = "say that this pipeline file has taken the place of the one the state was kept for",
    .about =
        "A state is kept for one file: another that names its pipeline alike is refused. One whose "
        "file is gone\n"
        "is taken over without this verb. Exit 1 while an agent works by the other file.",
    .run = run,
};
