#include "demo/tables.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "demo/calendar.h"

#define DATE(name)                                                                                 \
    { name, EMULATOR_DATE, TABLES_DATE, 0, 0, NULL, 0 }
#define GAME_ID                                                                                    \
    { "game_id", EMULATOR_STRING, TABLES_GAME_ID, 0, 0, NULL, 0 }
#define SEASON_YEAR                                                                                \
    { "season_year", EMULATOR_INT64, TABLES_SEASON_YEAR, 0, 0, NULL, 0 }
#define TEAM(name)                                                                                 \
    { name, EMULATOR_STRING, TABLES_TEAM_OF_ROW, 0, 0, NULL, 0 }
#define OPPONENT(name)                                                                             \
    { name, EMULATOR_STRING, TABLES_OPPONENT, 0, 0, NULL, 0 }
#define PLAYER                                                                                     \
    { "player_lookup", EMULATOR_STRING, TABLES_PLAYER_OF_ROW, 0, 0, NULL, 0 }
#define NUMBER(name, a, b)                                                                         \
    { name, EMULATOR_INT64, TABLES_NUMBER, a, b, NULL, 0 }
#define SHARE(name, a, b)                                                                          \
    { name, EMULATOR_NUMERIC, TABLES_SHARE, a, b, NULL, 0 }
#define NULLED(name, a, b, n)                                                                      \
    { name, EMULATOR_NUMERIC, TABLES_SHARE, a, b, NULL, n }
#define FLAG(name, value)                                                                          \
    { name, EMULATOR_BOOL, TABLES_FLAG, value, 0, NULL, 0 }
#define WORD(name, text)                                                                           \
    { name, EMULATOR_STRING, TABLES_WORD, 0, 0, text, 0 }
#define WRITTEN(name)                                                                              \
    { name, EMULATOR_TIMESTAMP, TABLES_WRITTEN, 0, 0, NULL, 0 }

