/* From stored runs to what a person sees of them. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/moment.h"
#include "base/print.h"
#include "logs/progress.h"
#include "runs/runs_verdict.h"
#include "situation/parts.h"
#include "state/state_notice.h"
#include "state/state_server.h"

enum { MOST_RUNS = 500, MOST_FAILURES = 8, MOST_REASONS = 64, HOUR_MS = 3600000 };

static const int64_t shown_after_end_ms = INT64_C(24) * 3600 * 1000;

static size_t count_of(int64_t number) {
    return number < 0 ? 0 : (size_t)number;
}

/* "TERM sent, KILL in 42 s, 2 processes left" */
static char *stage_text(const struct state_run *stored, int64_t as_of) {
    char span[CLOCK_SPAN_SIZE];
    char left[48] = "";
    if (stored->stop_at == 0 || stored->state == STATE_RUN_ENDED) {
        return NULL;
    }
    if (stored->survivors >= 0) {
        (void)print_into(left, sizeof left, ", %lld process%s left", (long long)stored->survivors,
                         stored->survivors == 1 ? "" : "es");
    }
    if (stored->stop_stage == NULL || strcmp(stored->stop_stage, "requested") == 0) {
        return memory_format("stop asked for%s", left);
    }
    if (strcmp(stored->stop_stage, "term") == 0) {
        return memory_format("TERM sent, KILL in %s%s",
                             clock_format_span(stored->kill_at - as_of, span), left);
    }
    if (stored->notices.stuck != NULL) {
        return memory_copy_string(stored->notices.stuck);
    }
    return memory_format("KILL sent%s", left);
}

static int by_dates(const void *left, const void *right) {
    const struct situation_failure *a = left;
    const struct situation_failure *b = right;
    return (a->dates < b->dates) - (a->dates > b->dates);
}

/* Groups the failed dates of a log by their reasons. */
static void group_failures(struct situation_run *run, const struct log_progress *progress) {
    run->failures = memory_new(MOST_REASONS, sizeof *run->failures);
    for (size_t i = 0; i < progress->date_count; i++) {
        const struct log_date *date = &progress->dates[i];
        char signature[LOG_TEXT_SIZE] = "no reason given";
        if (date->outcome != LOG_DATE_FAILED) {
            continue;
        }
        if (date->reason != NULL) {
            (void)log_signature(text_of(date->reason), signature);
        }
        size_t at = 0;
        while (at < run->failure_count && strcmp(run->failures[at].reason, signature) != 0) {
            at++;
        }
        if (at == MOST_REASONS) {
            run->failures_left_out++;
            continue;
        }
        if (at == run->failure_count) {
            run->failures[run->failure_count++] = (struct situation_failure){
                .reason = memory_copy_string(signature), .first = date->day};
        }
        run->failures[at].dates++;
    }
    qsort(run->failures, run->failure_count, sizeof *run->failures, by_dates);
    while (run->failure_count > MOST_FAILURES) {
        struct situation_failure *rare = &run->failures[--run->failure_count];
        run->failures_left_out += rare->dates;
        free(rare->reason);
    }
}

/* When the run will end at its rate; 0 when that is not known. */
static int64_t eta_of(const struct situation_run *run, int64_t as_of) {
    if (run->dates_per_minute <= 0 || run->total <= run->done || run->ended_at != 0) {
        return 0;
    }
    double minutes = (double)(run->total - run->done) / run->dates_per_minute;
    return as_of + (int64_t)(minutes * 60000);
}

/* What the log said; NULL when nothing that can be read. The caller frees it. */
static struct log_progress *read_progress(struct situation_run *run,
                                          const struct state_progress *stored, int64_t as_of) {
    struct error error;
    run->log_unknown = stored->done < 0 || stored->updated_at == 0;
    run->done = count_of(stored->done);
    run->ok = count_of(stored->ok);
    run->failed = count_of(stored->failed);
    run->skipped = count_of(stored->skipped);
    run->zero_rows = count_of(stored->zero_rows);
    run->total = count_of(stored->total);
    run->position = run->total > 0 ? stored->position : -1;
    run->bar_position = run->bar_total = -1;
    run->warnings = count_of(stored->warnings);
    run->errors = count_of(stored->errors);
    run->last_line = memory_copy_string(stored->last_line);
    run->last_output_at = stored->last_output_at;
    run->dates_per_minute = -1;
    json_t *json =
        stored->json != NULL ? json_read(text_of(stored->json), "stored progress", &error) : NULL;
    struct log_progress *progress = json != NULL ? log_progress_from_json(json, &error) : NULL;
    if (progress != NULL) {
        group_failures(run, progress);
        run->bar_position = progress->bar_position;
        run->bar_total = progress->bar_total;
        run->hit_quota = progress->marks[LOG_QUOTA] > 0;
        run->dates_per_minute = log_progress_rate(progress, as_of);
    }
    json_decref(json);
    run->eta = eta_of(run, as_of);
    return progress;
}

