/* Logins of service accounts and users: from the file to the header, and renewal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "login_bed.h"

#define SECONDS(n) (INT64_C(1000) * (n))

static void assert_authorized(struct bed *bed, size_t index, const char *header) {
    struct seen seen = script_seen(bed->bigquery.script, index);
    cr_assert_not_null(strstr(seen.headers, header), "%s", seen.headers);
}

static void read_well(struct bed *bed) {
    struct bigquery_result *result = bed_read(bed);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    bigquery_result_free(result);
}

Test(login, of_a_service_account_grants_itself_a_token_by_signing)
{
    struct bed bed;
    bed_make(&bed);
    bed_service_account(&bed);
    script_add(bed.google, (struct reply){.target = "POST /token", .body = TOKEN("1")});
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect(&bed);
    read_well(&bed);
    assert_authorized(&bed, 0, BEARER("1"));
    cr_assert_eq(script_count(bed.google, NULL), 1);
    cr_assert_not_null(strstr(script_seen(bed.google, 0).headers,
                              "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    bed_assert_field(&bed, 0, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    char *assertion = bed_field(&bed, 0, "assertion");
    json_t *header = NULL;
    json_t *claims = bed_claims(&bed, assertion, &header);
    char url[64];
    (void)snprintf(url, sizeof url, "http://%s/token", script_endpoint(bed.google));
    json_t *expected_header =
        json_pack("{s:s, s:s, s:s}", "alg", "RS256", "typ", "JWT", "kid", "key-1");
    json_t *expected =
        json_pack("{s:s, s:s, s:s, s:I, s:I}", "iss", "robot@p.iam.gserviceaccount.com", "scope",
                  SCOPE, "aud", url, "iat", (json_int_t)(START_MS / 1000 - 10), "exp",
                  (json_int_t)(START_MS / 1000 + 3590));
    cr_assert(json_equal(header, expected_header));
    cr_assert(json_equal(claims, expected));
    json_decref(expected);
    json_decref(expected_header);
    json_decref(claims);
    json_decref(header);
    free(assertion);
    struct bigquery_login_facts facts = bed_facts(&bed);
    cr_assert_eq(facts.kind, BIGQUERY_LOGIN_SERVICE_ACCOUNT);
    cr_assert_str_eq(facts.identity, "robot@p.iam.gserviceaccount.com");
    cr_assert_str_eq(facts.project, "robots");
    cr_assert_str_eq(facts.scope, SCOPE);
    cr_assert_eq(facts.expires_ms, START_MS + SECONDS(3600));
    bed_clear(&bed);
}

Test(login, of_a_service_account_may_sign_its_tokens_itself_and_ask_nobody)
{
    struct bed bed;
    bed_make(&bed);
    bed_service_account(&bed);
    bed_login(&bed, (struct bigquery_login_options){.self_signed = true, .read_only = true});
    bed_connect(&bed);
    read_well(&bed);
    cr_assert_eq(script_count(bed.google, NULL), 0);
    const char *headers = script_seen(bed.bigquery.script, 0).headers;
    const char *token =
        strstr(headers, "Authorization: Bearer ") + strlen("Authorization: Bearer ");
    char *copy = strndup(token, strcspn(token, "\r"));
    json_t *claims = bed_claims(&bed, copy, NULL);
    const char *account = "robot@p.iam.gserviceaccount.com";
    json_t *expected = json_pack(
        "{s:s, s:s, s:s, s:I, s:I}", "iss", account, "sub", account, "scope", SCOPE ".readonly",
        "iat", (json_int_t)(START_MS / 1000 - 10), "exp", (json_int_t)(START_MS / 1000 + 3590));
    cr_assert(json_equal(claims, expected));
    json_decref(expected);
    json_decref(claims);
    free(copy);
    cr_assert_eq(bed_facts(&bed).expires_ms, START_MS + SECONDS(3590));
    bed_clear(&bed);
}

Test(login, of_a_user_refreshes_what_gcloud_left)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    /* the claims of the id token are {"email":"ann@example.org"} */
    script_add(bed.google,
               (struct reply){.target = "POST /token",
                              .body = "{\"access_token\":\"" SECRET "-token-1\",\"expires_in\":"
                                      "3600,\"scope\":\"a b\",\"id_token\":\"e30."
                                      "eyJlbWFpbCI6ImFubkBleGFtcGxlLm9yZyJ9.sig\"}"});
    bed_login(&bed, (struct bigquery_login_options){0});
    cr_assert_eq(bed_facts(&bed).expires_ms, 0);
    bed_connect(&bed);
    read_well(&bed);
    assert_authorized(&bed, 0, BEARER("1"));
    bed_assert_field(&bed, 0, "grant_type", "refresh_token");
    bed_assert_field(&bed, 0, "refresh_token", "1//" SECRET "-refresh");
    bed_assert_field(&bed, 0, "client_id", "client&1");
    bed_assert_field(&bed, 0, "client_secret", SECRET "-client");
    struct bigquery_login_facts facts = bed_facts(&bed);
    cr_assert_eq(facts.kind, BIGQUERY_LOGIN_AUTHORIZED_USER);
    cr_assert_str_eq(bigquery_login_kind_word(facts.kind), "authorized_user");
    cr_assert_str_eq(facts.identity, "ann@example.org");
    cr_assert_str_eq(facts.scope, "a b");
    cr_assert_null(facts.project);
    cr_assert_null(facts.problem);
    bed_clear(&bed);
}

Test(login, is_renewed_225_s_before_its_end_while_idle_and_no_request_waits)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    script_add(bed.google, (struct reply){.body = TOKEN("1")});
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect(&bed);
    bed_await(&bed, 1); /* nobody asked: the token is there before the first poll */
    bed_pass(&bed, SECONDS(3600 - 225) - 1);
    read_well(&bed);
    cr_assert_eq(script_count(bed.google, NULL), 1);
    script_add(bed.google, (struct reply){.body = TOKEN("2")});
    bed_pass(&bed, 1);
    read_well(&bed); /* with the old one: the new one need not be there yet */
    bed_await(&bed, 2);
    read_well(&bed);
    assert_authorized(&bed, 0, BEARER("1"));
    assert_authorized(&bed, 2, BEARER("2"));
    cr_assert_eq(script_count(bed.google, NULL), 2);
    bed_clear(&bed);
}

Test(login, wakes_an_idle_client_for_its_renewal)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    script_add(bed.google, (struct reply){.body = TOKEN("1")});
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect(&bed);
    bed_await(&bed, 1);
    const struct bigquery_credentials *credentials = bigquery_login_credentials(bed.login);
    cr_assert_eq(credentials->attend(credentials->context), SECONDS(3600 - 225) * 1000000);
    bed_clear(&bed);
}

Test(login, fetches_one_new_token_after_a_401)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    script_add(bed.google, (struct reply){.body = TOKEN("1")});
    script_add(bed.google, (struct reply){.body = TOKEN("2")});
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect_refusing(&bed, 1);
    read_well(&bed);
    assert_authorized(&bed, 0, BEARER("1"));
    assert_authorized(&bed, 1, BEARER("2"));
    cr_assert_eq(script_count(bed.google, NULL), 2);
    bed_clear(&bed);
}
