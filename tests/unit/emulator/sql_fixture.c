#include "sql_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"

#define PROJECT "nba-props-platform"

enum { TABLE_COUNT = 11 };

struct sql_fixture {
    sqlite3 *database;
    struct emulator_table *tables[TABLE_COUNT];
    size_t table_count;
    struct sql_catalog catalog;
    struct text_buffer out;
};

/* dataset.table, its fields as name:TYPE (an array has [] behind it), partition field, whether a
 * filter is required, and its rows. */
static const struct {
    const char *dataset, *table, *fields, *partition;
    bool filter;
    const char *rows;
} specimens[] = {
    {"nba_analytics", "player_game_summary",
     "game_date:DATE player_lookup:STRING game_id:STRING season_year:INT64 points:INT64 "
     "minutes_played:NUMERIC usage_rate:NUMERIC is_dnp:BOOL processed_at:TIMESTAMP "
     "quality_issues:STRING[]",
     "game_date", false,
     "('2021-10-19','a','g1',2021,10,30.5,20.0,0,1700000000000000,'[\"x\",\"y\"]'),"
     "('2021-10-19','b','g1',2021,20,NULL,NULL,1,1700000001000000,'[]'),"
     "('2022-10-18','a','g2',2022,NULL,12.0,NULL,NULL,1700000002000000,NULL)"},
    {"nba_analytics", "team_defense_game_summary", "game_date:DATE defending_team_abbr:STRING",
     "game_date", false,
     "('2021-10-19','BOS'),('2021-10-20','BOS'),('2026-01-02','LAL'),('2026-01-03','LAL')"},
    {"nba_precompute", "player_composite_factors",
     "game_date:DATE player_lookup:STRING game_id:STRING fatigue_score:INT64", "game_date", false,
     "('2022-04-16','a','p1',1),('2024-10-22','a','p2',2),('2024-10-22','b','p2',3),"
     "('2024-10-24','a','p3',NULL)"},
    {"nba_precompute", "team_defense_zone_analysis", "analysis_date:DATE team_abbr:STRING",
     "analysis_date", false, "('2022-01-01','BOS')"},
    {"nba_precompute", "player_shot_zone_analysis", "analysis_date:DATE player_lookup:STRING",
     "analysis_date", false, "('2022-01-01','a')"},
    {"nba_precompute", "player_daily_cache", "cache_date:DATE player_lookup:STRING", "cache_date",
     false, "('2022-01-01','a')"},
    {"nba_predictions", "ml_feature_store_v2",
     "game_date:DATE player_lookup:STRING features:FLOAT64[]", "game_date", true,
     "('2022-01-01','a','[1.5,2.5]')"},
    {"nba_predictions", "player_prop_predictions", "game_date:DATE player_lookup:STRING", NULL,
     false, "('2022-04-16','a'),('2024-06-18','a'),('2024-06-19','a')"},
    {"nba_raw", "bdl_player_boxscores", "game_id:STRING game_date:DATE player_lookup:STRING",
     "game_date", true, "('b1','2024-10-22','a'),('b2','2024-10-23','a'),('b3','2024-10-24','a')"},
    {"nba_raw", "changes", "id:INT64 day:DATE name:STRING amount:FLOAT64 stamp:TIMESTAMP", NULL,
     false, "(1,'2024-01-01','one',1.5,0),(2,'2024-02-01','two',2.5,0)"},
    {"nba_raw", "kinds",
     "id:STRING day:DATE ts:TIMESTAMP dt:DATETIME tm:TIME x:FLOAT64 n:NUMERIC b:BOOL y:BYTES "
     "j:JSON a:INT64[] rec:STRUCT k:INT64",
     NULL, false,
     "('p','2024-01-01',1704067200000000,'2024-01-01T00:00:00','12:00:00',1.5,'2.5',1,x'00ff',"
     "'{}','[1,2]','{\"k\":\"v\",\"deep\":{\"n\":7}}',1),"
     "('q','2024-01-02',1704153600000000,'2024-01-02T06:00:00','13:30:00',2.5,'-1',0,NULL,"
     "NULL,'[]',NULL,2)"},
};

