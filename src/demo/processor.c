#include "demo/processor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "demo/calendar.h"
#include "demo/processor_job.h"
#include "demo/processor_store.h"

/* One execution of a job. */
struct work {
    const struct processor_job *job;
    struct processor_arguments arguments;
    const struct tables_table *table;
    struct processor_store *store;
    struct day_range range;
    struct dayset due;     /* game dates */
    int *games;            /* of each day of the range */
    struct dayset written; /* dates the table already has */
    struct dayset tried;   /* dates that failed by themselves before: they go through now */
    struct dayset ready;   /* dates every table it needs has */
    const char *lacking;   /* the first table that lacks dates */
    day_number *days;      /* what to process, in order */
    size_t day_count;
    size_t good, failed, skipped;
    int64_t rows;
    struct dayset failures;
};

enum outcome { DATE_WRITTEN, DATE_SKIPPED, DATE_FAILED };

/* What became of one date. */
struct verdict {
    enum outcome outcome;
    int rows;
    char reason[512];
};

static const char quota_text[] =
    "403 Quota exceeded: Your table exceeded quota for Number of partition modifications "
    "to a column partitioned table";

static void wait_until(int64_t wall_ms) {
    for (;;) {
        int64_t left = wall_ms - clock_wall_ms(clock_system());
        if (left <= 0 || clock_scale() <= 0) {
            return;
        }
        int64_t real = clock_real_ms(left);
        struct timespec span = {real / 1000, real % 1000 * 1000000};
        (void)nanosleep(&span, NULL);
    }
}

/* Teams need fifteen games: at the first try the dates right after the bootstrap days of two
 * seasons cannot be had. */
static bool lacks_games(const struct work *work, day_number day) {
    static const char *const spans[][2] = {{"2022-11-01", "2022-11-12"},
                                           {"2023-11-08", "2023-11-19"}};
    if (strcmp(work->job->name, "team_defense_zone_analysis") != 0 ||
        dayset_has(&work->tried, day)) {
        return false;
    }
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct day_range span = {0, -1};
        if (day_parse(text_of(spans[i][0]), &span.from) &&
            day_parse(text_of(spans[i][1]), &span.to) && day_range_has(span, day)) {
            return true;
        }
    }
    return false;
}

/* A few dates meet a quota at the first try. */
static bool meets_quota(const struct work *work, day_number day) {
    unsigned mix = ((unsigned)day ^ (unsigned)work->job->name[0] << 9) * 2654435761U;
    return mix >> 25 == 3 && !dayset_has(&work->tried, day);
}

static void record_failure(struct work *work, day_number day, const char *category,
                           const char *reason) {
    struct error error = {0};
    if (!processor_store_fail(work->store, work->job->class, day, category, reason, &error)) {
        processor_log_as("WARNING", "failure_tracking_mixin", "Failed to record failure: %s",
                         error.text);
    }
}

static void fail_date(struct work *work, day_number day, const char *category, const char *reason,
                      struct verdict *verdict) {
    verdict->outcome = DATE_FAILED;
    (void)snprintf(verdict->reason, sizeof verdict->reason, "%s", reason);
    record_failure(work, day, category, reason);
}

static void write_date(struct work *work, day_number day, struct verdict *verdict) {
    struct tables_day what = {day, work->games[day - work->range.from], 0,
                              clock_wall_ms(clock_system()) * 1000};
    struct error error = {0};
    verdict->outcome = DATE_WRITTEN;
    verdict->rows = (int)tables_row_count(work->table, &what);
    if (work->arguments.dry_run || dayset_has(&work->written, day)) {
        return; /* a MERGE of what is there already changes nothing */
    }
    if (!processor_store_write(work->store, work->table, &what, &error)) {
        verdict->outcome = DATE_FAILED;
        (void)snprintf(verdict->reason, sizeof verdict->reason, "%.500s", error.text);
    }
}