static const struct tables_table tables[] = {
    {"nba_raw",
     "nbac_schedule",
     "game_date",
     true,
     TABLES_GAME,
     0,
     {GAME_ID, DATE("game_date"), SEASON_YEAR, NUMBER("game_status", 3, 3),
      TEAM("home_team_tricode"), OPPONENT("away_team_tricode"), FLAG("is_regular_season", 1),
      FLAG("is_playoffs", 0), FLAG("is_all_star", 0), WORD("data_source", "api_stats"),
      WRITTEN("processed_at")}},
    {"nba_raw",
     "bdl_player_boxscores",
     "game_date",
     true,
     TABLES_GAME_PLAYER,
     10,
     {GAME_ID, DATE("game_date"), PLAYER, TEAM("team_abbr"), WORD("minutes", "24:00"),
      NUMBER("points", 0, 38), WRITTEN("processed_at")}},
    {"nba_analytics",
     "player_game_summary",
     "game_date",
     false,
     TABLES_GAME_PLAYER,
     10,
     {PLAYER, GAME_ID, DATE("game_date"), SEASON_YEAR, TEAM("team_abbr"),
      OPPONENT("opponent_team_abbr"), NUMBER("points", 0, 38),
      NULLED("minutes_played", 100, 4000, 65), NULLED("usage_rate", 500, 3500, 120),
      NUMBER("paint_attempts", 0, 14), FLAG("is_dnp", 0), WORD("data_quality_tier", "high"),
      FLAG("is_production_ready", 1), WRITTEN("processed_at")}},
    {"nba_analytics",
     "team_offense_game_summary",
     "game_date",
     true,
     TABLES_GAME_TEAM,
     0,
     {GAME_ID, DATE("game_date"), SEASON_YEAR, TEAM("team_abbr"), OPPONENT("opponent_team_abbr"),
      NUMBER("points_scored", 88, 138), NUMBER("possessions", 92, 108), SHARE("pace", 9200, 10600),
      WORD("data_quality_tier", "high"), WRITTEN("processed_at")}},
    {"nba_analytics",
     "team_defense_game_summary",
     "game_date",
     false,
     TABLES_GAME_TEAM,
     0,
     {GAME_ID, DATE("game_date"), SEASON_YEAR, TEAM("defending_team_abbr"),
      OPPONENT("opponent_team_abbr"), NUMBER("points_allowed", 88, 138),
      NUMBER("opp_paint_attempts", 30, 60), NUMBER("opp_mid_range_attempts", 5, 25),
      SHARE("defensive_rating", 10000, 12400), WORD("data_quality_tier", "high"),
      WRITTEN("processed_at")}},
    {"nba_analytics",
     "upcoming_player_game_context",
     "game_date",
     false,
     TABLES_GAME_PLAYER,
     11,
     {PLAYER, GAME_ID, DATE("game_date"), TEAM("team_abbr"), FLAG("has_prop_line", 1),
      SHARE("current_points_line", 450, 3250), SHARE("completeness_percentage", 9000, 10000),
      FLAG("is_production_ready", 1), WORD("data_quality_tier", "high"), WRITTEN("processed_at")}},
    {"nba_analytics",
     "upcoming_team_game_context",
     "game_date",
     false,
     TABLES_GAME_TEAM,
     0,
     {GAME_ID, DATE("game_date"), TEAM("team_abbr"), OPPONENT("opponent_team_abbr"),
      NULLED("game_spread", 0, 1400, 210), NULLED("game_total", 20800, 24400, 210),
      SHARE("completeness_percentage", 9000, 10000), FLAG("is_production_ready", 1),
      WRITTEN("processed_at")}},
    {"nba_precompute",
     "team_defense_zone_analysis",
     "analysis_date",
     false,
     TABLES_TEAM,
     0,
     {TEAM("team_abbr"), DATE("analysis_date"), SHARE("paint_pct_allowed_last_15", 5200, 6600),
      SHARE("paint_defense_vs_league_avg", 0, 900), NUMBER("games_in_sample", 15, 15),
      WORD("data_quality_tier", "high"), FLAG("early_season_flag", 0),
      FLAG("is_production_ready", 1), WRITTEN("processed_at")}},
    {"nba_precompute",
     "player_shot_zone_analysis",
     "analysis_date",
     false,
     TABLES_PLAYER,
     6,
     {PLAYER, DATE("analysis_date"), TEAM("team_abbr"), SHARE("paint_rate_last_10", 2000, 6000),
      NUMBER("games_in_sample_10", 10, 10), WORD("sample_quality_10", "excellent"),
      FLAG("early_season_flag", 0), FLAG("is_production_ready", 1), WRITTEN("processed_at")}},
    {"nba_precompute",
     "player_composite_factors",
     "game_date",
     false,
     TABLES_GAME_PLAYER,
     10,
     {PLAYER, GAME_ID, DATE("game_date"), NUMBER("fatigue_score", 40, 100),
      SHARE("pace_score", 0, 300), SHARE("usage_spike_score", 0, 300),
      SHARE("shot_zone_mismatch_score", 0, 500), SHARE("opponent_strength_score", 0, 0),
      WORD("calculation_version", "v1"), FLAG("has_warnings", 0), FLAG("all_upstreams_ready", 1),
      FLAG("is_production_ready", 1), FLAG("early_season_flag", 0), WRITTEN("processed_at")}},
    {"nba_precompute",
     "player_daily_cache",
     "cache_date",
     false,
     TABLES_GAME_PLAYER,
     10,
     {PLAYER, DATE("cache_date"), SHARE("points_avg_last_5", 200, 3000),
      NUMBER("games_played_season", 10, 82), FLAG("all_windows_complete", 1),
      FLAG("is_production_ready", 1), FLAG("early_season_flag", 0), WRITTEN("processed_at")}},
    {"nba_predictions",
     "ml_feature_store_v2",
     "game_date",
     true,
     TABLES_GAME_PLAYER,
     9,
     {PLAYER, GAME_ID, DATE("game_date"), WORD("feature_version", "v2_60features"),
      NUMBER("feature_count", 60, 60), SHARE("feature_quality_score", 8600, 10000),
      WORD("data_source", "phase4"), FLAG("is_production_ready", 1), FLAG("is_training_ready", 1),
      NUMBER("default_feature_count", 0, 2), WRITTEN("created_at"), WRITTEN("updated_at")}},
    {"nba_predictions",
     "player_prop_predictions",
     "game_date",
     false,
     TABLES_GAME_PLAYER,
     3,
     {PLAYER, GAME_ID, DATE("game_date"), WORD("model_version", "xgboost_v1"),
      SHARE("predicted_points", 400, 3200), SHARE("confidence", 5000, 9500),
      WRITTEN("created_at")}},
    {"nba_processing",
     "precompute_failures",
     "analysis_date",
     false,
     TABLES_TEAM,
     0,
     {WORD("processor_name", ""), WORD("run_id", ""), DATE("analysis_date"), WORD("entity_id", ""),
      WORD("failure_category", ""), WORD("failure_reason", ""), FLAG("can_retry", 1),
      WRITTEN("created_at")}},
};

