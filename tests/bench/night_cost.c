/* What a ten-hour night of watching bills: the night after 5 January 2026, lived through on a
 * virtual clock, with the measuring and recording code of the agent against the local BigQuery.
 *
 * Phase 3 lacks 826 dates in three tables, then three groups fill five tables of phase 4, each date
 * at the pace of its real job. Beside it stands what watching by hand would bill for the same
 * numbers at the same minutes. Both are billed by BigQuery's rules: whole MiB, 10 MiB at least for
 * every table that the query references, an empty one too, and nothing for an answer from the
 * cache, which any change of a table that is read defeats. Once an hour that is held against what
 * the local BigQuery bills, which takes nothing for an empty table; the figures by that are told as
 * well.
 *
 *   night_cost            with all rows
 *   night_cost --small    one row a date: the bills are the same, all at their least */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/measure.h"
#include "agent/record.h"
#include "base/memory.h"
#include "demo/calendar.h"
#include "demo/processor_job.h"
#include "demo/scenario.h"
#include "demo/tables.h"
#include "emulator/emulator.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"
#include "tests/bench/figures.h"
#include "tests/support/program.h"

#define MINUTE   INT64_C(60000)
#define BEGIN_MS INT64_C(1767668400000) /* 2026-01-06T03:00Z: 19:00 in Los Angeles */

/* Whether an empty table that a query references is billed. */
enum { EMPTY_BILLED, EMPTY_FREE, RULES };

/* Bytes billed, under either rule. */
struct sums {
    int64_t ours, one_watch, many_watches, uncached;
};

enum { POLLS = 600, TARGET_LIMIT = 16, STAGE_LIMIT = 3, PAUSE_MINUTES = 5, GROUPS = 4 };

/* The processors of each group, in the order of the night; a group starts when the one before it
 * has ended and a person had a few minutes. */
static const char *const groups[GROUPS][STAGE_LIMIT] = {
    {"team_defense_game_summary", "upcoming_player_game_context", "upcoming_team_game_context"},
    {"team_defense_zone_analysis", "player_shot_zone_analysis", "player_daily_cache"},
    {"player_composite_factors"},
    {"ml_feature_store"},
};

/* One table being filled. */
struct writer {
    const struct processor_job *job;
    const struct tables_table *table;
    day_number *days;
    size_t count, written;
    int64_t start;
};

struct watched {
    int64_t due, confirmed_at;
    enum measure_manner manner;
    int64_t bytes; /* that a query of it processes */
    bool defeated; /* changed since the last minute: no cache answers */
    size_t table;  /* of tables_all */
};

struct night {
    struct emulator *emulator;
    struct bigquery_client *client;
    struct pipeline *pipeline;
    struct state *state;
    struct measure *measure;
    struct recorder recorder;
    struct measure_target *targets;
    size_t target_count;
    struct watched watched[TARGET_LIMIT];
    struct writer writers[STAGE_LIMIT];
    size_t writer_count, group;
    int64_t group_at; /* when the next group starts; 0 while one runs */
    int64_t now;
    bool small;
    struct sums sums[RULES];
    int64_t oldest; /* ms: the greatest age of a number */
    size_t queries, hits, free_checks, writes;
};

static void must(bool good, const struct error *error) {
    if (!good) {
        (void)fprintf(stderr, "night_cost: %s\n", error->text);
        exit(EXIT_FAILURE);
    }
}

static int64_t wall_ms(void *context) {
    return ((const struct night *)context)->now;
}

static int64_t boot_ns(void *context) {
    return ((const struct night *)context)->now * 1000000;
}

/* ---- the warehouse -------------------------------------------------------------------------- */

struct loading {
    struct emulator_load *load;
    struct error error;
    bool small, taken;
};

static bool take_row(void *context, const struct emulator_value *values) {
    struct loading *loading = context;
    if (loading->small && loading->taken) {
        return true;
    }
    loading->taken = true;
    return emulator_load_row(loading->load, values, &loading->error);
}

