/* The SQL that is sent, to the byte: BigQuery's cache answers only for the same text. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "pipeline/placeholder.h"

static struct pipeline *nba(void) {
    struct error error = {0};
    struct pipeline *pipeline =
        pipeline_load(PHASEGATE_SOURCE_DIR "/queries/nba/pipeline.yaml", &error);
    cr_assert_not_null(pipeline, "%s", error.text);
    return pipeline;
}

/* What coverage.sql says of itself goes with it: the text that is sent is the text that was
 * written. */
#define COVERAGE_HEAD                                                                              \
    "-- Counts per date: the one question that is asked of every table. phasegate fills in the "   \
    "names of\n-- the pipeline file and leaves out the lines for which a table has no column; "    \
    "@from and @to are\n-- parameters. A copy beside a pipeline file takes the place of this "     \
    "one.\n"

Test(sql, asks_for_every_column_that_a_table_has)
{
    struct pipeline *pipeline = fixture_load_edited(
        "    needs: [games]",
        "    entity: player\n    quality: {null_of: points, fallback: source = 'none'}");
    cr_expect_str_eq(pipeline->tables[1].coverage_sql,
                     COVERAGE_HEAD "SELECT day AS day, COUNT(*) AS row_count\n"
                                   "     , COUNT(DISTINCT player) AS entities\n"
                                   "     , COUNTIF(points IS NULL) AS `nulls`\n"
                                   "     , COUNTIF(source = 'none') AS fallbacks\n"
                                   "FROM `my-project.stats.players`\n"
                                   "WHERE day BETWEEN @from AND @to\n"
                                   "GROUP BY day\n"
                                   "ORDER BY day\n");
    pipeline_free(pipeline);
}

Test(sql, leaves_out_what_a_table_does_not_have)
{
    struct pipeline *pipeline = nba();
    cr_expect_str_eq(
        pipeline->tables[pipeline_find_table(pipeline, "player_daily_cache")].coverage_sql,
        COVERAGE_HEAD "SELECT cache_date AS day, COUNT(*) AS row_count\n"
                      "     , COUNT(DISTINCT player_lookup) AS entities\n"
                      "FROM `nba-props-platform.nba_precompute.player_daily_cache`\n"
                      "WHERE cache_date BETWEEN @from AND @to\n"
                      "GROUP BY day\n"
                      "ORDER BY day\n");
    pipeline_free(pipeline);
}

Test(sql, is_the_same_from_load_to_load)
{
    struct pipeline *first = nba(), *second = nba();
    for (size_t i = 0; i < first->table_count; i++) {
        cr_expect_str_eq(first->tables[i].coverage_sql, second->tables[i].coverage_sql);
    }
    cr_expect_str_eq(first->expected[0].sql, second->expected[0].sql);
    pipeline_free(first);
    pipeline_free(second);
}

Test(sql, expected_dates_are_finished_games_of_season_and_playoffs)
{
    struct pipeline *pipeline = nba();
    cr_expect_eq(pipeline->expected_count, 1);
    cr_expect_str_eq(pipeline->expected[0].name, "expected_dates.sql");
    cr_expect_str_eq(pipeline->expected[0].sql,
                     "-- The dates on which rows are due, and how many games each has: finished "
                     "games of the regular season\n-- and the playoffs. All-Star days, preseason "
                     "and games still to be played are not due. A game may\n-- stand in the "
                     "schedule several times. The filter on game_date is required by the table.\n"
                     "SELECT game_date AS day, COUNT(DISTINCT game_id) AS games\n"
                     "FROM `nba-props-platform.nba_raw.nbac_schedule`\n"
                     "WHERE game_date BETWEEN @from AND @to\n"
                     "  AND game_status = 3\n"
                     "  AND (is_regular_season OR is_playoffs)\n"
                     "GROUP BY day\n"
                     "ORDER BY day\n");
    pipeline_free(pipeline);
}

Test(sql, names_a_table_in_another_project)
{
    struct pipeline *pipeline =
        fixture_load_edited("table: stats.players", "table: example.com:other.stats.players");
    cr_expect_str_eq(pipeline->tables[1].project, "example.com:other");
    cr_expect_not_null(
        strstr(pipeline->tables[1].coverage_sql, "`example.com:other.stats.players`"));
    pipeline_free(pipeline);
}

