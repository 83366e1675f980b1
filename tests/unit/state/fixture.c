#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

const struct state_actor person = {.name = "naji@ops"};

void fixture_open(struct fixture *fixture) {
    *fixture = (struct fixture){.directory = "/tmp/phasegate-state-XXXXXX"};
    cr_assert(mkdtemp(fixture->directory) != NULL);
    fixture->state = state_open(fixture->directory, STATE_WRITE, &fixture->error);
    cr_assert(fixture->state != NULL, "%s", fixture->error.text);
}

void fixture_close(struct fixture *fixture) {
    state_close(fixture->state);
    cr_assert(file_remove_tree(fixture->directory, &fixture->error), "%s", fixture->error.text);
}

int64_t fixture_lead(struct fixture *fixture) {
    int64_t term = 0;
    cr_assert(state_lease_take(fixture->state, "s-test", NOON, clock_boot_ns(clock_system()), &term,
                               &fixture->error),
              "%s", fixture->error.text);
    return term;
}

bool fixture_launch(struct fixture *fixture, const char *id, const char *resource, day_number from,
                    day_number to) {
    struct day_range range = {from, to};
    struct dayset dates = dayset_new(range);
    dayset_add_range(&dates, range);
    char table[] = "team_defense";
    struct state_run_table filled = {.table = table, .before_known = true, .before = dates};
    struct state_claim claim = {resource, &range, 1, fixture->seen};
    struct state_new_run run = {.run = id,
                                .processor = "team_defense",
                                .range = range,
                                .dates = &dates,
                                .steps = "[[\"/bin/true\"]]",
                                .step_count = 1,
                                .command = "/bin/true",
                                .directory = fixture->directory,
                                .claims = &claim,
                                .claim_count = 1,
                                .tables = &filled,
                                .table_count = 1,
                                .labels_jobs = fixture->labels_jobs,
                                .settle_ms = fixture->settle_ms};
    struct state_launch launch = {.launch = "l-1",
                                  .group = "phase3",
                                  .plan_hash = "abc",
                                  .owner = "naji@ops",
                                  .runs = &run,
                                  .run_count = 1,
                                  .at = NOON,
                                  .boot_ns = clock_boot_ns(clock_system())};
    bool done = state_launch(fixture->state, &person, &launch, &fixture->error);
    dayset_free(&dates);
    return done;
}

void fixture_run(struct fixture *fixture, const char *id) {
    struct state_process self = state_process_self();
    bool done = false;
    cr_assert(state_shim_take(fixture->state, id, &self, NOON + 1, &done, &fixture->error));
    cr_assert(done);
    cr_assert(state_shim_running(fixture->state, id, &self, 0, NOON + 2, &done, &fixture->error));
    cr_assert(done);
}

bool fixture_end(struct fixture *fixture, const char *id, enum state_outcome outcome,
                 int wait_status) {
    struct state_actor shim = {.name = "shim"};
    struct state_end end = {.outcome = outcome,
                            .has_wait_status = true,
                            .wait_status = wait_status,
                            .recorded_by = "shim",
                            .ended_at = NOON + 3,
                            .text = "ended"};
    bool done = false;
    return state_shim_end(fixture->state, &shim, id, &end, &done, &fixture->error) && done;
}

void fixture_read(struct fixture *fixture, int64_t term, int64_t at) {
    char table[] = "team_defense";
    struct state_measurement read = {.subject = STATE_SUBJECT_TABLE,
                                     .key = table,
                                     .range = {DAY1, DAY1 + 99},
                                     .measured_at = at,
                                     .confirmed_at = at};
    cr_assert(state_coverage_store(fixture->state, term, &read, &fixture->error), "%s",
              fixture->error.text);
}

bool fixture_release(struct fixture *fixture, int64_t term, const char *id) {
    struct state_actor agent = {.name = "agent", .term = term};
    return state_unread_release(fixture->state, &agent, id, NOON + 90, &fixture->error);
}

void fixture_settle(struct fixture *fixture, const char *id) {
    int64_t term = fixture_count(fixture, "SELECT count(*) FROM lease") == 0
                       ? fixture_lead(fixture)
                       : fixture_count(fixture, "SELECT term FROM lease");
    fixture_read(fixture, term, NOON + 80);
    cr_assert(fixture_release(fixture, term, id), "%s", fixture->error.text);
    fixture->seen = fixture_count(fixture, "SELECT seen FROM measurements");
}

struct state_run *fixture_load(struct fixture *fixture, const char *id) {
    struct state_run_filter filter = {.run = id};
    size_t count;
    struct state_run *runs = state_runs(fixture->state, &filter, &count, &fixture->error);
    cr_assert(runs != NULL, "%s", fixture->error.text);
    cr_assert(count == 1);
    return runs;
}

void fixture_refuses(struct fixture *fixture, const char *sql, const char *words) {
    char *message = NULL;
    int code = sqlite3_exec(fixture->state->database, sql, NULL, NULL, &message);
    cr_assert((code & 0xFF) == SQLITE_CONSTRAINT, "was taken (%d): %s", code, sql);
    cr_assert(strstr(message, words) != NULL, "%s: %s", sql, message);
    sqlite3_free(message);
}

void fixture_takes(struct fixture *fixture, const char *sql) {
    char *message = NULL;
    int code = sqlite3_exec(fixture->state->database, sql, NULL, NULL, &message);
    cr_assert(code == SQLITE_OK, "%s: %s", sql, message);
}

int64_t fixture_count(struct fixture *fixture, const char *sql) {
    int64_t value;
    cr_assert(sql_one(fixture->state, &fixture->error, sql, NULL, 0, -1, &value), "%s",
              fixture->error.text);
    return value;
}
