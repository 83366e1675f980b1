/* Statements broken in every way a deterministic die can think of: none may crash, leak or fail
 * without a reason. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sql_fixture.h"

static uint64_t dice(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static const char *const pieces[] = {"SELECT ",
                                     " FROM ",
                                     "(",
                                     ")",
                                     ",",
                                     " NULL ",
                                     "'x'",
                                     "1",
                                     "@p",
                                     "?",
                                     " AS ",
                                     "`",
                                     "'",
                                     " OVER (",
                                     " GROUP BY 1 ",
                                     " ORDER BY 2 ",
                                     " COUNT(*) ",
                                     "[",
                                     "]",
                                     " UNION ALL ",
                                     " JOIN ",
                                     "--",
                                     "/*",
                                     " CASE ",
                                     " END ",
                                     ".",
                                     "*",
                                     " UNNEST(",
                                     " INTERVAL 1 DAY",
                                     " IN ",
                                     " BETWEEN ",
                                     "\\",
                                     "\xC3",
                                     "\xFF",
                                     " DATE '2024-01-01' ",
                                     " USING (game_date)",
                                     " EXCEPT (game_date)",
                                     "-",
                                     ";",
                                     " CAST(",
                                     " WHERE ",
                                     " HAVING ",
                                     " LIMIT 1 ",
                                     " t.x ",
                                     " EXTRACT(",
                                     "<",
                                     ">>",
                                     "ARRAY<",
                                     " STRUCT<",
                                     " DEFAULT "};

static const char *const seeds[] = {
    "SELECT game_date AS day, COUNT(*) FROM nba_analytics.player_game_summary p WHERE game_date "
    "BETWEEN '2021-01-01' AND '2022-01-01' GROUP BY day HAVING COUNT(*) > 1 ORDER BY day DESC "
    "LIMIT 5",
    "WITH a AS (SELECT id, name FROM changes), b AS (SELECT * EXCEPT (day) FROM changes) SELECT "
    "a.id, "
    "ROW_NUMBER() OVER (PARTITION BY b.name ORDER BY a.id) FROM a LEFT JOIN b USING (id) UNION ALL "
    "SELECT 1, 2",
    "INSERT INTO changes (id, day) VALUES (1, '2024-01-01'), (CAST('2' AS INT64), NULL)",
    "UPDATE changes c SET name = CONCAT(name, 'x') FROM (SELECT 1 AS k) s WHERE c.id = s.k",
    "CREATE OR REPLACE TABLE nba_raw.made (a INT64 NOT NULL, b ARRAY<STRUCT<c STRING>>) PARTITION "
    "BY "
    "DATE(a) OPTIONS(description='x')",
    "SELECT d, o, EXTRACT(YEAR FROM d), DATE_ADD(d, INTERVAL 1 MONTH), CASE WHEN d > DATE "
    "'2024-01-01' "
    "THEN 1 ELSE 2.5 END, x[OFFSET(0)] FROM UNNEST(GENERATE_DATE_ARRAY('2024-01-01', "
    "'2024-01-05')) AS d "
    "WITH OFFSET AS o, (SELECT [1, 2] AS x) WHERE d IN UNNEST(['2024-01-02']) AND NOT d IS NULL",
};

static char *mutate(const char *seed, uint64_t *state) {
    char *text = memory_copy_string(seed);
    for (uint64_t rounds = 1 + dice(state) % 3; rounds; rounds--) {
        size_t size = strlen(text), at = size ? dice(state) % size : 0;
        size_t cut = dice(state) % 2 ? dice(state) % 12 : 0;
        if (at + cut > size)
            cut = size - at;
        const char *piece =
            dice(state) % 3 ? pieces[dice(state) % (sizeof pieces / sizeof *pieces)] : "";
        char *next = memory_format("%.*s%s%s", (int)at, text, piece, text + at + cut);
        free(text);
        text = next;
    }
    return text;
}

Test(sql_mutation, broken_statements_fail_with_a_sentence)
{
    struct sql_fixture *fixture = sql_fixture_new();
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 6000; i++) {
        char *text = mutate(seeds[(size_t)i % (sizeof seeds / sizeof *seeds)], &state);
        struct sql_error error;
        struct sql_request request = sql_fixture_request(text);
        request.dry_run = i % 2;
        struct sql_statement *statement =
            sql_compile(&request, sql_fixture_catalog(fixture), &error);
        if (!statement) {
            cr_assert(error.reason && error.code && error.message[0], "%s", text);
        } else if (statement->sqlite && statement->kind != SQL_CREATE_TABLE_AS_SELECT) {
            sqlite3_stmt *prepared = NULL;
            int result = sqlite3_prepare_v2(sql_fixture_database(fixture), statement->sqlite, -1,
                                            &prepared, NULL);
            cr_expect_eq(result, SQLITE_OK, "%s\n  %s\n  %s", text, statement->sqlite,
                         sqlite3_errmsg(sql_fixture_database(fixture)));
            if (statement->kind == SQL_SELECT)
                for (int rows = 0; rows < 50 && sqlite3_step(prepared) == SQLITE_ROW; rows++)
                    ;
            sqlite3_finalize(prepared);
        }
        sql_free(statement);
        free(text);
    }
    sql_fixture_free(fixture);
}
