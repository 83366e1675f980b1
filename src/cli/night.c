#include "cli/night.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/moment.h"
#include "base/percent.h"
#include "base/print.h"
#include "cli/brief.h"
#include "cli/operate.h"
#include "state/state_journal.h"
#include "state/state_sessions.h"

/* Real time between two looks, between two lines of progress, and for which nothing may happen. */
enum { LOOK_MS = 250, SAY_EVERY = 40 };
static const int64_t patience_ns = INT64_C(120) * 1000000000;

/* A night at a thousand times its speed lasts days of its own clock on a slow machine. */
static const int64_t armed_for_ms = INT64_C(14) * 24 * 3600 * 1000;

struct night {
    struct cli *cli;
    char *owner;
    int64_t began;
    int64_t told;     /* sequence of the last event that was printed */
    int64_t moved_ns; /* boot time of it */
};

static void say(const struct night *night, int64_t at, const char *subject, const char *text) {
    char moment[MOMENT_SIZE];
    (void)print(night->cli->out, "%s  %s%s%s\n", moment_format(at, night->began, moment), subject,
                subject[0] != '\0' ? " " : "", text);
}

/* What a person who sleeps would want to have been told. */
static bool is_news(const char *kind) {
    static const char *const kinds[] = {"gate",  "arm",     "disarm", "fire",   "launch",
                                        "stop",  "verdict", "lost",   "orphan", "refused",
                                        "stall", "alert",   "budget", "hold"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool tell_news(struct night *night, struct error *error) {
    struct state_journal_filter filter = {.after = night->told};
    size_t count;
    struct state_event *events = state_journal(night->cli->state, &filter, &count, error);
    if (events == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        night->told = events[i].sequence;
        if (is_news(events[i].kind)) {
            say(night, events[i].at, events[i].subject, events[i].text);
            night->moved_ns = clock_boot_ns(clock_system());
        }
    }
    (void)fflush(night->cli->out);
    state_events_free(events, count);
    return true;
}

static struct situation *look(struct night *night, struct error *error) {
    (void)poll(NULL, 0, LOOK_MS);
    if (!tell_news(night, error)) {
        return NULL;
    }
    struct situation *situation = situation_load(night->cli->pipeline, night->cli->state,
                                                 clock_wall_ms(clock_system()), error);
    /* An agent that was killed is replaced, as a console would. */
    if (situation != NULL && !situation->header.agent_alive &&
        !agent_start(night->cli->pipeline->file, state_directory(night->cli->state), error)) {
        situation_free(situation);
        return NULL;
    }
    return situation;
}

static bool is_late(const struct night *night) {
    return clock_boot_ns(clock_system()) - night->moved_ns > patience_ns;
}

static bool all_fresh(const struct situation *situation, int64_t since) {
    for (size_t i = 0; i < situation->pipeline->table_count; i++) {
        const struct coverage_table *table = &situation->coverage->tables[i];
        if (table->status != COVERAGE_STATUS_FRESH || table->evidence_at <= since) {
            return false;
        }
    }
    return true;
}

/* Before the first look at BigQuery nothing is known, and nothing can be approved. */
static bool wait_for_evidence(struct night *night, struct error *error) {
    bool there = false;
    while (!there) {
        struct situation *situation = look(night, error);
        if (situation == NULL) {
            return false;
        }
        there = all_fresh(situation, 0);
        situation_free(situation);
        if (!there && is_late(night)) {
            return error_set(error, EXIT_UNKNOWN, "BigQuery does not answer");
        }
    }
    return true;
}

/* Approves the plan for a group and arms it for its gaps. */
static bool arm_group(struct night *night, size_t group, struct error *error) {
    char id[STATE_RUN_SIZE];
    struct operate_arm wish = {
        .group = group, .for_ms = armed_for_ms, .reason = "the demo's night"};
    struct situation *situation = look(night, error);
    bool good = situation != NULL &&
                operate_approve(situation, night->cli->state, night->owner, &wish, id, error);
    situation_free(situation);
    situation = good ? look(night, error) : NULL;
    if (situation != NULL) {
        wish.launch = (struct situation_launch){
            .group = group, .processor = PIPELINE_NONE, .range = situation->range, .gaps = true};
        good = operate_arm(situation, night->cli->state, night->owner, &wish, id, error);
    }
    good = good && situation != NULL;
    situation_free(situation);
    return good;
}

static void say_progress(const struct night *night, const struct situation *situation) {
    for (size_t i = situation->run_count; i-- > 0;) {
        const struct situation_run *run = &situation->runs[i];
        char text[160];
        char percent[PERCENT_TEXT_SIZE];
        if (run->ended_at != 0 || run->processor_index == PIPELINE_NONE) {
            continue;
        }
        size_t table = situation->pipeline->processors[run->processor_index].fills.items[0];
        char *progress = situation_progress_text(run);
        (void)print_into(text, sizeof text, "%s; coverage %s %%", progress,
                         percent_format(coverage_percent(&situation->coverage->tables[table].all,
                                                         PERCENT_NO_THRESHOLD),
                                        percent));
        free(progress);
        say(night, situation->as_of, run->processor, text);
    }
}

/* Whether anything runs, waits for its verdict, is to be tried again or is about to start. */
static bool is_busy(const struct situation *situation) {
    for (size_t i = 0; i < situation->run_count; i++) {
        const struct situation_run *run = &situation->runs[i];
        if (run->verdict == NULL || run->server_held || run->retry_at != 0) {
            return true;
        }
    }
    for (size_t i = 0; i < situation->pipeline->group_count; i++) {
        size_t gate = situation->pipeline->groups[i].behind;
        const struct situation_group *group = &situation->groups[i];
        bool go = gate == PIPELINE_NONE || situation->gates->gates[gate].verdict == GATES_GO;
        if (group->arm != NULL && (go || group->fires_at != 0)) {
            return true;
        }
    }
    return false;
}

/* Whether the night can get no further: nothing moves, and every gate was judged by tables that
 * were read since the last thing that happened. */
static bool is_over(const struct situation *situation, int64_t quiet_since) {
    for (size_t i = 0; i < situation->pipeline->gate_count; i++) {
        enum gates_verdict verdict = situation->gates->gates[i].verdict;
        if (verdict != GATES_GO && verdict != GATES_NO_GO && verdict != GATES_HOLD) {
            return false;
        }
    }
    return all_fresh(situation, quiet_since);
}

/* Watches until it is over; the agent does the work. The last look, by which it was found over, is
 * what the night is reported by: a later one may find numbers that have grown old since. The caller
 * frees it; NULL when the state could not be read. */
static struct situation *watch(struct night *night, struct error *error) {
    int64_t quiet_since = clock_wall_ms(clock_system());
    for (unsigned looks = 1;; looks++) {
        struct situation *situation = look(night, error);
        if (situation == NULL) {
            return NULL;
        }
        bool busy = is_busy(situation);
        bool over = !busy && is_over(situation, quiet_since);
        quiet_since = busy ? situation->as_of : quiet_since;
        if (busy) {
            night->moved_ns = clock_boot_ns(clock_system());
        }
        if (busy && looks % SAY_EVERY == 0) {
            say_progress(night, situation);
        }
        if (over || is_late(night)) {
            return situation;
        }
        situation_free(situation);
    }
}

/* Disarms what is armed still and reports the night as `situation` shows it. */
static int finish(struct night *night, const struct situation *situation, struct error *error) {
    size_t ended;
    char *later = NULL;
    bool disarmed = operate_disarm(night->cli->pipeline, night->cli->state, night->owner,
                                   PIPELINE_NONE, "the night is over", &ended, &later, error);
    free(later);
    if (!disarmed) {
        return cli_fail(night->cli, error);
    }
    for (size_t i = 0; i < night->cli->pipeline->gate_count; i++) {
        const struct gates_gate *gate = &situation->gates->gates[i];
        if (gate->verdict != GATES_GO) {
            (void)error_set(error, EXIT_NO_GO, "gate %s is %s and does not change",
                            night->cli->pipeline->gates[i].name, gates_verdict_name(gate->verdict));
            (void)cli_fail(night->cli, error);
        }
    }
    (void)print(night->cli->out, "\n");
    brief_write(night->cli->out, situation, night->began);
    return (int)gates_exit(situation->gates, PIPELINE_NONE);
}

int night_run(struct cli *cli) {
    struct error error = {0};
    struct night night = {.cli = cli,
                          .began = clock_wall_ms(clock_system()),
                          .moved_ns = clock_boot_ns(clock_system())};
    char session[STATE_SESSION_SIZE] = "";
    if (!cli_open_state(cli, &error)) {
        return cli_fail(cli, &error);
    }
    night.owner = operate_owner();
    cli_say_zone(cli);
    /* Somebody is there until the last group is armed; from then on nobody is. */
    bool good =
        state_session_open(cli->state, STATE_CONSOLE, night.owner, night.began, session, &error) &&
        agent_start(cli->pipeline->file, state_directory(cli->state), &error) &&
        wait_for_evidence(&night, &error);
    for (size_t i = 0; good && i < cli->pipeline->group_count; i++) {
        good = arm_group(&night, i, &error);
    }
    if (session[0] != '\0') {
        (void)state_session_close(cli->state, session, clock_wall_ms(clock_system()), NULL);
    }
    struct situation *last = good ? watch(&night, &error) : NULL;
    int code = last != NULL ? finish(&night, last, &error) : cli_fail(cli, &error);
    situation_free(last);
    free(night.owner);
    return code;
}
