/* What a query reads, and when nothing but a new count tells what it would answer. */
#include <criterion/criterion.h>
#include <string.h>

#include "agent/sources.h"

#define A "`p.d.a`"
#define B "`p.d.b`"

/* "complete: a b", or "incomplete: a". */
static void expect(const char *sql, const char *wanted) {
    struct sources sources;
    char found[256];
    sources_open(&sources, NULL, sql);
    int size = snprintf(found, sizeof found, "%s:", sources.complete ? "complete" : "incomplete");
    for (size_t i = 0; i < sources.count; i++) {
        size += snprintf(found + size, sizeof found - (size_t)size, " %s", sources.tables[i].table);
    }
    cr_expect_str_eq(found, wanted, "%s\ngives %s, not %s", sql, found, wanted);
    sources_close(&sources);
}

Test(sources, are_the_full_names_in_backquotes)
{
    expect("SELECT COUNT(*) FROM " A " WHERE x BETWEEN @from AND @to", "complete: a");
    expect("select 1 from " A " as t join " B " using (id, day)", "complete: a b");
    expect("SELECT 1 FROM " A ", " B " b WHERE a IN (1, 2)", "complete: a b");
    expect("SELECT 1 FROM " A " JOIN " B " ON x = y, `p.d.c`", "complete: a b c");
    expect("SELECT 1 FROM (SELECT 2 FROM " A " WHERE b IN (SELECT c FROM " B "))", "complete: a b");
    expect("SELECT 1 FROM " A " UNION ALL SELECT 2 FROM " A, "complete: a");
}

Test(sources, may_be_named_in_every_way_that_names_the_project)
{
    expect("SELECT 1 FROM `p`.`d`.`a b`", "complete: a b");
    expect("SELECT 1 FROM my-project-1.d.a AS x JOIN p.d.b USING (day)", "complete: a b");
    expect("SELECT 1 FROM p.d.group, p.d.2024_x", "complete: group 2024_x");
    expect("SELECT 1 FROM (" A " JOIN " B " ON x = y), ((`p.d.c`))", "complete: a b c");
    expect("(SELECT 1 FROM ((SELECT 1 FROM " A ") UNION ALL (SELECT 2 FROM " B ")))",
           "complete: a b");
    expect("FROM " A ", " B
           " |> WHERE x > 1 |> JOIN `p.d.c` USING (day) |> AGGREGATE COUNT(*), SUM(y)",
           "complete: a b c");
    expect("SELECT EXTRACT(WEEK(MONDAY) FROM day), CAST(x AS NUMERIC(10, 2)) FROM " A,
           "complete: a");
    expect("SELECT x[OFFSET(0)], IF(a, b, c), SAFE.SUBSTR(d, 1), NET.HOST(e) FROM " A,
           "complete: a");
}

Test(sources, may_be_named_by_a_with)
{
    expect("WITH w AS (SELECT 1 FROM " A "), v AS (SELECT * FROM w) SELECT * FROM v JOIN `w`",
           "complete: a");
    expect("WITH w AS (SELECT 1 FROM " A ") SELECT * FROM w, v", "incomplete: a");
}

Test(sources, are_not_what_is_only_written_there)
{
    expect("SELECT '`p.d.x`', \"from y\", 'it\\'s from y', '''from \" y''' FROM " A, "complete: a");
    expect("-- FROM y\nSELECT 1 # FROM y\n/* FROM y */ FROM " A, "complete: a");
    expect("SELECT EXTRACT(YEAR FROM day), x IS DISTINCT FROM y FROM " A, "complete: a");
    expect("SELECT 1 FROM " A " t, UNNEST(t.items) i", "complete: a");
}

Test(sources, are_incomplete_when_a_table_cannot_be_asked_about)
{
    expect("SELECT 1", "incomplete:");
    expect("SELECT 1 FROM d.a", "incomplete:");
    expect("SELECT 1 FROM " A " JOIN d.b", "incomplete: a");
    expect("SELECT 1 FROM " A ", d.b", "incomplete: a");
    expect("SELECT 1 FROM " A " JOIN " B " ON x = y, c", "incomplete: a b");
    expect("SELECT 1 FROM `d.a`", "incomplete:");
    expect("SELECT 1 FROM `p.d.a*` JOIN " B, "incomplete: b");
    expect("SELECT 1 FROM `p.d.a$20260105`", "incomplete:");
    expect("SELECT 1 FROM `p.d.INFORMATION_SCHEMA.TABLES` JOIN " A, "incomplete: a");
    expect("SELECT 1 FROM `p.d.f`(3) JOIN " A, "incomplete: a");
    expect("SELECT 1 FROM " A " JOIN EXTERNAL_QUERY('c', 'q')", "incomplete: a");
}

