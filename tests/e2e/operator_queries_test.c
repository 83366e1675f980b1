/* What the operators already paste into `bq query` gets the answers and the refusals that BigQuery
 * gave them on those nights. The statements are in tests/fixtures/operator_queries. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "tests/support/local_bigquery.h"

enum { LINE_LIMIT = 1000 };

static struct local_bigquery emulator;

static void open_night(const char *scenario) {
    const char *arguments[] = {"--port", "0", "--scenario", scenario, NULL};
    emulator = local_bigquery_start(arguments);
}

static void close_night(void) {
    local_bigquery_stop(&emulator);
}

/* The statement of a question, with one name put right everywhere. */
static char *statement(int question, const char *wrong, const char *right) {
    char *path = memory_format("%s/tests/fixtures/operator_queries/q%02d.sql", PHASEGATE_SOURCE_DIR,
                               question);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    char line[LINE_LIMIT];
    while (fgets(line, sizeof line, file) != NULL) {
        const char *rest = line;
        for (const char *at; wrong != NULL && (at = strstr(rest, wrong)) != NULL;) {
            fprintf(out, "%.*s%s", (int)(at - rest), rest, right);
            rest = at + strlen(wrong);
        }
        fputs(rest, out);
    }
    fclose(out);
    fclose(file);
    free(path);
    return text;
}

static char *ask_corrected(int question, const char *wrong, const char *right) {
    char *sql = statement(question, wrong, right);
    char *answer = local_bigquery_ask(&emulator, sql);
    free(sql);
    return answer;
}

static void expect_answer(int question, const char *expected) {
    char *answer = ask_corrected(question, NULL, NULL);
    cr_expect_str_eq(answer, expected, "question %d: %s", question, answer);
    free(answer);
}

static void expect_refusal(int question, const char *reason_and_start) {
    char *answer = ask_corrected(question, NULL, NULL);
    cr_expect_eq(strncmp(answer, reason_and_start, strlen(reason_and_start)), 0, "question %d: %s",
                 question, answer);
    free(answer);
}

static size_t lines_of(const char *text) {
    size_t lines = 0;
    for (; *text != '\0'; text++) {
        lines += *text == '\n';
    }
    return lines;
}

TestSuite(operator_queries, .fini = close_night);

Test(operator_queries, count_the_dates_of_5_january)
{
    open_night("jan05");
    expect_answer(1, "846\n"); /* 776 attainable ones and the 70 of the season starts */
}

Test(operator_queries, count_the_games_and_missing_dates_of_3_january)
{
    open_night("jan03");
    expect_answer(2, "357\n");
    expect_answer(4, "2027|357|17.6\n");
    char *missing = ask_corrected(3, NULL, NULL);
    cr_expect_eq(lines_of(missing), 230);
    cr_expect_eq(strncmp(missing, "2024-10-22\n", 11), 0, "%.40s", missing);
    free(missing);
}

Test(operator_queries, find_a_finished_night_complete_and_refuse_wrong_names)
{
    open_night("jan09");
    char *seasons = ask_corrected(5, NULL, NULL);
    cr_expect_eq(lines_of(seasons), 3);
    cr_expect_not_null(strstr(seasons, "|213|2021-10-19|"), "%s", seasons);
    cr_expect_not_null(strstr(seasons, "|212|2022-10-18|"), "%s", seasons);
    cr_expect_not_null(strstr(seasons, "|207|2023-10-24|"), "%s", seasons);
    free(seasons);
    expect_refusal(6, "invalidQuery: Unrecognized name: game_date");
    expect_refusal(7,
                   "notFound: Not found: Table nba-props-platform:nba_precompute.ml_feature_sto");
    char *corrected =
        ask_corrected(7, "nba_precompute.ml_feature_store", "nba_predictions.ml_feature_store_v2");
    cr_expect_str_eq(corrected, "ml_feature_store|2021|199|213|93.4\n"
                                "ml_feature_store|2022|198|212|93.4\n"
                                "ml_feature_store|2023|193|207|93.2\n"
                                "player_composite_factors|2021|199|213|93.4\n"
                                "player_composite_factors|2022|198|212|93.4\n"
                                "player_composite_factors|2023|193|207|93.2\n");
    free(corrected);
}

Test(operator_queries, see_the_playoffs_under_way_on_2_january)
{
    open_night("jan02");
    expect_refusal(8, "invalidQuery: Unrecognized name: analysis_date");
    char *corrected = ask_corrected(8, "analysis_date", "game_date");
    cr_expect_eq(strncmp(corrected, "2021-22|", 8), 0, "%s", corrected);
    free(corrected);
    expect_answer(9, "");
    expect_answer(10, "399\n");
}
