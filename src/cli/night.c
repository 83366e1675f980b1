#include "cli/night.h"

#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/percent.h"
#include "cli/brief.h"
#include "cli/operate.h"
#include "situation/launch.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"

/* Real time between two looks, between two lines of progress, and for which a gate may keep a night
 * waiting. */
enum { LOOK_MS = 250, SAY_EVERY = 20, TRIES = 2 };
static const int64_t gate_patience_ns = INT64_C(120) * 1000000000;

struct night {
    struct cli *cli;
    char *owner;
    int64_t began;
};

static void say(const struct night *night, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct night *night, const char *format, ...) {
    int second;
    va_list values;
    (void)clock_local_day(clock_wall_ms(clock_system()), &second);
    (void)fprintf(night->cli->out, "%02d:%02d  ", second / 3600, second / 60 % 60);
    va_start(values, format);
    (void)vfprintf(night->cli->out, format, values);
    va_end(values);
    (void)fputc('\n', night->cli->out);
    (void)fflush(night->cli->out);
}

static struct situation *look(const struct night *night, struct error *error) {
    (void)poll(NULL, 0, LOOK_MS);
    return situation_load(night->cli->pipeline, night->cli->state, clock_wall_ms(clock_system()),
                          error);
}

/* An agent that was killed is replaced, as a console would. */
static bool keep_agent(const struct night *night, const struct situation *situation,
                       struct error *error) {
    return situation->header.agent_alive ||
           agent_start(night->cli->pipeline->file, state_directory(night->cli->state), error);
}

/* Nothing runs that could change a verdict, and all tables were measured after `since`. */
static bool settled(const struct situation *situation, int64_t since) {
    for (size_t i = 0; i < situation->run_count; i++) {
        if (situation->runs[i].verdict == NULL) {
            return false;
        }
    }
    for (size_t i = 0; i < situation->pipeline->table_count; i++) {
        if (situation->coverage->tables[i].evidence_at <= since) {
            return false;
        }
    }
    return true;
}

/* Waits until a gate is GO; false when it has not become so in time or is NO-GO for good. */
static bool wait_for_gate(const struct night *night, size_t gate, struct error *error) {
    int64_t since = clock_wall_ms(clock_system());
    int64_t until = clock_boot_ns(clock_system()) + gate_patience_ns;
    const char *name = night->cli->pipeline->gates[gate].name;
    for (;;) {
        struct situation *situation = look(night, error);
        if (situation == NULL || !keep_agent(night, situation, error)) {
            situation_free(situation);
            return false;
        }
        enum gates_verdict verdict = situation->gates->gates[gate].verdict;
        bool final = verdict == GATES_NO_GO && settled(situation, since);
        situation_free(situation);
        if (verdict == GATES_GO) {
            say(night, "gate %s is GO", name);
            return true;
        }
        if (final || clock_boot_ns(clock_system()) > until) {
            return error_set(error, EXIT_NO_GO, "gate %s is %s and does not change", name,
                             gates_verdict_name(verdict));
        }
    }
}

/* Before the first look at BigQuery nothing is known; a launch needs to know the gaps. */
static bool wait_for_evidence(const struct night *night, struct error *error) {
    int64_t until = clock_boot_ns(clock_system()) + gate_patience_ns;
    bool all = false;
    while (!all) {
        struct situation *situation = look(night, error);
        if (situation == NULL || !keep_agent(night, situation, error)) {
            situation_free(situation);
            return false;
        }
        all = true;
        for (size_t i = 0; i < situation->pipeline->table_count; i++) {
            all = all && situation->coverage->tables[i].status == COVERAGE_STATUS_FRESH;
        }
        situation_free(situation);
        if (!all && clock_boot_ns(clock_system()) > until) {
            return error_set(error, EXIT_UNKNOWN, "BigQuery does not answer");
        }
    }
    return true;
}

/* Launches a group's gaps; *nothing when there are none. */
static bool launch_gaps(const struct night *night, size_t group, bool *nothing,
                        struct error *error) {
    struct situation *situation = look(night, error);
    if (situation == NULL) {
        return false;
    }
    struct situation_launch wanted = {
        .group = group, .processor = PIPELINE_NONE, .range = situation->range, .gaps = true};
    char *report = NULL;
    struct runs_plan *plan = situation_plan(situation, &wanted, error);
    *nothing = plan == NULL && error->code == EXIT_NO_GO;
    bool good =
        plan != NULL && operate_launch_plan(plan, night->cli->state, night->owner, &report, error);
    struct text lines = text_of(report);
    while (lines.size > 0) {
        struct text line = text_cut(&lines, '\n');
        say(night, "launched %.*s", (int)line.size, line.data);
    }
    free(report);
    runs_plan_free(plan);
    situation_free(situation);
    return good;
}