Test(sources, are_incomplete_when_something_else_changes_the_answer)
{
    expect("SELECT 1 FROM " A " WHERE day = CURRENT_DATE()", "incomplete: a");
    expect("SELECT TIMESTAMP_DIFF(current_timestamp(), MAX(t), HOUR) FROM " A, "incomplete: a");
    expect("SELECT RAND() FROM " A, "incomplete: a");
    expect("SELECT CURRENT_DATE FROM " A, "incomplete: a");
    expect("SELECT t.current_date FROM " A " t", "complete: a");
    expect("SELECT `p.d.f`(x) FROM " A, "incomplete: a");
    expect("SELECT d.f(x) FROM " A, "incomplete: a");
    expect("SELECT p.d.f(x) FROM " A, "incomplete: a");
    expect("SELECT `count`(x) FROM " A, "incomplete: a");
    expect("SELECT d.count(x) FROM " A, "incomplete: a");
    expect("SELECT A_FUNCTION_OF_NEXT_YEAR(x) FROM " A, "incomplete: a");
    expect("SELECT SAFE.RAND() FROM " A, "incomplete: a");
    expect("SELECT ML.PREDICT(x) FROM " A, "incomplete: a");
    expect("FROM " A " |> CALL d.f(1)", "incomplete: a");
    expect("SELECT @{x=1} 1 FROM " A, "incomplete: a");
    expect("SELECT 'RAND()', `rand` /* RAND() */ FROM " A, "complete: a");
    expect("SELECT SESSION_USER() FROM " A, "incomplete: a");
    expect("SELECT @@time_zone FROM " A, "incomplete: a");
    expect("SELECT 1 FROM " A " TABLESAMPLE SYSTEM (10 PERCENT)", "incomplete: a");
    expect("SELECT 1 FROM " A " FOR SYSTEM_TIME AS OF @from", "incomplete: a");
}

Test(sources, survive_text_that_is_no_query)
{
    static const char *const texts[] = {
        "",
        "FROM",
        "FROM (",
        "FROM `",
        "FROM `p.d.a",
        "'",
        "'''",
        "/*",
        "FROM FROM",
        ")))) ,",
        "FROM `...`",
        "FROM `p.d.a`,",
        "\\",
        "\"\\",
        "JOIN ,",
        "EXTRACT(Y FROM",
        "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sources sources;
        sources_open(&sources, NULL, texts[i]);
        sources_begin(&sources);
        sources_close(&sources);
    }
}

/* ---- what vouches ------------------------------------------------------------------------ */

static const struct bigquery_table plain = {.exists = true,
                                            .type = "TABLE",
                                            .num_rows = 10,
                                            .num_bytes = 1000,
                                            .created_ms = 5,
                                            .modified_ms = 7};
static const struct day_range range = {1, 9};

static void signal_of(const char *endpoint, const char *sql, const struct bigquery_table *table,
                      struct day_range days, char out[SOURCES_DIGEST_SIZE]) {
    struct sources sources;
    sources_open(&sources, endpoint, sql);
    sources_see(&sources, 0, table);
    (void)sources_signal(&sources, days, out);
    sources_close(&sources);
}

Test(sources, vouch_for_the_same_query_range_server_and_table_only)
{
    struct bigquery_table grown = plain;
    grown.num_rows++;
    struct day_range longer = {1, 10};
    char first[SOURCES_DIGEST_SIZE];
    char others[5][SOURCES_DIGEST_SIZE];
    char again[SOURCES_DIGEST_SIZE];
    signal_of(NULL, "SELECT 1 FROM " A, &plain, range, first);
    signal_of(NULL, "SELECT 1 FROM " A, &plain, range, again);
    signal_of(NULL, "SELECT 2 FROM " A, &plain, range, others[0]);
    signal_of("localhost:9050", "SELECT 1 FROM " A, &plain, range, others[1]);
    signal_of(NULL, "SELECT 1 FROM " A, &grown, range, others[2]);
    signal_of(NULL, "SELECT 1 FROM " A, &plain, longer, others[3]);
    signal_of(NULL, "SELECT 1 FROM " B, &plain, range, others[4]);
    cr_expect_eq(strlen(first), SOURCES_DIGEST_SIZE - 1);
    cr_expect_str_eq(first, again);
    for (size_t i = 0; i < 5; i++) {
        cr_expect_str_neq(first, others[i], "case %zu", i);
    }
}

Test(sources, vouch_for_nothing_unless_every_table_was_seen_and_is_plain)
{
    struct bigquery_table view = plain;
    view.type = "VIEW";
    struct bigquery_table streaming = plain;
    streaming.streaming = true;
    char signal[SOURCES_DIGEST_SIZE];
    struct sources sources;
    sources_open(&sources, NULL, "SELECT 1 FROM " A " JOIN " B);
    sources_see(&sources, 0, &plain);
    cr_expect_str_empty(sources_signal(&sources, range, signal), "b was not seen");
    sources_see(&sources, 1, &view);
    cr_expect_str_empty(sources_signal(&sources, range, signal));
    sources_see(&sources, 1, &streaming);
    cr_expect_str_empty(sources_signal(&sources, range, signal));
    sources_see(&sources, 1, &plain);
    cr_expect_str_not_empty(sources_signal(&sources, range, signal));
    sources_begin(&sources);
    cr_expect_str_empty(sources_signal(&sources, range, signal), "what was seen is forgotten");
    sources_close(&sources);
}
