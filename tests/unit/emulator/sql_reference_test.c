#include <criterion/criterion.h>
#include <string.h>

#include "base/json.h"
#include "sql_fixture.h"

static struct sql_fixture *fixture;

static void start(void) {
    fixture = sql_fixture_new();
}

static void stop(void) {
    sql_fixture_free(fixture);
}

TestSuite(sql_reference, .init = start, .fini = stop);

static struct sql_statement *compile(const char *text, const char *parameters, bool dry_run) {
    struct sql_error error;
    struct sql_request request = sql_fixture_request(text);
    json_t *json = parameters ? json_loads(parameters, 0, NULL) : NULL;
    request.parameters = json;
    request.dry_run = dry_run;
    struct sql_statement *statement = sql_compile(&request, sql_fixture_catalog(fixture), &error);
    cr_assert(statement, "%s: %s", text, error.message);
    json_decref(json);
    return statement;
}

Test(sql_reference, the_schema_names_and_types_every_column)
{
    struct sql_statement *statement = compile(
        "SELECT COUNT(*), 1.5, day AS D, MAX(stamp), name IS NULL FROM changes GROUP BY day, "
        "name",
        NULL, false);
    static const struct {
        const char *name;
        enum emulator_type type;
    } expected[] = {{"f0_", EMULATOR_INT64},
                    {"f1_", EMULATOR_FLOAT64},
                    {"D", EMULATOR_DATE},
                    {"f2_", EMULATOR_TIMESTAMP},
                    {"f3_", EMULATOR_BOOL}};
    cr_assert_eq(statement->field_count, 5);
    for (size_t i = 0; i < 5; i++) {
        cr_expect_str_eq(statement->fields[i].name, expected[i].name);
        cr_expect_eq(statement->fields[i].type, expected[i].type, "%zu", i);
    }
    cr_expect_str_eq(statement->word, "SELECT");
    sql_free(statement);
}

static void expect_type(const char *expression, enum emulator_type type, bool repeated) {
    char text[256];
    (void)snprintf(text, sizeof text, "SELECT %s FROM changes", expression);
    struct sql_statement *statement = compile(text, NULL, false);
    cr_expect_eq(statement->fields[0].type, type, "%s", expression);
    cr_expect_eq(statement->fields[0].repeated, repeated, "%s", expression);
    sql_free(statement);
}

Test(sql_reference, types_follow_from_what_is_computed)
{
    expect_type("SUM(id)", EMULATOR_INT64, false);
    expect_type("SUM(amount)", EMULATOR_FLOAT64, false);
    expect_type("AVG(id)", EMULATOR_FLOAT64, false);
    expect_type("id / id", EMULATOR_FLOAT64, false);
    expect_type("id + amount", EMULATOR_FLOAT64, false);
    expect_type("id * 2", EMULATOR_INT64, false);
    expect_type("ROUND(id)", EMULATOR_FLOAT64, false);
    expect_type("COALESCE(id, 1.5)", EMULATOR_FLOAT64, false);
    expect_type("CASE WHEN TRUE THEN NULL ELSE day END", EMULATOR_DATE, false);
    expect_type("IF(TRUE, '2024-01-01', day)", EMULATOR_DATE, false);
    expect_type("CAST(id AS STRING)", EMULATOR_STRING, false);
    expect_type("EXTRACT(DATE FROM stamp)", EMULATOR_DATE, false);
    expect_type("day - 1", EMULATOR_DATE, false);
    expect_type("ARRAY_AGG(day)", EMULATOR_DATE, true);
    expect_type("GENERATE_DATE_ARRAY(day, day)", EMULATOR_DATE, true);
    expect_type("(SELECT MAX(day) FROM changes)", EMULATOR_DATE, false);
}

Test(sql_reference, tables_are_listed_with_the_columns_that_are_read)
{
    struct sql_statement *statement = compile(
        "SELECT a.game_date, COUNT(*) FROM nba_raw.bdl_player_boxscores a JOIN "
        "nba_analytics.player_game_summary b USING (player_lookup) WHERE a.game_date BETWEEN "
        "'2024-10-01' AND '2024-10-31' AND b.points > 3 GROUP BY 1",
        NULL, false);
    cr_assert_eq(statement->reference_count, 2);
    const struct sql_reference *one = &statement->references[0], *other = &statement->references[1];
    cr_expect_str_eq(one->table, "bdl_player_boxscores");
    cr_assert_eq(one->column_count, 2);
    cr_expect_str_eq(one->columns[0], "game_date");
    cr_expect_str_eq(one->columns[1], "player_lookup");
    cr_expect(one->partition_filtered);
    cr_expect_eq(one->partition.from, day_from_civil(2024, 10, 1));
    cr_expect_eq(one->partition.to, day_from_civil(2024, 10, 31));
    cr_expect_str_eq(other->dataset, "nba_analytics");
    cr_assert_eq(other->column_count, 2);
    cr_expect(!other->partition_filtered);
    cr_expect_eq(other->partition.from, INT32_MIN);
    sql_free(statement);
}

