#include <criterion/criterion.h>
#include <string.h>

#include "sql_fixture.h"

static struct sql_fixture *fixture;

static void start(void) {
    fixture = sql_fixture_new();
}

static void stop(void) {
    sql_fixture_free(fixture);
}

TestSuite(sql_change, .init = start, .fini = stop);

#define ALL "SELECT id, day, name, amount FROM changes ORDER BY id"

static struct sql_statement *compile(const char *text) {
    struct sql_error error;
    struct sql_request request = sql_fixture_request(text);
    struct sql_statement *statement = sql_compile(&request, sql_fixture_catalog(fixture), &error);
    cr_assert(statement, "%s: %s", text, error.message);
    return statement;
}

Test(sql_change, insert_takes_values_and_queries)
{
    cr_expect_sql(fixture,
                  "INSERT INTO changes (id, day, amount, stamp) VALUES (3, '2024-3-1', 1, "
                  "'1970-01-01 00:00:01'), (4, NULL, DEFAULT, NULL)",
                  "(none)");
    cr_expect_sql(fixture,
                  "INSERT nba_raw.changes (id, name) SELECT id + 10, UPPER(name) FROM "
                  "changes WHERE id = 1",
                  "(none)");
    cr_expect_sql(fixture, ALL,
                  "1|2024-01-01|one|1.5\n2|2024-02-01|two|2.5\n3|2024-03-01|NULL|1.0\n"
                  "4|NULL|NULL|NULL\n11|NULL|ONE|NULL");
    cr_expect_sql(fixture, "INSERT INTO changes VALUES (1, 2)",
                  "!Inserted row has wrong column count; Has 2, expected 5 at [1:1]");
    cr_expect_sql(fixture, "INSERT INTO changes (id) VALUES ('x')",
                  "!Value has type STRING which cannot be inserted into column id, which has type "
                  "INT64 at [1:34]");
    cr_expect_sql(fixture, "INSERT INTO changes (id) SELECT name FROM changes",
                  "!Query column 1 has type STRING which cannot be inserted into column id, which "
                  "has type INT64 at [1:26]");
    cr_expect_sql(fixture, "INSERT INTO changes (ident) VALUES (1)",
                  "!Column ident is not present in table nba-props-platform.nba_raw.changes at "
                  "[1:22]");
}

Test(sql_change, update_needs_a_where)
{
    cr_expect_sql(fixture, "UPDATE changes SET name = 'x'",
                  "!UPDATE must have a WHERE clause at [1:1]");
    cr_expect_sql(
        fixture,
        "UPDATE changes c SET c.name = CONCAT(name, '!'), day = '2025-01-01' WHERE c.id = "
        "2",
        "(none)");
    cr_expect_sql(fixture,
                  "UPDATE changes c SET amount = s.v FROM (SELECT 1 AS k, 9.5 AS v) s WHERE c.id = "
                  "s.k",
                  "(none)");
    cr_expect_sql(fixture, ALL, "1|2024-01-01|one|9.5\n2|2025-01-01|two!|2.5");
    cr_expect_sql(fixture, "UPDATE changes SET day = 'x' WHERE TRUE",
                  "!Could not cast literal \"x\" to type DATE at [1:26]");
}

Test(sql_change, delete_and_truncate)
{
    cr_expect_sql(fixture, "DELETE FROM changes", "!DELETE must have a WHERE clause at [1:1]");
    cr_expect_sql(fixture, "DELETE changes WHERE day < '2024-01-15'", "(none)");
    cr_expect_sql(fixture, ALL, "2|2024-02-01|two|2.5");
    cr_expect_sql(fixture, "TRUNCATE TABLE changes", "(none)");
    cr_expect_sql(fixture, ALL, "(none)");
}

Test(sql_change, a_change_names_its_target)
{
    struct sql_statement *statement = compile("DELETE FROM nba_raw.changes WHERE id = 1");
    cr_expect_eq(statement->kind, SQL_DELETE);
    cr_expect_str_eq(statement->word, "DELETE");
    cr_expect_str_eq(statement->target_project, "nba-props-platform");
    cr_expect_str_eq(statement->target_dataset, "nba_raw");
    cr_expect_str_eq(statement->target_table, "changes");
    cr_expect_eq(statement->reference_count, 1);
    sql_free(statement);
    statement = compile("INSERT INTO nba_raw.changes (id) VALUES (1)");
    cr_expect_eq(statement->reference_count, 0, "an INSERT reads nothing of its target");
    sql_free(statement);
}