Test(sql, quotes_a_column_that_is_a_reserved_word)
{
    struct pipeline *pipeline = fixture_load_edited("date: day", "date: Current");
    cr_expect_not_null(strstr(pipeline->tables[1].coverage_sql, "SELECT `Current` AS day"));
    pipeline_free(pipeline);
}

Test(sql, quotes_the_names_that_bigquery_takes_in_backticks_only)
{
    struct pipeline *pipeline = fixture_load_edited(
        "table: stats.players\n    date: day", "table: \"stats.Spieler täglich\"\n    date: "
                                               "\"event-date\"\n    entity: Name des Spielers");
    const char *sql = pipeline->tables[1].coverage_sql;
    cr_expect_not_null(strstr(sql, "SELECT `event-date` AS day"), "%s", sql);
    cr_expect_not_null(strstr(sql, "COUNT(DISTINCT `Name des Spielers`)"), "%s", sql);
    cr_expect_not_null(strstr(sql, "FROM `my-project.stats.Spieler täglich`"), "%s", sql);
    pipeline_free(pipeline);
}

Test(sql, a_template_beside_the_file_takes_the_place_of_the_shipped_one)
{
    char directory[] = "/tmp/phasegate-sql-XXXXXX";
    cr_assert_not_null(mkdtemp(directory));
    struct error error = {0};
    char *template = file_join(directory, "coverage.sql");
    char *query = file_join(directory, "expected_dates.sql");
    char *path = file_join(directory, "pipeline.yaml");
    cr_assert(file_write(template, TEXT("-- mine\nSELECT {date} FROM {table} WHERE @from < @to\n"),
                         &error));
    cr_assert(file_write(query, TEXT("SELECT 1 FROM t WHERE d BETWEEN @from AND @to"), &error));
    cr_assert(file_write(path, text_of(fixture_text), &error));
    struct pipeline *pipeline = pipeline_load(path, &error);
    cr_assert_not_null(pipeline, "%s", error.text);
    cr_expect_str_eq(pipeline->tables[0].coverage_sql,
                     "-- mine\nSELECT game_date FROM my-project.stats.games WHERE @from < @to\n");
    cr_expect_str_eq(pipeline->directory, directory);
    pipeline_free(pipeline);

    cr_assert(file_write(template, TEXT("SELECT {dat} FROM {table}\n"), &error));
    cr_expect_null(pipeline_load(path, &error));
    char *expected = memory_format("%s:10:3: coverage.sql holds the unknown placeholder {dat}; it "
                                   "can use {date}, {entity}, {null_of}, {fallback} and {table}",
                                   path);
    cr_expect_str_eq(error.text, expected);
    free(expected);
    cr_assert(file_write(template, TEXT("SELECT {date} FROM {table}\n"), &error));
    cr_expect_null(pipeline_load(path, &error));
    cr_expect_not_null(strstr(error.text, "coverage.sql must use {date}, {table}, @from and @to"));
    free(template);
    free(query);
    free(path);
    cr_assert(file_remove_tree(directory, &error));
}

Test(sql, finds_what_ships_with_the_program)
{
    struct error error = {0};
    char *path = pipeline_shipped("nba/pipeline.yaml", &error);
    cr_assert_not_null(path, "%s", error.text);
    cr_expect_eq(access(path, R_OK), 0);
    free(path);
    cr_expect_null(pipeline_shipped("nba/none.yaml", &error));
    cr_expect_eq(error.code, EXIT_NO_INPUT);
    cr_expect_str_eq(error.text, "nba/none.yaml is not where the program was installed; set "
                                 "PHASEGATE_QUERIES to the directory that holds it");
}

Test(sql, an_expected_query_must_be_asked_for_a_range)
{
    struct error error = {0};
    setenv("PHASEGATE_QUERIES", "/nonexistent", 1);
    char *text = fixture_edit(fixture_text, "expected_dates.sql", "../coverage.sql");
    cr_expect_null(fixture_load(text, &error));
    cr_expect_str_eq(error.text,
                     FIXTURE_PATH ":8:19: ../coverage.sql holds the unknown placeholder {date}; it "
                                  "can use {project}");
    free(text);
}