static const char teams[30][4] = {"ATL", "BKN", "BOS", "CHA", "CHI", "CLE", "DAL", "DEN",
                                  "DET", "GSW", "HOU", "IND", "LAC", "LAL", "MEM", "MIA",
                                  "MIL", "MIN", "NOP", "NYK", "OKC", "ORL", "PHI", "PHX",
                                  "POR", "SAC", "SAS", "TOR", "UTA", "WAS"};

enum { TEAM_COUNT = 30, GAME_LIMIT = TEAM_COUNT / 2 };

const struct tables_table *tables_all(size_t *count) {
    *count = sizeof tables / sizeof *tables;
    return tables;
}

const struct tables_table *tables_find(const char *table) {
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (strcmp(tables[i].table, table) == 0) {
            return &tables[i];
        }
    }
    return NULL;
}

size_t tables_column_count(const struct tables_table *table) {
    size_t count = 0;
    while (count < TABLES_COLUMN_LIMIT && table->columns[count].name != NULL) {
        count++;
    }
    return count;
}

size_t tables_row_count(const struct tables_table *table, const struct tables_day *day) {
    size_t games = (size_t)day->games;
    if (day->rows > 0) {
        return (size_t)day->rows;
    }
    switch (table->grain) {
    case TABLES_GAME:
        return games;
    case TABLES_GAME_TEAM:
        return games * 2;
    case TABLES_GAME_PLAYER:
        return games * 2 * (size_t)table->players;
    case TABLES_TEAM:
        return TEAM_COUNT;
    case TABLES_PLAYER:
        break;
    }
    return (size_t)TEAM_COUNT * (size_t)table->players;
}

/* Who plays whom changes from date to date: the league's teams in a turned order, paired off. */
static const char *team_at(day_number day, size_t place) {
    return teams[((size_t)day * 7 + place) % TEAM_COUNT];
}

static unsigned hash(day_number day, size_t row, size_t column) {
    uint64_t x = ((uint64_t)(uint32_t)day << 32) ^ (row * 0x9E3779B97F4A7C15U) ^
                 (column * 0xBF58476D1CE4E5B9U);
    x ^= x >> 31;
    x *= 0x94D049BB133111EBU;
    x ^= x >> 29;
    return (unsigned)(x >> 16);
}

/* A row's place in its date: which game, which team, which player of the team. */
struct place {
    size_t game, team, player;
};

static struct place place_of(const struct tables_table *table, const struct tables_day *day,
                             size_t row) {
    size_t games = day->games > 0 ? (size_t)day->games : 1;
    struct place place = {row % GAME_LIMIT, row % TEAM_COUNT, 0};
    switch (table->grain) {
    case TABLES_GAME:
        place = (struct place){row, row * 2, 0};
        break;
    case TABLES_GAME_TEAM:
        place = (struct place){row / 2, row, 0};
        break;
    case TABLES_GAME_PLAYER:
        place.team = row % (games * 2);
        place.player = row / (games * 2);
        place.game = place.team / 2;
        break;
    case TABLES_TEAM:
    case TABLES_PLAYER:
        place.player = row / TEAM_COUNT;
        break;
    }
    return place;
}

static struct emulator_value text_value(const char *text) {
    return (struct emulator_value){.kind = VALUE_TEXT, .text = text_of(text)};
}

static struct emulator_value integer_value(int64_t integer) {
    return (struct emulator_value){.kind = VALUE_INTEGER, .integer = integer};
}

/* What all rows of a date share. */
struct date_facts {
    const struct tables_day *day;
    char date[DAY_TEXT_SIZE];
    char compact[DAY_TEXT_SIZE]; /* YYYYMMDD */
    bool in_season;
    int64_t year;
    bool all_star, playoffs;
};

static struct date_facts facts_of(const struct tables_day *day) {
    struct date_facts facts = {.day = day};
    (void)day_format(day->day, facts.date);
    (void)snprintf(facts.compact, sizeof facts.compact, "%.4s%.2s%.2s", facts.date, facts.date + 5,
                   facts.date + 8);
    size_t index = calendar_season_of(day->day);
    if (index < CALENDAR_SEASON_COUNT) {
        struct calendar_season season = calendar_season_at(index);
        facts.in_season = true;
        facts.year = season.year;
        facts.all_star = day->day == season.all_star[0] || day->day == season.all_star[1];
        facts.playoffs = day->day > season.regular_to;
    }
    return facts;
}

/* Room for the texts of one row. */
struct row_texts {
    char game[24];
    char player[24];
};

