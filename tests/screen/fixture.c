#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "logs/times.h"

enum { MANY_TABLES = 120, MANY_SEASONS = 12 };

static const int64_t SECOND = 1000, MINUTE = INT64_C(60) * 1000;

const char *const fixture_names[FIXTURE_KINDS] = {"green", "red", "stale", "no-data", "many"};

static char *many_text(void) {
    struct text_buffer text = {0};
    text_buffer_add(&text, "pipeline: many\nproject: p\nlocation: US\ntimezone: UTC\n"
                           "range: {from: 2014-10-01, to: yesterday}\nseasons:\n");
    for (int i = 0; i < MANY_SEASONS; i++)
        text_buffer_format(&text, "  - {name: %d-%02d, from: %d-10-01, to: %d-06-30}\n", 2014 + i,
                           (15 + i) % 100, 2014 + i, 2015 + i);
    text_buffer_add(&text, "expected: {query: expected_dates.sql}\ntables:\n");
    for (int i = 0; i < MANY_TABLES; i++)
        text_buffer_format(&text,
                           "  - {name: table_number_%03d, phase: phase%d, table: d.t%03d, "
                           "date: day, rows: {at_least: 1, per: day}}\n",
                           i, 1 + i / 30, i);
    text_buffer_add(&text, "processors:\n  - {name: filler, fills: [table_number_000], "
                           "command: [fill, --from, \"{from}\", --to, \"{to}\"], directory: /srv}\n"
                           "groups:\n  - {name: fill, runs: [filler]}\n"
                           "gates:\n  - name: ready\n    checks:\n"
                           "      - {coverage: {phase: phase1, at_least: 95%}}\n");
    return text_buffer_take(&text);
}

struct pipeline *fixture_pipeline(enum fixture_kind kind) {
    struct error error = {0};
    struct pipeline *pipeline;
    if (kind == FIXTURE_MANY) {
        char *text = many_text();
        pipeline = pipeline_load_text(text_of(text), PHASEGATE_SOURCE_DIR "/queries/nba/many.yaml",
                                      &error);
        free(text);
    } else {
        pipeline = pipeline_load(PHASEGATE_SOURCE_DIR "/queries/nba/pipeline.yaml", &error);
    }
    if (!pipeline || !clock_setup(pipeline->timezone, &error)) {
        (void)fprintf(stderr, "fixture: %s\n", error.text);
        abort();
    }
    return pipeline;
}

/* A calendar like the real one: eight months a year, no games on Christmas Eve and around the
 * All-Star game, every other day in June. */
static int64_t games_on(const struct pipeline *pipeline, day_number day) {
    int year, month, day_of_month;
    if (pipeline_season_of(pipeline, day) == PIPELINE_NONE)
        return 0;
    day_to_civil(day, &year, &month, &day_of_month);
    if ((month == 12 && day_of_month == 24) ||
        (month == 2 && day_of_month >= 16 && day_of_month <= 21) || (month == 6 && day % 2))
        return 0;
    return month >= 5 ? 1 : 3 + (day * 7) % 8;
}

static bool present(enum fixture_kind kind, size_t table, day_number day, struct day_range range) {
    static const int every[] = {0, 0, 12, 2, 3, 1, 1, 1, 1, 1};
    if (kind == FIXTURE_GREEN)
        return true;
    if (kind == FIXTURE_MANY)
        return (day * 31 + (day_number)table * 17) % 100 > (day_number)(table % 37);
    if (table >= 5)
        return false;
    if (every[table] && range.to - day < 9)
        return false;
    return !every[table] || (day / 2 * 7 + day) % every[table] != 0;
}

