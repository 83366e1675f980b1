#include "night_of.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/run_watch.h"
#include "base/memory.h"
#include "logs/progress.h"
#include "runs/lock.h"
#include "runs/spec.h"
#include "state/state_journal.h"
#include "state/state_shim.h"

enum { MOST_RUNS = 4 };

struct scene scene;

static int64_t now_ms;
static struct recorder recorder;
static struct run_watch *watch;
static struct situation *seen;
static struct state_run *stored;
static size_t stored_count;
static struct {
    const char *run;
    struct log_progress *progress;
} logs[MOST_RUNS];
static struct log_classifier *classifier;

static int shim_lock; /* held: whoever stops a run pokes its shim, and signals nobody himself */

static int64_t told_wall(void *context) {
    return *(const int64_t *)context;
}

static int64_t told_boot(void *context) {
    (void)context;
    return clock_boot_ns(clock_system());
}

static const struct clock clock_told = {told_wall, told_boot, &now_ms};

void night_of(const char *const *changes) {
    scene_open(&scene, changes);
    scene_lead(&scene);
    recorder =
        (struct recorder){.pipeline = scene.pipeline,
                          .state = scene.state,
                          .actor = {.name = "agent", .session = "s-scene", .term = scene.term}};
    watch = run_watch_new(&recorder, &clock_told, NULL);
    classifier = log_classifier_builtin("python-backfill", &scene.error);
    cr_assert_not_null(classifier, "%s", scene.error.text);
    now_ms = SCENE_NOW;
    shim_lock = lock_take(scene.directory, SPEC_SHIM_LOCK);
    cr_assert_geq(shim_lock, 0);
}

void night_over(void) {
    for (size_t i = 0; i < MOST_RUNS; i++) {
        log_progress_free(logs[i].progress);
    }
    log_classifier_free(classifier);
    run_watch_free(watch);
    situation_free(seen);
    state_runs_free(stored, stored_count);
    (void)close(shim_lock);
    scene_close(&scene);
}

void night_measure(const char *table, const int64_t rows[DATES], int64_t streaming, int64_t at) {
    struct state_count counts[DATES];
    struct state_measurement measurement = {.subject = STATE_SUBJECT_TABLE,
                                            .key = memory_copy_string(table),
                                            .range = {SCENE_FROM, SCENE_TO},
                                            .measured_at = at,
                                            .confirmed_at = at,
                                            .counts = counts,
                                            .streaming = streaming >= 0,
                                            .streaming_rows = streaming};
    for (size_t i = 0; i < DATES; i++) {
        if (rows[i] > 0) {
            counts[measurement.count++] = (struct state_count){.day = SCENE_FROM + (day_number)i,
                                                               .rows = rows[i],
                                                               .entities = rows[i] / 2,
                                                               .nulls = -1,
                                                               .fallbacks = -1};
        }
    }
    scene_measure(&scene, STATE_SUBJECT_EXPECTED, "due.sql", DATES, 2, -1, at);
    cr_assert(state_coverage_store(scene.state, scene.term, &measurement, &scene.error), "%s",
              scene.error.text);
    free(measurement.key);
}

void night_run(const char *run, const char *processor, int64_t at) {
    scene_launch(&scene, run, strcmp(processor, "defense") == 0 ? "first" : "second", processor,
                 at);
    scene_start(&scene, run, at);
}

void night_end(const char *run, enum state_outcome outcome, int exit_code, int64_t at) {
    struct state_actor shim = {.name = exit_code < 0 ? "reconciler" : "shim"};
    struct state_end end = {.outcome = outcome,
                            .has_wait_status = exit_code >= 0,
                            .wait_status = exit_code > 0 ? exit_code << 8 : 0,
                            .recorded_by = shim.name,
                            .ended_at = at,
                            .text = "ended"};
    bool done = false;
    cr_assert(state_shim_end(scene.state, &shim, run, &end, &done, &scene.error) && done, "%s",
              scene.error.text);
}