Test(sql_change, create_table_gives_its_definition)
{
    struct sql_statement *statement =
        compile("CREATE TABLE IF NOT EXISTS nba_raw.made (day DATE NOT NULL, amounts "
                "ARRAY<NUMERIC>, s STRUCT<a INT64, b ARRAY<STRUCT<c STRING>>> "
                "OPTIONS(description = 'inner')) PARTITION BY day CLUSTER BY amounts, s "
                "OPTIONS(require_partition_filter = TRUE, description = 'made', x = 1)");
    const struct sql_definition *definition = statement->definition;
    cr_assert_not_null(definition);
    cr_expect_null(statement->sqlite);
    cr_expect(statement->if_not_exists && !statement->or_replace);
    cr_assert_eq(definition->field_count, 3);
    cr_expect(definition->fields[0].required && definition->fields[0].type == EMULATOR_DATE);
    cr_expect(definition->fields[1].repeated && definition->fields[1].type == EMULATOR_NUMERIC);
    cr_assert_eq(definition->fields[2].field_count, 2);
    cr_expect_str_eq(definition->fields[2].fields[1].fields[0].name, "c");
    cr_expect_str_eq(definition->partition_field, "day");
    cr_expect_eq(definition->cluster_count, 2);
    cr_expect(definition->require_partition_filter);
    cr_expect_str_eq(definition->description, "made");
    sql_free(statement);
}

Test(sql_change, create_table_as_select_inserts_into_what_it_defines)
{
    struct sql_statement *statement = compile(
        "CREATE OR REPLACE TABLE nba_raw.made PARTITION BY day AS SELECT day, COUNT(*) AS n "
        "FROM changes GROUP BY day");
    cr_expect_eq(statement->kind, SQL_CREATE_TABLE_AS_SELECT);
    cr_assert_eq(statement->definition->field_count, 2);
    cr_expect_eq(statement->definition->fields[1].type, EMULATOR_INT64);
    sqlite3 *database = sql_fixture_database(fixture);
    cr_assert_eq(sqlite3_exec(database,
                              "CREATE TABLE \"nba-props-platform.nba_raw.made\" (day TEXT, n "
                              "INTEGER)",
                              NULL, NULL, NULL),
                 SQLITE_OK);
    cr_expect_eq(sqlite3_exec(database, statement->sqlite, NULL, NULL, NULL), SQLITE_OK);
    cr_expect_eq(sqlite3_changes(database), 2);
    sql_free(statement);
}

Test(sql_change, definitions_that_do_not_hold_are_refused)
{
    cr_expect_sql(fixture, "CREATE TABLE nba_raw.made (a INT64, A STRING)",
                  "!Duplicate column name A in CREATE TABLE at [1:37]");
    cr_expect_sql(fixture, "CREATE TABLE nba_raw.made (a INT64) PARTITION BY b",
                  "!Unrecognized name: b at [1:50]");
    cr_expect_sql(fixture, "CREATE TABLE nba_raw.made (a STRING) PARTITION BY a",
                  "!PARTITION BY expression must be DATE(<timestamp_column>), "
                  "DATE(<datetime_column>) or a DATE column at [1:51]");
    cr_expect_sql(fixture, "CREATE TABLE nba_raw.made (a INT65)",
                  "!Type not found: INT65 at [1:30]");
    cr_expect_sql(fixture, "CREATE TABLE nba_raw.made AS SELECT 1",
                  "!CREATE TABLE columns must be named, but column 1 has no name at [1:30]");
    cr_expect_sql(fixture, "CREATE TABLE nba_raw.made",
                  "!CREATE TABLE must have columns or AS SELECT at [1:14]");
    cr_expect_sql(fixture, "CREATE TABLE nba_raw.made (a INT64",
                  "!Syntax error: Expected \")\" "
                  "but got end of input at [1:35]");
}

Test(sql_change, drop_table_is_the_catalogs_work)
{
    struct sql_statement *statement = compile("DROP TABLE IF EXISTS nba_raw.changes");
    cr_expect_eq(statement->kind, SQL_DROP_TABLE);
    cr_expect_null(statement->sqlite);
    cr_expect(statement->if_exists);
    sql_free(statement);
}