/* Writes the dates that a job has done until now, in one commit. */
static bool write_dates(struct night *night, struct writer *writer) {
    size_t done = (size_t)((double)(night->now - writer->start) / (writer->job->seconds * 1000));
    done = done < writer->count ? done : writer->count;
    if (done <= writer->written) {
        return false;
    }
    struct loading loading = {.small = night->small};
    struct emulator_table *definition =
        tables_definition(writer->table, SCENARIO_PROJECT, SCENARIO_LOCATION);
    loading.load = emulator_load_begin(night->emulator, definition, &loading.error);
    must(loading.load != NULL, &loading.error);
    for (; writer->written < done; writer->written++, night->writes++) {
        day_number day = writer->days[writer->written];
        struct tables_day what = {day, calendar_games(day), 0, night->now * 1000};
        loading.taken = false;
        must(tables_rows(writer->table, &what, take_row, &loading), &loading.error);
    }
    must(emulator_load_end(loading.load, true, night->now, &loading.error), &loading.error);
    emulator_table_free(definition);
    return true;
}

/* The days of `sql`, asked past phasegate. */
static struct dayset ask_days(struct night *night, const char *sql) {
    struct error error = {0};
    struct bigquery_query query = {.sql = sql, .no_cache = true};
    struct bigquery_result *result = bigquery_query_now(night->client, &query, &error);
    must(result != NULL && bigquery_result_check(result, &error), &error);
    struct dayset days = dayset_new(pipeline_range(night->pipeline, night->now));
    for (size_t row = 0; row < result->rows.row_count; row++) {
        day_number day;
        if (bigquery_cell_date(bigquery_rows_cell(&result->rows, row, 0), &day)) {
            dayset_add(&days, day);
        }
    }
    bigquery_result_free(result);
    return days;
}

static void start_writer(struct night *night, const char *name) {
    struct writer *writer = &night->writers[night->writer_count++];
    char *script =
        memory_format("%s_%s_backfill.py", name, night->group == 0 ? "analytics" : "precompute");
    *writer = (struct writer){.job = processor_job_find(script), .start = night->now};
    free(script);
    if (writer->job == NULL) {
        (void)fprintf(stderr, "night_cost: the demo has no job %s\n", name);
        exit(EXIT_FAILURE);
    }
    writer->table = tables_find(writer->job->table);
    char *sql = memory_format("SELECT DISTINCT %s FROM `%s.%s.%s` WHERE %s > '2021-01-01'",
                              writer->table->date, SCENARIO_PROJECT, writer->table->dataset,
                              writer->table->table, writer->table->date);
    struct dayset there = ask_days(night, sql);
    struct dayset due = ask_days(night, "SELECT DISTINCT game_date FROM `" SCENARIO_PROJECT
                                        ".nba_raw.nbac_schedule` WHERE game_date > '2021-01-01'");
    writer->days = memory_new(dayset_count(&due), sizeof *writer->days);
    for (day_number day = dayset_next(&due, due.range.from); day != DAY_NONE;
         day = dayset_next(&due, day + 1)) {
        if (!dayset_has(&there, day) && !calendar_is_bootstrap(day)) {
            writer->days[writer->count++] = day;
        }
    }
    dayset_free(&there);
    dayset_free(&due);
    free(sql);
}

/* What a table's new rows do to what is watched. */
static void defeat_caches(struct night *night, const struct tables_table *table) {
    for (size_t i = 0; i < night->target_count; i++) {
        if (tables_all(&(size_t){0}) + night->watched[i].table == table) {
            night->watched[i].defeated = true;
        }
    }
}

/* Lets the processors work until now; their ends are told to the poller, as the agent does. */
static void let_work(struct night *night) {
    bool ended = false;
    size_t running = 0;
    if (night->writer_count == 0 && night->group < GROUPS && night->now >= night->group_at) {
        for (size_t i = 0; i < STAGE_LIMIT && groups[night->group][i] != NULL; i++) {
            start_writer(night, groups[night->group][i]);
        }
        night->group++;
    }
    for (size_t i = 0; i < night->writer_count; i++) {
        struct writer *writer = &night->writers[i];
        if (write_dates(night, writer)) {
            defeat_caches(night, writer->table);
            ended = ended || writer->written == writer->count;
        }
        running += writer->written < writer->count ? 1 : 0;
    }
    for (size_t i = 0; i < night->target_count && ended; i++) {
        night->watched[i].due = night->now;
        night->watched[i].manner = MEASURE_PROMPT;
    }
    if (running == 0 && night->writer_count > 0) {
        for (size_t i = 0; i < night->writer_count; i++) {
            free(night->writers[i].days);
        }
        night->writer_count = 0;
        night->group_at = night->now + PAUSE_MINUTES * MINUTE;
    }
}