static void say_progress(const struct night *night, const struct situation *situation,
                         const char *group) {
    for (size_t i = situation->run_count; i-- > 0;) {
        const struct situation_run *run = &situation->runs[i];
        if (strcmp(run->group, group) != 0 || run->verdict != NULL) {
            continue;
        }
        size_t table = run->processor_index != PIPELINE_NONE
                           ? situation->pipeline->processors[run->processor_index].fills.items[0]
                           : 0;
        char percent[PERCENT_TEXT_SIZE];
        say(night, "  %-30s %zu of %zu dates, %zu failed; coverage %s %%", run->processor,
            run->done, run->dates, run->failed,
            percent_format(
                coverage_percent(&situation->coverage->tables[table].all, PERCENT_NO_THRESHOLD),
                percent));
    }
}

/* Whether a run belongs to what was launched for a group since `since`. */
static bool meant(const struct situation_run *run, const char *group, int64_t since) {
    return strcmp(run->group, group) == 0 && run->created_at >= since;
}

/* Waits until every run launched for a group since `since` has its verdict, and holds no dates for
 * jobs that it left on the server; `*gaps` when one of
 * them left some. */
static bool wait_for_group(const struct night *night, const char *group, int64_t since, bool *gaps,
                           struct error *error) {
    for (unsigned looks = 0;; looks++) {
        struct situation *situation = look(night, error);
        if (situation == NULL || !keep_agent(night, situation, error)) {
            situation_free(situation);
            return false;
        }
        bool waiting = false;
        *gaps = false;
        for (size_t i = 0; i < situation->run_count; i++) {
            const struct situation_run *run = &situation->runs[i];
            if (meant(run, group, since)) {
                waiting = waiting || run->verdict == NULL || run->server_held;
                *gaps = *gaps || (run->verdict != NULL && strcmp(run->verdict, "verified") != 0);
            }
        }
        if (waiting && looks % SAY_EVERY == SAY_EVERY - 1) {
            say_progress(night, situation, group);
        }
        for (size_t i = situation->run_count; !waiting && i-- > 0;) {
            const struct situation_run *run = &situation->runs[i];
            if (meant(run, group, since)) {
                say(night, "%s %s: %s", run->run, run->processor,
                    run->verdict_text != NULL ? run->verdict_text : run->verdict);
            }
        }
        situation_free(situation);
        if (!waiting) {
            return true;
        }
    }
}

static bool do_group(const struct night *night, size_t group, struct error *error) {
    const struct pipeline_group *which = &night->cli->pipeline->groups[group];
    bool gaps = true;
    bool nothing = false;
    if (which->behind != PIPELINE_NONE && !wait_for_gate(night, which->behind, error)) {
        return false;
    }
    for (int i = 0; gaps && i < TRIES; i++) {
        int64_t since = clock_wall_ms(clock_system());
        if (!launch_gaps(night, group, &nothing, error)) {
            return nothing; /* no date is missing any more */
        }
        if (!wait_for_group(night, which->name, since, &gaps, error)) {
            return false;
        }
    }
    return true;
}

static int finish(const struct night *night, struct error *error) {
    for (size_t i = 0; i < night->cli->pipeline->gate_count; i++) {
        if (!wait_for_gate(night, i, error)) {
            (void)cli_fail(night->cli, error);
        }
    }
    struct situation *situation = look(night, error);
    if (situation == NULL) {
        return cli_fail(night->cli, error);
    }
    (void)fputc('\n', night->cli->out);
    brief_write(night->cli->out, situation, night->began);
    int code = (int)gates_exit(situation->gates, PIPELINE_NONE);
    situation_free(situation);
    return code;
}

int night_run(struct cli *cli) {
    struct error error = {0};
    struct night night = {.cli = cli, .began = clock_wall_ms(clock_system())};
    char session[STATE_SESSION_SIZE] = "";
    if (!cli_open_state(cli, &error)) {
        return cli_fail(cli, &error);
    }
    night.owner = operate_owner();
    /* As long as this process lives the agent is needed, as by a console. */
    bool good =
        state_session_open(cli->state, STATE_CONSOLE, night.owner, night.began, session, &error) &&
        agent_start(cli->pipeline->file, state_directory(cli->state), &error) &&
        wait_for_evidence(&night, &error);
    for (size_t i = 0; good && i < cli->pipeline->group_count; i++) {
        good = do_group(&night, i, &error);
    }
    int code = good ? finish(&night, &error) : cli_fail(cli, &error);
    if (session[0] != '\0') {
        (void)state_session_close(cli->state, session, clock_wall_ms(clock_system()), NULL);
    }
    free(night.owner);
    return code;
}
