/* What verbs share: the state, a situation, how old it may be. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/poll.h"
#include "base/clock.h"
#include "base/print.h"
#include "cli/cli.h"
#include "cli/operate.h"
#include "runs/runs_reconcile.h"
#include "state/state_copy.h"
#include "state/state_emergency.h"
#include "state/state_lease.h"

bool cli_attach_state(struct cli *cli, struct error *error) {
    if (cli->state != NULL) {
        return true;
    }
    if (!cli_load_pipeline(cli, error)) {
        return false;
    }
    char *directory = state_home(cli->pipeline->name, error);
    cli->state =
        directory != NULL ? state_open(directory, state_access_to(directory), error) : NULL;
    free(directory);
    if (cli->state != NULL && state_copy_at(cli->state) != 0) {
        int64_t age = clock_wall_ms(clock_system()) - state_copy_at(cli->state);
        (void)print(cli->err, "You may watch: this is from a copy of the state, %lld s old.\n",
                    (long long)(age < 0 ? 0 : age / 1000));
    }
    return cli->state != NULL;
}

/* An agent that was killed together with its guard is replaced by the first who finds it gone. */
static void look_for_agent(struct cli *cli) {
    struct state_lease lease = {0};
    if (state_lease_load(cli->state, clock_boot_ns(clock_system()), &lease, NULL)) {
        cli->agent_died = lease.abandoned;
    }
    state_lease_clear(&lease);
}

bool cli_open_state(struct cli *cli, struct error *error) {
    if (cli->state != NULL) {
        return true;
    }
    if (!cli_attach_state(cli, error)) {
        return false;
    }
    if (!state_is_writable(cli->state)) {
        return true; /* who may only watch takes what those who act have found */
    }
    look_for_agent(cli);
    char *owner = operate_owner();
    struct state_actor actor = {.name = owner};
    struct runs_reconciled reconciled;
    size_t found;
    bool good = state_emergency_fold(cli->state, clock_wall_ms(clock_system()), &found, error) &&
                runs_reconcile(cli->state, &actor, clock_system(), &reconciled, error);
    free(owner);
    return good;
}

/* Whether every table, and what is known of jobs on the server, is fresh enough to answer without
 * asking BigQuery. */
static bool fresh(const struct situation *situation) {
    for (size_t i = 0; i < situation->pipeline->table_count; i++) {
        const struct coverage_table *table = &situation->coverage->tables[i];
        if (table->status != COVERAGE_STATUS_FRESH ||
            situation->as_of - table->evidence_at > situation->pipeline->poll.every_ms) {
            return false;
        }
    }
    for (size_t i = 0; i < situation->run_count; i++) {
        const struct situation_run *run = &situation->runs[i];
        if (run->server_held &&
            situation->as_of - run->server_jobs_at > situation->pipeline->poll.every_ms) {
            return false;
        }
    }
    return true;
}

bool cli_write_trouble(struct cli *cli, const struct situation *situation) {
    char text[SITUATION_TROUBLE_SIZE];
    const struct situation_trouble *trouble = situation->header.bigquery;
    return trouble == NULL || print(cli->out, "\nBigQuery: %s\n",
                                    situation_trouble_report(trouble, situation->as_of, text));
}

struct situation *cli_situation(struct cli *cli, bool measure, struct error *error) {
    if (!cli_open_state(cli, error)) {
        return NULL;
    }
    struct situation *situation =
        situation_load(cli->pipeline, cli->state, clock_wall_ms(clock_system()), error);
    if (situation == NULL || !measure || situation->header.agent_alive || fresh(situation) ||
        !state_is_writable(cli->state)) {
        return situation;
    }
    bool agent_polls;
    char *owner = operate_owner();
    bool polled = poll_once(cli->pipeline, cli->state, owner, clock_system(), &agent_polls, error);
    free(owner);
    situation_free(situation);
    return polled ? situation_load(cli->pipeline, cli->state, clock_wall_ms(clock_system()), error)
                  : NULL;
}

bool cli_confirm(struct cli *cli, const char *question, struct error *error) {
    char answer[8] = "";
    if (cli_value(cli, "yes") != NULL) {
        return true;
    }
    if (isatty(STDIN_FILENO) == 0) {
        return error_set(error, EXIT_USAGE, "nobody is there to confirm: add --yes");
    }
    FILE *asked = cli->format == CLI_JSON ? cli->err : cli->out;
    (void)print(asked, "%s [y/N] ", question);
    (void)fflush(asked);
    if (fgets(answer, sizeof answer, stdin) == NULL || strcmp(answer, "y\n") != 0) {
        return error_set(error, EXIT_NO_GO, "nothing was done");
    }
    return true;
}
