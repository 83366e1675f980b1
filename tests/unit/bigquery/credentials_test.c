/* What the client does with credentials: when they are sent, awaited, refreshed and refused. */
#include <string.h>

#include "fixture.h"

struct wallet {
    int asked;
    int rejected;
    int pending; /* how often the token is still on its way */
    bool broken;
};

static enum bigquery_credentials_state authorize(void *context, struct text_buffer *value,
                                                 struct error *error) {
    struct wallet *wallet = context;
    wallet->asked++;
    if (wallet->broken) {
        (void)error_set(error, EXIT_CONFIG, "the key file is gone");
        return BIGQUERY_CREDENTIALS_FAILED;
    }
    if (wallet->pending > 0) {
        wallet->pending--;
        return BIGQUERY_CREDENTIALS_PENDING;
    }
    text_buffer_format(value, "Bearer token-%d", wallet->rejected);
    return BIGQUERY_CREDENTIALS_READY;
}

static void reject(void *context, const char *value) {
    struct wallet *wallet = context;
    cr_assert_eq(strncmp(value, "Bearer token-", 13), 0);
    wallet->rejected++;
}

static struct bigquery_credentials credentials_of(struct wallet *wallet) {
    return (struct bigquery_credentials){
        .authorize = authorize, .rejected = reject, .context = wallet, .quota_project = "q"};
}

Test(credentials, are_refreshed_once_after_a_401)
{
    struct wallet wallet = {.pending = 1};
    struct bigquery_credentials credentials = credentials_of(&wallet);
    struct fixture fixture = fixture_start(
        (struct bigquery_options){.credentials = &credentials, .authorize_endpoint = true});
    script_add(fixture.script, (struct reply){.status = 401, .body = FAILURE("authError")});
    script_add(fixture.script, (struct reply){.body = ONE_ROW});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE);
    cr_assert_eq(result->attempts, 2);
    cr_assert_eq(wallet.rejected, 1);
    const char *first = script_seen(fixture.script, 0).headers;
    const char *second = script_seen(fixture.script, 1).headers;
    cr_assert_not_null(strstr(first, "\r\nAuthorization: Bearer token-0\r\n"));
    cr_assert_not_null(strstr(first, "\r\nx-goog-user-project: q\r\n"));
    cr_assert_not_null(strstr(second, "\r\nAuthorization: Bearer token-1\r\n"));
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

/* A server, or a proxy before it, may say back what it was sent. */
Test(credentials, that_an_answer_echoes_are_never_shown)
{
    struct wallet wallet = {0};
    struct bigquery_credentials credentials = credentials_of(&wallet);
    struct fixture fixture = fixture_start(
        (struct bigquery_options){.credentials = &credentials, .authorize_endpoint = true});
    script_add(fixture.script,
               (struct reply){.status = 403,
                              .body = "{\"error\":{\"code\":403,\"message\":\"no: token-0, and "
                                      "(token-0)\",\"errors\":[{\"reason\":\"accessDenied\"}]}}"});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    cr_assert_str_eq(result->failure.message, "no: *******, and (*******)");
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(credentials, that_stay_refused_fail_the_request)
{
    struct wallet wallet = {0};
    struct bigquery_credentials credentials = credentials_of(&wallet);
    struct fixture fixture = fixture_start(
        (struct bigquery_options){.credentials = &credentials, .authorize_endpoint = true});
    script_add(fixture.script,
               (struct reply){.status = 401, .body = FAILURE("authError"), .times = REPLY_FOREVER});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->failure.class, BIGQUERY_AUTH);
    cr_assert_eq(result->attempts, 2);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(credentials, that_fail_are_reported_without_a_call)
{
    struct wallet wallet = {.broken = true};
    struct bigquery_credentials credentials = credentials_of(&wallet);
    struct fixture fixture = fixture_start(
        (struct bigquery_options){.credentials = &credentials, .authorize_endpoint = true});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->failure.class, BIGQUERY_AUTH);
    cr_assert_str_eq(result->failure.message, "the key file is gone");
    cr_assert_eq(script_count(fixture.script, NULL), 0);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(credentials, are_never_sent_to_an_endpoint_unless_told_to)
{
    struct wallet wallet = {0};
    struct bigquery_credentials credentials = credentials_of(&wallet);
    struct fixture fixture = fixture_start((struct bigquery_options){.credentials = &credentials});
    script_add(fixture.script, (struct reply){.body = ONE_ROW});
    bigquery_result_free(fixture_query(&fixture));
    cr_assert_eq(wallet.asked, 0);
    cr_assert_null(strstr(script_seen(fixture.script, 0).headers, "Authorization"));
    fixture_stop(&fixture);
}

Test(credentials, are_required_by_the_real_service_and_kept_off_open_networks)
{
    struct wallet wallet = {0};
    struct bigquery_credentials credentials = credentials_of(&wallet);
    struct error error = {0};
    struct bigquery_options options = {.project = "p"};
    cr_assert_null(bigquery_client_new(&options, &error));
    cr_assert_eq(error.code, EXIT_CONFIG);
    cr_assert_not_null(strstr(error.text, "no credentials"));
    options.endpoint = "http://192.0.2.1:80";
    options.credentials = &credentials;
    options.authorize_endpoint = true;
    cr_assert_null(bigquery_client_new(&options, &error));
    options.endpoint = "https://192.0.2.1";
    struct bigquery_client *client = bigquery_client_new(&options, &error);
    cr_assert_not_null(client, "%s", error.text);
    bigquery_client_free(client);
}
