/* Holding a gate and disarming groups although the state cannot even be opened. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/memory.h"
#include "pipeline/pipeline.h"
#include "state/state_emergency.h"
#include "tests/support/verbs.h"

static char *path, *directory;

/* The shipped pipeline, whose state is there once and then becomes no database. */
static void open_damaged(void) {
    struct error error = {0};
    verbs_open();
    path = pipeline_shipped("nba/pipeline.yaml", &error);
    cr_assert_not_null(path, "%s", error.text);
    cr_assert_eq(setenv("PHASEGATE_PIPELINE", path, 1), 0);
    cr_assert_eq(VERB("runs"), 0, "%s", verbs_err);
    directory = state_home("nba-backfill", &error);
    char *database = file_join(directory, "state.db");
    char *garbage = memory_format("%8192d", 7);
    cr_assert(file_write(database, text_of(garbage), &error), "%s", error.text);
    free(garbage);
    free(database);
    EXPECT_REFUSED(65, "state.db", "runs");
}

static void close_damaged(void) {
    free(directory);
    free(path);
    verbs_close();
}

/* The state is there, and no file of this process may grow. */
static void open_full(void) {
    struct error error = {0};
    verbs_open();
    path = pipeline_shipped("nba/pipeline.yaml", &error);
    cr_assert_not_null(path, "%s", error.text);
    cr_assert_eq(setenv("PHASEGATE_PIPELINE", path, 1), 0);
    cr_assert_eq(VERB("runs"), 0, "%s", verbs_err);
    directory = state_home("nba-backfill", &error);
    const struct rlimit none = {0, RLIM_INFINITY};
    cr_assert_neq(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
}

static void close_full(void) {
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
    close_damaged();
}

TestSuite(unwritable, .init = open_full, .fini = close_full);

Test(unwritable, runs_are_listed_as_they_were_stored)
{
    cr_expect_eq(VERB("hold", "phase3-ready"), 0, "%s", verbs_err); /* which is to be recorded */
    cr_expect_eq(VERB("runs"), 0, "%s", verbs_err);
    cr_expect_str_eq(verbs_out, "No run in the last 24 hours.\n");
    cr_expect_not_null(strstr(verbs_err, "; this is what was stored before\n"), "%s", verbs_err);
}

Test(unwritable, what_makes_things_stand_goes_past_it)
{
    cr_expect_eq(VERB("hold", "phase3-ready"), 0, "%s", verbs_err);
    cr_expect(state_emergency_is_raised(directory, STATE_EMERGENCY_HOLD, "phase3-ready"));
    cr_expect_eq(VERB("disarm", "phase3"), 0, "%s", verbs_err);
    cr_expect(state_emergency_is_raised(directory, STATE_EMERGENCY_DISARM, "phase3"));
}

TestSuite(unopened, .init = open_damaged, .fini = close_damaged);

Test(unopened, a_gate_is_held_by_a_marker)
{
    cr_expect_eq(VERB("hold", "phase3-ready", "--reason", "wait for the deploy"), 0, "%s",
                 verbs_err);
    cr_expect_not_null(strstr(verbs_out, "phase3-ready is on HOLD, by a marker beside the state, "
                                         "which cannot be written ("),
                       "%s", verbs_out);
    cr_expect_not_null(strstr(verbs_out, "It is recorded as soon as it can be.\n"), "%s",
                       verbs_out);
    cr_expect(state_emergency_is_raised(directory, STATE_EMERGENCY_HOLD, "phase3-ready"));
}

Test(unopened, groups_are_disarmed_by_a_marker_one_or_all)
{
    cr_expect_eq(VERB("disarm", "phase3"), 0, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_out, "Nothing fires: phase3 is disarmed by a marker"), "%s",
                       verbs_out);
    cr_expect(state_emergency_is_raised(directory, STATE_EMERGENCY_DISARM, "phase3"));
    cr_expect_not(state_emergency_is_raised(directory, STATE_EMERGENCY_DISARM, ""));
    cr_expect_eq(VERB("disarm", "all"), 0, "%s", verbs_err);
    cr_expect(state_emergency_is_raised(directory, STATE_EMERGENCY_DISARM, ""));
}

Test(unopened, a_name_that_is_none_leaves_no_marker)
{
    EXPECT_REFUSED(64, "there is no gate \"phase3-redy\"", "hold", "phase3-redy");
    EXPECT_REFUSED(64, "there is no group or processor \"phase33\"", "disarm", "phase33");
    size_t count;
    state_emergencies_free(state_emergencies(directory, &count), 0);
    cr_expect_eq(count, 0);
}

Test(unopened, what_lets_things_go_is_refused)
{
    EXPECT_REFUSED(65, "state.db", "release", "phase3-ready");
    EXPECT_REFUSED(65, "state.db", "override", "phase3-ready", "--reason", "it is good enough");
}