Test(sql_reference, counting_rows_reads_no_column)
{
    struct sql_statement *statement = compile("SELECT COUNT(*) FROM changes", NULL, false);
    cr_assert_eq(statement->reference_count, 1);
    cr_expect_eq(statement->references[0].column_count, 0);
    sql_free(statement);
}

static struct day_range range_of(const char *where) {
    char text[512];
    (void)snprintf(text, sizeof text,
                   "SELECT COUNT(*) FROM nba_precompute.player_composite_factors WHERE %s", where);
    struct sql_statement *statement =
        compile(text,
                "[{\"name\":\"d\",\"parameterType\":{\"type\":\"DATE\"},\"parameterValue\":{"
                "\"value\":\"2024-05-05\"}}]",
                false);
    struct day_range range = statement->references[0].partition;
    cr_expect(statement->references[0].partition_filtered, "%s", where);
    sql_free(statement);
    return range;
}

#define EXPECT_RANGE(where, first, last)                                                           \
    do {                                                                                           \
        struct day_range range_ = range_of(where);                                                 \
        cr_expect_eq(range_.from, first, "%s", where);                                             \
        cr_expect_eq(range_.to, last, "%s", where);                                                \
    } while (0)

Test(sql_reference, partition_days_follow_from_the_condition)
{
    day_number may = day_from_civil(2024, 5, 5), june = day_from_civil(2024, 6, 1);
    EXPECT_RANGE("game_date = '2024-05-05'", may, may);
    EXPECT_RANGE("'2024-05-05' < game_date", may + 1, INT32_MAX);
    EXPECT_RANGE("game_date >= @d AND game_date < DATE '2024-06-01'", may, june - 1);
    EXPECT_RANGE("game_date = @d OR game_date = '2024-06-01'", may, june);
    EXPECT_RANGE("game_date IN ('2024-06-01', @d) AND game_id = 'x'", may, june);
    EXPECT_RANGE("game_date <= CURRENT_DATE()", INT32_MIN, day_from_civil(2026, 1, 5));
    EXPECT_RANGE("game_date >= DATE_SUB(CURRENT_DATE(), INTERVAL 3 DAY)", INT32_MIN, INT32_MAX);
    EXPECT_RANGE("CAST(game_date AS DATE) > @d", may + 1, INT32_MAX);
}

Test(sql_reference, a_condition_elsewhere_filters_nothing)
{
    struct sql_statement *statement =
        compile("SELECT COUNT(*) FROM nba_precompute.player_composite_factors WHERE game_date <> "
                "'2024-05-05' AND NOT (game_date = '2024-05-05')",
                NULL, false);
    cr_expect(!statement->references[0].partition_filtered);
    sql_free(statement);
}

static const char typed[] =
    "["
    "{\"name\":\"s\",\"parameterType\":{\"type\":\"STRING\"},\"parameterValue\":{\"value\":\"it'"
    "s\"}},"
    "{\"name\":\"i\",\"parameterType\":{\"type\":\"INT64\"},\"parameterValue\":{\"value\":42}},"
    "{\"name\":\"f\",\"parameterType\":{\"type\":\"FLOAT64\"},\"parameterValue\":{\"value\":\"1."
    "5\"}},"
    "{\"name\":\"b\",\"parameterType\":{\"type\":\"BOOL\"},\"parameterValue\":{\"value\":true}},"
    "{\"name\":\"d\",\"parameterType\":{\"type\":\"DATE\"},\"parameterValue\":{\"value\":\"2024-01-"
    "01\"}},"
    "{\"name\":\"e\",\"parameterType\":{\"type\":\"DATETIME\"},\"parameterValue\":{\"value\":"
    "\"2024-01-01 12:00:00\"}},"
    "{\"name\":\"t\",\"parameterType\":{\"type\":\"TIMESTAMP\"},\"parameterValue\":{\"value\":"
    "\"1970-01-01T00:00:01.5Z\"}},"
    "{\"name\":\"y\",\"parameterType\":{\"type\":\"BYTES\"},\"parameterValue\":{\"value\":\"YWI=\"}"
    "},"
    "{\"name\":\"n\",\"parameterType\":{\"type\":\"STRING\"},\"parameterValue\":{}},"
    "{\"name\":\"ids\",\"parameterType\":{\"type\":\"ARRAY\",\"arrayType\":{\"type\":\"INT64\"}},"
    "\"parameterValue\":{\"arrayValues\":[{\"value\":\"1\"},{\"value\":\"7\"}]}},"
    "{\"name\":\"days\",\"parameterType\":{\"type\":\"ARRAY\",\"arrayType\":{\"type\":\"DATE\"}},"
    "\"parameterValue\":{\"arrayValues\":[{\"value\":\"2024-02-01\"}]}},"
    "{\"name\":\"none\",\"parameterType\":{\"type\":\"ARRAY\",\"arrayType\":{\"type\":\"STRING\"}},"
    "\"parameterValue\":{\"arrayValues\":[]}}"
    "]";

