/* What is said when there is no token, and when it is asked for again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "login_bed.h"

#define SECONDS(n)        (INT64_C(1000) * (n))
#define GRANT_ERROR(text) "{\"error\":\"invalid_grant\",\"error_description\":\"" text "\"}"

static void assert_part(const char *text, const char *part) {
    cr_assert_not_null(text, "nothing was said");
    cr_assert_not_null(strstr(text, part), "%s", text);
}

/* Reads a table and expects failure of a class. */
static void read_badly(struct bed *bed, enum bigquery_failure_class class, const char *part) {
    struct bigquery_result *result = bed_read(bed);
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    cr_assert_eq(result->failure.class, class, "%s", result->failure.message);
    assert_part(result->failure.message, part);
    bigquery_result_free(result);
}

static void read_well(struct bed *bed) {
    struct bigquery_result *result = bed_read(bed);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    bigquery_result_free(result);
}

/* ---- Files ------------------------------------------------------------------------------- */

Test(login_refusal, of_files_says_what_is_wrong_and_what_to_do)
{
    static const struct {
        const char *file;
        const char *part;
    } CASES[] = {
        {"{\"type\":\n  \"" SECRET "\" oops}", "credentials.json:2:15: this is not the JSON of a "
                                               "credential file; download the key again"},
        {"", "credentials.json:1:0: this is not the JSON"},
        {"[]", "this is not the JSON of a credential file"},
        {"{}", "credentials without a type are not supported; use the key file"},
        {"{\"type\":\"gdch_service_account\"}",
         "credentials of type gdch_service_account are not supported; use the key file"},
        {"{\"type\":\"" SECRET "\\n\"}", "credentials without a type are not supported"},
        {"{\"type\":\"authorized_user\",\"client_id\":\"c\",\"client_secret\":\"" SECRET "\"}",
         "a file of type authorized_user needs refresh_token; run `gcloud auth "
         "application-default login`"},
        {"{\"type\":\"authorized_user\",\"client_id\":1}", "client_id must be a string"},
        {"{\"type\":\"service_account\",\"private_key\":\"" SECRET "\"}",
         "a file of type service_account needs client_email; make a new key"},
        {"{\"type\":\"service_account\",\"client_email\":\"a\",\"private_key\":\"-----BEGIN "
         "PRIVATE KEY-----\\n" SECRET "\\n-----END PRIVATE KEY-----\\n\"}",
         "private_key is no RSA key in PEM of 2,048 bits or more; make a new key"},
        {"{\"type\":\"authorized_user\",\"client_id\":\"c\",\"client_secret\":\"" SECRET
         "\",\"refresh_token\":\"" SECRET "\",\"token_uri\":\"http://evil.example/t\"}",
         "token_uri (evil.example): tokens are asked for over https or of this machine only"},
        {"{\"type\":\"authorized_user\",\"client_id\":\"c\",\"client_secret\":\"" SECRET
         "\",\"refresh_token\":\"" SECRET "\",\"token_uri\":\"http://localhost:" SECRET
         "@evil.example/t\"}",
         "token_uri (evil.example): tokens are asked for over https or of this machine only"},
        {"{\"type\":\"authorized_user\",\"client_id\":\"c\",\"client_secret\":\"" SECRET
         "\",\"refresh_token\":\"" SECRET "\",\"universe_domain\":\"other.example\"}",
         "universe_domain is not googleapis.com"},
        {"{\"type\":\"impersonated_service_account\",\"service_account_impersonation_url\":"
         "\"https://iam.example/\"}",
         "source_credentials are missing"},
        {"{\"type\":\"external_account\",\"audience\":\"a\",\"subject_token_type\":\"t\","
         "\"token_url\":\"https://sts.example/\",\"credential_source\":{\"environment_id\":"
         "\"aws1\",\"regional_cred_verification_url\":\"https://sts.aws.example\"}}",
         "AWS as the source of an external account is not supported; use a key file"},
        {"{\"type\":\"external_account\",\"audience\":\"a\",\"subject_token_type\":\"t\","
         "\"token_url\":\"https://sts.example/\",\"credential_source\":{\"url\":"
         "\"http://evil.example/\"}}",
         "credential_source.url: tokens are asked for over https"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct bed bed;
        bed_make(&bed);
        const char *path = bed_write(&bed, "credentials.json", CASES[i].file);
        (void)setenv("GOOGLE_APPLICATION_CREDENTIALS", path, 1);
        const char *text = bed_refused(&bed, EXIT_CONFIG);
        assert_part(text, CASES[i].part);
        assert_part(text, path);
        bed_clear(&bed);
    }
}

Test(login_refusal, of_a_key_that_others_may_read_names_chmod)
{
    static const struct {
        mode_t mode;
        const char *part;
    } CASES[] = {
        {0640, "(mode 0640); run `chmod 600 /"},
        {0604, "(mode 0604); run `chmod 600 /"},
        {0620, "(mode 0620); run `chmod 600 /"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct bed bed;
        bed_make(&bed);
        bed_user(&bed);
        char *path =
            memory_format("%s/.config/gcloud/application_default_credentials.json", bed.home);
        cr_assert_eq(chmod(path, CASES[i].mode), 0);
        assert_part(bed_refused(&bed, EXIT_CONFIG), CASES[i].part);
        (void)setenv("GOOGLE_APPLICATION_CREDENTIALS", path, 1);
        assert_part(bed_refused(&bed, EXIT_CONFIG), CASES[i].part);
        cr_assert_eq(chmod(path, 0400), 0);
        bed_login(&bed, (struct bigquery_login_options){0});
        free(path);
        bed_clear(&bed);
    }
}

Test(login_refusal, of_a_named_file_is_never_a_reason_to_look_further)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    (void)setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json", 1);
    assert_part(bed_refused(&bed, EXIT_CONFIG),
                "GOOGLE_APPLICATION_CREDENTIALS: /nowhere/key.json: the credentials cannot be read "
                "(No such file or directory)");
    (void)setenv("GOOGLE_APPLICATION_CREDENTIALS", bed.home, 1);
    assert_part(bed_refused(&bed, EXIT_CONFIG), "is no file");
    bed_clear(&bed);
}

Test(login_refusal, without_any_credentials_tells_where_was_looked)
{
    struct bed bed;
    bed_make(&bed);
    const char *text = bed_refused(&bed, EXIT_NO_INPUT);
    assert_part(text, "GOOGLE_APPLICATION_CREDENTIALS is not set");
    assert_part(text, "/.config/gcloud/application_default_credentials.json is not there");
    assert_part(text, "the metadata server is switched off");
    assert_part(text, "run `gcloud auth application-default login`");
    bed_clear(&bed);
}

Test(login_refusal, of_a_strange_quota_project_keeps_it_out_of_the_headers)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    (void)setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "p\r\nX-Evil: 1", 1);
    assert_part(bed_refused(&bed, EXIT_CONFIG), "correct GOOGLE_CLOUD_QUOTA_PROJECT");
    bed_clear(&bed);
}