/* Every form in which BigQuery takes one query. */
Test(sql, a_query_is_known_by_its_tokens)
{
    static const char *const texts[] = {
        "/* why */ SELECT 1",
        "# why\nSELECT 1",
        "#standardSQL\nSELECT 1;",
        "SELECT COUNTIF(a = 'x;y--') FROM `p.d.t`",
        "SELECT 1 -- first; then\n + 1",
        "SELECT 1; -- done\n; /* ; */",
        "(SELECT 1)",
        "((SELECT 1) UNION ALL (SELECT 2))",
        "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
        "FROM `p.d.t` |> WHERE d >= @from |> AGGREGATE COUNT(*)",
        "SELECT \"\"\"\n-- kept\n\"\"\", '{project}' -- {project}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct text_buffer quoted = {0};
        for (const char *c = texts[i]; *c != '\0'; c++) {
            text_buffer_add(&quoted, *c == '\n' ? "\\n" : *c == '"' ? "\\\"" : "");
            if (*c != '\n' && *c != '"') {
                text_buffer_put(&quoted, c, 1);
            }
        }
        char *check = memory_format("{query: {sql: \"%s\", equals: 1}}", quoted.data);
        struct pipeline *pipeline = fixture_load_edited("{runs: {group: night}}", check);
        cr_expect_str_eq(pipeline->gates[1].checks[0].sql, texts[i]);
        pipeline_free(pipeline);
        text_buffer_free(&quoted);
        free(check);
    }
}

Test(sql, a_byte_order_mark_belongs_to_the_file)
{
    char directory[] = "/tmp/phasegate-sql-XXXXXX";
    cr_assert_not_null(mkdtemp(directory));
    struct error error = {0};
    char *query = file_join(directory, "expected_dates.sql");
    char *path = file_join(directory, "pipeline.yaml");
    cr_assert(file_write(query,
                         TEXT("\xEF\xBB\xBFSELECT d AS day, 1 AS games FROM `{project}.s.t`\r\n"
                              "WHERE d BETWEEN @from AND @to\r\n"),
                         &error));
    cr_assert(file_write(path, text_of(fixture_text), &error));
    struct pipeline *pipeline = pipeline_load(path, &error);
    cr_assert_not_null(pipeline, "%s", error.text);
    cr_expect_str_eq(pipeline->expected[0].sql,
                     "SELECT d AS day, 1 AS games FROM `my-project.s.t`\r\n"
                     "WHERE d BETWEEN @from AND @to\r\n");
    pipeline_free(pipeline);
    cr_assert(file_write(query, TEXT("SELECT d FROM t WHERE d > @from -- @to\n"), &error));
    cr_expect_null(pipeline_load(path, &error));
    cr_expect_not_null(strstr(error.text, "expected_dates.sql must ask for the dates from @from"),
                       "%s", error.text);
    cr_assert(file_write(query, TEXT("SELECT 1\nFROM a;\n\nSELECT 2\n"), &error));
    cr_expect_null(pipeline_load(path, &error));
    cr_expect_not_null(strstr(error.text, "expected_dates.sql:4:1: a second statement begins here"),
                       "%s", error.text);
    free(query);
    free(path);
    cr_assert(file_remove_tree(directory, &error));
}

Test(sql, a_condition_may_hold_what_a_literal_holds)
{
    static const char *const conditions[] = {"REGEXP_CONTAINS(source, r'\\d{2};')",
                                             "source = '--' OR note = \"/* @x {y} */\"",
                                             "`a b`[OFFSET(0)] = ')'"};
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        char *edit = memory_format("    quality:\n      fallback: |-\n        %s", conditions[i]);
        struct pipeline *pipeline = fixture_load_edited("    needs: [games]", edit);
        cr_expect_not_null(strstr(pipeline->tables[1].coverage_sql, conditions[i]), "%s",
                           pipeline->tables[1].coverage_sql);
        pipeline_free(pipeline);
        free(edit);
    }
}

