#include "agent/server_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/state_journal.h"
#include "state/state_server.h"

/* Real time between two questions about one run: it doubles. */
static const int64_t first_pause_ns = INT64_C(1000000000);
static const int64_t longest_pause_ns = INT64_C(60) * 1000000000;

/* How long an agent stays for a run when BigQuery does not answer. */
static const int64_t patience_ns = INT64_C(600) * 1000000000;

/* The clocks of this machine and of BigQuery may differ; the label alone tells whose a job is. */
static const int64_t clock_margin_ms = INT64_C(600000);

struct held {
    char *run;
    bool seen;  /* in the step that goes on */
    bool asked; /* and not answered */
    int64_t due_ns, pause_ns;
    int64_t answered_ns; /* when BigQuery last answered, or when the run was first seen */
    int64_t jobs;        /* -1: not known */
    bool answered;       /* at least once, or in vain */
    bool cancel;
};

struct server_watch {
    const struct recorder *recorder;
    const struct clock *clock;
    struct server_watch_ask ask;
    struct held *items;
    size_t count, capacity;
};

struct server_watch *server_watch_new(const struct recorder *recorder, const struct clock *clock,
                                      const struct server_watch_ask *ask) {
    struct server_watch *watch = memory_new(1, sizeof *watch);
    *watch = (struct server_watch){.recorder = recorder, .clock = clock, .ask = *ask};
    return watch;
}

void server_watch_free(struct server_watch *watch) {
    for (size_t i = 0; watch != NULL && i < watch->count; i++) {
        free(watch->items[i].run);
    }
    if (watch != NULL) {
        free(watch->items);
        free(watch);
    }
}

static struct held *find(struct server_watch *watch, const char *run) {
    for (size_t i = 0; i < watch->count; i++) {
        if (strcmp(watch->items[i].run, run) == 0) {
            return &watch->items[i];
        }
    }
    return NULL;
}

static void drop(struct server_watch *watch, size_t index) {
    free(watch->items[index].run);
    watch->count--;
    memmove(watch->items + index, watch->items + index + 1,
            (watch->count - index) * sizeof *watch->items);
}

static void look_at(struct server_watch *watch, const struct state_run *run, int64_t now) {
    struct held *held = find(watch, run->run);
    bool cancel = run->server.cancel_at != 0;
    if (held == NULL) {
        watch->items =
            memory_grow(watch->items, watch->count, &watch->capacity, sizeof *watch->items);
        held = &watch->items[watch->count++];
        *held = (struct held){.run = memory_copy_string(run->run),
                              .due_ns = now,
                              .pause_ns = first_pause_ns,
                              .answered_ns = now,
                              .jobs = -1,
                              .cancel = cancel};
    }
    held->seen = true;
    if (cancel && !held->cancel) {
        held->cancel = true;
        held->due_ns = now;
        held->pause_ns = first_pause_ns;
    }
    if (!held->asked && now >= held->due_ns) {
        held->asked = true;
        watch->ask.ask(watch->ask.context, run->run, run->created_at - clock_margin_ms, cancel);
    }
}

bool server_watch_step(struct server_watch *watch, struct error *error) {
    struct state_run_filter filter = {.held = true};
    size_t count;
    struct state_run *runs = state_runs(watch->recorder->state, &filter, &count, error);
    if (runs == NULL) {
        return false;
    }
    int64_t now = clock_boot_ns(watch->clock);
    for (size_t i = 0; i < watch->count; i++) {
        watch->items[i].seen = false;
    }
    for (size_t i = 0; i < count; i++) {
        look_at(watch, &runs[i], now);
    }
    for (size_t i = watch->count; i > 0; i--) {
        if (!watch->items[i - 1].seen) {
            drop(watch, i - 1);
        }
    }
    state_runs_free(runs, count);
    return true;
}

/* Asks soon again while the number moves, and ever more rarely while it does not. */
static void set_pause(struct held *held, int64_t jobs, int64_t now) {
    bool news = jobs >= 0 && (jobs != held->jobs || jobs == 0);
    held->pause_ns = news || !held->answered ? first_pause_ns : 2 * held->pause_ns;
    held->pause_ns = held->pause_ns < longest_pause_ns ? held->pause_ns : longest_pause_ns;
    held->due_ns = now + held->pause_ns;
    held->asked = false;
    held->answered = true;
    held->jobs = jobs;
    held->answered_ns = jobs >= 0 ? now : held->answered_ns;
}

static bool tell_cancelled(struct server_watch *watch, const struct server_jobs_answer *answer,
                           struct error *error) {
    if (answer->cancelled == NULL) {
        return true;
    }
    char *text = memory_format(
        "BigQuery was asked to cancel %s; cancelled jobs may still incur costs", answer->cancelled);
    bool good = state_journal_append(watch->recorder->state, &watch->recorder->actor,
                                     clock_wall_ms(watch->clock), STATE_EVENT_SERVER_JOBS,
                                     answer->run, text, NULL, error);
    free(text);
    return good;
}

bool server_watch_answer(struct server_watch *watch, const struct server_jobs_answer *answer,
                         struct error *error) {
    struct held *held = find(watch, answer->run);
    bool released = false;
    if (held != NULL) {
        set_pause(held, answer->jobs, clock_boot_ns(watch->clock));
    }
    bool good = tell_cancelled(watch, answer, error) &&
                state_server_store(watch->recorder->state, &watch->recorder->actor, answer->run,
                                   answer->jobs, answer->trouble, answer->at, &released, error);
    if (released && held != NULL) {
        drop(watch, (size_t)(held - watch->items));
    }
    return good;
}

size_t server_watch_held(const struct server_watch *watch) {
    return watch->count;
}

size_t server_watch_open(const struct server_watch *watch) {
    size_t open = 0;
    for (size_t i = 0; i < watch->count; i++) {
        const struct held *held = &watch->items[i];
        open += !held->answered || held->jobs == 0 || (held->jobs > 0 && held->cancel) ? 1 : 0;
    }
    return open;
}

bool server_watch_busy(const struct server_watch *watch) {
    int64_t now = clock_boot_ns(watch->clock);
    bool busy = false;
    for (size_t i = 0; i < watch->count; i++) {
        busy = busy || now - watch->items[i].answered_ns < patience_ns;
    }
    return busy;
}