/* rec STRUCT<k STRING, deep STRUCT<n INT64>> */
static void give_record(struct emulator_field *field) {
    field->field_count = 2;
    field->fields = memory_new(2, sizeof *field->fields);
    field->fields[0] =
        (struct emulator_field){.name = memory_copy_string("k"), .type = EMULATOR_STRING};
    struct emulator_field *deep = &field->fields[1];
    *deep = (struct emulator_field){.name = memory_copy_string("deep"), .type = EMULATOR_RECORD};
    deep->field_count = 1;
    deep->fields = memory_new(1, sizeof *deep->fields);
    deep->fields[0] =
        (struct emulator_field){.name = memory_copy_string("n"), .type = EMULATOR_INT64};
}

static void read_fields(const char *spec, struct emulator_table *table) {
    struct text rest = text_of(spec);
    while (rest.size) {
        struct text word = text_cut(&rest, ' ');
        struct text name = text_cut(&word, ':');
        struct emulator_field field = {.name = memory_copy_part(name.data, name.size)};
        field.repeated = word.data[word.size - 1] == ']';
        char *type = memory_copy_part(word.data, word.size - (field.repeated ? 2 : 0));
        cr_assert(emulator_type_parse(type, &field.type), "%s", type);
        free(type);
        if (field.type == EMULATOR_RECORD)
            give_record(&field);
        table->fields = memory_resize(table->fields, table->field_count + 1, sizeof *table->fields);
        table->fields[table->field_count++] = field;
    }
}

static void execute(struct sql_fixture *fixture, const char *text) {
    char *message = NULL;
    sqlite3_exec(fixture->database, text, NULL, NULL, &message);
    cr_assert_null(message, "%s: %s", text, message);
}

static void make_table(struct sql_fixture *fixture, size_t index) {
    struct emulator_table *table =
        emulator_table_new(PROJECT, specimens[index].dataset, specimens[index].table, NULL, 0);
    read_fields(specimens[index].fields, table);
    table->partition_field = memory_copy_string(specimens[index].partition);
    table->require_partition_filter = specimens[index].filter;
    struct text_buffer text = {0};
    text_buffer_format(&text, "CREATE TABLE \"" PROJECT ".%s.%s\" (", table->dataset, table->table);
    for (size_t i = 0; i < table->field_count; i++)
        text_buffer_format(&text, "%s\"%s\" %s", i ? ", " : "", table->fields[i].name,
                           emulator_type_column(table->fields[i].type, table->fields[i].repeated));
    text_buffer_add(&text, ")");
    execute(fixture, text.data);
    text_buffer_clear(&text);
    text_buffer_format(&text, "INSERT INTO \"" PROJECT ".%s.%s\" VALUES %s", table->dataset,
                       table->table, specimens[index].rows);
    execute(fixture, text.data);
    text_buffer_free(&text);
    fixture->tables[fixture->table_count++] = table;
}

static const struct emulator_table *find_table(void *context, const char *project,
                                               const char *dataset, const char *table) {
    struct sql_fixture *fixture = context;
    for (size_t i = 0; i < fixture->table_count; i++)
        if (strcmp(project, PROJECT) == 0 && strcmp(dataset, fixture->tables[i]->dataset) == 0 &&
            strcmp(table, fixture->tables[i]->table) == 0)
            return fixture->tables[i];
    return NULL;
}

static bool find_dataset(void *context, const char *project, const char *dataset) {
    struct sql_fixture *fixture = context;
    for (size_t i = 0; i < fixture->table_count; i++)
        if (strcmp(project, PROJECT) == 0 && strcmp(dataset, fixture->tables[i]->dataset) == 0)
            return true;
    return false;
}

