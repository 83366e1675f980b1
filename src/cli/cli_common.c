/* What verbs share: the state, a situation, how old it may be. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/poll.h"
#include "base/clock.h"
#include "base/print.h"
#include "cli/cli.h"
#include "cli/operate.h"
#include "pipeline/watch.h"
#include "runs/runs_reconcile.h"
#include "state/state_copy.h"
#include "state/state_emergency.h"
#include "state/state_file.h"
#include "state/state_lease.h"

bool cli_find_state(struct cli *cli, struct error *error) {
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

/* A new state says where the file's state is under the name that it had before. */
static void tell_old_state(struct cli *cli, const char *path) {
    char *old = state_file_elsewhere(cli->state, path);
    if (old != NULL) {
        (void)print(cli->err,
                    "phasegate: pipeline %s begins with an empty state; that of this file under "
                    "its earlier name lies in %s and is left alone (name the pipeline as it was to "
                    "go on with it)\n",
                    cli->pipeline->name, old);
    }
    free(old);
}

static bool refuse_file(struct cli *cli, const char *kept, const char *path, struct error *error) {
    return error_set(
        error, EXIT_CONFIG,
        "two files name their pipeline \"%s\": the state in %s is kept for %s, this is "
        "%s; give one of them another `pipeline:` name or, if this file has taken the "
        "place of that one: phasegate moved --pipeline %s",
        cli->pipeline->name, state_directory(cli->state), kept, path, path);
}

/* What ends or holds something is carried out by whatever file it was found. */
static bool is_emergency(const struct cli *cli) {
    static const char *const verbs[] = {"stop", "disarm", "hold"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(cli->verb->name, verbs[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the state is this file's: it becomes so when it is nobody's yet, and when the file that
 * it was kept for is not there any more. Who may only watch goes by whichever file he has. */
static bool claim_state(struct cli *cli, struct error *error) {
    char *kept = NULL;
    if (!state_is_writable(cli->state)) {
        return true;
    }
    if (!state_file_path(cli->state, &kept, error)) {
        return false;
    }
    char *path = pipeline_path(cli->pipeline);
    bool same = kept != NULL && strcmp(kept, path) == 0;
    bool gone = kept != NULL && access(kept, F_OK) != 0 && errno == ENOENT;
    bool good = same;
    if (!same && (kept == NULL || gone)) {
        if (kept == NULL) {
            tell_old_state(cli, path);
        } else {
            (void)print(
                cli->err,
                "phasegate: the state of pipeline %s was kept for %s, which is gone, and is "
                "kept for %s from now on\n",
                cli->pipeline->name, kept, path);
        }
        good = cli_keep_state(cli, error);
    } else if (!same) {
        good = refuse_file(cli, kept, path, error) || is_emergency(cli);
    }
    free(kept);
    free(path);
    return good;
}

bool cli_keep_state(struct cli *cli, struct error *error) {
    char *owner = operate_owner();
    char *path = pipeline_path(cli->pipeline);
    struct state_actor actor = {.name = owner};
    bool good = state_file_keep(cli->state, &actor, path, clock_wall_ms(clock_system()), error);
    free(owner);
    free(path);
    return good;
}

bool cli_attach_state(struct cli *cli, struct error *error) {
    return cli->state != NULL || (cli_find_state(cli, error) && claim_state(cli, error));
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

bool cli_can_mark(const struct cli *cli, const struct error *error) {
    return state_emergency_helps(error) && (cli->state == NULL || state_is_writable(cli->state));
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

void cli_say_zone(struct cli *cli) {
    (void)print(cli->out, "times: %s\n", clock_zone());
}

bool cli_write_bigquery(struct cli *cli, const struct situation *situation) {
    char text[SITUATION_TROUBLE_SIZE];
    const struct situation_trouble *trouble = situation->header.bigquery;
    return trouble == NULL || print(cli->out, "\nBigQuery: %s\n",
                                    situation_trouble_report(trouble, situation->as_of, text));
}

bool cli_write_trouble(struct cli *cli, const struct situation *situation) {
    const char *plan = situation->header.plan.notice;
    return (plan == NULL || print(cli->out, "\nPlan: %s.\n", plan)) &&
           cli_write_bigquery(cli, situation);
}

struct situation *cli_situation(struct cli *cli, bool measure, struct error *error) {
    if (!cli_open_state(cli, error)) {
        if (measure || cli->state == NULL || !cli_can_mark(cli, error)) {
            return NULL;
        }
        /* Who only looks is shown what is there. */
        (void)print(cli->err, "phasegate: %s; this is what was stored before\n", error->text);
        *error = (struct error){0};
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

void cli_warn_plan(struct cli *cli, const struct situation *situation) {
    if (situation->header.plan.notice != NULL) {
        (void)print(cli->err, "phasegate: %s\n", situation->header.plan.notice);
    }
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
