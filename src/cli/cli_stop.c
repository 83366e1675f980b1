/* phasegate stop: the processes of runs, and with --cancel-jobs what they left on the server. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/poll.h"
#include "base/clock.h"
#include "base/print.h"
#include "cli/find.h"
#include "cli/operate.h"
#include "cli/verbs.h"
#include "runs/runs_stop.h"
#include "state/state_emergency.h"
#include "state/state_server.h"
#include "state/state_sessions.h"
#include "state/state_unread.h"

static bool select_runs(struct cli *cli, struct runs_stop_selector *selector, struct error *error) {
    const char *name = cli->arguments[0];
    size_t group;
    size_t processor;
    *selector = (struct runs_stop_selector){0};
    if (strcmp(name, "all") == 0) {
        return true;
    }
    if (strncmp(name, "r-", 2) == 0) {
        selector->run = name;
        return true;
    }
    if (!cli_find_launchable(cli, name, &group, &processor, error)) {
        return false;
    }
    selector->group = group != PIPELINE_NONE ? name : NULL;
    selector->processor = group == PIPELINE_NONE ? name : NULL;
    return true;
}

/* Runs by themselves once they have ended: an agent has to see to it. */
static bool wake_agent(struct cli *cli, struct error *error) {
    size_t count;
    struct state_session *sessions = state_sessions(cli->state, &count, error);
    bool there = false;
    for (size_t i = 0; sessions != NULL && i < count; i++) {
        there = there || sessions[i].role == STATE_AGENT;
    }
    bool good = sessions != NULL;
    state_sessions_free(sessions, count);
    return good && (there || agent_start(cli->pipeline->file, state_directory(cli->state), error));
}

/* Without an agent the verb asks BigQuery itself, once. */
static bool cancel_now(struct cli *cli, const char *owner, struct error *error) {
    bool agent_polls;
    size_t held;
    if (!poll_server_jobs(cli->pipeline, cli->state, owner, clock_system(), &agent_polls, &held,
                          error)) {
        return false;
    }
    if (agent_polls) {
        (void)print(cli->out, "The agent cancels them; `phasegate runs` shows how far it is.\n");
    } else if (held > 0) {
        (void)print(cli->out, "%zu run%s still held; `phasegate runs` says why.\n", held,
                    held == 1 ? " is" : "s are");
    } else {
        (void)print(cli->out,
                    "No job is left on the server; the claims are released once the tables were "
                    "read, by the agent or by `phasegate poll`.\n");
    }
    return true;
}

static bool cancel_jobs(struct cli *cli, const struct state_actor *actor,
                        const struct runs_stop_selector *selector, size_t *asked,
                        struct error *error) {
    size_t live;
    if (!runs_cancel_jobs(cli->state, actor, clock_system(), selector, asked, &live, error)) {
        return false;
    }
    if (*asked > 0) {
        (void)print(cli->out,
                    "Jobs in BigQuery of %zu run%s are to be cancelled; cancelled jobs may still "
                    "incur costs.\n",
                    *asked, *asked == 1 ? "" : "s");
    }
    if (live > 0) {
        return wake_agent(cli, error);
    }
    return *asked == 0 || cancel_now(cli, actor->name, error);
}

/* What a person may take upon himself about the claims of a run that has ended. */
struct release {
    const char *option, *question;
    bool (*forget)(struct state *state, const struct state_actor *actor, const char *run,
                   const char *reason, int64_t at, struct error *error);
};

static const struct release releases[] = {
    {"forget-jobs", "Release its claims, whatever its jobs in BigQuery still write?",
     state_server_forget},
    {"forget-coverage",
     "Release its claims, although nobody has read what it wrote? Its dates then count as they "
     "were "
     "last read: a launch may write them twice.",
     state_unread_forget},
};
enum { RELEASES = sizeof releases / sizeof *releases };

static const struct release *release_wanted(const struct cli *cli) {
    for (size_t i = 0; i < RELEASES; i++) {
        if (cli_value(cli, releases[i].option) != NULL) {
            return &releases[i];
        }
    }
    return NULL;
}

static bool release_claims(struct cli *cli, const struct state_actor *actor,
                           const struct runs_stop_selector *selector, const struct release *release,
                           struct error *error) {
    if (selector->run == NULL) {
        return error_set(error, EXIT_USAGE,
                         "--%s takes one run, by its id; `phasegate runs` lists them",
                         release->option);
    }
    if (!cli_confirm(cli, release->question, error) ||
        !release->forget(cli->state, actor, selector->run, cli_value(cli, "reason"),
                         clock_wall_ms(clock_system()), error)) {
        return false;
    }
    (void)print(cli->out, "The claims of %s are released.\n", selector->run);
    return true;
}

