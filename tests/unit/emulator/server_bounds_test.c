/* No statement holds the server: each ends in bounded time and memory, and the next is answered. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "server_fixture.h"

static struct emulator *emulator;

static void start(void) {
    const struct emulator_options options = {.statement_ms = 300};
    emulator = server_start(&options);
    server_make_table(emulator, "{\"name\":\"k\",\"type\":\"INTEGER\"}");
}

static void stop(void) {
    emulator_stop(emulator);
}

TestSuite(server_bounds, .init = start, .fini = stop);

static void expect_exceeded(const char *sql) {
    json_t *body =
        json_pack("{s:s, s:b, s:i}", "query", sql, "useLegacySql", 0, "timeoutMs", 100000);
    char *text = json_text(body);
    json_t *answer = server_expect(emulator, 400, NULL, "/queries", text);
    cr_expect_str_eq(reason_of(answer), "resourcesExceeded", "%.60s: %s", sql,
                     at(answer, "/error/message"));
    free(text);
    json_decref(body);
    json_decref(answer);
}

static void expect_alive(void) {
    json_t *answer = server_query(emulator, "SELECT 1 + 1", "");
    cr_expect_str_eq(at(answer, "/rows/0/f/0/v"), "2");
    json_decref(answer);
}

#define MANY "UNNEST(GENERATE_ARRAY(1, 100000))"

Test(server_bounds, statements_that_would_run_for_ever)
{
    expect_exceeded("SELECT COUNT(*) FROM " MANY " a, " MANY " b, " MANY " c");
    expect_exceeded("SELECT DISTINCT a, b FROM " MANY " a, " MANY " b");
    expect_exceeded("SELECT a, b FROM " MANY " a, " MANY " b ORDER BY a + b DESC");
    expect_exceeded("INSERT INTO d.t (k) SELECT a FROM " MANY " a, " MANY " b");
    expect_alive();
    json_t *answer = server_query(emulator, "SELECT COUNT(*) FROM d.t", "");
    cr_expect_str_eq(at(answer, "/rows/0/f/0/v"), "0", "what was stopped left rows");
    json_decref(answer);
}

/* head, count times middle, tail */
static char *repeat(const char *head, const char *middle, size_t count, const char *tail) {
    struct text_buffer text = {0};
    text_buffer_add(&text, head);
    for (size_t i = 0; i < count; i++)
        text_buffer_add(&text, middle);
    text_buffer_add(&text, tail);
    return text_buffer_take(&text);
}

Test(server_bounds, statements_that_are_too_deep_or_too_long)
{
    static const struct {
        const char *head, *middle, *tail;
        size_t count;
    } cases[] = {
        {"SELECT ", "(", "1", 100000},
        {"SELECT ", "ABS(", "1", 60000},
        {"SELECT ", "NOT ", "TRUE", 100000},
        {"SELECT ", "CASE WHEN TRUE THEN ", "1", 20000},
        {"SELECT ", "(SELECT ", "1", 50000},
        {"SELECT 1", " + 1", "", 100000},
        {"SELECT 1 FROM ", "(SELECT 1 FROM ", "d.t", 20000},
        {"SELECT ", "[", "1", 100000},
        {"SELECT 1 IN (1", ", 1", ")", 300000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *sql = repeat(cases[i].head, cases[i].middle, cases[i].count, cases[i].tail);
        expect_exceeded(sql);
        free(sql);
    }
    char *sql = repeat("SELECT '", "0123456789", 110000, "'");
    json_t *body = json_pack("{s:s, s:b}", "query", sql, "useLegacySql", 0);
    char *text = json_text(body);
    json_t *answer = server_expect(emulator, 400, NULL, "/queries", text);
    cr_expect(strstr(at(answer, "/error/message"), "The query is too large."));
    free(text);
    free(sql);
    json_decref(body);
    json_decref(answer);
    expect_alive();
}

Test(server_bounds, what_is_deep_but_allowed_is_answered)
{
    char *sql = repeat("SELECT ", "ABS(", 20, "-7");
    char *closed = repeat(sql, ")", 20, "");
    json_t *answer = server_query(emulator, closed, "");
    cr_expect_str_eq(at(answer, "/rows/0/f/0/v"), "7");
    json_decref(answer);
    free(sql);
    free(closed);
    sql = repeat("SELECT 0", " + 1", 900, "");
    answer = server_query(emulator, sql, "");
    cr_expect_str_eq(at(answer, "/rows/0/f/0/v"), "900");
    json_decref(answer);
    free(sql);
}

Test(server_bounds, common_tables_that_double_each_other)
{
    struct text_buffer sql = {0};
    text_buffer_add(&sql, "WITH w0 AS (SELECT 1 AS x)");
    for (int i = 1; i < 40; i++)
        text_buffer_format(&sql, ", w%d AS (SELECT a.x FROM w%d a JOIN w%d b ON a.x = b.x)", i,
                           i - 1, i - 1);
    text_buffer_add(&sql, " SELECT COUNT(*) FROM w39");
    expect_exceeded(sql.data);
    text_buffer_free(&sql);
    expect_alive();
}