Test(sql_reference, named_parameters_of_every_type)
{
    const char *given =
        sql_fixture_run(fixture, "SELECT @s, @i + 1, @f, @b, @d, @e, @t, @y, @n, @I", typed);
    cr_expect_str_eq(given, "it's|43|1.5|1|2024-01-01|2024-01-01T12:00:00|1500000|ab|NULL|42", "%s",
                     given);
    given = sql_fixture_run(fixture, "SELECT id FROM changes WHERE id IN UNNEST(@ids)", typed);
    cr_expect_str_eq(given, "1", "%s", given);
    given = sql_fixture_run(fixture, "SELECT id FROM changes WHERE day IN UNNEST(@days)", typed);
    cr_expect_str_eq(given, "2", "%s", given);
    given = sql_fixture_run(fixture, "SELECT id FROM changes WHERE name IN UNNEST(@none)", typed);
    cr_expect_str_eq(given, "(none)", "%s", given);
    given = sql_fixture_run(fixture, "SELECT @missing", typed);
    cr_expect_str_eq(given, "!Query parameter 'missing' not found at [1:8]", "%s", given);
}

Test(sql_reference, positional_parameters_count_from_the_left)
{
    const char *given = sql_fixture_run(
        fixture, "SELECT id FROM changes WHERE day >= ? AND id = ? LIMIT ?",
        "[{\"parameterType\":{\"type\":\"STRING\"},\"parameterValue\":{\"value\":\"2024-01-15\"}},"
        "{\"parameterType\":{\"type\":\"INT64\"},\"parameterValue\":{\"value\":\"2\"}},"
        "{\"parameterType\":{\"type\":\"INT64\"},\"parameterValue\":{\"value\":\"1\"}}]");
    cr_expect_str_eq(given, "2", "%s", given);
    given = sql_fixture_run(fixture, "SELECT ?", NULL);
    cr_expect_str_eq(given, "!Query parameter number 1 is not given at [1:8]", "%s", given);
}

Test(sql_reference, values_that_do_not_fit_their_type_are_refused)
{
    static const char *const bad[] = {
        "\"DATE\"},\"parameterValue\":{\"value\":\"2024-02-30\"}}]",
        "\"INT64\"},\"parameterValue\":{\"value\":\"1.5\"}}]",
        "\"BOOL\"},\"parameterValue\":{\"value\":\"maybe\"}}]",
        "\"BYTES\"},\"parameterValue\":{\"value\":\"?\"}}]",
        "\"COLOUR\"},\"parameterValue\":{\"value\":\"red\"}}]",
        ("\"ARRAY\",\"arrayType\":{\"type\":\"INT64\"}},"
         "\"parameterValue\":{\"arrayValues\":[{\"value\":\"x\"}]}}]")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char parameters[256];
        (void)snprintf(parameters, sizeof parameters,
                       "[{\"name\":\"p\",\"parameterType\":{\"type\":%s", bad[i]);
        const char *given = sql_fixture_run(fixture, "SELECT @p", parameters);
        cr_expect(strstr(given, "!Invalid query parameter 1: ") == given, "%s", given);
    }
}

Test(sql_reference, a_dry_run_lists_what_was_not_given)
{
    struct sql_statement *statement = compile(
        "SELECT 1 FROM changes WHERE day >= @from AND id IN UNNEST(@ids) AND @other IS NULL", NULL,
        true);
    cr_assert_eq(statement->undeclared_count, 3);
    cr_expect_str_eq(statement->undeclared[0].name, "from");
    cr_expect_str_eq(statement->undeclared[0].type, "DATE");
    cr_expect_str_eq(statement->undeclared[1].type, "ARRAY<INT64>");
    cr_expect_str_eq(statement->undeclared[2].type, "STRING");
    sql_free(statement);
}