static struct coverage_measurement measure(const struct pipeline *pipeline, enum fixture_kind kind,
                                           size_t table, struct day_range range, bool expected) {
    struct coverage_measurement result = {.measured = true, .range = range};
    int64_t age = kind == FIXTURE_STALE ? 10 * MINUTE : 14 * SECOND;
    result.measured_at = result.confirmed_at = FIXTURE_NOW - age;
    result.counts = memory_new(day_range_count(range), sizeof *result.counts);
    for (day_number day = range.from; day <= range.to; day++) {
        int64_t games = games_on(pipeline, day);
        if (!games || (!expected && !present(kind, table, day, range)))
            continue;
        const struct pipeline_table *facts = &pipeline->tables[table];
        int64_t rows = expected                                    ? games
                       : facts->rows.kind == PIPELINE_ROWS_PER_DAY ? (int64_t)facts->rows.value
                       : facts->rows.kind == PIPELINE_ROWS_PER_GAME
                           ? games * (int64_t)facts->rows.value
                           : games * 20;
        if (!expected && kind == FIXTURE_RED && table == 2 && day % 97 == 0)
            rows /= 2;
        result.counts[result.count++] =
            (struct coverage_count){day, rows, facts->entity ? games : -1, 0, 0};
        if (!expected && (table == 3 || table >= 6) && facts->entity)
            result.counts[result.count - 1].entities = rows;
    }
    return result;
}

static struct coverage_report *compute(const struct pipeline *pipeline, enum fixture_kind kind,
                                       struct day_range range) {
    struct coverage_measurement *tables = memory_new(pipeline->table_count, sizeof *tables);
    struct coverage_measurement *expected = memory_new(pipeline->expected_count, sizeof *expected);
    for (size_t i = 0; i < pipeline->table_count && kind != FIXTURE_NO_DATA; i++)
        tables[i] = measure(pipeline, kind, i, range, false);
    for (size_t i = 0; i < pipeline->expected_count && kind != FIXTURE_NO_DATA; i++)
        expected[i] = measure(pipeline, kind, 0, range, true);
    if (kind == FIXTURE_STALE) {
        coverage_measurement_free(&tables[4]);
        tables[2].error = memory_copy_string("403 rateLimitExceeded, retrying in 8 s");
        tables[2].failed_at = FIXTURE_NOW - 5 * SECOND;
        tables[4].error = memory_copy_string("404 Not found: Table nba_analytics.upcoming_team");
    }
    struct coverage_report *report =
        coverage_compute(pipeline, FIXTURE_NOW, range, tables, expected, NULL, 0);
    for (size_t i = 0; i < pipeline->table_count; i++)
        coverage_measurement_free(&tables[i]);
    for (size_t i = 0; i < pipeline->expected_count; i++)
        coverage_measurement_free(&expected[i]);
    free(tables);
    free(expected);
    return report;
}

static struct situation_run *add_run(struct situation *situation, const char *run,
                                     const char *group, const char *processor,
                                     enum situation_run_phase phase) {
    struct situation_run *new = &situation->runs[situation->run_count++];
    new->run = memory_copy_string(run);
    new->group = memory_copy_string(group);
    new->processor = memory_copy_string(processor);
    new->processor_index = pipeline_find_processor(situation->pipeline, processor);
    new->range = situation->range;
    new->dates = 848;
    new->command = memory_format("python3 %s_backfill.py --start-date 2021-10-19 --end-date "
                                 "2026-01-03 --parallel --workers 15",
                                 processor);
    new->state = memory_copy_string("running");
    new->phase = phase;
    new->exit_code = new->signal = -1;
    new->owner = memory_copy_string("naji@ops");
    new->directory = memory_copy_string("/var/lib/phasegate/runs");
    new->log_path = memory_copy_string(FIXTURE_LOG);
    new->created_at = new->started_at = FIXTURE_NOW - 62 * MINUTE;
    new->last_output_at = FIXTURE_NOW - 4 * SECOND;
    new->dates_per_minute = -1;
    return new;
}

static void end_run(struct situation_run *run, const char *outcome, const char *verdict,
                    const char *text, int exit_code) {
    free(run->state);
    run->state = memory_copy_string("ended");
    run->outcome = memory_copy_string(outcome);
    run->verdict = memory_copy_string(verdict);
    run->verdict_text = memory_copy_string(text);
    run->exit_code = exit_code;
    run->ended_at = FIXTURE_NOW - 25 * MINUTE;
}