static void write_texts(struct row_texts *texts, const struct date_facts *facts,
                        struct place place) {
    day_number day = facts->day->day;
    const char *team = team_at(day, place.team);
    (void)snprintf(texts->game, sizeof texts->game, "%s_%s_%s", facts->compact,
                   team_at(day, place.game * 2 + 1), team_at(day, place.game * 2));
    (void)snprintf(texts->player, sizeof texts->player, "%c%c%cplayer%03u",
                   tolower((unsigned char)team[0]), tolower((unsigned char)team[1]),
                   tolower((unsigned char)team[2]), (unsigned)(place.player % 1000));
}

static int64_t flag_of(const struct tables_column *column, const struct date_facts *facts) {
    if (facts->in_season && strcmp(column->name, "is_all_star") == 0) {
        return facts->all_star ? 1 : 0;
    }
    if (facts->in_season && strcmp(column->name, "is_playoffs") == 0) {
        return facts->playoffs ? 1 : 0;
    }
    if (facts->in_season && strcmp(column->name, "is_regular_season") == 0) {
        return facts->playoffs || facts->all_star ? 0 : 1;
    }
    return column->low;
}

static struct emulator_value make_value(const struct tables_column *column,
                                        const struct date_facts *facts, size_t row, size_t index,
                                        struct place place, const struct row_texts *texts) {
    const struct tables_day *day = facts->day;
    unsigned dice = hash(day->day, row, index);
    /* Steps of the golden ratio: NULLs are spread evenly, so that their share is exact. */
    unsigned spread_evenly = ((unsigned)day->day * 331U + (unsigned)row) * 2654435769U;
    if (column->nulls > 0 && spread_evenly / (UINT32_MAX / 10000U) < (unsigned)column->nulls) {
        return (struct emulator_value){.kind = VALUE_NULL};
    }
    unsigned spread = (unsigned)(column->high - column->low + 1);
    switch (column->source) {
    case TABLES_DATE:
        return text_value(facts->date);
    case TABLES_SEASON_YEAR:
        return facts->in_season ? integer_value(facts->year)
                                : (struct emulator_value){.kind = VALUE_NULL};
    case TABLES_GAME_ID:
        return text_value(texts->game);
    case TABLES_TEAM_OF_ROW:
        return text_value(team_at(day->day, place.team));
    case TABLES_OPPONENT:
        return text_value(team_at(day->day, place.team ^ 1U));
    case TABLES_PLAYER_OF_ROW:
        return text_value(texts->player);
    case TABLES_NUMBER:
        return integer_value(column->low + (int)(dice / 7 % spread));
    case TABLES_SHARE:
        return (struct emulator_value){.kind = VALUE_REAL,
                                       .real = (column->low + (int)(dice / 7 % spread)) / 100.0};
    case TABLES_FLAG:
        return integer_value(flag_of(column, facts));
    case TABLES_WORD:
        return text_value(column->word);
    case TABLES_WRITTEN:
        break;
    }
    return integer_value(day->written_us);
}

bool tables_rows(const struct tables_table *table, const struct tables_day *day,
                 bool (*take)(void *context, const struct emulator_value *values), void *context) {
    size_t rows = tables_row_count(table, day);
    size_t columns = tables_column_count(table);
    struct date_facts facts = facts_of(day);
    for (size_t row = 0; row < rows; row++) {
        struct emulator_value values[TABLES_COLUMN_LIMIT];
        struct row_texts texts;
        struct place place = place_of(table, day, row);
        write_texts(&texts, &facts, place);
        for (size_t i = 0; i < columns; i++) {
            values[i] = make_value(&table->columns[i], &facts, row, i, place, &texts);
        }
        if (!take(context, values)) {
            return false;
        }
    }
    return true;
}

struct emulator_table *tables_definition(const struct tables_table *table, const char *project,
                                         const char *location) {
    struct emulator_field fields[TABLES_COLUMN_LIMIT] = {0};
    size_t count = tables_column_count(table);
    for (size_t i = 0; i < count; i++) {
        fields[i].name = memory_copy_string(table->columns[i].name);
        fields[i].type = table->columns[i].type;
    }
    struct emulator_table *definition =
        emulator_table_new(project, table->dataset, table->table, fields, count);
    definition->partition_field = memory_copy_string(table->date);
    definition->require_partition_filter = table->filter_required;
    definition->resource = json_make("{s:s}", "location", location);
    for (size_t i = 0; i < count; i++) {
        emulator_field_clear(&fields[i]);
    }
    return definition;
}
