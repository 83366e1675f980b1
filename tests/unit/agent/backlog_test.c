/* What could not be stored waits, in order, and is stored when it can be. */
#include "agent/backlog.h"

#include <criterion/criterion.h>

#include "base/memory.h"
#include "state/sql.h"
#include "state/state_coverage.h"
#include "tests/support/scene.h"

static struct scene scene;
static struct recorder recorder;
static struct backlog backlog;
static struct state *other;

static void open_backlog(void) {
    scene_open(&scene, NULL);
    scene_lead(&scene);
    recorder = (struct recorder){
        .pipeline = scene.pipeline,
        .state = scene.state,
        .actor = {.name = "agent", .session = "s-scene", .term = scene.term},
    };
    backlog = (struct backlog){.recorder = &recorder};
    other = state_open(state_directory(scene.state), STATE_WRITE, &scene.error);
    cr_assert_not_null(other, "%s", scene.error.text);
    state_set_patience(scene.state, 1);
}

static void close_backlog(void) {
    backlog_close(&backlog);
    state_close(other);
    scene_close(&scene);
}

TestSuite(backlog, .init = open_backlog, .fini = close_backlog);

/* The counts of one day of "defense" that were asked for at `at`. */
static struct agent_message counted(int64_t rows, int64_t at) {
    struct coverage_count *counts = memory_new(1, sizeof *counts);
    counts[0] = (struct coverage_count){
        .day = SCENE_FROM, .rows = rows, .entities = 2, .nulls = -1, .fallbacks = -1};
    return (struct agent_message){.kind = AGENT_ANSWER,
                                  .answer = {.target = {MEASURE_TABLE, SCENE_DEFENSE, 0},
                                             .outcome = MEASURE_COUNTED,
                                             .at = at,
                                             .range = {SCENE_FROM, SCENE_TO},
                                             .counts = counts,
                                             .count = 1,
                                             .queried = true}};
}

static int64_t queries_told(void) {
    int64_t rows;
    cr_assert(sql_one(other, &scene.error, "SELECT coalesce(sum(queries),0) FROM spend", NULL, 0, 0,
                      &rows),
              "%s", scene.error.text);
    return rows;
}

Test(backlog, stores_at_once_what_can_be)
{
    struct agent_message message = counted(4, SCENE_NOW);
    cr_expect(backlog_take(&backlog, &message, &scene.error), "%s", scene.error.text);
    cr_expect_eq(backlog.count, 0);
    cr_expect_eq(queries_told(), 1);
}

Test(backlog, loses_no_answer_that_was_paid_for_while_the_state_is_locked)
{
    cr_assert(sql_begin(other, &scene.error), "%s", scene.error.text);
    struct agent_message first = counted(4, SCENE_NOW);
    struct agent_message second = counted(6, SCENE_NOW + 60000);
    cr_expect_not(backlog_take(&backlog, &first, &scene.error));
    cr_expect_eq(scene.error.code, EXIT_TEMPORARY, "%s", scene.error.text);
    cr_expect(backlog_take(&backlog, &second, &scene.error), "it waits behind the first untried");
    cr_expect_eq(backlog.count, 2);
    cr_expect_not(backlog_store(&backlog, &scene.error));
    (void)sql_end(other, false, NULL);
    cr_expect(backlog_store(&backlog, &scene.error), "%s", scene.error.text);
    cr_expect_eq(backlog.count, 0);
    cr_expect_eq(queries_told(), 2);
}

Test(backlog, keeps_no_progress_that_will_be_said_again)
{
    cr_assert(sql_begin(other, &scene.error), "%s", scene.error.text);
    struct agent_message first = counted(4, SCENE_NOW);
    struct agent_message progress = {.kind = AGENT_PROGRESS,
                                     .progress = {.run = memory_copy_string("r-1")}};
    struct agent_message last = {.kind = AGENT_PROGRESS,
                                 .progress = {.run = memory_copy_string("r-1"), .drained = true}};
    cr_expect_not(backlog_take(&backlog, &first, &scene.error));
    cr_expect(backlog_take(&backlog, &progress, &scene.error));
    cr_expect_eq(backlog.count, 1);
    cr_expect(backlog_take(&backlog, &last, &scene.error));
    cr_expect_eq(backlog.count, 2);
    (void)sql_end(other, false, NULL);
}
