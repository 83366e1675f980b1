/* Incident 32: a calendar year is two half seasons. Launches are shown and not made, on one night.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/day.h"
#include "base/error.h"
#include "tests/support/verbs.h"

TestSuite(incident_season, .init = verbs_open, .fini = verbs_close, .timeout = 600);

static int launch_seasons(const char *seasons) {
    return VERB("launch", "team_defense_game_summary", "--season", seasons, "--gaps", "--dry-run");
}

static bool lies_within(const char *text, const char *least, const char *most) {
    return strcmp(text, least) >= 0 && strcmp(text, most) <= 0;
}

static void expect_its_own_dates_told_before_anything_starts(void) {
    char from[DAY_TEXT_SIZE] = "";
    char to[DAY_TEXT_SIZE] = "";
    size_t dates = 0;
    cr_expect_eq(launch_seasons("2021-22"), EXIT_GO, "%s", verbs_err);
    cr_assert_eq(
        sscanf(verbs_out, "team_defense_game_summary: %zu dates, %10s to %10s", &dates, from, to),
        3, "%s", verbs_out);
    cr_expect_gt(dates, 0);
    cr_expect(lies_within(from, "2021-10-19", "2022-06-17"), "%s", verbs_out);
    cr_expect(lies_within(to, from, "2022-06-17"), "%s", verbs_out);
}

static void expect_several_to_be_one_launch(void) {
    cr_expect_eq(launch_seasons("2021-22,2022-23,2023-24"), EXIT_GO, "%s", verbs_err);
    size_t runs = 0;
    const char *at = verbs_out;
    while ((at = strstr(at, "team_defense_game_summary: ")) != NULL) {
        runs++;
        at++;
    }
    cr_expect_eq(runs, 3, "%s", verbs_out);
}

static void expect_one_season_twice_to_be_refused(void) {
    cr_expect_eq(launch_seasons("2021-22,2022-23,2021-22"), EXIT_NO_GO);
    cr_expect(strstr(verbs_out, "would both write") != NULL ||
                  strstr(verbs_err, "would both write") != NULL,
              "%s%s", verbs_out, verbs_err);
}

Test(incident_season, is_its_own_dates_and_several_are_one_launch)
{
    verbs_open_night("jan05");
    expect_its_own_dates_told_before_anything_starts();
    expect_several_to_be_one_launch();
    expect_one_season_twice_to_be_refused();
    cr_expect_eq(launch_seasons("2021-22,2022"), EXIT_USAGE, "a calendar year is none");
}
