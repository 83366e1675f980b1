#include "agent/run_watch.h"

#include <stdlib.h>
#include <string.h>

#include "agent/run_alarms.h"
#include "agent/run_judge.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "logs/progress.h"
#include "runs/runs_reconcile.h"
#include "runs/runs_verdict.h"
#include "state/state_notice.h"
#include "state/state_runs.h"

/* Real time between two reconciliations. */
static const int64_t reconcile_every_ns = INT64_C(2) * 1000000000;

/* After the end of a run without an effect, or with gaps, rows may still come that it only ordered
 * elsewhere: for so long its tables are read on. */
static const int64_t doubt_ms = INT64_C(10) * 60 * 1000;

/* A log that is read for longer after the end of its run is told of. */
static const int64_t patience_ns = INT64_C(5) * 1000000000;

struct watched {
    char *run;
    int64_t writer;   /* pid of its command, as the logs thread knows it */
    const char *told; /* the rule of what the journal was told of its log's file last; NULL */
    bool following;   /* the logs thread has it */
    bool ended;       /* and was told to drain */
    bool read;        /* to its end, and that is stored */
    int64_t ended_ns;
    bool slow;    /* it was said that its verdict waits for its log */
    bool settled; /* what it triggered has ended too */
    bool held;    /* for its jobs on the server, when it was looked at last */
};

struct run_watch {
    const struct recorder *recorder;
    const struct clock *clock;
    struct follower *follower;
    struct watched *items;
    size_t count, capacity;
    int64_t reconciled_ns;
    size_t
        undecided; /* that live, wait for a verdict, or hold dates to be read: at the last step */
    size_t doubts; /* whose verdict may be taken back soon: at the last step */
};

struct run_watch *run_watch_new(const struct recorder *recorder, const struct clock *clock,
                                struct follower *follower) {
    struct run_watch *watch = memory_new(1, sizeof *watch);
    *watch = (struct run_watch){.recorder = recorder, .clock = clock, .follower = follower};
    return watch;
}

void run_watch_free(struct run_watch *watch) {
    if (watch != NULL) {
        for (size_t i = 0; i < watch->count; i++) {
            free(watch->items[i].run);
        }
        free(watch->items);
        free(watch);
    }
}

static struct watched *find(struct run_watch *watch, const char *run) {
    for (size_t i = 0; i < watch->count; i++) {
        if (strcmp(watch->items[i].run, run) == 0) {
            return &watch->items[i];
        }
    }
    return NULL;
}

static void follow(struct run_watch *watch, const struct state_run *run) {
    const struct pipeline *pipeline = watch->recorder->pipeline;
    size_t processor = pipeline_find_processor(pipeline, run->processor);
    const char *patterns =
        processor != PIPELINE_NONE ? pipeline->processors[processor].log : "python-backfill";
    char *path = file_join(run->directory, "out.log");
    /* Offsets alone do not name a file: without its device and inode the log is read from its
     * start. */
    follower_follow(watch->follower, run->run, path,
                    patterns != NULL ? patterns : "python-backfill", NULL, NULL);
    free(path);
    watch->items = memory_grow(watch->items, watch->count, &watch->capacity, sizeof *watch->items);
    watch->items[watch->count++] =
        (struct watched){.run = memory_copy_string(run->run), .following = true};
}

/* What was told of its log's file before, by an earlier agent; NULL for nothing. */
static char *told_of_log(const struct state_run *run) {
    struct error mistake;
    const char *stored = run->progress.json;
    json_t *json = stored != NULL ? json_read(text_of(stored), "progress", &mistake) : NULL;
    char *told = memory_copy_string(json_string_value(json_object_get(json, "happened")));
    json_decref(json);
    return told;
}

/* Tells the logs thread whose output the log is. */
static void tell_facts(struct run_watch *watch, struct watched *known, const struct state_run *run,
                       bool first) {
    bool lives = run->state == STATE_RUN_RUNNING || run->state == STATE_RUN_STOPPING;
    int64_t writer = lives ? run->child.pid : 0;
    if (!first && writer == known->writer) {
        return;
    }
    char *told = first ? told_of_log(run) : NULL;
    known->writer = writer;
    follower_facts(watch->follower, run->run, writer, run->notices.adopted, told);
    free(told);
}

