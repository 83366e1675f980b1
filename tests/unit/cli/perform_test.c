/* The console's hands refuse what a rule forbids, with the reason. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "cli/perform.h"
#include "state/state_gates.h"
#include "state/state_runs.h"
#include "tests/support/scene.h"

static struct scene scene;
static struct perform perform;
static struct command *command;
static char answer[256];
static struct error error;

static void open_scene(void) {
    /* The performer asks the system's clock: it stands at the scene's moment. */
    cr_assert_eq(setenv("PHASEGATE_CLOCK", "2026-01-05T14:15:00Z@1*0", 1), 0);
    cr_assert(clock_setup(NULL, &error), "%s", error.text);
    scene_open(&scene, NULL);
    scene_lead(&scene);
    perform =
        (struct perform){.pipeline = scene.pipeline, .state = scene.state, .owner = "naji@ops"};
}

static void close_scene(void) {
    command_free(command);
    scene_close(&scene);
}

TestSuite(perform, .init = open_scene, .fini = close_scene);

static struct command *order(enum command_kind kind) {
    command_free(command);
    command = command_new(kind, SCENE_NOW);
    return command;
}

static bool carry_out(void) {
    error = (struct error){0};
    return perform_command(&perform, command, answer, sizeof answer, &error);
}

static void expect_refused(enum error_exit code, const char *words) {
    cr_expect_not(carry_out());
    cr_expect_eq(error.code, code, "%d: %s", (int)error.code, error.text);
    cr_expect_not_null(strstr(error.text, words), "%s", error.text);
}

Test(perform, holds_and_releases_a_gate)
{
    order(COMMAND_HOLD)->gate = memory_copy_string("ready");
    cr_expect(carry_out(), "%s", error.text);
    expect_refused(EXIT_NO_GO, "ready");
    order(COMMAND_RELEASE)->gate = memory_copy_string("ready");
    command->reason = memory_copy_string("the deploy is done");
    cr_expect(carry_out(), "%s", error.text);
    expect_refused(EXIT_NO_GO, "ready");
}

Test(perform, overrides_no_gate_without_a_reason)
{
    size_t count;
    order(COMMAND_OVERRIDE)->gate = memory_copy_string("ready");
    expect_refused(EXIT_USAGE, "reason");
    struct state_mark *marks = state_marks(scene.state, 0, &count, &error);
    cr_expect_eq(count, 0);
    state_marks_free(marks, count);
    command->reason = memory_copy_string("the morning needs it at once");
    cr_expect(carry_out(), "%s", error.text);
}

static void ended_run(void) {
    scene_launch(&scene, "r-defense", "first", "defense", SCENE_NOW - 60000);
    scene_start(&scene, "r-defense", SCENE_NOW - 60000);
    scene_end(&scene, "r-defense", STATE_OUTCOME_FAILED, 256, SCENE_NOW - 30000);
    order(COMMAND_RETRY)->run = memory_copy_string("r-defense");
}

Test(perform, retries_nothing_that_is_complete)
{
    ended_run();
    scene_measure_all(&scene, 10, 0, SCENE_NOW);
    expect_refused(EXIT_NO_GO, "every date of r-defense is complete");
}

Test(perform, does_not_take_what_was_not_measured_for_complete)
{
    ended_run();
    expect_refused(EXIT_UNKNOWN, "what defense lacks is not known");
}

Test(perform, knows_runs_and_groups_by_name_only)
{
    order(COMMAND_RETRY)->run = memory_copy_string("r-none");
    expect_refused(EXIT_NO_GO, "there is no run r-none");
    order(COMMAND_LAUNCH_GROUP)->group = memory_copy_string("nobody");
    expect_refused(EXIT_USAGE, "there is no group nobody any more");
}

Test(perform, launches_nothing_behind_a_gate_that_is_not_go)
{
    scene_measure_all(&scene, 5, 0, SCENE_NOW);
    order(COMMAND_LAUNCH_GROUP)->group = memory_copy_string("second");
    expect_refused(EXIT_NO_GO, "ready");
}

