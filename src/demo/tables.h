/* The tables of the NBA pipeline as the demo fills them: their real names, date columns and keys, a
 * part of their real columns, and rows made up from the date alone, the same whenever they are
 * asked for. */
#ifndef PHASEGATE_DEMO_TABLES_H
#define PHASEGATE_DEMO_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/day.h"
#include "emulator/catalog.h"
#include "emulator/value.h"

/* What one row stands for. */
enum tables_grain {
    TABLES_GAME,        /* a game */
    TABLES_GAME_TEAM,   /* a team in a game: two a game */
    TABLES_GAME_PLAYER, /* a player in a game: `players` of each team that plays */
    TABLES_TEAM,        /* a team of the league: thirty a date */
    TABLES_PLAYER,      /* a player of the league: `players` of each of the thirty teams */
};

enum { TABLES_COLUMN_LIMIT = 16 };

/* How a column's value is made. */
enum tables_source {
    TABLES_DATE,
    TABLES_SEASON_YEAR,
    TABLES_GAME_ID,
    TABLES_TEAM_OF_ROW,
    TABLES_OPPONENT,
    TABLES_PLAYER_OF_ROW,
    TABLES_NUMBER,  /* low to high */
    TABLES_SHARE,   /* a fraction between low and high hundredths */
    TABLES_FLAG,    /* low: 0 or 1 */
    TABLES_WORD,    /* `word` */
    TABLES_WRITTEN, /* the moment it was written */
};

struct tables_column {
    const char *name;
    enum emulator_type type;
    enum tables_source source;
    int low, high;
    const char *word;
    int nulls; /* per ten thousand rows */
};

struct tables_table {
    const char *dataset, *table;
    const char *date; /* date column, the partition */
    bool filter_required;
    enum tables_grain grain;
    int players;
    struct tables_column columns[TABLES_COLUMN_LIMIT];
};

/* All tables, and one by its name ("team_defense_game_summary"; NULL when there is none). */
const struct tables_table *tables_all(size_t *count);
const struct tables_table *tables_find(const char *table);
size_t tables_column_count(const struct tables_table *table);

/* What the rows of a date depend on besides the date. */
struct tables_day {
    day_number day;
    int games;
    int rows;           /* exactly so many, for grains of players; 0: what the grain gives */
    int64_t written_us; /* TABLES_WRITTEN */
};

size_t tables_row_count(const struct tables_table *table, const struct tables_day *day);

/* Calls `take` with the values of each row (in column order; texts live until it returns) until it
 * returns false. */
bool tables_rows(const struct tables_table *table, const struct tables_day *day,
                 bool (*take)(void *context, const struct emulator_value *values), void *context);

/* The emulator's definition of the table in a project and a location; freed with
 * emulator_table_free. */
struct emulator_table *tables_definition(const struct tables_table *table, const char *project,
                                         const char *location);

#endif
