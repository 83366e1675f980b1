/* Made-up rows: the same each time, as many as the games of a date give, no player twice. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "demo/calendar.h"
#include "demo/tables.h"

enum { ROWS_LIMIT = 1000 };

/* The rows of one date as lines of text. */
struct sheet {
    const struct tables_table *table;
    char *rows[ROWS_LIMIT];
    size_t count;
};

static bool take(void *context, const struct emulator_value *values) {
    struct sheet *sheet = context;
    struct text_buffer line = {0};
    for (size_t i = 0; i < tables_column_count(sheet->table); i++) {
        const struct emulator_value *value = &values[i];
        text_buffer_format(&line, "%d:%lld:%g:%.*s|", (int)value->kind, (long long)value->integer,
                           value->real, (int)value->text.size,
                           value->text.size > 0 ? value->text.data : "");
    }
    cr_assert_lt(sheet->count, ROWS_LIMIT);
    sheet->rows[sheet->count++] = text_buffer_take(&line);
    return true;
}

static struct sheet *rows_of(const struct tables_table *table, struct tables_day what) {
    struct sheet *sheet = memory_new(1, sizeof *sheet);
    sheet->table = table;
    cr_assert(tables_rows(table, &what, take, sheet));
    return sheet;
}

static void free_sheet(struct sheet *sheet) {
    for (size_t i = 0; i < sheet->count; i++) {
        free(sheet->rows[i]);
    }
    free(sheet);
}

Test(tables, rows_of_a_date_are_the_same_each_time_and_as_many_as_was_said)
{
    size_t count;
    const struct tables_table *tables = tables_all(&count);
    for (size_t i = 0; i < count; i++) {
        struct tables_day what = {18950, 7, 0, 1767607200000000};
        struct sheet *once = rows_of(&tables[i], what);
        struct sheet *again = rows_of(&tables[i], what);
        cr_expect_eq(once->count, tables_row_count(&tables[i], &what), "%s", tables[i].table);
        cr_assert_eq(once->count, again->count);
        for (size_t j = 0; j < once->count; j++) {
            cr_expect_str_eq(once->rows[j], again->rows[j], "%s", tables[i].table);
        }
        free_sheet(once);
        free_sheet(again);
    }
}

Test(tables, give_what_their_grain_says)
{
    static const struct {
        const char *table;
        size_t rows;
    } expected[] = {
        {"nbac_schedule", 7},
        {"team_defense_game_summary", 14},
        {"player_game_summary", 140},
        {"team_defense_zone_analysis", 30},
        {"player_shot_zone_analysis", 180},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct tables_day what = {18950, 7, 0, 0};
        cr_expect_eq(tables_row_count(tables_find(expected[i].table), &what), expected[i].rows,
                     "%s", expected[i].table);
        what.rows = 300;
        cr_expect_eq(tables_row_count(tables_find(expected[i].table), &what), 300);
    }
    cr_expect_null(tables_find("no_such_table"));
}

static size_t column_of(const struct tables_table *table, enum tables_source source) {
    for (size_t i = 0; i < tables_column_count(table); i++) {
        if (table->columns[i].source == source) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Counts how often the first player of a date comes again. */
struct players {
    size_t column;
    char *names[ROWS_LIMIT];
    size_t count, repeated;
};

static bool take_player(void *context, const struct emulator_value *values) {
    struct players *players = context;
    struct text name = values[players->column].text;
    for (size_t i = 0; i < players->count; i++) {
        players->repeated += text_is(name, players->names[i]) ? 1 : 0;
    }
    players->names[players->count++] = memory_copy_part(name.data, name.size);
    return true;
}

Test(tables, have_no_player_twice_on_a_date)
{
    size_t count;
    const struct tables_table *tables = tables_all(&count);
    for (size_t i = 0; i < count; i++) {
        struct players players = {.column = column_of(&tables[i], TABLES_PLAYER_OF_ROW)};
        /* 300 players of one game, as on the playoff dates of 2 January, are the hardest case. */
        struct tables_day what = {19100, 1, 300, 0};
        if (players.column == SIZE_MAX) {
            continue;
        }
        cr_assert(tables_rows(&tables[i], &what, take_player, &players));
        cr_expect_eq(players.count, 300);
        cr_expect_eq(players.repeated, 0, "%s", tables[i].table);
        for (size_t j = 0; j < players.count; j++) {
            free(players.names[j]);
        }
    }
}

struct nulls {
    const struct tables_table *table;
    size_t rows, nulls[TABLES_COLUMN_LIMIT];
};

static bool take_nulls(void *context, const struct emulator_value *values) {
    struct nulls *nulls = context;
    nulls->rows++;
    for (size_t i = 0; i < tables_column_count(nulls->table); i++) {
        nulls->nulls[i] += values[i].kind == VALUE_NULL ? 1 : 0;
    }
    return true;
}

Test(tables, have_exactly_the_share_of_nulls_they_are_to_have)
{
    size_t count;
    const struct tables_table *tables = tables_all(&count);
    struct dayset dates = calendar_game_dates();
    for (size_t i = 0; i < count; i++) {
        struct nulls nulls = {.table = &tables[i]};
        for (day_number day = dayset_next(&dates, dates.range.from); day != DAY_NONE;
             day = dayset_next(&dates, day + 1)) {
            struct tables_day what = {day, calendar_games(day), 0, 0};
            cr_assert(tables_rows(&tables[i], &what, take_nulls, &nulls));
        }
        for (size_t j = 0; j < tables_column_count(&tables[i]); j++) {
            double share = 10000.0 * (double)nulls.nulls[j] / (double)nulls.rows;
            double tolerance = nulls.rows > 50000 ? 1.0 : 10.0; /* of ten thousand */
            cr_expect_float_eq(share, tables[i].columns[j].nulls, tolerance, "%s.%s: %g",
                               tables[i].table, tables[i].columns[j].name, share);
        }
    }
    dayset_free(&dates);
}

static bool take_two(void *context, const struct emulator_value *values) {
    size_t *taken = context;
    (void)values;
    return ++*taken < 2;
}

Test(tables, stop_when_the_taker_has_enough)
{
    size_t taken = 0;
    struct tables_day what = {18950, 7, 0, 0};
    cr_expect_not(tables_rows(tables_find("player_game_summary"), &what, take_two, &taken));
    cr_expect_eq(taken, 2);
}
