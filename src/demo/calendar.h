/* The NBA's game calendar since 2021-22, as the demo's scenarios need it: which dates have games,
 * and how many. */
#ifndef PHASEGATE_DEMO_CALENDAR_H
#define PHASEGATE_DEMO_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/day.h"

enum { CALENDAR_SEASON_COUNT = 5, CALENDAR_BOOTSTRAP_DAYS = 14 };

struct calendar_season {
    const char *name;
    int year; /* season_year: that of its first half */
    struct day_range range;
    day_number regular_to; /* last day of the regular season */
    day_number playoffs_from;
    day_number all_star[2]; /* not game dates, though two tables hold rows for them */
};

/* A season, 0 to CALENDAR_SEASON_COUNT - 1; the last one is still running. */
struct calendar_season calendar_season_at(size_t index);

/* The season that holds the day, or CALENDAR_SEASON_COUNT. */
size_t calendar_season_of(day_number day);

/* The game dates of all seasons; the caller frees the set. */
struct dayset calendar_game_dates(void);

/* Whether the day is among the first CALENDAR_BOOTSTRAP_DAYS of its season. */
bool calendar_is_bootstrap(day_number day);

/* How many games were played on a game date: 1 to 15, the same whenever it is asked. */
int calendar_games(day_number day);

#endif
