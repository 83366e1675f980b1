/* The statements that operators paste in: answered or refused as BigQuery did. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "sql_fixture.h"

static struct sql_fixture *fixture;

static void start(void) {
    fixture = sql_fixture_new();
}

static void stop(void) {
    sql_fixture_free(fixture);
}

TestSuite(sql_operator, .init = start, .fini = stop);

#define STATEMENTS PHASEGATE_SOURCE_DIR "/tests/fixtures/operator_queries"

static const char *const expected[] = {
    "3",
    "2",
    "2024-10-23",
    "3|2|66.7",
    ("player_game_summary|2021|2|1|2021-10-19|2021-10-19\n"
     "player_game_summary|2022|1|1|2022-10-18|2022-10-18"),
    "!Unrecognized name: game_date",
    "!Not found: Table nba-props-platform:nba_precompute.ml_feature_store was not found",
    "!Unrecognized name: analysis_date",
    "(none)",
    "2",
};

Test(sql_operator, every_statement_answers_or_is_refused)
{
    json_t *statements = sql_fixture_statements(STATEMENTS);
    cr_assert_eq(json_array_size(statements), sizeof expected / sizeof *expected);
    size_t i;
    json_t *statement;
    json_array_foreach(statements, i, statement) {
        const char *given = sql_fixture_run(fixture, json_string_value(statement), NULL);
        bool refused = expected[i][0] == '!';
        bool good = refused ? strncmp(given, expected[i], strlen(expected[i])) == 0
                            : strcmp(given, expected[i]) == 0;
        cr_expect(good, "Q%zu gave %s", i + 1, given);
    }
    json_decref(statements);
}

/* `text` with every `wrong` replaced; the caller frees it. */
static char *put_right(const char *text, const char *wrong, const char *right) {
    struct text_buffer out = {0};
    for (const char *at; (at = strstr(text, wrong)); text = at + strlen(wrong)) {
        text_buffer_put(&out, text, (size_t)(at - text));
        text_buffer_add(&out, right);
    }
    text_buffer_add(&out, text);
    return text_buffer_take(&out);
}

Test(sql_operator, refused_statements_answer_once_their_names_are_right)
{
    static const struct {
        size_t statement;
        const char *wrong, *right, *answer;
    } cases[] = {
        {6, "nba_precompute.ml_feature_store`", "nba_predictions.ml_feature_store_v2`",
         "ml_feature_store|2021|1|1|100.0\nplayer_composite_factors|2021|1|1|100.0"},
        {7, "analysis_date", "game_date", "2021-22|1|2022-04-16|2022-04-16|1"},
    };
    json_t *statements = sql_fixture_statements(STATEMENTS);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = put_right(json_string_value(json_array_get(statements, cases[i].statement)),
                               cases[i].wrong, cases[i].right);
        cr_expect_sql(fixture, text, cases[i].answer);
        free(text);
    }
    json_decref(statements);
}
