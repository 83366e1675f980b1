/* The parts that need no server: endpoints, prices, messages. */
#include <string.h>

#include "bigquery/verdict.h"
#include "fixture.h"

Test(endpoint, is_taken_with_or_without_scheme_and_path)
{
    static const struct {
        const char *given;
        const char *url;
    } GOOD[] = {
        {"localhost", "http://localhost/bigquery/v2"},
        {"127.0.0.1:9050", "http://127.0.0.1:9050/bigquery/v2"},
        {"http://h:1", "http://h:1/bigquery/v2"},
        {"http://h:1/", "http://h:1/bigquery/v2"},
        {"http://h:1/bigquery/v2", "http://h:1/bigquery/v2"},
        {"https://h/bigquery/v2/", "https://h/bigquery/v2"},
        {"https://h/proxy", "https://h/proxy/bigquery/v2"},
        {"[::1]:9050", "http://[::1]:9050/bigquery/v2"},
    };
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        struct error error = {0};
        char *url = bigquery_endpoint_url(GOOD[i].given, &error);
        cr_assert_not_null(url, "%s: %s", GOOD[i].given, error.text);
        cr_assert_str_eq(url, GOOD[i].url);
        free(url);
    }
}

Test(endpoint, that_makes_no_sense_is_named)
{
    static const char *const BAD[] = {"",    "http://",      "ftp://h",   "h:port",    "h:99999",
                                      "a b", "http://h?x=1", "http://h#", "file:///x", "https://"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct error error = {0};
        cr_assert_null(bigquery_endpoint_url(BAD[i], &error), "%s", BAD[i]);
        cr_assert_eq(error.code, EXIT_CONFIG);
        cr_assert_not_null(strstr(error.text, BAD[i]));
    }
}

Test(endpoint, with_a_password_is_refused_and_not_repeated)
{
    static const char *const bad[] = {"http://me:hunter2@h:1", "me:hunter2@h", "https://me@h"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error error = {0};
        cr_assert_null(bigquery_endpoint_url(bad[i], &error), "%s", bad[i]);
        cr_assert_eq(error.code, EXIT_CONFIG);
        cr_assert_not_null(strstr(error.text, "holds a user or a password"));
        cr_assert_null(strstr(error.text, "hunter2"));
    }
}

Test(endpoint, of_the_environment_counts_only_when_set)
{
    (void)unsetenv("BIGQUERY_EMULATOR_HOST");
    cr_assert_null(bigquery_endpoint_from_environment());
    (void)setenv("BIGQUERY_EMULATOR_HOST", "", 1);
    cr_assert_null(bigquery_endpoint_from_environment());
    (void)setenv("BIGQUERY_EMULATOR_HOST", "h:1", 1);
    cr_assert_str_eq(bigquery_endpoint_from_environment(), "h:1");
}

Test(cost, is_billed_in_whole_mebibytes_and_ten_at_least_for_each_table)
{
    cr_assert_eq(bigquery_billed_estimate(0, 1), 0);
    cr_assert_eq(bigquery_billed_estimate(1, 0), 10485760);
    cr_assert_eq(bigquery_billed_estimate(1, 3), INT64_C(31457280));
    cr_assert_eq(bigquery_billed_estimate(163595928, 1), 157 * BIGQUERY_MIB);
    cr_assert_eq(bigquery_billed_estimate(INT64_MAX, 1), INT64_MAX);
    cr_assert_geq(bigquery_billed_limit(163595928, 1), 164626432);
    cr_assert_eq(bigquery_billed_limit(0, 2), INT64_C(20971520));
    cr_assert_eq(bigquery_billed_limit(INT64_MAX, 9), INT64_MAX);
    cr_assert_float_eq(bigquery_cost(BIGQUERY_TIB, BIGQUERY_PRICE_PER_TIB), 6.25, 1e-9);
    cr_assert_float_eq(bigquery_cost(10485760, BIGQUERY_PRICE_PER_TIB), 0.0000596, 1e-7);
    cr_assert_eq(bigquery_cost(BIGQUERY_UNKNOWN, 6.25), 0.0);
}