static struct verdict process_date(struct work *work, day_number day) {
    struct verdict verdict = {DATE_WRITTEN, 0, ""};
    if (work->job->style == JOB_PRECOMPUTE && calendar_is_bootstrap(day)) {
        verdict.outcome = DATE_SKIPPED;
    } else if (!dayset_has(&work->due, day)) {
        processor_log_as("INFO", "analytics_base", "No games scheduled on off-day, skipping");
    } else if (dayset_has(&work->written, day)) {
        write_date(work, day, &verdict);
    } else if (!dayset_has(&work->ready, day)) {
        char *reason = memory_format("Critical upstream data missing: ['%s']", work->lacking);
        processor_log_as("ERROR", "precompute_base", "BACKFILL SAFETY: %s", reason);
        fail_date(work, day, "MISSING_UPSTREAM_IN_BACKFILL", reason, &verdict);
        free(reason);
    } else if (lacks_games(work, day)) {
        processor_log_as("INFO", "precompute_base",
                         "   INSUFFICIENT_DATA: 30 (expected - data quality)");
        fail_date(work, day, "INSUFFICIENT_DATA", "teams have fewer than 15 games", &verdict);
    } else if (meets_quota(work, day)) {
        fail_date(work, day, "PROCESSING_ERROR", quota_text, &verdict);
    } else {
        write_date(work, day, &verdict);
    }
    return verdict;
}

static void say_sequential(const struct work *work, day_number day, const struct verdict *verdict) {
    const struct processor_job *job = work->job;
    char date[DAY_TEXT_SIZE];
    (void)day_format(day, date);
    if (job->style == JOB_UPCOMING) {
        if (verdict->outcome == DATE_WRITTEN) {
            processor_log("INFO", "✅ %s: Processed %d %s", date, verdict->rows, job->noun);
        } else {
            processor_log("ERROR", "❌ %s: Exception - %s", date, verdict->reason);
        }
    } else if (verdict->outcome == DATE_SKIPPED) {
        processor_log("INFO", "  ⏭ Skipped: bootstrap period");
    } else if (verdict->outcome == DATE_WRITTEN) {
        processor_log("INFO", "  ✓ Success: %d %s", verdict->rows, job->noun);
    } else if (strncmp(verdict->reason, "403", 3) == 0) {
        processor_log("ERROR", "  ✗ Exception: %s", verdict->reason);
    } else if (job->names_failed_date) {
        processor_log("ERROR", "  ✗ Failed: %s", date);
    } else {
        processor_log("ERROR", "  ✗ Failed: Unknown");
    }
}

static void say_parallel(const struct work *work, day_number day, const struct verdict *verdict) {
    char date[DAY_TEXT_SIZE];
    (void)day_format(day, date);
    if (verdict->outcome == DATE_SKIPPED) {
        processor_log("INFO", "  ⏭ %s: bootstrap period", date);
    } else if (verdict->outcome == DATE_WRITTEN) {
        processor_log("INFO", "  ✓ %s: %d %s", date, verdict->rows, work->job->noun);
    } else if (strncmp(verdict->reason, "403", 3) == 0) {
        processor_log("ERROR", "Exception processing %s: %s", date, verdict->reason);
    } else {
        processor_log("ERROR", "  ✗ %s: %s", date,
                      work->job->style == JOB_UPCOMING ? "No data extracted" : "Processing failed");
    }
}

static void say_position(const struct work *work, size_t index, day_number day) {
    static const char *const units[] = {
        [JOB_ANALYTICS] = "day", [JOB_UPCOMING] = "date", [JOB_PRECOMPUTE] = "game date"};
    char date[DAY_TEXT_SIZE];
    const char *unit = work->arguments.dates != NULL ? "date" : units[work->job->style];
    processor_log("INFO", "Processing %s %zu/%zu: %s", unit, index + 1, work->day_count,
                  day_format(day, date));
}