/* The runs are told; what the state says of it comes later. */
static bool tell_unrecorded(struct cli *cli, size_t reached, char *why, struct error *error) {
    if (reached > 0) {
        (void)print(cli->out,
                    "Told %zu run%s to end, past the state, which cannot be written (%s). It is "
                    "recorded as soon as it can be.\n",
                    reached, reached == 1 ? "" : "s", why);
    } else {
        (void)error_set(error, EXIT_NO_GO,
                        "no run of %s that lives was found beside the state, which cannot be "
                        "written: %s",
                        cli->arguments[0], why);
    }
    free(why);
    return reached > 0;
}

static bool stop_runs(struct cli *cli, const struct state_actor *actor,
                      struct runs_stop_selector *selector, struct error *error) {
    const char *reason = cli_value(cli, "reason");
    char *directory = state_home(cli->pipeline->name, error);
    char *later = NULL;
    size_t asked = 0;
    size_t cancelled = 0;
    bool now = cli_value(cli, "now") != NULL;
    bool cancel = cli_value(cli, "cancel-jobs") != NULL;
    selector->at_once = now;
    bool good =
        directory != NULL &&
        cli_confirm(cli,
                    now ? "Kill these runs now? The dates they work on may be left half written."
                        : "Stop these runs (TERM, then KILL after their grace)?",
                    error) &&
        runs_stop_anyhow(cli->state, directory, actor, clock_system(), selector,
                         reason != NULL ? reason : "stopped by hand", &asked, &later, error);
    free(directory);
    if (!good) {
        return false;
    }
    if (later != NULL) {
        return tell_unrecorded(cli, asked, later, error);
    }
    if (asked > 0) {
        (void)print(cli->out, "%s %zu run%s%s; `phasegate runs` shows how far they are.\n",
                    now ? "Killing" : "Asked", asked, asked == 1 ? "" : "s", now ? "" : " to stop");
    }
    char *limits = asked > 0 ? runs_stop_limits(cli->state, selector) : NULL;
    if (limits != NULL) {
        (void)print(cli->out, "%s.\n", limits);
        free(limits);
    }
    if (cancel && !cancel_jobs(cli, actor, selector, &cancelled, error)) {
        return false;
    }
    return asked + cancelled > 0 ||
           error_set(error, EXIT_NO_GO, "no run of %s is alive%s, or all are %s already",
                     cli->arguments[0], cancel ? " or has jobs on the server" : "",
                     now ? "being killed" : "stopping");
}

static int stop(struct cli *cli) {
    struct error error = {0};
    struct runs_stop_selector selector;
    const struct release *release = release_wanted(cli);
    if (!cli_load_pipeline(cli, &error) || !select_runs(cli, &selector, &error)) {
        return cli_fail(cli, &error);
    }
    /* A stop does not wait for a state that cannot be opened; nor for the book-keeping of others.
     */
    if (!cli_open_state(cli, &error) && (release != NULL || !cli_can_mark(cli, &error))) {
        return cli_fail(cli, &error);
    }
    char *owner = operate_owner();
    struct state_actor actor = {.name = owner};
    bool good = release != NULL ? release_claims(cli, &actor, &selector, release, &error)
                                : stop_runs(cli, &actor, &selector, &error);
    free(owner);
    return good ? EXIT_GO : cli_fail(cli, &error);
}

const struct cli_verb cli_verb_stop = {
    .name = "stop",
    .arguments = "RUN|GROUP|PROCESSOR|all",
    .summary = "stop runs: TERM, grace, KILL until no process is left; --now leaves out the grace",
    .about =
        "Returns at once: stopping is a state, which the runs' shims carry out whatever "
        "becomes of this command.\n"
        "When the state cannot be opened or written (a full disk, a lock, damage) the shims are "
        "told past it, and\n"
        "it is recorded later; then only your own runs are found by a group or processor.\n"
        "The claims of a stopped run are kept while BigQuery jobs labelled with it still run. "
        "--cancel-jobs has\n"
        "them cancelled (also for a run that has ended); cancelled jobs may still incur costs.\n"
        "Those of every run are kept until its tables were read after its end; where BigQuery "
        "never "
        "answers, a person\n"
        "takes that upon himself: stop RUN --forget-coverage --reason TEXT.",
    .least = 1,
    .most = 1,
    .options = {{"now", NULL, "KILL at once, without TERM and grace"},
                {"cancel-jobs", NULL, "cancel its jobs in BigQuery too, once it has ended"},
                {"forget-jobs", NULL,
                 "release its claims without knowing of its jobs; needs a "
                 "reason"},
                {"forget-coverage", NULL,
                 "release its claims although its tables were not read since its end; needs a "
                 "reason"},
                {"reason", "TEXT", "for the journal"},
                {"yes", NULL, "do not ask"}},
    .run = stop,
};
