/* A small catalog with rows, and statements run against it, for the tests of sql*.c. */
#ifndef PHASEGATE_TESTS_SQL_FIXTURE_H
#define PHASEGATE_TESTS_SQL_FIXTURE_H

#include <sqlite3.h>

#include "emulator/sql.h"

struct sql_fixture;

struct sql_fixture *sql_fixture_new(void);
void sql_fixture_free(struct sql_fixture *fixture);
sqlite3 *sql_fixture_database(struct sql_fixture *fixture);
const struct sql_catalog *sql_fixture_catalog(struct sql_fixture *fixture);

/* The request that every run starts from: project nba-props-platform, default dataset nba_raw. */
struct sql_request sql_fixture_request(const char *text);

/* Compiles and runs; gives "a|b\nc|d" (NULL for nulls), "(none)" without rows, or "!message" when
 * it is refused or fails. Parameters are the JSON of queryParameters or NULL. Good until the next
 * call. */
const char *sql_fixture_run(struct sql_fixture *fixture, const char *text, const char *parameters);

/* The operators' statements, q01.sql to q10.sql of a directory; the caller frees the array with
 * json_decref. */
enum { OPERATOR_QUERIES = 10 };
json_t *sql_fixture_statements(const char *directory);

/* sql_fixture_run without parameters must give `expected`. */
#define cr_expect_sql(fixture, text, expected)                                                     \
    do {                                                                                           \
        const char *given_ = sql_fixture_run(fixture, text, NULL);                                 \
        cr_expect_str_eq(given_, expected, "%s\n  gave     %s\n  expected %s", text, given_,       \
                         expected);                                                                \
    } while (0)

#endif
