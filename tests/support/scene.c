#include "tests/support/scene.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "state/state_lease.h"
#include "state/state_shim.h"
#include "tests/support/program.h"

const char scene_text[] =
    "pipeline: scene\n"
    "project: nba-props-platform\n"
    "location: us-west2\n"
    "timezone: UTC\n"
    "range: {from: 2021-11-02, to: 2021-11-11}\n"
    "poll: {every: 60s, recheck: 30m, stale_after: 5m, bytes_per_query: 1GiB, "
    "bytes_per_night: 50GiB}\n"
    "seasons:\n"
    "  - {name: 2021-22, from: 2021-10-19, to: 2022-06-17}\n"
    "bootstrap_days: 14\n"
    "expected: {query: due.sql}\n"
    "tables:\n"
    "  - {name: defense, phase: first, table: nba_analytics.team_defense_game_summary, "
    "date: game_date, entity: game_id, rows: {at_least: 2, per: game}}\n"
    "  - {name: zones, phase: second, table: nba_precompute.team_defense_zone_analysis, "
    "date: analysis_date, rows: {at_least: 30, per: day}, needs: [defense]}\n"
    "processors:\n"
    "  - {name: defense, fills: [defense], command: [/bin/true, \"{from}\", \"{to}\"], "
    "quiet_after: 30m}\n"
    "  - {name: zones, fills: [zones], command: [/bin/true, \"{from}\", \"{to}\"], "
    "quiet_after: 30m}\n"
    "groups:\n"
    "  - {name: first, runs: [defense]}\n"
    "  - {name: second, behind: ready, runs: [zones]}\n"
    "gates:\n"
    "  - name: ready\n"
    "    checks:\n"
    "      - {coverage: {table: defense, at_least: 95%}}\n"
    "  - name: done\n"
    "    checks:\n"
    "      - {coverage: {table: zones, at_least: 95%}}\n"
    "      - {runs: {group: second}}\n";

static const char due_sql[] = "SELECT game_date AS day, COUNT(DISTINCT game_id) AS games\n"
                              "FROM `{project}.nba_raw.nbac_schedule`\n"
                              "WHERE game_date BETWEEN @from AND @to AND game_status = 3\n"
                              "GROUP BY day ORDER BY day\n";

static const struct state_actor person = {.name = "naji@ops"};

static char *replaced(char *text, const char *find, const char *replacement) {
    const char *at = strstr(text, find);
    cr_assert_not_null(at, "the scene does not hold: %s", find);
    char *made = memory_format("%.*s%s%s", (int)(at - text), text, replacement, at + strlen(find));
    free(text);
    return made;
}

static void write_file(const struct scene *scene, const char *name, const char *text) {
    struct error error = {0};
    char *path = scene_path(scene, name);
    cr_assert(file_write(path, text_of(text), &error), "%s", error.text);
    free(path);
}

void scene_open(struct scene *scene, const char *const *changes) {
    *scene = (struct scene){.directory = program_directory()};
    char *text = memory_copy_string(scene_text);
    for (size_t i = 0; changes != NULL && changes[i] != NULL; i += 2) {
        text = replaced(text, changes[i], changes[i + 1]);
    }
    write_file(scene, "due.sql", due_sql);
    write_file(scene, "pipeline.yaml", text);
    free(text);
    char *path = scene_path(scene, "pipeline.yaml");
    char *state = scene_path(scene, "state");
    cr_assert_eq(setenv("PHASEGATE_STATE", state, 1), 0);
    scene->pipeline = pipeline_load(path, &scene->error);
    cr_assert_not_null(scene->pipeline, "%s", scene->error.text);
    char *home = state_home(scene->pipeline->name, &scene->error);
    cr_assert_not_null(home, "%s", scene->error.text);
    scene->state = state_open(home, STATE_WRITE, &scene->error);
    cr_assert_not_null(scene->state, "%s", scene->error.text);
    free(home);
    free(state);
    free(path);
}

void scene_edit(const struct scene *scene, const char *find, const char *replacement) {
    char *text = replaced(memory_copy_string(scene_text), find, replacement);
    write_file(scene, "pipeline.yaml", text);
    free(text);
}

void scene_close(struct scene *scene) {
    state_close(scene->state);
    pipeline_free(scene->pipeline);
    program_remove_directory(scene->directory);
    *scene = (struct scene){0};
}

