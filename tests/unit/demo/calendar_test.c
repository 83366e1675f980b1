/* The demo's calendar is the league's. */
#include <criterion/criterion.h>
#include <string.h>

#include "demo/calendar.h"

static day_number day(const char *text) {
    day_number number;
    cr_assert(day_parse(text_of(text), &number), "%s", text);
    return number;
}

Test(calendar, has_the_game_dates_of_five_seasons)
{
    static const struct {
        const char *name;
        size_t dates;
    } seasons[CALENDAR_SEASON_COUNT] = {
        {"2021-22", 213}, {"2022-23", 212}, {"2023-24", 207}, {"2024-25", 213}, {"2025-26", 73}};
    struct dayset dates = calendar_game_dates();
    for (size_t i = 0; i < CALENDAR_SEASON_COUNT; i++) {
        struct calendar_season season = calendar_season_at(i);
        cr_expect_str_eq(season.name, seasons[i].name);
        cr_expect_eq(dayset_count_within(&dates, season.range), seasons[i].dates, "%s",
                     season.name);
        cr_expect(dayset_has(&dates, season.range.from), "opening night of %s", season.name);
        cr_expect(dayset_has(&dates, season.range.to), "last day of %s", season.name);
    }
    cr_expect_eq(dayset_count(&dates), 918);
    cr_expect_eq(
        dayset_count_within(&dates, (struct day_range){day("2021-10-19"), day("2026-01-02")}), 917);
    cr_expect_eq(
        dayset_count_within(&dates, (struct day_range){day("2024-10-22"), day("2026-01-02")}), 285);
    dayset_free(&dates);
}

Test(calendar, knows_no_game_on_idle_and_all_star_days)
{
    static const char *const idle[] = {"2021-11-25", "2021-12-24", "2022-02-18", "2022-02-23",
                                       "2022-06-15", "2022-11-08", "2023-02-22", "2023-12-10",
                                       "2024-06-05", "2024-12-18", "2025-06-21", "2025-12-24",
                                       "2022-08-01", "2021-10-18", "2026-01-04"};
    struct dayset dates = calendar_game_dates();
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
        cr_expect_not(dayset_has(&dates, day(idle[i])), "%s", idle[i]);
    }
    for (size_t i = 0; i < CALENDAR_SEASON_COUNT; i++) {
        struct calendar_season season = calendar_season_at(i);
        for (size_t j = 0; j < 2; j++) {
            cr_expect_not(dayset_has(&dates, season.all_star[j]), "All-Star of %s", season.name);
        }
    }
    dayset_free(&dates);
}

Test(calendar, gives_fourteen_bootstrap_days_that_are_all_game_dates)
{
    struct dayset dates = calendar_game_dates();
    size_t bootstrap = 0;
    for (day_number each = dates.range.from; each <= dates.range.to; each++) {
        if (calendar_is_bootstrap(each)) {
            bootstrap++;
            cr_expect(dayset_has(&dates, each));
        }
    }
    cr_expect_eq(bootstrap, 70);
    cr_expect(calendar_is_bootstrap(day("2021-11-01")));
    cr_expect_not(calendar_is_bootstrap(day("2021-11-02")));
    cr_expect_not(calendar_is_bootstrap(day("2022-08-01")), "between seasons");
    dayset_free(&dates);
}

Test(calendar, plays_between_one_and_fifteen_games_on_each_game_date)
{
    struct dayset dates = calendar_game_dates();
    for (day_number each = dayset_next(&dates, dates.range.from); each != DAY_NONE;
         each = dayset_next(&dates, each + 1)) {
        int games = calendar_games(each);
        cr_expect(games >= 1 && games <= 15, "%d games", games);
        cr_expect_eq(calendar_games(each), games);
    }
    cr_expect_eq(calendar_games(day("2021-10-19")), 2, "opening night");
    cr_expect_eq(calendar_games(day("2022-08-01")), 0, "summer");
    dayset_free(&dates);
}

Test(calendar, counts_the_playoff_dates_of_each_season)
{
    static const size_t playoffs[] = {45, 45, 47};
    struct dayset dates = calendar_game_dates();
    for (size_t i = 0; i < 3; i++) {
        struct calendar_season season = calendar_season_at(i);
        struct day_range range = {season.playoffs_from, season.range.to};
        cr_expect_eq(dayset_count_within(&dates, range), playoffs[i], "%s", season.name);
        cr_expect_eq(calendar_season_of(season.playoffs_from), i);
    }
    cr_expect_eq(calendar_season_of(day("2022-08-01")), CALENDAR_SEASON_COUNT);
    dayset_free(&dates);
}