/* ---- bills ----------------------------------------------------------------------------------- */

/* Of a query of one table, not answered from the cache. */
static int64_t bill_of(int64_t bytes, int rule) {
    if (bytes <= 0 && rule == EMPTY_FREE) {
        return 0;
    }
    return bigquery_billed_estimate(bytes > 0 ? bytes : 1, 1);
}

/* ---- phasegate ------------------------------------------------------------------------------- */

static void take_answer(struct night *night, const struct measure_answer *answer) {
    static const struct error other_bill = {
        .code = EXIT_SOFTWARE, .text = "the local BigQuery bills phasegate by another rule"};
    struct error error = {0};
    size_t i = 0;
    while (night->targets[i].kind != answer->target.kind ||
           night->targets[i].index != answer->target.index) {
        i++;
    }
    struct watched *watched = &night->watched[i];
    must(answer->outcome != MEASURE_FAILED, &answer->error);
    must(record_answer(&night->recorder, answer, &error), &error);
    if (answer->outcome == MEASURE_LEFT) {
        watched->due = answer->again_at < watched->due ? answer->again_at : watched->due;
        night->free_checks++;
        return;
    }
    watched->confirmed_at = answer->at;
    if (answer->outcome == MEASURE_COUNTED) {
        night->queries++;
        night->hits += answer->cache_hit ? 1 : 0;
        if (!answer->cache_hit) {
            watched->bytes = answer->bytes_processed;
            for (int rule = 0; rule < RULES; rule++) {
                night->sums[rule].ours += bill_of(watched->bytes, rule);
            }
            must(answer->bill.bytes == bill_of(watched->bytes, EMPTY_FREE), &other_bill);
        }
    } else {
        night->free_checks++;
    }
}

/* Polls what is due, as the agent's schedule does. */
static void poll_due(struct night *night) {
    struct measure_answer answer;
    for (size_t i = 0; i < night->target_count; i++) {
        struct watched *watched = &night->watched[i];
        if (watched->due <= night->now) {
            watched->due = night->now + night->pipeline->poll.every_ms;
            measure_start(night->measure, night->targets[i],
                          pipeline_range(night->pipeline, night->now), watched->manner, false);
            watched->manner = MEASURE_SPARING;
        }
    }
    while (measure_pending(night->measure) > 0) {
        if (measure_next(night->measure, 30000, &answer)) {
            take_answer(night, &answer);
            free(answer.counts);
        }
    }
    for (size_t i = 0; i < night->target_count; i++) {
        int64_t age = night->now - night->watched[i].confirmed_at;
        night->oldest = age > night->oldest ? age : night->oldest;
    }
}

/* ---- watching by hand ------------------------------------------------------------------------ */

/* What the local BigQuery bills for one target without the cache. */
static int64_t billed(struct night *night, struct measure_target target) {
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    struct error error = {0};
    struct day_range range = pipeline_range(night->pipeline, night->now);
    const struct bigquery_parameter parameters[] = {
        {.name = "from", .type = BIGQUERY_DATE, .value = day_format(range.from, from)},
        {.name = "to", .type = BIGQUERY_DATE, .value = day_format(range.to, to)},
    };
    struct bigquery_query query = {
        .sql = target.kind == MEASURE_TABLE ? night->pipeline->tables[target.index].coverage_sql
                                            : night->pipeline->expected[target.index].sql,
        .parameters = parameters,
        .parameter_count = 2,
        .no_cache = true,
    };
    struct bigquery_result *result = bigquery_query_now(night->client, &query, &error);
    must(result != NULL && bigquery_result_check(result, &error), &error);
    int64_t bytes = result->rows.bytes_billed;
    bigquery_result_free(result);
    return bytes;
}