struct sql_fixture *sql_fixture_new(void) {
    struct sql_fixture *fixture = memory_new(1, sizeof *fixture);
    cr_assert_eq(sqlite3_open(":memory:", &fixture->database), SQLITE_OK);
    cr_assert(sql_register(fixture->database));
    fixture->catalog =
        (struct sql_catalog){.table = find_table, .dataset = find_dataset, .context = fixture};
    for (size_t i = 0; i < sizeof specimens / sizeof *specimens; i++)
        make_table(fixture, i);
    execute(fixture,
            "CREATE TABLE \"" PROJECT ".nba_raw.INFORMATION_SCHEMA.TABLES\" AS SELECT '" PROJECT
            "' AS table_catalog, 'nba_raw' AS table_schema, 'changes' AS table_name, 'BASE TABLE' "
            "AS table_type, 'YES' AS is_insertable_into, 'NO' AS is_typed, 0 AS creation_time, "
            "NULL AS ddl");
    return fixture;
}

void sql_fixture_free(struct sql_fixture *fixture) {
    for (size_t i = 0; i < fixture->table_count; i++)
        emulator_table_free(fixture->tables[i]);
    sqlite3_close(fixture->database);
    text_buffer_free(&fixture->out);
    free(fixture);
}

sqlite3 *sql_fixture_database(struct sql_fixture *fixture) {
    return fixture->database;
}

const struct sql_catalog *sql_fixture_catalog(struct sql_fixture *fixture) {
    return &fixture->catalog;
}

struct sql_request sql_fixture_request(const char *text) {
    return (struct sql_request){.text = text_of(text),
                                .project = PROJECT,
                                .default_dataset = "nba_raw",
                                .location = "us-west2",
                                .now_us = INT64_C(1767622500000000)}; /* 2026-01-05 14:15 */
}

static void show_row(struct text_buffer *out, sqlite3_stmt *prepared) {
    text_buffer_add(out, out->size ? "\n" : "");
    for (int i = 0; i < sqlite3_column_count(prepared); i++) {
        const unsigned char *text = sqlite3_column_text(prepared, i);
        text_buffer_format(out, "%s%s", i ? "|" : "", text ? (const char *)text : "NULL");
    }
}

static void run(struct sql_fixture *fixture, const struct sql_statement *statement) {
    sqlite3_stmt *prepared = NULL;
    struct text_buffer *out = &fixture->out;
    int result = sqlite3_prepare_v2(fixture->database, statement->sqlite, -1, &prepared, NULL);
    if (result == SQLITE_OK && sql_bind(statement, prepared))
        while ((result = sqlite3_step(prepared)) == SQLITE_ROW)
            show_row(out, prepared);
    if (result != SQLITE_DONE) {
        text_buffer_clear(out);
        text_buffer_format(out, "!%s", sqlite3_errmsg(fixture->database));
    } else if (!out->size) {
        text_buffer_add(out, "(none)");
    }
    sqlite3_finalize(prepared);
}

const char *sql_fixture_run(struct sql_fixture *fixture, const char *text, const char *parameters) {
    struct sql_error error;
    struct sql_request request = sql_fixture_request(text);
    json_t *json = parameters ? json_loads(parameters, 0, NULL) : NULL;
    request.parameters = json;
    text_buffer_clear(&fixture->out);
    struct sql_statement *statement = sql_compile(&request, &fixture->catalog, &error);
    if (!statement) {
        cr_expect(error.reason && error.code >= 400 && error.message[0], "%s", text);
        text_buffer_format(&fixture->out, "!%s", error.message);
    } else if (statement->sqlite) {
        run(fixture, statement);
    } else {
        text_buffer_add(&fixture->out, statement->word);
    }
    sql_free(statement);
    json_decref(json);
    return fixture->out.data;
}

json_t *sql_fixture_statements(const char *directory) {
    json_t *statements = json_array();
    struct text_buffer text = {0};
    struct error error = {0};
    for (int i = 1; i <= OPERATOR_QUERIES; i++) {
        char *path = memory_format("%s/q%02d.sql", directory, i);
        cr_assert(file_read(path, 65536, &text, &error), "%s", error.text);
        json_array_append_new(statements, json_stringn(text.data, text.size));
        free(path);
    }
    text_buffer_free(&text);
    return statements;
}
