/* Dates that were not read since the end of their run, released on a person's word: by the verb and
 * by the console's hands. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cli/perform.h"
#include "state/state_journal.h"
#include "state/state_runs.h"
#include "tests/support/scene.h"
#include "tests/support/verbs.h"

static struct scene scene;
static char *path;

static void open_all(void) {
    verbs_open();
    cr_assert_eq(setenv("PHASEGATE_CLOCK", "2026-01-05T14:15:00Z@1*0", 1), 0);
    scene_open(&scene, NULL);
    scene.resource = "nba-props-platform.nba_analytics.team_defense_game_summary";
    scene_launch(&scene, "r-1", "first", "defense", SCENE_NOW - 60000);
    scene_start(&scene, "r-1", SCENE_NOW - 50000);
    path = scene_path(&scene, "pipeline.yaml");
}

static void close_all(void) {
    free(path);
    scene_close(&scene);
    verbs_close();
}

TestSuite(forget, .init = open_all, .fini = close_all);

static void end_run(void) {
    scene_end(&scene, "r-1", STATE_OUTCOME_OK, 0, SCENE_NOW - 40000);
}

static bool is_unread(void) {
    size_t count;
    struct state_run_filter filter = {.run = "r-1"};
    struct state_run *run = state_runs(scene.state, &filter, &count, &scene.error);
    cr_assert(run != NULL && count == 1);
    bool unread = run->unread;
    state_runs_free(run, count);
    return unread;
}

Test(forget, a_reason_is_wanted_and_the_journal_keeps_it)
{
    end_run();
    cr_expect(is_unread());
    EXPECT_REFUSED(64, "at least 10 characters", "stop", "r-1", "--forget-coverage", "--yes",
                   "--reason", "short", "--pipeline", path);
    cr_expect(is_unread());
    cr_expect_eq(VERB("stop", "r-1", "--forget-coverage", "--yes", "--reason",
                      "looked at it by hand", "--pipeline", path),
                 0, "%s", verbs_err);
    cr_expect_str_eq(verbs_out, "The claims of r-1 are released.\n");
    cr_expect_not(is_unread());
    cr_expect_eq(VERB("journal", "--pipeline", path), 0, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_out, "looked at it by hand"), "%s", verbs_out);
    cr_expect_eq(VERB("stop", "r-1", "--forget-coverage", "--yes", "--reason",
                      "looked at it by hand", "--pipeline", path),
                 1, "nothing is held any more");
}

Test(forget, takes_one_run_by_its_id)
{
    end_run();
    EXPECT_REFUSED(64, "--forget-coverage takes one run, by its id", "stop", "defense",
                   "--forget-coverage", "--yes", "--reason", "looked at it by hand", "--pipeline",
                   path);
    cr_expect(is_unread());
}

Test(forget, the_console_does_the_same)
{
    struct error error = {0};
    char answer[256];
    end_run();
    struct perform perform = {
        .pipeline = scene.pipeline, .state = scene.state, .owner = "naji@ops"};
    struct command *command = command_new(COMMAND_FORGET_COVERAGE, SCENE_NOW);
    command->run = memory_copy_string("r-1");
    command->reason = memory_copy_string("looked at it by hand");
    cr_expect(perform_command(&perform, command, answer, sizeof answer, &error), "%s", error.text);
    cr_expect_str_eq(answer, "the claims of r-1 are released");
    cr_expect_not(is_unread());
    cr_expect_not(perform_command(&perform, command, answer, sizeof answer, &error));
    cr_expect_eq(error.code, EXIT_NO_GO);
    command_free(command);
}