Test(login, sends_the_quota_project_that_the_environment_prefers)
{
    struct bed bed;
    bed_make(&bed);
    (void)setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "payer", 1);
    bed_service_account(&bed);
    bed_login(&bed, (struct bigquery_login_options){.self_signed = true});
    bed_connect(&bed);
    read_well(&bed);
    assert_part(script_seen(bed.bigquery.script, 0).headers, "\r\nx-goog-user-project: payer\r\n");
    bed_clear(&bed);
}

/* ---- Answers ----------------------------------------------------------------------------- */

Test(login_refusal, of_a_revoked_login_is_final_and_not_asked_for_by_every_request)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    script_add(bed.google,
               (struct reply){.status = 400,
                              .times = REPLY_FOREVER,
                              .body = GRANT_ERROR("Token 1//" SECRET "-refresh revoked")});
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect(&bed);
    for (int i = 0; i < 5; i++) {
        read_badly(&bed, BIGQUERY_AUTH,
                   "the login has expired or was revoked; run `gcloud auth application-default "
                   "login` (invalid_grant: Token … revoked)");
    }
    cr_assert_eq(script_count(bed.google, NULL), 1);
    cr_assert_eq(script_count(bed.bigquery.script, NULL), 0);
    bed_pass(&bed, SECONDS(54) - 1);
    cr_assert_eq(script_count(bed.google, NULL), 1);
    bed_pass(&bed, SECONDS(12) + 1);
    bed_await(&bed, 2); /* a minute later, give or take a tenth, and only once */
    bed_pass(&bed, SECONDS(100));
    cr_assert_eq(script_count(bed.google, NULL), 2);
    bed_clear(&bed);
}

Test(login, that_was_hopeless_is_tried_at_once_when_its_file_is_written_anew)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    script_add(bed.google, (struct reply){.status = 400, .body = GRANT_ERROR("revoked")});
    script_add(bed.google, (struct reply){.body = TOKEN("1")});
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect(&bed);
    read_badly(&bed, BIGQUERY_AUTH, "was revoked");
    bed_well_known(&bed,
                   "{\"type\":\"authorized_user\",\"client_id\":\"c\",\"client_secret\":\"" SECRET
                   "-new\",\"refresh_token\":\"" SECRET "-fresh\",\"token_uri\":"
                   "\"%s/token\"}");
    read_well(&bed);
    bed_assert_field(&bed, 1, "refresh_token", SECRET "-fresh");
    cr_assert_null(bed_facts(&bed).problem);
    bed_clear(&bed);
}