static void say_progress(const struct work *work, size_t done, bool parallel) {
    size_t tried = work->good + work->failed;
    double share = tried == 0 ? 100.0 : 100.0 * (double)work->good / (double)tried;
    if (!parallel) {
        if (work->job->style == JOB_PRECOMPUTE) {
            processor_log("INFO", "Progress: %zu/%zu game dates (%.1f%% success)", done,
                          work->day_count, share);
        } else {
            processor_log("INFO", "Progress: %zu/%zu days (%.1f%% success), %lld total records",
                          done, work->day_count, share, (long long)work->rows);
        }
        return;
    }
    processor_log("INFO", "PROGRESS: %zu/%zu (%.1f%%)", done, work->day_count,
                  100.0 * (double)done / (double)work->day_count);
    processor_log("INFO", "  Success: %.1f%% | Skipped: %zu", share, work->skipped);
    processor_log("INFO", "  Total %s: %lld", work->job->noun, (long long)work->rows);
}

static void count(struct work *work, day_number day, const struct verdict *verdict) {
    work->rows += verdict->rows;
    work->good += verdict->outcome == DATE_WRITTEN ? 1 : 0;
    work->skipped += verdict->outcome == DATE_SKIPPED ? 1 : 0;
    if (verdict->outcome == DATE_FAILED) {
        work->failed++;
        dayset_add(&work->failures, day);
    }
}

/* Dates of one window of workers finish in a turned order. */
static size_t turned(size_t index, size_t total, size_t window) {
    size_t start = index / window * window;
    size_t width = start + window <= total ? window : total - start;
    return start + (index - start) * 7 % width;
}

static size_t window_of(size_t workers) {
    while (workers % 7 == 0) {
        workers--; /* seven steps through a window visit every place only when seven does not divide
                      it */
    }
    return workers;
}

static void process_all(struct work *work, bool parallel) {
    int64_t start = clock_wall_ms(clock_system());
    int64_t step = (int64_t)(work->job->seconds * 1000);
    size_t window = parallel ? window_of((size_t)work->arguments.workers) : 1;
    size_t whole = work->day_count - work->day_count % window;
    for (size_t i = 0; i < work->day_count; i++) {
        day_number day = work->days[i < whole ? turned(i, whole, window) : i];
        if (!parallel) {
            say_position(work, i, day);
        }
        struct verdict verdict = process_date(work, day);
        wait_until(start + step * (int64_t)(i + 1));
        count(work, day, &verdict);
        if (parallel) {
            say_parallel(work, day, &verdict);
        } else {
            say_sequential(work, day, &verdict);
        }
        if ((i + 1) % 10 == 0) {
            say_progress(work, i + 1, parallel);
        }
    }
}

static void say_failures(const struct work *work) {
    if (work->failed == 0) {
        return;
    }
    processor_log("INFO", "\n  Failed dates (%zu total):", work->failed);
    for (day_number day = dayset_next(&work->failures, work->range.from); day != DAY_NONE;
         day = dayset_next(&work->failures, day + 1)) {
        char date[DAY_TEXT_SIZE];
        processor_log("INFO", "    %s", day_format(day, date));
    }
}

static void say_summary(const struct work *work, bool parallel) {
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    if (parallel) {
        processor_log("INFO", "PARALLEL BACKFILL COMPLETE");
        processor_log("INFO", "  Total days: %zu", work->day_count);
    } else if (work->job->style == JOB_PRECOMPUTE) {
        processor_log("INFO", "PHASE 4 BACKFILL SUMMARY - %s:", work->job->class);
    } else {
        processor_log("INFO", work->job->style == JOB_UPCOMING ? "BACKFILL COMPLETE"
                                                               : "DAY-BY-DAY BACKFILL SUMMARY:");
    }
    processor_log("INFO", "  Date range: %s to %s", day_format(work->range.from, from),
                  day_format(work->range.to, to));
    processor_log("INFO", "  Successful: %zu, Skipped: %zu, Failed: %zu", work->good, work->skipped,
                  work->failed);
    processor_log("INFO", "\n📊 Checkpoint Summary:");
    processor_log("INFO", "   Total successful: 0");
    processor_log("INFO", "   Total failed: 0");
    say_failures(work);
}