static void add_red_runs(struct situation *situation) {
    struct situation_run *run = add_run(situation, "r-20260105-0541-02", "phase3",
                                        "upcoming_team_game_context", SITUATION_RUN_FAILED);
    end_run(run, "ok", "ended with gaps", "exit 0 but 37 of 213 dates still missing", 0);
    run->done = run->total = 213;
    run->ok = 176;
    run->failed = 37;
    run->complete_now = 176;
    run->failures = memory_new(2, sizeof *run->failures);
    run->failure_count = 2;
    run->failures[0] = (struct situation_failure){
        memory_copy_string("No schedule data found for date"), 31, day_from_civil(2024, 2, 16)};
    run->failures[1] = (struct situation_failure){
        memory_copy_string("400 Could not serialize access to table due to concurrent update"), 6,
        day_from_civil(2024, 3, 1)};
    run = add_run(situation, "r-20260105-0540-03", "phase3", "upcoming_player_game_context",
                  SITUATION_RUN_STALLED);
    run->done = 61;
    run->ok = 61;
    run->pid = 41180;
    run->last_output_at = FIXTURE_NOW - 34 * MINUTE;
    run->last_line = memory_copy_string("Processing game date 62/848: 2021-12-30");
    run = add_run(situation, "r-20260105-0540-01", "phase3", "team_defense_game_summary",
                  SITUATION_RUN_RUNNING);
    run->done = 127;
    run->ok = 12;
    run->pid = 41173;
    run->total = 848;
    run->dates_per_minute = 2.1;
    run->eta = FIXTURE_NOW + 129 * MINUTE;
    run->last_line = memory_copy_string("Processing game date 128/848: 2022-03-14");
    run = add_run(situation, "r-20260104-2301-01", "", "team_offense_game_summary",
                  SITUATION_RUN_DONE);
    end_run(run, "ok", "verified", "848 of 848 dates verified", 0);
    run->done = run->total = run->ok = run->complete_now = 848;
}

static void add_green_runs(struct situation *situation) {
    static const char *const names[] = {"team_defense_zone_analysis", "player_shot_zone_analysis",
                                        "player_daily_cache"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "r-20260105-0200-%02zu", i + 1);
        struct situation_run *run = add_run(situation, id, "group1", names[i], SITUATION_RUN_DONE);
        end_run(run, "ok", "verified", "848 of 848 dates verified", 0);
        run->done = run->total = run->ok = run->complete_now = 848;
    }
}

static void add_event(struct situation *situation, int minutes_ago, const char *actor,
                      const char *kind, const char *subject, const char *text) {
    struct situation_event *event = &situation->events[situation->event_count++];
    event->sequence = (int64_t)situation->event_count;
    event->at = FIXTURE_NOW - (int64_t)minutes_ago * MINUTE;
    event->actor = memory_copy_string(actor);
    event->kind = memory_copy_string(kind);
    event->subject = memory_copy_string(subject);
    event->text = memory_copy_string(text);
}

static void add_events(struct situation *situation) {
    add_event(situation, 460, "naji@ops", "launch", "team_offense_game_summary",
              "launched team_offense_game_summary for 848 dates");
    add_event(situation, 388, "agent", "verdict", "r-20260104-2301-01",
              "848 of 848 dates verified");
    add_event(situation, 268, "agent", "gate", "phase3-ready",
              "GO became NO-GO: 3 of 5 tables "
              "under 95 %");
    add_event(situation, 62, "naji@ops", "launch", "team_defense_game_summary",
              "launched team_defense_game_summary for 72 dates");
    add_event(situation, 25, "agent", "alarm", "r-20260105-0541-02",
              "exit 0 but 37 of 213 dates still missing");
    add_event(situation, 4, "agent", "alarm", "r-20260105-0540-03",
              "no output for 30 min; its quiet_after is 30 min");
}