Test(perform, approves_this_plan_for_the_group_behind_a_gate)
{
    size_t count;
    order(COMMAND_APPROVE)->gate = memory_copy_string("ready");
    cr_expect(carry_out(), "%s", error.text);
    struct state_approval *approvals = state_approvals(scene.state, &count, &error);
    cr_assert_eq(count, 1);
    cr_expect_str_eq(approvals[0].group, "second");
    cr_expect_str_eq(approvals[0].plan_hash, scene.pipeline->hash);
    cr_expect_not_null(strstr(approvals[0].evidence, "UNKNOWN"), "%s", approvals[0].evidence);
    state_approvals_free(approvals, count);
}

Test(perform, waives_ranges_with_a_reason)
{
    size_t count;
    order(COMMAND_WAIVE)->table = memory_copy_string("zones");
    command->ranges = memory_new(1, sizeof *command->ranges);
    command->ranges[0] = (struct day_range){SCENE_FROM, SCENE_FROM + 1};
    command->range_count = 1;
    command->affected = 2;
    command->reason = memory_copy_string("teams need 15 games");
    cr_expect(carry_out(), "%s", error.text);
    cr_expect_str_eq(answer, "waived 2 dates of zones");
    struct state_waiver *waivers = state_waivers(scene.state, SCENE_NOW, false, &count, &error);
    cr_expect_eq(count, 1);
    state_waivers_free(waivers, count);
}

/* What would be decided by a file that is not the one on the screen any more. */
static void decides_nothing(const char *why) {
    order(COMMAND_LAUNCH_GROUP)->group = memory_copy_string("first");
    expect_refused(EXIT_NO_GO, why);
    order(COMMAND_APPROVE)->gate = memory_copy_string("ready");
    expect_refused(EXIT_NO_GO, why);
    order(COMMAND_OVERRIDE)->gate = memory_copy_string("ready");
    command->reason = memory_copy_string("the morning needs it at once");
    expect_refused(EXIT_NO_GO, why);
    struct state_run_filter filter = {0};
    size_t count;
    struct state_run *runs = state_runs(scene.state, &filter, &count, &error);
    cr_expect_eq(count, 0);
    state_runs_free(runs, count);
}

Test(perform, decides_nothing_by_a_file_that_was_changed_since_it_was_shown)
{
    scene_measure_all(&scene, 5, 0, SCENE_NOW);
    scene_edit(&scene, "at_least: 95%", "at_least: 50%");
    decides_nothing("changed since this was shown");
    order(COMMAND_HOLD)->gate = memory_copy_string("ready");
    cr_expect(carry_out(), "what holds is done at any time: %s", error.text);
}

Test(perform, decides_nothing_by_a_file_whose_query_was_changed)
{
    struct error mistake;
    char *path = scene_path(&scene, "due.sql");
    scene_measure_all(&scene, 5, 0, SCENE_NOW);
    cr_assert(file_write(path,
                         text_of("SELECT DATE '2021-11-02' AS day, 1 AS games WHERE"
                                 " DATE '2021-11-02' BETWEEN @from AND @to\n"),
                         &mistake));
    decides_nothing("changed since this was shown");
    free(path);
}

Test(perform, decides_nothing_by_a_file_that_cannot_be_read)
{
    scene_measure_all(&scene, 5, 0, SCENE_NOW);
    scene_edit(&scene, "pipeline: scene", "pipeline: [scene");
    decides_nothing("is not valid any more since this was shown");
}

Test(perform, goes_on_after_a_change_that_changes_nothing)
{
    scene_edit(&scene, "pipeline: scene", "# the night of the 5th\npipeline: scene");
    order(COMMAND_APPROVE)->gate = memory_copy_string("ready");
    cr_expect(carry_out(), "%s", error.text);
}