/* Holds the bill of every target against what the local BigQuery takes for it. */
static void compare_bills(struct night *night) {
    static const struct error less = {.code = EXIT_SOFTWARE,
                                      .text = "a watch would bill less than it is said to here"};
    for (size_t i = 0; i < night->target_count; i++) {
        must(billed(night, night->targets[i]) >= bill_of(night->watched[i].bytes, EMPTY_FREE),
             &less);
    }
}

/* One minute of `watch -n 60 'bq query …'` over the same tables, all in one statement, and of one
 * watch for each of them. A table's size is known by phasegate's last count of it: minutes old, and
 * for a bill at its least of no consequence. */
static void watch_by_hand(struct night *night, bool all_anew) {
    bool defeated = all_anew;
    for (size_t i = 0; i < night->target_count; i++) {
        defeated = defeated || night->watched[i].defeated;
    }
    for (size_t i = 0; i < night->target_count; i++) {
        struct watched *watched = &night->watched[i];
        for (int rule = 0; rule < RULES; rule++) {
            struct sums *sums = &night->sums[rule];
            int64_t bill = bill_of(watched->bytes, rule);
            sums->uncached += bill;
            sums->one_watch += defeated ? bill : 0;
            sums->many_watches += all_anew || watched->defeated ? bill : 0;
        }
        watched->defeated = false;
    }
}

/* ---- the night ------------------------------------------------------------------------------- */

static size_t table_of(const struct night *night, struct measure_target target) {
    size_t count;
    const struct tables_table *all = tables_all(&count);
    const char *name = "nbac_schedule";
    if (target.kind == MEASURE_TABLE) {
        name = night->pipeline->tables[target.index].table;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].table, name) == 0) {
            return i;
        }
    }
    (void)fprintf(stderr, "night_cost: %s is not a table of the demo\n", name);
    exit(EXIT_FAILURE);
}

static void open_state(struct night *night, const char *directory, char *session) {
    struct error error = {0};
    night->state = state_open(directory, STATE_WRITE, &error);
    must(night->state != NULL, &error);
    must(state_session_open(night->state, STATE_AGENT, "bench", night->now, session, &error),
         &error);
    night->recorder = (struct recorder){.pipeline = night->pipeline,
                                        .state = night->state,
                                        .actor = {.name = "agent", .session = session}};
    must(state_lease_take(night->state, session, night->now, night->now * 1000000,
                          &night->recorder.actor.term, &error),
         &error);
}

static void open_night(struct night *night, int64_t stale_after_ms, const struct clock *clock) {
    struct error error = {0};
    struct emulator_options options = {.streaming_buffer_ms = -1};
    night->emulator = emulator_start(&options, &error);
    must(night->emulator != NULL, &error);
    const char *url = emulator_url(night->emulator);
    const struct scenario *scenario = scenario_find("jan05", &error);
    must(scenario != NULL && scenario_load(scenario, night->emulator, &error), &error);
    struct bigquery_options client = {
        .endpoint = url, .project = SCENARIO_PROJECT, .location = SCENARIO_LOCATION};
    night->client = bigquery_client_new(&client, &error);
    must(night->client != NULL, &error);
    night->pipeline = pipeline_load(PHASEGATE_SOURCE_DIR "/queries/nba/pipeline.yaml", &error);
    must(night->pipeline != NULL, &error);
    struct pipeline_poll *poll = &night->pipeline->poll;
    if (stale_after_ms != 0) {
        poll->changing_ms += stale_after_ms - poll->stale_after_ms;
        poll->stale_after_ms = stale_after_ms;
    }
    night->now = BEGIN_MS;
    night->group_at = BEGIN_MS + PAUSE_MINUTES * MINUTE;
    night->measure = measure_new(night->pipeline, url, clock, &error);
    must(night->measure != NULL, &error);
    night->targets = measure_targets(night->pipeline, &night->target_count);
    for (size_t i = 0; i < night->target_count; i++) {
        night->watched[i] = (struct watched){
            .due = BEGIN_MS, .confirmed_at = BEGIN_MS, .table = table_of(night, night->targets[i])};
    }
}

static void close_night(struct night *night) {
    state_close(night->state);
    measure_free(night->measure);
    bigquery_client_free(night->client);
    emulator_stop(night->emulator);
    free(night->targets);
    pipeline_free(night->pipeline);
}