Test(message, becomes_one_line_without_controls)
{
    char out[64];
    static const char RIGHT_TO_LEFT[] = {'\xe2', '\x80', '\xae', '\0'};
    char foreign[64];
    (void)snprintf(foreign, sizeof foreign, "  a\r\n\tb\x1b[31m\xff%sc\xc2\x9b é  ", RIGHT_TO_LEFT);
    verdict_sanitise(out, sizeof out, text_of(foreign));
    cr_assert_str_eq(out, "a b [31m c é");
    char small[8];
    verdict_sanitise(small, sizeof small, text_of("ééééé"));
    cr_assert_str_eq(small, "éé…");
    verdict_sanitise(out, sizeof out, text_of(""));
    cr_assert_str_eq(out, "");
}

Test(message, holds_nothing_that_looks_like_a_secret)
{
    static const struct {
        const char *foreign, *shown;
    } cases[] = {
        {"Invalid token ya29.a0AfB_byC0123456789-xyzABCDEFGHIJ, log in", "Invalid token …, log in"},
        {"got \"Bearer s3cr3t-w0rd\" from you", "got \"Bearer …\" from you"},
        {"Bearer authentication is needed", "Bearer authentication is needed"},
        {"key=AIzaSyD-0123456789abcdefghij", "key=…"},
        {"assertion eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln was refused",
         "assertion … was refused"},
        {"refresh_token 1//0gAbCdEfGhIjKlMnOp", "refresh_token …"},
        {"id aB3dE5gH7jK9mN1pQ3sT5vW7yZ and more", "id … and more"},
        {"Not found: Table nba-props-platform:nba_precompute.player_composite_factors_daily_v2 was "
         "not found in location US",
         "Not found: Table nba-props-platform:nba_precompute.player_composite_factors_daily_v2 was "
         "not found in location US"},
        {"Not found: Job p:US.job_aB3dE5gH7jK9mN1pQ3sT5vW7yZ",
         "Not found: Job p:US.job_aB3dE5gH7jK9mN1pQ3sT5vW7yZ"},
        {"0123456789abcdef0123456789abcdef0123456789abcdef",
         "0123456789abcdef0123456789abcdef0123456789abcdef"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[BIGQUERY_MESSAGE_SIZE];
        verdict_sanitise(out, sizeof out, text_of(cases[i].foreign));
        cr_expect_str_eq(out, cases[i].shown, "%s", out);
    }
    char cut[24];
    verdict_sanitise(cut, sizeof cut, TEXT("token ya29.a0AfB_byC0123456789-xyzABCDEFGHIJ"));
    cr_expect_str_eq(cut, "token …"); /* not the half that would have fitted */
}

Test(failure, has_a_name_for_every_class)
{
    for (int i = BIGQUERY_NO_FAILURE; i <= BIGQUERY_CANCELLED; i++) {
        cr_assert_not_null(bigquery_failure_name((enum bigquery_failure_class)i));
    }
    cr_assert_str_eq(bigquery_type_name(BIGQUERY_RECORD), "STRUCT");
    cr_assert_str_eq(bigquery_type_name(BIGQUERY_TIMESTAMP), "TIMESTAMP");
    cr_assert_str_eq(bigquery_type_name(BIGQUERY_OTHER_TYPE), "?");
}

Test(answer, cut_short_anywhere_is_no_answer)
{
    static const char WHOLE[] = ONE_ROW;
    for (size_t size = 0; size < sizeof WHOLE; size++) {
        struct exchange exchange = {.status = 200};
        struct verdict verdict = {0};
        json_t *body = NULL;
        text_buffer_put(&exchange.answer, WHOLE, size);
        bool good = verdict_of_exchange(&exchange, &body, &verdict);
        cr_assert_eq(good, size == sizeof WHOLE - 1, "%zu bytes", size);
        cr_assert(good || verdict.action == VERDICT_RETRY);
        json_decref(body);
        text_buffer_free(&exchange.answer);
    }
}