char *scene_path(const struct scene *scene, const char *name) {
    return file_join(scene->directory, name);
}

void scene_lead(struct scene *scene) {
    cr_assert(state_lease_take(scene->state, "s-scene", SCENE_NOW, clock_boot_ns(clock_system()),
                               &scene->term, &scene->error),
              "%s", scene->error.text);
}

void scene_measure(struct scene *scene, enum state_subject subject, const char *key, size_t days,
                   int64_t rows, int64_t entities, int64_t at) {
    struct state_measurement measurement = {
        .subject = subject,
        .key = memory_copy_string(key),
        .range = {SCENE_FROM, SCENE_TO},
        .measured_at = at,
        .confirmed_at = at,
        .count = days,
        .counts = memory_new(days, sizeof *measurement.counts),
        .signal = memory_copy_string("seen"),
    };
    for (size_t i = 0; i < days; i++) {
        measurement.counts[i] = (struct state_count){.day = SCENE_FROM + (day_number)i,
                                                     .rows = rows,
                                                     .entities = entities,
                                                     .nulls = -1,
                                                     .fallbacks = -1};
    }
    cr_assert(state_coverage_store(scene->state, scene->term, &measurement, &scene->error), "%s",
              scene->error.text);
    free(measurement.key);
    free(measurement.counts);
    free(measurement.signal);
}

void scene_measure_all(struct scene *scene, size_t defense, size_t zones, int64_t at) {
    scene_measure(scene, STATE_SUBJECT_EXPECTED, "due.sql", 10, 2, -1, at);
    scene_measure(scene, STATE_SUBJECT_TABLE, "defense", defense, 4, 2, at);
    scene_measure(scene, STATE_SUBJECT_TABLE, "zones", zones, 30, -1, at);
}

void scene_launch(struct scene *scene, const char *id, const char *group, const char *processor,
                  int64_t at) {
    struct day_range range = {SCENE_FROM, SCENE_TO};
    struct dayset dates = dayset_new(range);
    struct dayset before = dayset_new(range);
    dayset_add_range(&dates, range);
    dayset_add(&before, SCENE_FROM);
    char *table = memory_copy_string(processor);
    char *launch_id = memory_format("l-%s", id);
    struct state_run_table filled = {.table = table, .before_known = true, .before = before};
    struct state_claim claim = {scene->resource != NULL ? scene->resource : id, &range, 1, -1};
    struct state_new_run run = {.run = id,
                                .processor = processor,
                                .range = range,
                                .dates = &dates,
                                .steps = "[[\"/bin/true\"]]",
                                .step_count = 1,
                                .command = "/bin/true",
                                .directory = scene->directory,
                                .claims = &claim,
                                .claim_count = 1,
                                .tables = &filled,
                                .table_count = 1,
                                .labels_jobs = scene->labels_jobs,
                                .settle_ms = scene->settle_ms};
    struct state_launch launch = {.launch = launch_id,
                                  .group = group,
                                  .plan_hash = scene->pipeline->hash,
                                  .owner = "naji@ops",
                                  .runs = &run,
                                  .run_count = 1,
                                  .at = at,
                                  .boot_ns = clock_boot_ns(clock_system())};
    cr_assert(state_launch(scene->state, &person, &launch, &scene->error), "%s", scene->error.text);
    dayset_free(&dates);
    dayset_free(&before);
    free(table);
    free(launch_id);
}

void scene_start(struct scene *scene, const char *run, int64_t at) {
    struct state_process self = state_process_self();
    bool done = false;
    cr_assert(state_shim_take(scene->state, run, &self, at, &done, &scene->error) && done);
    cr_assert(state_shim_running(scene->state, run, &self, 0, at, &done, &scene->error) && done);
}

void scene_end(struct scene *scene, const char *run, enum state_outcome outcome, int wait_status,
               int64_t at) {
    struct state_actor shim = {.name = "shim"};
    struct state_end end = {.outcome = outcome,
                            .has_wait_status = true,
                            .wait_status = wait_status,
                            .recorded_by = "shim",
                            .ended_at = at,
                            .text = "ended"};
    bool done = false;
    cr_assert(state_shim_end(scene->state, &shim, run, &end, &done, &scene->error) && done, "%s",
              scene->error.text);
}