static int64_t next_event(const struct night *night, int64_t minute_at) {
    int64_t next = minute_at;
    for (size_t i = 0; i < night->target_count; i++) {
        next = night->watched[i].due < next ? night->watched[i].due : next;
    }
    return next;
}

static void live_through(struct night *night) {
    struct day_range range = pipeline_range(night->pipeline, BEGIN_MS);
    for (size_t minute = 0; minute < POLLS; minute++) {
        int64_t minute_at = BEGIN_MS + (int64_t)minute * MINUTE;
        do {
            night->now = next_event(night, minute_at);
            let_work(night);
            poll_due(night);
        } while (night->now < minute_at);
        struct day_range now = pipeline_range(night->pipeline, night->now);
        watch_by_hand(night, minute == 0 || now.to != range.to);
        if (minute % 60 == 59) {
            compare_bills(night);
        }
        range = now;
    }
}

static double mebibytes(int64_t bytes) {
    return (double)bytes / (double)BIGQUERY_MIB;
}

static bool show(const char *name, double value, const char *unit, double budget) {
    struct figure figure = {.name = name, .unit = unit, .value = value, .budget = budget};
    return figure_print(&figure);
}

/* How many times as much as phasegate another way bills. */
static double times(int64_t other, int64_t ours) {
    return (double)other / (double)ours;
}

static bool print_night(const struct night *night) {
    const struct sums *sums = &night->sums[EMPTY_BILLED];
    const struct sums *lower = &night->sums[EMPTY_FREE];
    (void)show("ten-hour night, 10 tables: dates written", (double)night->writes, "dates", -1);
    (void)show("  phasegate: queries", (double)night->queries, "", -1);
    (void)show("  phasegate: of them answered from the cache, for nothing", (double)night->hits, "",
               -1);
    (void)show("  phasegate: free checks that sufficed", (double)night->free_checks, "", -1);
    bool kept = show("  phasegate: billed, at most 1/20 of the one watch", mebibytes(sums->ours),
                     "MiB", mebibytes(sums->one_watch) / 20);
    kept = show("  phasegate: oldest number on the screen", (double)night->oldest / 1000, "s",
                (double)night->pipeline->poll.stale_after_ms / 1000) &&
           kept;
    kept = show("  groups that did not end", (double)(GROUPS - night->group), "", 0) && kept;
    (void)show("  one watch -n 60 'bq query' of all tables, with cache", mebibytes(sums->one_watch),
               "MiB", -1);
    (void)show("    as a multiple of phasegate's", times(sums->one_watch, sums->ours), "", -1);
    (void)show("    were empty tables free of charge", times(lower->one_watch, lower->ours), "",
               -1);
    (void)show("  eleven watches, a table each, with cache", mebibytes(sums->many_watches), "MiB",
               -1);
    (void)show("    as a multiple of phasegate's", times(sums->many_watches, sums->ours), "", -1);
    (void)show("  either with --nouse_cache", mebibytes(sums->uncached), "MiB", -1);
    (void)show("    as a multiple of phasegate's", times(sums->uncached, sums->ours), "", -1);
    return kept;
}

/* `stale_after_ms` 0: as the pipeline file says, with the whole table of figures. */
static bool live(bool small, int64_t stale_after_ms) {
    char session[STATE_SESSION_SIZE];
    struct night night = {.small = small};
    const struct clock clock = {wall_ms, boot_ns, &night};
    char *directory = program_directory();
    bool kept = true;
    open_night(&night, stale_after_ms, &clock);
    open_state(&night, directory, session);
    live_through(&night);
    if (stale_after_ms == 0) {
        kept = print_night(&night);
    } else {
        (void)show("  the one watch as a multiple, with stale_after: 10m",
                   times(night.sums[EMPTY_BILLED].one_watch, night.sums[EMPTY_BILLED].ours), "",
                   -1);
    }
    close_night(&night);
    program_remove_directory(directory);
    return kept;
}

int main(int argc, char **argv) {
    bool small = argc > 1 && strcmp(argv[1], "--small") == 0;
    struct error error = {0};
    must(clock_setup("America/Los_Angeles", &error), &error);
    bool kept = live(small, 0);
    return (small || live(small, 10 * MINUTE)) && kept ? EXIT_SUCCESS : EXIT_FAILURE;
}
