/* One query, told from all else by its tokens. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "googlesql/statement.h"

/* "" for a query, else "line:column what it is". */
static char *judge(const char *sql) {
    struct googlesql_tokens tokens;
    struct googlesql_error error;
    cr_assert(googlesql_tokenise(text_of(sql), &tokens, &error), "%s", sql);
    bool good = googlesql_is_query(&tokens, &error);
    googlesql_tokens_free(&tokens);
    return good ? memory_copy_string("")
                : memory_format("%d:%d %s", error.place.line, error.place.column, error.text);
}

static const struct {
    const char *sql, *said;
} CASES[] = {
    {"select 1", ""},
    {"SELECT 1;;", ""},
    {"-- a;b\n(SELECT ';') ; # ;", ""},
    {"((WITH a AS (SELECT 1) SELECT * FROM a))", ""},
    {"FROM t |> SELECT a |> ORDER BY a", ""},
    {"FROM t", ""},
    {"", "1:1 there is no statement"},
    {"-- nothing\n", "2:1 there is no statement"},
    {"()", "1:2 it begins with \")\""},
    {";SELECT 1", "1:1 there is no statement"},
    {"SELECTED", "1:1 it begins with \"SELECTED\""},
    {"`select` 1", "1:1 it begins with \"select\""},
    {"/* SELECT */ DROP TABLE t", "1:14 it begins with \"DROP\""},
    {"DECLARE x INT64; SELECT 1", "1:1 it begins with \"DECLARE\""},
    {"SELECT 1;\n SELECT 2", "2:2 a second statement begins here"},
    {"SELECT 1; 'x'", "1:11 a second statement begins here"},
    {"SELECT (1;2)", ""}, /* BigQuery tells what is wrong with it */
    {"SELECT (1", "1:8 this is never closed"},
    {"SELECT 1)", "1:9 this closes nothing"},
    {"SELECT [1)", "1:10 this closes nothing"},
    {"FROM t |> INSERT INTO u", "1:11 it writes here"},
    {"FROM t |> create table u", "1:11 it writes here"},
};

Test(statement, is_one_query_or_says_what_it_is)
{
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char *said = judge(CASES[i].sql);
        cr_expect_str_eq(said, CASES[i].said, "%s\n  gave     %s\n  expected %s", CASES[i].sql,
                         said, CASES[i].said);
        free(said);
    }
}

Test(statement, bounds_its_nesting)
{
    char *deep = memory_new(1, 200001);
    memset(deep, '(', 200000);
    memcpy(deep + 199000, "SELECT ", 7);
    char *said = judge(deep);
    cr_expect_not_null(strstr(said, "it is nested too deeply"), "%s", said);
    free(said);
    free(deep);
}

Test(statement, knows_its_parameters)
{
    static const char *const names[] = {"from", "to"};
    struct googlesql_tokens tokens;
    struct googlesql_error error;
    cr_assert(googlesql_tokenise(TEXT("SELECT @FROM, '@day', @`to` -- ?"), &tokens, &error));
    cr_expect_null(googlesql_other_parameter(&tokens, names, 2));
    cr_expect(googlesql_asks(&tokens, "from"));
    cr_expect(googlesql_asks(&tokens, "to"));
    cr_expect_not(googlesql_asks(&tokens, "day"));
    googlesql_tokens_free(&tokens);
    cr_assert(googlesql_tokenise(TEXT("SELECT @from_day"), &tokens, &error));
    cr_expect_not(googlesql_asks(&tokens, "from"));
    cr_expect_str_eq(googlesql_other_parameter(&tokens, names, 2)->text, "from_day");
    googlesql_tokens_free(&tokens);
}

Test(statement, knows_its_code_from_what_is_written_in_it)
{
    const char *sql = "a 'b' `c` -- d";
    struct googlesql_tokens tokens;
    struct googlesql_error error;
    cr_assert(googlesql_tokenise(text_of(sql), &tokens, &error));
    cr_expect(googlesql_is_code(&tokens, 0));
    cr_expect_not(googlesql_is_code(&tokens, 1));
    cr_expect_not(googlesql_is_code(&tokens, 3));
    cr_expect(googlesql_is_code(&tokens, 7));
    cr_expect_not(googlesql_is_code(&tokens, strlen(sql) - 1));
    cr_expect_null(googlesql_at(&tokens, 99));
    googlesql_tokens_free(&tokens);
}
