#include "demo/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "demo/calendar.h"
#include "demo/tables.h"

static const struct scenario scenarios[] = {
    {"jan05", "the morning after a night that knew two of five tables: phase3-ready is NO-GO",
     "2026-01-05T14:15:00Z", "nba/pipeline.yaml", "2021-10-19", "2026-01-03"},
    {"jan09", "a finished night: what looks like 93 % is all that can be had",
     "2026-01-09T17:00:00Z", "nba/pipeline.yaml", "2021-10-19", "2024-06-17"},
    {"jan03", "coverage counted in games: layer 4 stands at 17.6 %", "2026-01-03T20:00:00Z",
     "nba/layers.yaml", "2024-10-01", "2026-01-02"},
    {"jan02", "eight hours into the playoffs, one season after another", "2026-01-02T16:00:00Z",
     "nba/playoffs.yaml", "2022-04-16", "2024-06-18"},
};

const struct scenario *scenario_all(size_t *count) {
    *count = sizeof scenarios / sizeof *scenarios;
    return scenarios;
}

const struct scenario *scenario_find(const char *name, struct error *error) {
    const char *names[sizeof scenarios / sizeof *scenarios];
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        if (strcmp(scenarios[i].name, name) == 0) {
            return &scenarios[i];
        }
        names[i] = scenarios[i].name;
    }
    const char *near = text_nearest(name, names, sizeof names / sizeof *names);
    (void)error_set(error, EXIT_USAGE,
                    "there is no scenario \"%s\"%s%s%s there are jan05, jan09, jan03, jan02", name,
                    near != NULL ? "; did you mean " : ";", near != NULL ? near : "",
                    near != NULL ? "?" : "");
    return NULL;
}

/* A scenario being loaded. */
struct loading {
    struct emulator *emulator;
    int64_t written_ms;
    struct dayset dates; /* game dates within the data's range */
    int *games;          /* of each day of dates.range */
    struct emulator_load *load;
    struct error *error;
};

static int games_of(const struct loading *loading, day_number day) {
    return loading->games[day - loading->dates.range.from];
}

static bool take_row(void *context, const struct emulator_value *values) {
    struct loading *loading = context;
    return emulator_load_row(loading->load, values, loading->error);
}

/* Fills a table on `days`. `rows` is the number of rows of each date, 0 for what the table's grain
 * gives; `games`, unless NULL, the games of each date instead of the calendar's. */
static bool fill(struct loading *loading, const char *name, const struct dayset *days, int rows,
                 const int *games) {
    const struct tables_table *table = tables_find(name);
    struct emulator_table *definition =
        tables_definition(table, SCENARIO_PROJECT, SCENARIO_LOCATION);
    loading->load = emulator_load_begin(loading->emulator, definition, loading->error);
    bool good = loading->load != NULL;
    for (day_number day = dayset_next(days, days->range.from); good && day != DAY_NONE;
         day = dayset_next(days, day + 1)) {
        int count = games != NULL ? games[day - loading->dates.range.from] : games_of(loading, day);
        struct tables_day what = {day, count > 0 ? count : 1, rows, loading->written_ms * 1000};
        good = tables_rows(table, &what, take_row, loading);
    }
    if (loading->load != NULL &&
        !emulator_load_end(loading->load, good, loading->written_ms, loading->error)) {
        good = false;
    }
    emulator_table_free(definition);
    return good;
}

static bool fill_empty(struct loading *loading, const char *const *names, size_t count) {
    struct dayset none = {0};
    for (size_t i = 0; i < count; i++) {
        if (!fill(loading, names[i], &none, 0, NULL)) {
            return false;
        }
    }
    return true;
}

/* The attainable dates of a season: its game dates past the bootstrap days. */
static size_t attainable_of(const struct loading *loading, size_t season, day_number **days) {
    struct calendar_season which = calendar_season_at(season);
    size_t count = 0;
    *days = memory_new(day_range_count(which.range), sizeof **days);
    for (day_number day = dayset_next(&loading->dates, which.range.from + CALENDAR_BOOTSTRAP_DAYS);
         day != DAY_NONE && day <= which.range.to; day = dayset_next(&loading->dates, day + 1)) {
        (*days)[count++] = day;
    }
    return count;
}