static void look_at(struct run_watch *watch, const struct state_run *run, bool *ended) {
    struct watched *known = find(watch, run->run);
    if (run->verdict == NULL || run->unread) {
        watch->undecided++;
    }
    if (known == NULL && run->verdict == NULL && run->state != STATE_RUN_CLAIMED) {
        follow(watch, run);
        known = find(watch, run->run);
        tell_facts(watch, known, run, true);
    } else if (known != NULL) {
        tell_facts(watch, known, run, false);
    }
    if (known != NULL && run->state == STATE_RUN_ENDED && !known->ended) {
        known->ended = true;
        known->ended_ns = clock_boot_ns(watch->clock);
        *ended = true;
        follower_drain(watch->follower, run->run);
    }
    if (known != NULL && run->state == STATE_RUN_ENDED && run->settle_ms > 0 && !known->settled &&
        clock_wall_ms(watch->clock) > run->ended_at + run->settle_ms) {
        known->settled = true;
        *ended = true;
    }
    if (known != NULL && known->held != run->server.held) {
        *ended = *ended || known->held; /* its jobs are gone: what they wrote is to be read */
        known->held = run->server.held;
    }
}

static bool look_at_all(struct run_watch *watch, const struct state_run_filter *filter, bool *ended,
                        struct error *error) {
    size_t count;
    struct state_run *runs = state_runs(watch->recorder->state, filter, &count, error);
    if (runs == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        look_at(watch, &runs[i], ended);
    }
    state_runs_free(runs, count);
    return true;
}

/* A long log takes its time; then everybody is told what is waited for. */
static bool tell_reading(struct run_watch *watch, struct error *error) {
    for (size_t i = 0; i < watch->count; i++) {
        struct watched *known = &watch->items[i];
        bool slow = known->ended && !known->read &&
                    clock_boot_ns(watch->clock) - known->ended_ns > patience_ns;
        if (slow && !known->slow) {
            if (!state_notice_waits(watch->recorder->state, &watch->recorder->actor, known->run,
                                    "its log is still being read", clock_wall_ms(watch->clock),
                                    error)) {
                return false;
            }
            known->slow = true;
        }
    }
    return true;
}

static bool count_doubts(struct run_watch *watch, struct error *error) {
    struct state_run_filter doubtful = {.doubtful_since = clock_wall_ms(watch->clock) - doubt_ms};
    size_t count;
    struct state_run *runs = state_runs(watch->recorder->state, &doubtful, &count, error);
    if (runs == NULL) {
        return false;
    }
    watch->doubts = 0;
    for (size_t i = 0; i < count; i++) {
        watch->doubts +=
            strcmp(runs[i].verdict, "verified") != 0 && !runs_verdict_is_lost(runs[i].verdict_text);
    }
    state_runs_free(runs, count);
    return true;
}

bool run_watch_step(struct run_watch *watch, bool *ended, struct error *error) {
    int64_t now = clock_boot_ns(watch->clock);
    if (now - watch->reconciled_ns >= reconcile_every_ns) {
        struct runs_reconciled reconciled;
        watch->reconciled_ns = now;
        if (!runs_reconcile(watch->recorder->state, &watch->recorder->actor, watch->clock,
                            &reconciled, error)) {
            return false;
        }
    }
    struct state_run_filter live = {.live = true};
    struct state_run_filter undecided = {.undecided = true};
    struct state_run_filter unread = {.unread = true};
    watch->undecided = 0;
    return look_at_all(watch, &live, ended, error) &&
           look_at_all(watch, &undecided, ended, error) &&
           look_at_all(watch, &unread, ended, error) && tell_reading(watch, error) &&
           count_doubts(watch, error);
}

bool run_watch_busy(const struct run_watch *watch) {
    return watch->undecided > 0 || watch->doubts > 0;
}

size_t run_watch_doubts(const struct run_watch *watch) {
    return watch->doubts;
}

