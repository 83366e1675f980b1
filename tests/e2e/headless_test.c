/* A whole night without anyone awake: armed groups behind their gates, failures retried, verdicts;
 * no console is open. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/support/program.h"
#include "tests/support/usage.h"

static const char *const phasegate = PHASEGATE_BINARY_DIR "/phasegate";

enum { LONG = 300000 };

Test(headless, carries_the_playoffs_night_through_its_groups_and_gates, .timeout = 600)
{
    static const char *const groups[] = {"zones", "factors", "cache", "export"};
    char *directory = program_directory();
    char *temporary = memory_format("TMPDIR=%s", directory);
    char *home = memory_format("XDG_STATE_HOME=%s", directory);
    const char *changes[] = {temporary, home, NULL};
    const char *argv[] = {phasegate, "demo",    "--headless", "--scenario",
                          "jan02",   "--speed", "2000",       NULL};
    struct program_result result = program_run(argv, changes, LONG);
    cr_expect_not(result.late, "not over after %d s:\n%s", LONG / 1000, result.out);
    /* Nothing of this night fills the predictions: that gate stays NO-GO, and the night says so. */
    cr_expect_eq(result.code, 1, "%s%s", result.out, result.err);
    cr_expect_not_null(strstr(result.err, "predictions-there is NO-GO"), "%s", result.err);
    cr_expect_not_null(strstr(result.out, "training-ready"), "%s", result.out);
    cr_expect_not_null(strstr(result.out, "GO       training-ready"), "%s", result.out);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        char *fired = memory_format("%s the arm fired", groups[i]);
        cr_expect_not_null(strstr(result.out, fired), "%s: not in\n%s", fired, result.out);
        free(fired);
    }
    cr_expect_not_null(strstr(result.out, "110 dates"), "%s",
                       result.out); /* of 137, 27 were there */
    cr_expect_null(strstr(result.out, "killed by"), "%s", result.out);
    cr_expect_null(strstr(result.out, "lost"), "%s", result.out);
    cr_expect_eq(usage_find(directory), 0, "a process of the night still runs");
    program_result_free(&result);
    free(temporary);
    free(home);
    program_remove_directory(directory);
}