Test(placeholder, braces_around_anything_else_stay)
{
    static const struct placeholder_value values[] = {{"from", "A"}, {"to", NULL}};
    static const struct {
        const char *text, *filled;
    } cases[] = {
        {"", ""},
        {"{from}", "A"},
        {"--from={from}!", "--from=A!"},
        {"{from}{from}", "AA"},
        {"{{from}}", "{from}"},
        {"x{{from}}y{from}", "x{from}yA"},
        {"{{from}", "{A"},
        {"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}"},
        {"a{4,}", "a{4,}"},
        {"{", "{"},
        {"{from", "{from"},
        {"{}", "{}"},
        {"{to}", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *filled = placeholder_fill(cases[i].text, values, 2);
        cr_expect_str_eq(filled, cases[i].filled, "%s gave %s", cases[i].text, filled);
        free(filled);
    }
}

/* Where a place in the SQL that is sent was written. */
static const struct {
    const char *what;
    size_t line, column;
    const char *file; /* how it ends; NULL: the query has no such place */
    size_t from_line, from_column;
    const char *name;
} ORIGINS[] = {
    {"a comment", 2, 4, "coverage.sql", 2, 4, ""},
    {"the date column", 4, 8, "small.yaml", 0, 0, "date"},
    {"a word of the template", 4, 20, "coverage.sql", 4, 23, ""},
    {"a line behind one that was left out", 5, 6, "coverage.sql", 7, 6, ""},
    {"the condition", 5, 20, "small.yaml", 0, 0, "fallback"},
    {"a line that is not there", 11, 1, NULL, 0, 0, ""},
};

Test(sql, leads_back_to_where_it_was_written)
{
    struct pipeline *pipeline =
        fixture_load_edited("    needs: [games]", "    quality: {fallback: source = 'none'}");
    const struct pipeline_table *table = &pipeline->tables[1];
    for (size_t i = 0; i < sizeof ORIGINS / sizeof ORIGINS[0]; i++) {
        struct pipeline_origin origin;
        bool found =
            pipeline_origin(pipeline, &pipeline->coverage, 1,
                            (struct pipeline_place){ORIGINS[i].line, ORIGINS[i].column}, &origin);
        cr_assert_eq(found, ORIGINS[i].file != NULL, "%s", ORIGINS[i].what);
        if (!found) {
            continue;
        }
        const char *end = strstr(origin.file, ORIGINS[i].file);
        cr_expect(end != NULL && strcmp(end, ORIGINS[i].file) == 0, "%s: %s", ORIGINS[i].what,
                  origin.file);
        cr_expect(text_is(origin.name, ORIGINS[i].name), "%s", ORIGINS[i].what);
        if (ORIGINS[i].from_line > 0) {
            cr_expect_eq(origin.place.line, ORIGINS[i].from_line, "%s: %zu", ORIGINS[i].what,
                         origin.place.line);
            cr_expect_eq(origin.place.column, ORIGINS[i].from_column, "%s: %zu", ORIGINS[i].what,
                         origin.place.column);
        } else {
            struct pipeline_place key =
                strcmp(ORIGINS[i].name, "date") == 0 ? table->at.date : table->at.fallback;
            cr_expect_gt(key.line, 0, "%s", ORIGINS[i].what);
            cr_expect_eq(origin.place.line, key.line, "%s", ORIGINS[i].what);
            cr_expect_eq(origin.place.column, key.column, "%s", ORIGINS[i].what);
        }
    }
    pipeline_free(pipeline);
}

Test(sql, of_a_file_leads_back_to_the_file)
{
    struct pipeline *pipeline = nba();
    const struct pipeline_source *source = &pipeline->expected[0].source;
    size_t line = 1;
    const char *last = pipeline->expected[0].sql;
    for (const char *c = last; *c != '\0'; c++) {
        if (*c == '\n' && c[1] != '\0') {
            line++;
            last = c + 1;
        }
    }
    struct pipeline_origin origin;
    cr_assert(pipeline_origin(pipeline, source, PIPELINE_NONE, (struct pipeline_place){line, 3},
                              &origin));
    cr_expect_not_null(strstr(origin.file, "nba/expected_dates.sql"), "%s", origin.file);
    size_t lines = 0;
    const char *at = source->text;
    while (++lines < origin.place.line) {
        at = strchr(at, '\n') + 1;
    }
    cr_expect_eq(strncmp(at, last, strlen(last)), 0, "%s is not %s", at, last);
    cr_expect_eq(origin.place.column, 3);
    pipeline_free(pipeline);
}