static void fill_header(struct situation *situation, enum fixture_kind kind) {
    struct situation_header *header = &situation->header;
    header->agent_alive = kind != FIXTURE_NO_DATA;
    header->polled_at = kind == FIXTURE_NO_DATA
                            ? 0
                            : FIXTURE_NOW - (kind == FIXTURE_STALE ? 10 * MINUTE : 14 * SECOND);
    if (kind == FIXTURE_STALE) {
        header->bigquery = memory_new(1, sizeof *header->bigquery);
        header->bigquery->reason = memory_copy_string("rateLimitExceeded");
        header->bigquery->http_code = 403;
        header->bigquery->since = FIXTURE_NOW - 10 * MINUTE;
        header->bigquery->next_try = FIXTURE_NOW + 8 * SECOND;
    }
    header->bytes_billed = 32 << 20;
    header->consoles = 2;
    header->gate = header->next_group = header->launchable = PIPELINE_NONE;
    for (size_t i = 0; i < situation->pipeline->gate_count && header->gate == PIPELINE_NONE; i++)
        if (situation->gates->gates[i].verdict != GATES_GO)
            header->gate = i;
    if (header->gate != PIPELINE_NONE && situation->pipeline->gates[header->gate].holds.count)
        header->next_group = situation->pipeline->gates[header->gate].holds.items[0];
    if (kind == FIXTURE_RED) {
        header->running = 2;
        header->go_expected = FIXTURE_NOW + 129 * MINUTE;
    }
}

static struct gates_report *judge(const struct pipeline *pipeline, enum fixture_kind kind,
                                  const struct coverage_report *coverage) {
    struct gates_group_runs *groups = memory_new(pipeline->group_count, sizeof *groups);
    for (size_t i = 0; i < pipeline->group_count; i++) {
        size_t count = pipeline->groups[i].runs.count;
        groups[i] = (struct gates_group_runs){.group = i, .processors = count};
        if (kind == FIXTURE_GREEN)
            groups[i].ended = groups[i].verified = count;
    }
    struct gates_evidence evidence = {
        .coverage = coverage, .groups = groups, .group_count = pipeline->group_count};
    struct gates_report *report = gates_judge(pipeline, &evidence, FIXTURE_NOW);
    free(groups);
    return report;
}

struct situation *fixture_situation(enum fixture_kind kind, const struct pipeline *pipeline) {
    struct situation *situation = memory_new(1, sizeof *situation);
    situation->pipeline = pipeline;
    situation->as_of = FIXTURE_NOW;
    situation->range = (struct day_range){pipeline->from.day, day_from_civil(2026, 1, 3)};
    situation->coverage = compute(pipeline, kind, situation->range);
    situation->gates = judge(pipeline, kind, situation->coverage);
    situation->tables = memory_new(pipeline->table_count, sizeof *situation->tables);
    situation->gate_facts = memory_new(pipeline->gate_count, sizeof *situation->gate_facts);
    situation->groups = memory_new(pipeline->group_count, sizeof *situation->groups);
    situation->runs = memory_new(8, sizeof *situation->runs);
    situation->events = memory_new(16, sizeof *situation->events);
    for (size_t i = 0; i < pipeline->gate_count; i++)
        situation->gate_facts[i].since = FIXTURE_NOW - 268 * MINUTE;
    for (size_t i = 0; i < pipeline->table_count; i++) {
        situation->tables[i].rose_last_hour = kind == FIXTURE_RED && i == 2 ? 14 : 0;
        if (kind != FIXTURE_GREEN && kind != FIXTURE_MANY && pipeline->tables[i].phase == 1)
            situation->tables[i].held_by = pipeline->gates[0].name;
    }
    if (kind == FIXTURE_RED)
        add_red_runs(situation);
    if (kind == FIXTURE_GREEN)
        add_green_runs(situation);
    if (kind != FIXTURE_NO_DATA)
        add_events(situation);
    fill_header(situation, kind);
    return situation;
}

static void free_run(struct situation_run *run) {
    char *strings[] = {run->run,        run->group,       run->processor, run->command,
                       run->state,      run->outcome,     run->verdict,   run->verdict_text,
                       run->owner,      run->directory,   run->log_path,  run->stop_by,
                       run->stop_stage, run->server_text, run->last_line};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
    for (size_t i = 0; i < run->failure_count; i++)
        free(run->failures[i].reason);
    free(run->failures);
}

void fixture_situation_free(struct situation *situation) {
    if (situation == NULL) {
        return;
    }
    coverage_report_free(situation->coverage);
    gates_report_free(situation->gates);
    for (size_t i = 0; i < situation->run_count; i++)
        free_run(&situation->runs[i]);
    for (size_t i = 0; i < situation->event_count; i++) {
        free(situation->events[i].actor);
        free(situation->events[i].kind);
        free(situation->events[i].subject);
        free(situation->events[i].text);
    }
    situation_trouble_free(situation->header.bigquery);
    free(situation->tables);
    free(situation->gate_facts);
    free(situation->groups);
    free(situation->runs);
    free(situation->events);
    free(situation);
}