static bool store_dates(struct run_watch *watch, const struct agent_progress *progress,
                        struct error *error) {
    struct error mistake;
    json_t *json = json_read(text_of(progress->json), "progress", &mistake);
    struct log_progress *read = json != NULL ? log_progress_from_json(json, &mistake) : NULL;
    json_decref(json);
    if (read == NULL) {
        return true;
    }
    struct state_run_date *dates = memory_new(read->date_count, sizeof *dates);
    for (size_t i = 0; i < read->date_count; i++) {
        dates[i] =
            (struct state_run_date){.day = read->dates[i].day,
                                    .outcome = (char *)log_outcome_name(read->dates[i].outcome),
                                    .rows = read->dates[i].rows,
                                    .reason = read->dates[i].reason};
    }
    bool good = state_run_dates_store(watch->recorder->state, watch->recorder->actor.term,
                                      progress->run, dates, read->date_count, error);
    free(dates);
    log_progress_free(read);
    return good;
}

/* A log that never talks of dates has counted none, and not 0. */
static int64_t count_of(bool known, uint64_t count) {
    return known ? (int64_t)count : -1;
}

/* What became of its log's file belongs into the journal, once. */
static bool tell_trouble(struct run_watch *watch, const struct agent_progress *progress,
                         struct error *error) {
    struct watched *known = find(watch, progress->run);
    if (progress->rule == NULL || progress->trouble == NULL || known == NULL ||
        known->told == progress->rule) {
        return true;
    }
    bool told = state_notice_alarm(watch->recorder->state, &watch->recorder->actor, progress->run,
                                   STATE_EVENT_NOTE, progress->rule, progress->trouble,
                                   clock_wall_ms(watch->clock), error);
    known->told = told ? progress->rule : known->told;
    return told;
}

bool run_watch_progress(struct run_watch *watch, const struct agent_progress *progress,
                        struct error *error) {
    bool told = progress->understood;
    struct state_progress stored = {
        .done =
            count_of(told, progress->ok + progress->failed + progress->skipped + progress->zero),
        .ok = count_of(told, progress->ok),
        .failed = count_of(told, progress->failed),
        .skipped = count_of(told, progress->skipped),
        .zero_rows = count_of(told, progress->zero),
        .position = progress->position,
        .total = progress->total,
        .warnings = (int64_t)progress->warnings,
        .errors = (int64_t)progress->errors,
        .last_line = progress->last_line,
        .last_output_at = progress->last_output_at,
        .log_offset = (int64_t)progress->place.offset,
        .json = progress->json,
        .updated_at = clock_wall_ms(watch->clock),
    };
    struct watched *known = find(watch, progress->run);
    /* The dates one by one only matter once the run has ended: until then they are in the progress.
     */
    bool good = state_progress_store(watch->recorder->state, watch->recorder->actor.term,
                                     progress->run, &stored, error) &&
                (!progress->drained || store_dates(watch, progress, error)) &&
                tell_trouble(watch, progress, error) &&
                run_alarms_stop(watch->recorder, watch->clock, progress, error);
    if (good && progress->drained && known != NULL) {
        known->read = true;
    }
    return good;
}

/* Whether the log of a run that has ended was read to its end, so that its verdict is said on all
 * that it tells. Where logs are followed, a run that is not yet known ended since the last look. */
static bool has_read(struct run_watch *watch, const struct state_run *run) {
    const struct watched *known = find(watch, run->run);
    return known != NULL ? known->read : watch->follower == NULL;
}

bool run_watch_judge(struct run_watch *watch, const struct situation *situation,
                     struct error *error) {
    struct state_run_filter filter = {.undecided = true};
    size_t count;
    struct state_run *runs = state_runs(watch->recorder->state, &filter, &count, error);
    if (runs == NULL) {
        return false;
    }
    struct run_judge judge = {.recorder = watch->recorder, .situation = situation};
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        good = !has_read(watch, &runs[i]) || run_judge_verdict(&judge, &runs[i], error);
    }
    state_runs_free(runs, count);
    good = good && run_judge_revise(&judge, error) && run_judge_release(&judge, error);
    run_judge_close(&judge);
    return good && run_alarms_tell(watch->recorder, situation, error);
}
