#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tests/support/fixture.h"

/* Days between a season's first and last game on which nobody played: "MM-DD", or "MM-DD..MM-DD".
 */
struct season {
    const char *name, *from, *to, *playoffs_from, *last_game;
    const char *off;
};

static const struct season seasons[] = {
    {"2021-22", "2021-10-19", "2022-06-17", "2022-04-16", "2022-06-16",
     "11-25 12-24 02-18..02-23 04-04 04-11 04-14 04-30 05-05 05-14 05-16 05-28 05-30 05-31 06-01 "
     "06-03 06-04 06-06 06-07 06-09 06-11 06-12 06-14 06-15"},
    {"2022-23", "2022-10-18", "2023-06-13", "2023-04-15", "2023-06-12",
     "11-08 11-24 12-24 02-17..02-22 04-03 04-10 04-13 05-13 05-15 05-24 05-26 05-28 05-30 05-31 "
     "06-02 06-03 06-05 06-06 06-08 06-10 06-11"},
    {"2023-24", "2023-10-24", "2024-06-18", "2024-04-16", "2024-06-17",
     "11-07 11-23 12-03 12-09 12-10 12-24 02-16..02-21 04-08 04-13 04-15 04-18 05-20 05-29 05-31 "
     "06-01..06-05 06-07 06-08 06-10 06-11 06-13 06-15 06-16"},
    {"2024-25", "2024-10-22", "2025-06-22", "2025-04-19", "2025-06-22",
     "11-05 11-28 12-17 12-18 12-24 02-14..02-18 04-12 04-14 04-17 05-17 05-19 05-30 06-01..06-04 "
     "06-06 06-07 06-09 06-10 06-12 06-14 06-15 06-17 06-18 06-20 06-21"},
    {"2025-26", "2025-10-21", "2026-06-30", "2026-04-18", "2026-01-03", "11-27 12-24"},
};

/* The day of "MM-DD" in a season that begins in autumn. */
static day_number day_in(const struct season *season, struct text text) {
    int year = (season->from[0] - '0') * 1000 + (season->from[1] - '0') * 100 +
               (season->from[2] - '0') * 10 + (season->from[3] - '0');
    int month = (text.data[0] - '0') * 10 + (text.data[1] - '0');
    int day = (text.data[3] - '0') * 10 + (text.data[4] - '0');
    return day_from_civil(month < 9 ? year + 1 : year, month, day);
}

static void take_out(struct fixture *fixture, const struct season *season) {
    struct text rest = text_of(season->off);
    while (rest.size > 0) {
        struct text item = text_cut(&rest, ' ');
        day_number from = day_in(season, item);
        day_number to = item.size > 5 ? day_in(season, (struct text){item.data + 7, 5}) : from;
        fixture_due(fixture, (struct day_range){from, to}, 0);
    }
}

static void add_tables(struct fixture *fixture) {
    static const char *const names[] = {
        "player_game_summary",          "team_offense_game_summary",  "team_defense_game_summary",
        "upcoming_player_game_context", "upcoming_team_game_context", "team_defense_zone_analysis",
        "player_shot_zone_analysis",    "player_daily_cache",         "player_composite_factors",
        "ml_feature_store_v2"};
    static const struct {
        size_t table, upstream;
        bool wants;
    } lines[] = {{TDZA, TDGS, false}, {TDZA, PGS, false}, {PSZA, PGS, false}, {PDC, PGS, false},
                 {PDC, TOGS, false},  {PCF, PGS, false},  {PCF, TDZA, false}, {PCF, PSZA, false},
                 {PCF, UPGC, true},   {PCF, UTGC, true},  {MLFS, PGS, false}, {MLFS, TDZA, false},
                 {MLFS, PSZA, false}, {MLFS, PDC, false}, {MLFS, PCF, false}};
    size_t phase3 = fixture_phase(fixture, "phase3");
    size_t phase4 = fixture_phase(fixture, "phase4");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t table = fixture_table(fixture, names[i], i <= UTGC ? phase3 : phase4);
        fixture->pipeline.tables[table].bootstrap_days = 14;
    }
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        (lines[i].wants ? fixture_wants : fixture_needs)(fixture, lines[i].table,
                                                         lines[i].upstream);
    }
}

/* Takes the rows from so many attainable dates of a season, its last ones. */
static void lose(struct fixture *fixture, size_t table, const struct season *season, size_t dates) {
    struct coverage_measurement *measurement = &fixture->tables[table];
    day_number first = fixture_day(season->from) + 14;
    for (size_t i = measurement->count; i > 0 && dates > 0; i--) {
        day_number day = measurement->counts[i - 1].day;
        if (day >= first && day <= fixture_day(season->last_game)) {
            fixture_count(measurement, (struct coverage_count){.day = day});
            dates--;
        }
    }
    cr_assert_eq(dates, 0);
}

void fixture_jan05(struct fixture *fixture) {
    static const size_t lost[][5] = {
        [TDGS] = {14, 20, 8, 10, 20}, [UPGC] = {95, 95, 90, 92, 30}, [UTGC] = {80, 80, 80, 82, 30}};
    fixture_open(fixture, "2021-10-19", "2026-01-03");
    for (size_t i = 0; i < 5; i++) {
        const struct season *season = &seasons[i];
        (void)fixture_season(fixture, season->name, season->from, season->to,
                             season->playoffs_from);
        fixture_due(fixture, fixture_days(season->from, season->last_game), 6);
        take_out(fixture, season);
    }
    add_tables(fixture);
    for (size_t table = PGS; table <= UTGC; table++) {
        fixture_fill(fixture, table, fixture->range, 12, 6);
        for (size_t i = 0; i < 5 && table >= TDGS; i++) {
            lose(fixture, table, &seasons[i], lost[table][i]);
        }
    }
}