/* A command that walks a range meets days which are not the run's, as nothing is due on them: they
 * are no part of what it has done. What failed is told of any day. */
static void leave_out_others(struct situation_run *run, const struct dayset *dates,
                             const struct log_progress *progress) {
    if (progress == NULL || dayset_count(dates) == 0) {
        return;
    }
    size_t *const counts[LOG_OUTCOME_COUNT] = {
        [LOG_DATE_OK] = &run->ok,
        [LOG_DATE_ZERO] = &run->zero_rows,
        [LOG_DATE_SKIPPED] = &run->skipped,
    };
    for (size_t i = 0; i < progress->date_count; i++) {
        const struct log_date *date = &progress->dates[i];
        if (dayset_has(dates, date->day)) {
            continue;
        }
        run->done -= run->done > 0 ? 1 : 0;
        if (counts[date->outcome] != NULL && *counts[date->outcome] > 0) {
            *counts[date->outcome] -= 1;
        }
    }
}

/* How many of the run's dates are complete in every table it fills: now, and when it was launched.
 */
static void count_complete(struct situation_run *run, const struct state_run *stored,
                           const struct situation *situation) {
    for (day_number day = dayset_next(&stored->dates, stored->range.from); day != DAY_NONE;
         day = dayset_next(&stored->dates, day + 1)) {
        bool now = stored->table_count > 0;
        bool before = now;
        bool excess = false;
        for (size_t i = 0; i < stored->table_count; i++) {
            size_t table = pipeline_find_table(situation->pipeline, stored->tables[i].table);
            const struct coverage_day *facts =
                table != PIPELINE_NONE ? coverage_day_at(situation->coverage, table, day) : NULL;
            now = now && facts != NULL && facts->state == COVERAGE_COMPLETE;
            excess = excess || (facts != NULL && facts->state == COVERAGE_EXCESS);
            before = before && dayset_has(&stored->tables[i].before, day);
        }
        if (!now && run->first_missing == DAY_NONE) {
            run->first_missing = day;
        }
        run->complete_now += now ? 1 : 0;
        run->excess_now += excess ? 1 : 0;
        run->complete_before += before ? 1 : 0;
    }
}

static enum situation_run_phase phase_of(const struct situation_run *run,
                                         const struct state_run *stored) {
    if (stored->state == STATE_RUN_ENDED) {
        if (stored->verdict == NULL) {
            return SITUATION_RUN_WAITING;
        }
        bool fine =
            strcmp(stored->verdict, "verified") == 0 ||
            (stored->outcome == STATE_OUTCOME_STOPPED && !runs_stopped_by_rule(stored->stop_by));
        return fine ? SITUATION_RUN_DONE : SITUATION_RUN_FAILED;
    }
    if (stored->state == STATE_RUN_STOPPING) {
        return SITUATION_RUN_STOPPING;
    }
    if (stored->state != STATE_RUN_RUNNING) {
        return SITUATION_RUN_WAITING;
    }
    for (size_t i = 0; i < run->alarm_count; i++) {
        if (run->alarms[i].stall) {
            return SITUATION_RUN_STALLED;
        }
    }
    return SITUATION_RUN_RUNNING;
}

/* "waiting for coverage since 02:42 (streaming buffer of zones)" */
static char *waiting_text(const struct state_run *stored, int64_t now) {
    char since[MOMENT_SIZE];
    if (stored->state != STATE_RUN_ENDED || (stored->verdict != NULL && !stored->unread)) {
        return NULL;
    }
    const char *why = stored->notices.waits_for;
    return memory_format("waiting for coverage since %s%s%s%s",
                         moment_format(stored->ended_at, now, since), why != NULL ? " (" : "",
                         why != NULL ? why : "", why != NULL ? ")" : "");
}

/* What a person should know of it and its verdict does not say already. */
static char *notices_text(const struct state_run *stored) {
    struct state_notices notices = stored->notices;
    notices.steps = stored->verdict != NULL ? 1 : notices.steps;
    return state_notices_text(&notices);
}

