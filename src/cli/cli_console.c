/* phasegate [PIPELINE]: the console. */
#include <errno.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/print.h"
#include "cli/open_console.h"
#include "cli/operate.h"
#include "cli/perform.h"
#include "cli/verbs.h"
#include "coverage/coverage_text.h"
#include "gates/gates_text.h"
#include "runs/runs_reconcile.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"

/* What the reader thread reads from. */
struct source {
    const struct pipeline *pipeline;
    struct state *state; /* the reader thread's own */
    int64_t loaded_ns;
    int64_t every_ns; /* evidence grows old even when nobody writes */
    const char *owner;
    bool reconciled;
    int64_t started_ns, pause_ns; /* the last start of an agent, and until the next */
};

/* Between two starts of an agent: doubled while none stays. */
static const int64_t least_pause_ns = INT64_C(4) * 1000000000;
static const int64_t most_pause_ns = INT64_C(60) * 1000000000;

static bool changed(void *context) {
    struct source *source = context;
    return state_changed(source->state) ||
           clock_boot_ns(clock_system()) - source->loaded_ns > source->every_ns;
}

/* An open console has an agent: one that died is replaced within seconds. */
static void keep_agent(struct source *source, const struct situation *situation) {
    int64_t now = source->loaded_ns;
    if (situation->header.agent_alive) {
        source->pause_ns = least_pause_ns;
    } else if (state_is_writable(source->state) && now - source->started_ns >= source->pause_ns) {
        source->started_ns = now;
        source->pause_ns =
            source->pause_ns * 2 < most_pause_ns ? source->pause_ns * 2 : most_pause_ns;
        (void)agent_start(source->pipeline->file, state_directory(source->state), NULL);
    }
}

static struct situation *load(void *context, struct error *error) {
    struct source *source = context;
    source->loaded_ns = clock_boot_ns(clock_system());
    if (!source->reconciled && state_is_writable(source->state)) {
        struct state_actor actor = {.name = source->owner};
        struct runs_reconciled reconciled;
        if (!runs_reconcile(source->state, &actor, clock_system(), &reconciled, error)) {
            return NULL;
        }
        source->reconciled = true;
    }
    struct situation *situation =
        situation_load(source->pipeline, source->state, clock_wall_ms(clock_system()), error);
    if (situation != NULL) {
        keep_agent(source, situation);
    }
    return situation;
}

/* For a terminal that cannot show the console: the same answers as plain text. */
static int plain_report(struct cli *cli, const struct error *why) {
    struct error error = {0};
    (void)print(cli->err, "phasegate: %s; this is the plain report\n", why->text);
    struct situation *situation = cli_situation(cli, true, &error);
    if (situation == NULL) {
        return cli_fail(cli, &error);
    }
    bool good = coverage_write_matrix(cli->out, situation->coverage, 0) && print(cli->out, "\n") &&
                gates_write_text(cli->out, situation->gates, PIPELINE_NONE, NULL);
    int code = good ? (int)gates_exit(situation->gates, PIPELINE_NONE) : EXIT_IO;
    situation_free(situation);
    return code;
}

static bool start_agent(struct cli *cli, struct error *error) {
    struct state_lease lease = {0};
    if (!state_is_writable(cli->state)) {
        return true;
    }
    if (!state_lease_load(cli->state, clock_boot_ns(clock_system()), &lease, error)) {
        return false;
    }
    bool good = lease.held || agent_start(cli->pipeline->file, state_directory(cli->state), error);
    state_lease_clear(&lease);
    return good;
}

static int show(struct cli *cli, const char *owner, struct state *reader, struct state *worker) {
    struct error error = {0};
    int64_t period = clock_real_ms(cli->pipeline->poll.every_ms) * 1000000 / 4;
    struct source source = {.pipeline = cli->pipeline,
                            .state = reader,
                            .owner = owner,
                            .started_ns = clock_boot_ns(clock_system()),
                            .pause_ns = least_pause_ns,
                            .every_ns = period < 1000000000   ? 1000000000
                                        : period > 5000000000 ? 5000000000
                                                              : period};
    struct perform perform = {.pipeline = cli->pipeline, .state = worker, .owner = owner};
    struct console_options options = {
        .pipeline = cli->pipeline,
        .source = {.context = &source, .changed = changed, .load = load, .free = situation_free},
        .performer = {.context = &perform, .perform = perform_command},
        .user = owner,
    };
    /* After a demo nothing is left to be listed. */
    char *runs = cli->pipeline_path != NULL
                     ? memory_format("phasegate runs --pipeline %s", cli->pipeline_path)
                     : memory_copy_string("phasegate runs");
    options.runs = cli->in_demo ? NULL : runs;
    int code = console_run(&options, &error);
    free(runs);
    return error.code == EXIT_UNAVAILABLE ? plain_report(cli, &error)
           : error.code != EXIT_GO        ? cli_fail(cli, &error)
                                          : code;
}

int cli_open_console(struct cli *cli) {
    struct error error = {0};
    char session[STATE_SESSION_SIZE];
    /* The first frame does not wait for reconciling: the reader thread does it. */
    if (!cli_attach_state(cli, &error)) {
        return cli_fail(cli, &error);
    }
    char *owner = operate_owner();
    enum state_access access = state_is_writable(cli->state) ? STATE_WRITE : STATE_READ;
    struct state *reader = state_open(state_directory(cli->state), access, &error);
    struct state *worker =
        reader != NULL ? state_open(state_directory(cli->state), access, &error) : NULL;
    bool good = worker != NULL;
    if (good && access == STATE_WRITE) {
        good = state_session_open(cli->state, STATE_CONSOLE, owner, clock_wall_ms(clock_system()),
                                  session, &error);
    }
    int code;
    if (good && (access == STATE_READ || start_agent(cli, &error))) {
        code = show(cli, owner, reader, worker);
    } else {
        code = cli_fail(cli, &error);
    }
    if (good && access == STATE_WRITE) {
        (void)state_session_close(cli->state, session, clock_wall_ms(clock_system()), NULL);
    }
    state_close(reader);
    state_close(worker);
    free(owner);
    return code;
}

static int run(struct cli *cli) {
    if (cli->count == 1) {
        cli->pipeline_path = cli->arguments[0];
    }
    return cli_open_console(cli);
}

const struct cli_verb cli_verb_console = {
    .name = "console",
    .arguments = "[PIPELINE]",
    .summary = "the console (the same as no verb at all)",
    .most = 1,
    .run = run,
};