Test(login_refusal, because_of_the_clock_says_by_how_much_it_is_off)
{
    static const struct {
        const char *date;
        const char *part;
    } CASES[] = {
        {"Date: Mon, 05 Jan 2026 12:15:00 GMT\r\n",
         "this machine's clock is 2 h 00 ahead of that of 127.0.0.1:"},
        {"Date: Mon, 05 Jan 2026 14:18:00 GMT\r\n", "this machine's clock is 3 min behind that of"},
        {"Date: Mon, 05 Jan 2026 14:15:01 GMT\r\n", "refuses the time in the token"},
        {NULL, "refuses the time in the token"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct bed bed;
        bed_make(&bed);
        bed_service_account(&bed);
        script_add(bed.google,
                   (struct reply){.status = 400,
                                  .headers = CASES[i].date,
                                  .body = GRANT_ERROR("Invalid JWT: Token must be a short-lived "
                                                      "token (60 minutes) and in a reasonable "
                                                      "timeframe. Check your iat and exp values")});
        bed_login(&bed, (struct bigquery_login_options){0});
        cr_assert_not(bed_finish(&bed));
        assert_part(bed_facts(&bed).problem, CASES[i].part);
        assert_part(bed_facts(&bed).problem, "timedatectl set-ntp true");
        bed_clear(&bed);
    }
}

Test(login_refusal, of_a_deleted_key_asks_for_a_new_one)
{
    struct bed bed;
    bed_make(&bed);
    bed_service_account(&bed);
    script_add(bed.google,
               (struct reply){.status = 400, .body = GRANT_ERROR("Invalid JWT Signature.")});
    bed_login(&bed, (struct bigquery_login_options){0});
    cr_assert_not(bed_finish(&bed));
    assert_part(bed_facts(&bed).problem,
                "for robot@p.iam.gserviceaccount.com: the key of the service account was deleted");
    bed_clear(&bed);
}

/* What no endpoint of Google's ever sends, but a broken or hostile one might. */
Test(login_refusal, of_nonsense_quotes_none_of_it)
{
    static const struct reply CASES[] = {
        {.body = "<html>" SECRET "</html>"},
        {.body = "{\"access_token\":\"" SECRET " with spaces\",\"expires_in\":3600}"},
        {.body = "{\"access_token\":\"" SECRET "\\r\\nX-Evil: 1\",\"expires_in\":3600}"},
        {.status = 302, .headers = "Location: http://evil.example/" SECRET "\r\n"},
        {.status = 400, .body = "{\"error\":\"" SECRET " \\n\",\"error_description\":5}"},
        {.status = 400,
         .body = "{\"error\":\"x\",\"error_description\":\"key eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"
                 "." SECRET "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa end\"}"},
        {.fault = FAULT_TRUNCATE, .body = TOKEN("1")},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct bed bed;
        bed_make(&bed);
        bed_user(&bed);
        struct reply reply = CASES[i];
        reply.times = REPLY_FOREVER;
        script_add(bed.google, reply);
        bed_login(&bed, (struct bigquery_login_options){0});
        bed_connect(&bed);
        bed_await_problem(&bed);
        cr_assert_eq(bed_facts(&bed).expires_ms, 0);
        bed_clear(&bed);
    }
}

/* ---- Trouble that passes ----------------------------------------------------------------- */

Test(login, asks_three_times_when_the_endpoint_is_in_trouble)
{
    static const struct reply CASES[] = {
        {.status = 500},
        {.status = 503},
        {.status = 504},
        {.status = 408},
        {.status = 429},
        {.status = 400, .body = "{\"error\":\"internal_failure\"}"},
        {.status = 400, .body = "{\"error\":\"server_error\"}"},
        {.status = 400, .body = "{\"error\":\"temporarily_unavailable\"}"},
        {.fault = FAULT_RESET},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct bed bed;
        bed_make(&bed);
        bed_user(&bed);
        struct reply reply = CASES[i];
        reply.times = 2;
        script_add(bed.google, reply);
        script_add(bed.google, (struct reply){.body = TOKEN("1")});
        bed_login(&bed, (struct bigquery_login_options){0});
        bed_connect(&bed);
        bed_await(&bed, 1);
        bed_pass(&bed, 899);
        cr_assert_eq(script_count(bed.google, NULL), 1);
        bed_pass(&bed, 202);
        bed_await(&bed, 2);
        bed_pass(&bed, 1799);
        cr_assert_eq(script_count(bed.google, NULL), 2);
        bed_pass(&bed, 402);
        bed_await(&bed, 3);
        read_well(&bed);
        cr_assert_null(bed_facts(&bed).problem);
        bed_clear(&bed);
    }
}

Test(login, that_cannot_be_renewed_is_used_to_its_end_and_then_requests_retry)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    script_add(bed.google, (struct reply){.body = TOKEN("1")});
    script_add(bed.google, (struct reply){.status = 503, .times = 100});
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect(&bed);
    bed_await(&bed, 1);
    bed_pass(&bed, SECONDS(3600 - 225));
    bed_await_problem(&bed);
    cr_assert_eq(script_count(bed.google, NULL), 4);
    assert_part(bed_facts(&bed).problem, "gives no token just now: HTTP 503");
    read_well(&bed); /* the old one is good for three minutes more */
    for (int i = 0; i < 210; i++) {
        bed_pass(&bed, SECONDS(1));
    }
    cr_assert_lt(script_count(bed.google, NULL), 20); /* ever more seldom */
    bed_pass(&bed, SECONDS(10));
    struct bigquery_login_facts facts = bed_facts(&bed);
    cr_assert_eq(facts.expires_ms, 0);
    bed_clear(&bed);
}