struct fixture fixture_new(enum fixture_kind kind) {
    struct fixture fixture = {.pipeline = fixture_pipeline(kind)};
    fixture.situation = fixture_situation(kind, fixture.pipeline);
    return fixture;
}

void fixture_free(struct fixture *fixture) {
    fixture_situation_free(fixture->situation);
    pipeline_free(fixture->pipeline);
    if (*fixture->directory)
        (void)file_remove_tree(fixture->directory, NULL);
}

void fixture_write_logs(struct fixture *fixture) {
    static const char *const lines[][2] = {
        {"INFO:__main__:Processing game date ", "/848: 2021-11-04"},
        {"INFO:__main__:  ✓ Success: ", " records"},
        {"WARNING:analytics.base:quality below threshold for game 002210010", ""},
        {"\033[1mphase\033[0m \033[32mgreen\033[0m \033[38;5;203mred ", "\033[0m plain"}};
    (void)snprintf(fixture->directory, sizeof fixture->directory, "/tmp/phasegate-screen-XXXXXX");
    if (!mkdtemp(fixture->directory))
        abort();
    for (size_t i = 0; i < fixture->situation->run_count; i++) {
        struct situation_run *run = &fixture->situation->runs[i];
        free(run->log_path);
        run->log_path = memory_format("%s/%s.log", fixture->directory, run->run);
        struct text_buffer text = {0};
        struct log_times_writer *writer = log_times_writer_new(run->log_path);
        for (int n = 0; n < 24; n++) {
            int64_t second = n * 5 + (int64_t)i;
            const char *const *line = lines[((size_t)n + i) % 4];
            text_buffer_format(&text, "%s%d%s\n", line[0], n + 1, line[1]);
            log_times_note(writer, text.size, FIXTURE_NOW - 5 * MINUTE + second * SECOND,
                           (second + 1) * INT64_C(1000000000));
        }
        log_times_writer_free(writer);
        if (!file_write(run->log_path, (struct text){text.data, text.size}, NULL))
            abort();
        text_buffer_free(&text);
    }
}

void fixture_arm(struct fixture *fixture, bool counting) {
    static char approval[] = "a-5mzsk4rf0m";
    static char arm[] = "m-5mzsk4rf0n";
    static char by[] = "naji@ops";
    struct situation_group *group = &fixture->situation->groups[1];
    group->approval = approval;
    group->approved_by = by;
    group->approved_at = FIXTURE_NOW - 60 * MINUTE;
    group->approved_until = FIXTURE_NOW + 600 * MINUTE;
    group->arm = arm;
    group->armed_by = by;
    group->armed_at = FIXTURE_NOW - 30 * MINUTE;
    group->armed_until = FIXTURE_NOW + 300 * MINUTE;
    group->arm_need = 2;
    group->arm_streak = counting ? 2 : 1;
    group->fires_at = counting ? FIXTURE_NOW + 42000 : 0;
}

void fixture_hold(struct fixture *fixture) {
    struct situation_run *run = &fixture->situation->runs[0];
    run->server_held = true;
    run->server_jobs = 2;
    run->server_jobs_at = FIXTURE_NOW - 4 * SECOND;
    run->server_text = memory_copy_string("2 jobs still running server-side");
}

void fixture_notice(struct fixture *fixture) {
    static char commit[] = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";
    static char directory[] = "/srv/nba";
    static char session[] = "logging out would kill runs: run `loginctl enable-linger naji`";
    static char notices[] = "log is over its limit: 2.10 GiB; code moved to fffffff since it was "
                            "launched";
    static struct situation_code code = {directory, commit, 3};
    struct situation_run *run = &fixture->situation->runs[0];
    run->code_commit = commit;
    run->code_changed = 3;
    run->notices = notices;
    fixture->situation->preflight =
        (struct situation_preflight){.session = session, .code = &code, .code_count = 1};
}