/* The schedule, what the table has, what failed before, and which dates the needed tables have. */
static bool look_around(struct work *work, struct error *error) {
    const struct processor_job *job = work->job;
    struct dayset attempts = {0};
    work->games = memory_new(day_range_count(work->range), sizeof *work->games);
    char *mine = memory_format(
        "processor_name = '%s' AND failure_category != 'MISSING_UPSTREAM_IN_BACKFILL'", job->class);
    bool good = processor_store_dates(work->store, "nbac_schedule", "game_id",
                                      "game_status = 3 AND (is_regular_season OR is_playoffs)",
                                      work->range, &work->due, work->games, error) &&
                processor_store_dates(work->store, job->table, NULL, NULL, work->range,
                                      &work->written, NULL, error) &&
                processor_store_dates(work->store, "precompute_failures", NULL, mine, work->range,
                                      &attempts, NULL, error);
    free(mine);
    work->tried = attempts;
    work->ready = dayset_copy(&work->due);
    for (size_t i = 0; good && i < JOB_NEEDS_LIMIT && job->needs[i] != NULL; i++) {
        struct dayset there = {0};
        size_t before = dayset_count(&work->ready);
        good = processor_store_dates(work->store, job->needs[i], NULL, NULL, work->range, &there,
                                     NULL, error);
        dayset_intersect(&work->ready, &there);
        dayset_free(&there);
        if (work->lacking == NULL && dayset_count(&work->ready) < before) {
            work->lacking = job->needs[i];
        }
    }
    return good;
}

/* Phase 3 jobs take every calendar day, Phase 4 jobs the game dates, --dates what it lists. */
static void choose_days(struct work *work) {
    if (work->arguments.dates != NULL) {
        work->days = memory_new(work->arguments.date_count, sizeof *work->days);
        memcpy(work->days, work->arguments.dates, work->arguments.date_count * sizeof *work->days);
        work->day_count = work->arguments.date_count;
        return;
    }
    work->days = memory_new(day_range_count(work->range), sizeof *work->days);
    for (day_number day = work->range.from; day <= work->range.to; day++) {
        if (work->job->style != JOB_PRECOMPUTE || dayset_has(&work->due, day)) {
            work->days[work->day_count++] = day;
        }
    }
}

/* The pre-flight that each Phase 4 job makes by itself: five tables, 95 % of the dates past the
 * bootstrap days. */
static bool preflight(struct work *work, struct error *error) {
    static const char *const inputs[] = {
        "player_game_summary", "team_offense_game_summary", "team_defense_game_summary",
        "upcoming_player_game_context", "upcoming_team_game_context"};
    size_t total = 0;
    bool complete = true;
    processor_log("INFO", "PHASE 3 PRE-FLIGHT CHECK");
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        struct dayset there = {0};
        size_t found = 0;
        if (!processor_store_dates(work->store, inputs[i], NULL, NULL, work->range, &there, NULL,
                                   error)) {
            dayset_free(&there);
            return false;
        }
        total = 0;
        for (day_number day = dayset_next(&work->due, work->range.from); day != DAY_NONE;
             day = dayset_next(&work->due, day + 1)) {
            if (!calendar_is_bootstrap(day)) {
                total++;
                found += dayset_has(&there, day) ? 1 : 0;
            }
        }
        dayset_free(&there);
        bool enough = found * 100 >= total * 95;
        (void)dprintf(1, "%s %s\n   Coverage: %zu/%zu (%.1f%%)\n   Missing dates: %zu\n",
                      enough ? "✅" : "⚠️", inputs[i], found, total,
                      total == 0 ? 0.0 : 100.0 * (double)found / (double)total, total - found);
        complete = complete && enough;
    }
    if (!complete) {
        processor_log("ERROR", "❌ PRE-FLIGHT CHECK FAILED: Phase 3 data is incomplete!");
        processor_log("ERROR", "  2. Use --skip-preflight to bypass (NOT RECOMMENDED)");
        return error_set(error, EXIT_NO_GO, "pre-flight check failed");
    }
    processor_log("INFO", "✅ Pre-flight check passed: Phase 3 data is ready");
    return true;
}