Test(login, without_a_token_for_a_while_lets_requests_retry_rather_than_fail)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    script_add(bed.google, (struct reply){.status = 503, .times = 3});
    script_add(bed.google, (struct reply){.body = TOKEN("1")});
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect(&bed);
    struct error error = {0};
    struct bigquery_table_name name = {.dataset = "d", .table = "t"};
    cr_assert_neq(bigquery_submit_table(bed.bigquery.client, &name, 0, NULL, &error), 0);
    struct bigquery_result *result = NULL;
    struct bigquery_activity activity = {0};
    while (result == NULL) {
        bed_pass_idle(&bed, 10);
        result = bigquery_client_wait(bed.bigquery.client, 0);
        (void)bigquery_client_activity(bed.bigquery.client, &activity, 1);
    }
    cr_assert_eq(result->status, BIGQUERY_DONE);
    cr_assert_eq(activity.failure.class, BIGQUERY_TRANSPORT);
    cr_assert_str_eq(activity.failure.reason, "token");
    assert_part(activity.failure.message, "gives no token just now: HTTP 503");
    bigquery_result_free(result);
    bed_clear(&bed);
}

Test(login, is_not_fetched_for_every_401_of_a_service_that_refuses_all)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    script_add(bed.google, (struct reply){.body = TOKEN("1")});
    script_add(bed.google, (struct reply){.body = TOKEN("2"), .times = REPLY_FOREVER});
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect_refusing(&bed, REPLY_FOREVER);
    for (int i = 0; i < 10; i++) {
        read_badly(&bed, BIGQUERY_AUTH, "it failed");
    }
    cr_assert_eq(script_count(bed.google, NULL), 2);
    bed_clear(&bed);
}

Test(login, of_a_short_life_is_renewed_at_half_of_it_and_never_in_a_busy_loop)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    script_add(bed.google,
               (struct reply){.times = REPLY_FOREVER,
                              .body = "{\"access_token\":\"" SECRET "-t\",\"expires_in\":\"4\"}"});
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect(&bed);
    bed_await(&bed, 1);
    for (int i = 0; i < 100; i++) {
        bed_pass(&bed, SECONDS(1) / 10);
    }
    bed_await(&bed, 2);
    cr_assert_eq(script_count(bed.google, NULL), 2);
    bed_clear(&bed);
}

Test(login, needs_none_of_the_clients_own_connections)
{
    struct bed bed;
    bed_make(&bed);
    bed.connections = 1;
    bed_user(&bed);
    script_add(bed.google, (struct reply){.body = TOKEN("1")});
    script_add(bed.google, (struct reply){.body = TOKEN("2")});
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect_silent(&bed);
    bed_await(&bed, 1);
    struct error error = {0};
    struct bigquery_table_name name = {.dataset = "d", .table = "t"};
    cr_assert_neq(bigquery_submit_table(bed.bigquery.client, &name, SECONDS(7200), NULL, &error),
                  0);
    while (script_count(bed.bigquery.script, NULL) == 0) {
        bed_pass(&bed, 0);
    }
    bed_pass(&bed, SECONDS(3600 - 225));
    bed_await(&bed, 2);
    bed_assert_token(&bed, "Bearer " SECRET "-token-2");
    bed_clear(&bed);
}

Test(login, that_loses_its_client_in_the_middle_goes_on_with_the_next)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    script_add(bed.google, (struct reply){.fault = FAULT_HANG});
    script_add(bed.google, (struct reply){.body = TOKEN("1")});
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect(&bed);
    while (script_count(bed.google, NULL) == 0) {
        bed_pass(&bed, 0);
    }
    fixture_stop(&bed.bigquery);
    bed_connect(&bed);
    read_well(&bed);
    bed_clear(&bed);
}