static struct situation_run convert(const struct state_run *stored,
                                    const struct situation *situation) {
    struct situation_run run = {
        .run = memory_copy_string(stored->run),
        .group = memory_copy_string(stored->group),
        .processor = memory_copy_string(stored->processor),
        .processor_index = pipeline_find_processor(situation->pipeline, stored->processor),
        .range = stored->range,
        .dates = stored->date_count,
        .command = memory_copy_string(stored->command),
        .state = memory_copy_string(state_run_state_word(stored->state)),
        .outcome = memory_copy_string(state_outcome_word(stored->outcome)),
        .verdict = memory_copy_string(stored->verdict),
        .verdict_text = memory_copy_string(stored->verdict_text != NULL ? stored->verdict_text
                                                                        : stored->spawn_error),
        .orphan = stored->orphan,
        .exit_code = stored->exit_code,
        .signal = stored->signal,
        .pid = stored->child.pid,
        .owner = memory_copy_string(stored->owner),
        .directory = memory_copy_string(stored->directory),
        .log_path = file_join(stored->directory, "out.log"),
        .sequence = stored->sequence,
        .created_at = stored->created_at,
        .started_at = stored->started_at,
        .ended_at = stored->ended_at,
        .stop_at = stored->stop_at,
        .stop_by = memory_copy_string(stored->stop_by),
        .retry_of = memory_copy_string(stored->retry_of),
        .other_plan = strcmp(stored->plan_hash, situation->pipeline->hash) != 0,
        .verdict_at = stored->verdict_at,
        .stop_reason = memory_copy_string(stored->stop_reason),
        .waiting = waiting_text(stored, situation->as_of),
        .first_missing = DAY_NONE,
        .unread = stored->unread,
        .server_held = stored->server.held,
        .server_jobs = stored->server.jobs,
        .server_jobs_at = stored->server.at,
        .server_text = state_server_text(&stored->server),
        .notices = notices_text(stored),
        .adopted = stored->notices.adopted,
        .code_commit = memory_copy_string(stored->notices.code_commit),
        .code_changed = stored->notices.code_changed,
        .code_moved = memory_copy_string(stored->notices.code_moved),
        .stop_stage = stage_text(stored, situation->as_of),
    };
    struct log_progress *progress = read_progress(&run, &stored->progress, situation->as_of);
    leave_out_others(&run, &stored->dates, progress);
    if (stored->step_count > 1) {
        run.total = stored->date_count; /* the log counts the dates of one step only */
        run.eta = eta_of(&run, situation->as_of);
    }
    situation_read_notices(&run, progress);
    count_complete(&run, stored, situation);
    situation_find_alarms(&run, stored, progress, situation->pipeline, situation->as_of);
    run.phase = phase_of(&run, stored);
    log_progress_free(progress);
    return run;
}

static int worst_first(const void *left, const void *right) {
    const struct situation_run *a = left;
    const struct situation_run *b = right;
    if (a->phase != b->phase) {
        return (a->phase > b->phase) - (a->phase < b->phase);
    }
    return (a->sequence < b->sequence) - (a->sequence > b->sequence);
}

/* For how long settled runs are loaded: a retry that waits for longer than they are shown must find
 * its run. */
static int64_t loaded_for(const struct pipeline *pipeline) {
    int64_t longest = shown_after_end_ms;
    for (size_t i = 0; i < pipeline->processor_count; i++) {
        const struct pipeline_retry *retry = &pipeline->processors[i].retry;
        int64_t wait =
            retry->after_ms > retry->quota_after_ms ? retry->after_ms : retry->quota_after_ms;
        wait = retry->times > 0 ? wait + HOUR_MS : 0;
        longest = wait > longest ? wait : longest;
    }
    return longest;
}

bool situation_load_runs(struct situation *situation, struct state *state, struct error *error) {
    struct state_run_filter filter = {.ended_since =
                                          situation->as_of - loaded_for(situation->pipeline),
                                      .as_of = situation->until,
                                      .newest = MOST_RUNS};
    size_t count;
    struct state_run *stored = state_runs(state, &filter, &count, error);
    if (stored == NULL) {
        return false;
    }
    if (!state_runs_left_out(state, &filter, &situation->runs_left_out, error)) {
        state_runs_free(stored, count);
        return false;
    }
    situation->runs = memory_new(count, sizeof *situation->runs);
    situation->run_count = count;
    for (size_t i = 0; i < count; i++) {
        situation->runs[i] = convert(&stored[i], situation);
    }
    state_runs_free(stored, count);
    qsort(situation->runs, count, sizeof *situation->runs, worst_first);
    return situation_plan_retries(situation, state, error);
}

static void free_run(struct situation_run *run) {
    for (size_t i = 0; i < run->failure_count; i++) {
        free(run->failures[i].reason);
    }
    free(run->failures);
    free(run->run);
    free(run->group);
    free(run->processor);
    free(run->command);
    free(run->state);
    free(run->outcome);
    free(run->verdict);
    free(run->verdict_text);
    free(run->owner);
    free(run->directory);
    free(run->log_path);
    for (size_t i = 0; i < run->alarm_count; i++) {
        free(run->alarms[i].text);
    }
    free(run->alarms);
    free(run->waiting);
    free(run->stop_by);
    free(run->stop_reason);
    free(run->stop_stage);
    free(run->server_text);
    free(run->notices);
    free(run->log_notice);
    free(run->code_commit);
    free(run->code_moved);
    free(run->retry_of);
    free(run->last_line);
}

void situation_free_runs(struct situation *situation) {
    for (size_t i = 0; i < situation->run_count; i++) {
        free_run(&situation->runs[i]);
    }
    free(situation->runs);
}