static struct log_progress *log_of(const char *run) {
    size_t i = 0;
    while (i < MOST_RUNS && logs[i].run != NULL && strcmp(logs[i].run, run) != 0) {
        i++;
    }
    cr_assert_lt(i, MOST_RUNS);
    if (logs[i].run == NULL) {
        logs[i].run = run;
        logs[i].progress = log_progress_new();
    }
    return logs[i].progress;
}

/* As the logs thread posts it. */
static void post(const char *run, const struct log_progress *progress) {
    json_t *json = log_progress_to_json(progress);
    struct agent_progress message = {
        .run = (char *)run,
        .json = json_dumps(json, JSON_COMPACT),
        .last_line = (char *)progress->last_line,
        .last_output_at = progress->last_output_ms,
        .ok = progress->outcomes[LOG_DATE_OK],
        .failed = progress->outcomes[LOG_DATE_FAILED],
        .skipped = progress->outcomes[LOG_DATE_SKIPPED],
        .zero = progress->outcomes[LOG_DATE_ZERO],
        .warnings = progress->warnings,
        .errors = progress->errors,
        .position = progress->position,
        .total = progress->total,
        .streak = progress->streak,
        .streak_signature = progress->streak_signature,
        .understood = progress->understood,
    };
    cr_assert(run_watch_progress(watch, &message, &scene.error), "%s", scene.error.text);
    free(message.json);
    json_decref(json);
}

void night_log(const char *run, const char *const *lines, int64_t at, int64_t each) {
    struct log_progress *progress = log_of(run);
    for (; *lines != NULL; lines++, at += each) {
        now_ms = at;
        log_progress_feed(progress, classifier, text_of(*lines), at);
        post(run, progress);
    }
}

void night_log_dates(const char *run, const char *what, const char *outcome, size_t count,
                     int64_t at, int64_t each) {
    size_t head = strcspn(outcome, "@");
    for (size_t i = 0; i < count; i++) {
        char day[DAY_TEXT_SIZE];
        (void)day_format(SCENE_FROM + (day_number)i, day);
        char *first =
            memory_format("INFO:__main__:Processing %s %zu/%d: %s", what, i + 1, DATES, day);
        char *second = outcome[head] == '@'
                           ? memory_format("%.*s%s%s", (int)head, outcome, day, outcome + head + 1)
                           : memory_copy_string(outcome);
        night_log(run, (const char *const[]){first, NULL}, at + (int64_t)i * each, 0);
        night_log(run, (const char *const[]){second, NULL}, at + (int64_t)(i + 1) * each, 0);
        free(first);
        free(second);
    }
}

const struct situation *night_look(int64_t at) {
    now_ms = at;
    for (int round = 0; round < 2; round++) {
        situation_free(seen);
        seen = situation_load(scene.pipeline, scene.state, at, &scene.error);
        cr_assert_not_null(seen, "%s", scene.error.text);
        cr_assert(run_watch_judge(watch, seen, &scene.error), "%s", scene.error.text);
    }
    return seen;
}

const struct situation_run *night_seen(const char *run) {
    for (size_t i = 0; i < seen->run_count; i++) {
        if (strcmp(seen->runs[i].run, run) == 0) {
            return &seen->runs[i];
        }
    }
    cr_assert_fail("no run %s", run);
    return NULL;
}

const char *night_alarm(const char *run, const char *rule) {
    const struct situation_run *found = night_seen(run);
    for (size_t i = 0; i < found->alarm_count; i++) {
        if (strcmp(found->alarms[i].rule, rule) == 0) {
            return found->alarms[i].text;
        }
    }
    return "";
}

size_t night_events(const char *run, const char *kind) {
    struct state_journal_filter filter = {.subject = run, .kind = kind};
    size_t count;
    struct state_event *events = state_journal(scene.state, &filter, &count, &scene.error);
    cr_assert_not_null(events, "%s", scene.error.text);
    state_events_free(events, count);
    return count;
}

const struct state_run *night_stored(const char *run) {
    struct state_run_filter filter = {.run = run};
    state_runs_free(stored, stored_count);
    stored = state_runs(scene.state, &filter, &stored_count, &scene.error);
    cr_assert(stored != NULL && stored_count == 1, "%s", scene.error.text);
    return stored;
}