static int run(struct work *work) {
    struct error error = {0};
    bool parallel = work->arguments.parallel && work->job->parallel == JOB_PARALLEL_REAL;
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    (void)day_format(work->range.from, from);
    (void)day_format(work->range.to, to);
    if (!look_around(work, &error)) {
        processor_log("ERROR", "google.api_core.exceptions.RetryError: %s", error.text);
        return 1;
    }
    if (work->job->style == JOB_PRECOMPUTE && work->arguments.skip_preflight) {
        processor_log("WARNING", "⚠️  Pre-flight check SKIPPED (--skip-preflight flag used)");
    } else if (work->job->style == JOB_PRECOMPUTE && !preflight(work, &error)) {
        return 1;
    }
    choose_days(work);
    if (parallel) {
        processor_log("INFO", "🚀 PARALLEL BACKFILL MODE - %d CONCURRENT WORKERS",
                      work->arguments.workers);
        processor_log("INFO", "   Date range: %s to %s", from, to);
        processor_log("INFO", "Processing %zu days with %d parallel workers", work->day_count,
                      work->arguments.workers);
        processor_log("INFO", "PARALLEL PROCESSING STARTED");
    } else {
        processor_log("INFO", "  Date range: %s to %s", from, to);
        processor_log("INFO", "Processing %zu %s (of %zu total)", work->day_count,
                      work->job->style == JOB_PRECOMPUTE ? "game dates" : "days", work->day_count);
    }
    process_all(work, parallel);
    say_summary(work, parallel);
    return 0;
}

static struct day_range range_of(const struct processor_arguments *arguments) {
    if (arguments->dates == NULL) {
        return arguments->range;
    }
    struct day_range range = {arguments->dates[0], arguments->dates[0]};
    for (size_t i = 1; i < arguments->date_count; i++) {
        range.from = arguments->dates[i] < range.from ? arguments->dates[i] : range.from;
        range.to = arguments->dates[i] > range.to ? arguments->dates[i] : range.to;
    }
    return range;
}

int processor_main(int argc, char **argv) {
    struct error error = {0};
    const struct processor_job *job = argc > 0 ? processor_job_find(argv[0]) : NULL;
    if (job == NULL) {
        (void)fprintf(stderr,
                      "python3: can't open file '%s': [Errno 2] No such file or directory\n",
                      argc > 0 ? argv[0] : "");
        return 2;
    }
    struct work work = {.job = job, .table = tables_find(job->table)};
    int code = processor_arguments_read(job, argc, argv, &work.arguments);
    if (code == -1 && !clock_setup(NULL, &error)) {
        processor_log("ERROR", "%s", error.text);
        code = 1;
    }
    if (code == -1) {
        work.range = range_of(&work.arguments);
        work.failures = dayset_new(work.range);
        work.store = processor_store_open(&error);
        if (work.store == NULL) {
            processor_log("ERROR", "%s", error.text);
        }
        code = work.store == NULL ? 1 : run(&work);
    }
    processor_store_close(work.store);
    dayset_free(&work.due);
    dayset_free(&work.written);
    dayset_free(&work.tried);
    dayset_free(&work.ready);
    dayset_free(&work.failures);
    free(work.games);
    free(work.days);
    free(work.arguments.dates);
    return code;
}