static unsigned roll(unsigned *seed) {
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

/* Takes `count` of a season's attainable dates out of the set: one long hole, the latest dates of
 * the running season, the rest scattered. */
static void lose(const struct loading *loading, struct dayset *set, size_t season, size_t count,
                 unsigned seed) {
    day_number *days;
    size_t total = attainable_of(loading, season, &days);
    if (total < 2 || count > total) {
        free(days);
        return;
    }
    size_t hole = count * 2 / 5;
    size_t start = (roll(&seed) % (unsigned)(total / 2)) + total / 8;
    size_t lost = 0;
    for (size_t i = 0; i < hole && start + i < total; i++, lost++) {
        dayset_remove(set, days[start + i]);
    }
    for (size_t i = 0; season == CALENDAR_SEASON_COUNT - 1 && i < 3 && lost < count; i++, lost++) {
        dayset_remove(set, days[total - 1 - i]);
    }
    while (lost < count) {
        day_number day = days[roll(&seed) % (unsigned)total];
        if (dayset_has(set, day)) {
            dayset_remove(set, day);
            lost++;
        }
    }
    free(days);
}

/* Moves the games of the dates in `days` up or down, one at a time, until they add up to `total`.
 */
static void settle_games(struct loading *loading, const struct dayset *days, int total) {
    int sum = 0;
    for (day_number day = dayset_next(days, days->range.from); day != DAY_NONE;
         day = dayset_next(days, day + 1)) {
        sum += games_of(loading, day);
    }
    for (unsigned turn = 0; sum != total; turn++) {
        for (day_number day = dayset_next(days, days->range.from); day != DAY_NONE && sum != total;
             day = dayset_next(days, day + 1)) {
            int *games = &loading->games[day - loading->dates.range.from];
            if (((unsigned)day + turn) % 3 != 0) {
                continue;
            }
            if (sum < total && *games < 15) {
                (*games)++;
                sum++;
            } else if (sum > total && *games > 1) {
                (*games)--;
                sum--;
            }
        }
    }
}

static bool load_jan05(struct loading *loading) {
    /* Missing attainable dates a season, 2021-22 first. */
    static const size_t defense[] = {14, 19, 15, 16, 8};
    static const size_t players[] = {95, 93, 89, 92, 33};
    static const size_t team_context[] = {83, 81, 80, 82, 26};
    static const char *const held[] = {"team_defense_zone_analysis", "player_shot_zone_analysis",
                                       "player_composite_factors",   "player_daily_cache",
                                       "ml_feature_store_v2",        "player_prop_predictions",
                                       "precompute_failures"};
    struct dayset tdgs = dayset_copy(&loading->dates);
    struct dayset upgc = dayset_copy(&loading->dates);
    struct dayset utgc = dayset_copy(&loading->dates);
    for (size_t i = 0; i < CALENDAR_SEASON_COUNT; i++) {
        lose(loading, &tdgs, i, defense[i], 11U + (unsigned)i);
        lose(loading, &upgc, i, players[i], 23U + (unsigned)i);
        lose(loading, &utgc, i, team_context[i], 37U + (unsigned)i);
    }
    settle_games(loading, &tdgs, 5076);
    bool good = fill(loading, "nbac_schedule", &loading->dates, 0, NULL) &&
                fill(loading, "bdl_player_boxscores", &loading->dates, 0, NULL) &&
                fill(loading, "player_game_summary", &loading->dates, 0, NULL) &&
                fill(loading, "team_offense_game_summary", &loading->dates, 0, NULL) &&
                fill(loading, "team_defense_game_summary", &tdgs, 0, NULL) &&
                fill(loading, "upcoming_player_game_context", &upgc, 0, NULL) &&
                fill(loading, "upcoming_team_game_context", &utgc, 0, NULL) &&
                fill_empty(loading, held, sizeof held / sizeof *held);
    dayset_free(&tdgs);
    dayset_free(&upgc);
    dayset_free(&utgc);
    return good;
}

static struct dayset without_bootstrap(const struct dayset *dates) {
    struct dayset set = dayset_copy(dates);
    for (day_number day = dayset_next(dates, dates->range.from); day != DAY_NONE;
         day = dayset_next(dates, day + 1)) {
        if (calendar_is_bootstrap(day)) {
            dayset_remove(&set, day);
        }
    }
    return set;
}

static void remove_between(struct dayset *set, const char *from, const char *to) {
    struct day_range range = {0, -1};
    (void)day_parse(text_of(from), &range.from);
    (void)day_parse(text_of(to), &range.to);
    for (day_number day = range.from; day <= range.to; day++) {
        dayset_remove(set, day);
    }
}

/* The two All-Star days of each season, on which two tables hold rows though nothing is due. */
static struct dayset with_all_star(const struct dayset *dates) {
    struct dayset set = dayset_copy(dates);
    for (size_t i = 0; i < CALENDAR_SEASON_COUNT; i++) {
        dayset_add(&set, calendar_season_at(i).all_star[0]);
        dayset_add(&set, calendar_season_at(i).all_star[1]);
    }
    return set;
}

static bool load_jan09(struct loading *loading) {
    static const char *const none[] = {"player_prop_predictions", "precompute_failures"};
    struct dayset full = without_bootstrap(&loading->dates);
    struct dayset stars = with_all_star(&loading->dates);
    struct dayset tdza = dayset_copy(&full);
    struct dayset psza = dayset_copy(&full);
    struct dayset pdc = dayset_copy(&full);
    /* Teams had not played 15 games; one bootstrap date of 2021-22 was written all the same. */
    remove_between(&tdza, "2022-11-01", "2022-11-12");
    remove_between(&tdza, "2023-11-08", "2023-11-19");
    dayset_add(&tdza, calendar_season_at(0).range.from + CALENDAR_BOOTSTRAP_DAYS - 1);
    lose(loading, &psza, 0, 2, 5);
    lose(loading, &psza, 1, 3, 6);
    lose(loading, &psza, 2, 2, 7);
    lose(loading, &pdc, 1, 1, 8);
    bool good = fill(loading, "nbac_schedule", &stars, 0, NULL) &&
                fill(loading, "bdl_player_boxscores", &loading->dates, 0, NULL) &&
                fill(loading, "player_game_summary", &loading->dates, 0, NULL) &&
                fill(loading, "team_offense_game_summary", &stars, 0, NULL) &&
                fill(loading, "team_defense_game_summary", &stars, 0, NULL) &&
                fill(loading, "upcoming_player_game_context", &loading->dates, 0, NULL) &&
                fill(loading, "upcoming_team_game_context", &loading->dates, 0, NULL) &&
                fill(loading, "team_defense_zone_analysis", &tdza, 0, NULL) &&
                fill(loading, "player_shot_zone_analysis", &psza, 0, NULL) &&
                fill(loading, "player_composite_factors", &full, 0, NULL) &&
                fill(loading, "player_daily_cache", &pdc, 0, NULL) &&
                fill(loading, "ml_feature_store_v2", &full, 0, NULL) &&
                fill_empty(loading, none, sizeof none / sizeof *none);
    dayset_free(&full);
    dayset_free(&stars);
    dayset_free(&tdza);
    dayset_free(&psza);
    dayset_free(&pdc);
    return good;
}

/* Takes games from the dates in `days`, one a date in turn, until they add up to `total`. */
static int *fewer_games(const struct loading *loading, const struct dayset *days, int total) {
    size_t count = day_range_count(loading->dates.range);
    int *games = memory_new(count, sizeof *games);
    memcpy(games, loading->games, count * sizeof *games);
    int sum = 0;
    for (day_number day = dayset_next(days, days->range.from); day != DAY_NONE;
         day = dayset_next(days, day + 1)) {
        sum += games_of(loading, day);
    }
    while (sum > total) {
        for (day_number day = dayset_next(days, days->range.from); day != DAY_NONE && sum > total;
             day = dayset_next(days, day + 1)) {
            int *of_day = &games[day - loading->dates.range.from];
            if (*of_day > 1 && day % 2 == 0) {
                (*of_day)--;
                sum--;
            }
        }
    }
    return games;
}

/* The 55 dates layer 4 has: the season's first weeks past the bootstrap days, and a few scattered
 * later ones. */
static struct dayset first_and_scattered(const struct loading *loading, size_t first,
                                         size_t scattered) {
    struct dayset set = dayset_new(loading->dates.range);
    day_number opening = dayset_next(&loading->dates, loading->dates.range.from);
    day_number day = dayset_next(&loading->dates, opening + CALENDAR_BOOTSTRAP_DAYS);
    for (size_t i = 0; i < first; i++, day = dayset_next(&loading->dates, day + 1)) {
        dayset_add(&set, day);
    }
    for (size_t i = 0; i < scattered; i++) {
        for (int step = 0; step < 11; step++) {
            day = dayset_next(&loading->dates, day + 1);
        }
        dayset_add(&set, day);
    }
    return set;
}

static bool load_jan03(struct loading *loading) {
    static const char *const none[] = {"player_prop_predictions", "precompute_failures"};
    settle_games(loading, &loading->dates, 2027);
    struct dayset layer4 = first_and_scattered(loading, 40, 15);
    int *summary_games = fewer_games(loading, &loading->dates, 1815);
    int *factor_games = fewer_games(loading, &layer4, 357);
    bool good = fill(loading, "nbac_schedule", &loading->dates, 0, NULL) &&
                fill(loading, "bdl_player_boxscores", &loading->dates, 0, NULL) &&
                fill(loading, "player_game_summary", &loading->dates, 0, summary_games) &&
                fill(loading, "player_composite_factors", &layer4, 0, factor_games) &&
                fill_empty(loading, none, sizeof none / sizeof *none);
    free(summary_games);
    free(factor_games);
    dayset_free(&layer4);
    return good;
}

/* The playoff dates of one season, or of all for CALENDAR_SEASON_COUNT, the first `limit` of each.
 */
static struct dayset playoffs(const struct loading *loading, size_t season, size_t limit) {
    struct dayset set = dayset_new(loading->dates.range);
    for (size_t i = 0; i < CALENDAR_SEASON_COUNT; i++) {
        struct calendar_season which = calendar_season_at(i);
        size_t taken = 0;
        if (season != CALENDAR_SEASON_COUNT && season != i) {
            continue;
        }
        for (day_number day = dayset_next(&loading->dates, which.playoffs_from);
             day != DAY_NONE && day <= which.range.to && taken < limit;
             day = dayset_next(&loading->dates, day + 1)) {
            dayset_add(&set, day);
            taken++;
        }
    }
    return set;
}

static bool load_jan02(struct loading *loading) {
    static const char *const pending[] = {"player_daily_cache", "ml_feature_store_v2",
                                          "precompute_failures"};
    struct dayset all = playoffs(loading, CALENDAR_SEASON_COUNT, SIZE_MAX);
    struct dayset first = playoffs(loading, 0, SIZE_MAX);
    struct dayset running = playoffs(loading, 0, 27);
    struct dayset predicted = playoffs(loading, 0, 3);
    bool good = fill(loading, "nbac_schedule", &loading->dates, 0, NULL) &&
                fill(loading, "bdl_player_boxscores", &all, 0, NULL) &&
                fill(loading, "player_game_summary", &all, 0, NULL) &&
                fill(loading, "team_offense_game_summary", &all, 0, NULL) &&
                fill(loading, "team_defense_game_summary", &all, 0, NULL) &&
                fill(loading, "upcoming_player_game_context", &all, 0, NULL) &&
                fill(loading, "upcoming_team_game_context", &all, 0, NULL) &&
                fill(loading, "team_defense_zone_analysis", &first, 0, NULL) &&
                fill(loading, "player_shot_zone_analysis", &first, 0, NULL) &&
                fill(loading, "player_composite_factors", &running, 300, NULL) &&
                fill(loading, "player_prop_predictions", &predicted, 133, NULL) &&
                fill_empty(loading, pending, sizeof pending / sizeof *pending);
    dayset_free(&all);
    dayset_free(&first);
    dayset_free(&running);
    dayset_free(&predicted);
    return good;
}

static const struct {
    const char *name;
    bool (*load)(struct loading *loading);
} loaders[] = {
    {"jan05", load_jan05}, {"jan09", load_jan09}, {"jan03", load_jan03}, {"jan02", load_jan02}};

bool scenario_load(const struct scenario *scenario, struct emulator *emulator,
                   struct error *error) {
    struct loading loading = {.emulator = emulator, .error = error};
    struct day_range range = {0, -1};
    (void)day_parse(text_of(scenario->from), &range.from);
    (void)day_parse(text_of(scenario->to), &range.to);
    (void)clock_parse_utc(text_of(scenario->moment), &loading.written_ms);
    loading.written_ms -= INT64_C(4) * 3600 * 1000;
    struct dayset all = calendar_game_dates();
    loading.dates = dayset_new(range);
    dayset_unite(&loading.dates, &all);
    loading.games = memory_new(day_range_count(range), sizeof *loading.games);
    for (day_number day = range.from; day <= range.to; day++) {
        loading.games[day - range.from] = dayset_has(&loading.dates, day) ? calendar_games(day) : 1;
    }
    bool good = false;
    for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++) {
        if (strcmp(loaders[i].name, scenario->name) == 0) {
            good = loaders[i].load(&loading);
        }
    }
    dayset_free(&loading.dates);
    dayset_free(&all);
    free(loading.games);
    return good;
}
