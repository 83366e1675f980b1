#include "demo/calendar.h"

#include <string.h>

#include "base/text.h"

/* Dates as text: a list a person can compare with the league's calendar. "A..B" is a range. */
static const struct season_text {
    const char *name;
    int year;
    const char *first, *regular_to, *playoffs_from, *last;
    const char *idle;
    const char *all_star[2];
} seasons[CALENDAR_SEASON_COUNT] = {
    {"2021-22",
     2021,
     "2021-10-19",
     "2022-04-10",
     "2022-04-16",
     "2022-06-16",
     "2021-11-25 2021-12-24 2022-02-18..2022-02-23 2022-04-04 2022-04-11 2022-04-14 2022-04-30 "
     "2022-05-05 "
     "2022-05-14 2022-05-16 2022-05-28 2022-05-30 2022-05-31 2022-06-01 2022-06-03 2022-06-04 "
     "2022-06-06 "
     "2022-06-07 2022-06-09 2022-06-11 2022-06-12 2022-06-14 2022-06-15",
     {"2022-02-18", "2022-02-20"}},
    {"2022-23",
     2022,
     "2022-10-18",
     "2023-04-09",
     "2023-04-15",
     "2023-06-12",
     "2022-11-08 2022-11-24 2022-12-24 2023-02-17..2023-02-22 2023-04-03 2023-04-10 2023-04-13 "
     "2023-05-13 "
     "2023-05-15 2023-05-24 2023-05-26 2023-05-28 2023-05-30 2023-05-31 2023-06-02 2023-06-03 "
     "2023-06-05 "
     "2023-06-06 2023-06-08 2023-06-10 2023-06-11",
     {"2023-02-17", "2023-02-19"}},
    {"2023-24",
     2023,
     "2023-10-24",
     "2024-04-14",
     "2024-04-16",
     "2024-06-17",
     "2023-11-07 2023-11-23 2023-12-03 2023-12-09 2023-12-10 2023-12-24 2024-02-16..2024-02-21 "
     "2024-04-08 "
     "2024-04-13 2024-04-15 2024-04-18 2024-05-20 2024-05-29 2024-05-31 2024-06-01..2024-06-05 "
     "2024-06-07 "
     "2024-06-08 2024-06-10 2024-06-11 2024-06-13 2024-06-15 2024-06-16",
     {"2024-02-16", "2024-02-18"}},
    {"2024-25",
     2024,
     "2024-10-22",
     "2025-04-13",
     "2025-04-19",
     "2025-06-22",
     "2024-11-05 2024-11-28 2024-12-17 2024-12-18 2024-12-24 2025-02-14..2025-02-18 2025-04-12 "
     "2025-04-14 "
     "2025-04-17 2025-05-17 2025-05-19 2025-05-30 2025-06-01..2025-06-04 2025-06-06 2025-06-07 "
     "2025-06-09 "
     "2025-06-10 2025-06-12 2025-06-14 2025-06-15 2025-06-17 2025-06-18 2025-06-20 2025-06-21",
     {"2025-02-14", "2025-02-16"}},
    {"2025-26",
     2025,
     "2025-10-21",
     "2026-04-12",
     "2026-04-18",
     "2026-01-03",
     "2025-11-27 2025-12-24",
     {"2026-02-13", "2026-02-15"}},
};

static day_number day_of(const char *text) {
    day_number day = DAY_NONE;
    (void)day_parse(text_of(text), &day);
    return day;
}

struct calendar_season calendar_season_at(size_t index) {
    const struct season_text *season = &seasons[index];
    return (struct calendar_season){
        .name = season->name,
        .year = season->year,
        .range = {day_of(season->first), day_of(season->last)},
        .regular_to = day_of(season->regular_to),
        .playoffs_from = day_of(season->playoffs_from),
        .all_star = {day_of(season->all_star[0]), day_of(season->all_star[1])},
    };
}

size_t calendar_season_of(day_number day) {
    for (size_t i = 0; i < CALENDAR_SEASON_COUNT; i++) {
        if (day >= day_of(seasons[i].first) && day <= day_of(seasons[i].last)) {
            return i;
        }
    }
    return CALENDAR_SEASON_COUNT;
}

static void remove_idle(struct dayset *dates, const char *idle) {
    struct text rest = text_of(idle);
    while (rest.size > 0) {
        struct text word = text_cut(&rest, ' ');
        day_number first = DAY_NONE;
        (void)day_parse((struct text){word.data, 10}, &first);
        day_number last = first;
        if (word.size > 10) {
            (void)day_parse((struct text){word.data + 12, 10}, &last);
        }
        for (day_number day = first; day <= last; day++) {
            dayset_remove(dates, day);
        }
    }
}

struct dayset calendar_game_dates(void) {
    struct day_range all = {day_of(seasons[0].first),
                            day_of(seasons[CALENDAR_SEASON_COUNT - 1].last)};
    struct dayset dates = dayset_new(all);
    for (size_t i = 0; i < CALENDAR_SEASON_COUNT; i++) {
        dayset_add_range(&dates,
                         (struct day_range){day_of(seasons[i].first), day_of(seasons[i].last)});
        remove_idle(&dates, seasons[i].idle);
    }
    return dates;
}

bool calendar_is_bootstrap(day_number day) {
    size_t season = calendar_season_of(day);
    return season < CALENDAR_SEASON_COUNT &&
           day - day_of(seasons[season].first) < CALENDAR_BOOTSTRAP_DAYS;
}

/* Opening night has two games, the playoffs one to four, and a week of the regular season its own
 * rhythm: few games on Thursdays, many on Wednesdays and Fridays. */
int calendar_games(day_number day) {
    static const int week[7] = {7, 5, 9, 3, 10, 7, 6};
    size_t index = calendar_season_of(day);
    if (index == CALENDAR_SEASON_COUNT) {
        return 0;
    }
    struct calendar_season season = calendar_season_at(index);
    unsigned wobble = ((unsigned)day * 2654435761U) >> 16;
    if (day == season.range.from) {
        return 2;
    }
    if (day > season.regular_to) {
        return 1 + (int)(wobble % (day < season.playoffs_from + 14 ? 4U : 2U));
    }
    int games = week[day_of_week(day)] + (int)(wobble % 4U) - 1;
    return games < 1 ? 1 : games;
}
