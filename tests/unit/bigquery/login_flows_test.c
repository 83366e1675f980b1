/* The other ways to a token: impersonation, external accounts, the metadata server, gcloud. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "bigquery/login_search.h"
#include "login_bed.h"

#define CLOUD_PLATFORM "https://www.googleapis.com/auth/cloud-platform"
#define IMPERSONATE                                                                                \
    "/v1/projects/-/serviceAccounts/reader@p.iam.gserviceaccount.com:generateAccessToken"
#define EXTERNAL                                                                                   \
    "{\"type\":\"external_account\",\"audience\":\"//iam/pool\",\"subject_token_type\":"           \
    "\"urn:ietf:params:oauth:token-type:jwt\",\"token_url\":\"%s/sts\","
#define IMPERSONATED_TOKEN                                                                         \
    "{\"accessToken\":\"" SECRET "-token-9\",\"expireTime\":\"2026-01-05T15:15:00Z\"}"

static void assert_header(struct bed *bed, size_t index, const char *line) {
    const char *headers = script_seen(bed->google, index).headers;
    char *whole = memory_format("\r\n%s\r\n", line);
    cr_assert_not_null(strstr(headers, whole), "%s", headers);
    free(whole);
}

static void assert_line(struct bed *bed, size_t index, const char *line) {
    cr_assert_str_eq(script_seen(bed->google, index).line, line);
}

/* Logs in and expects the token "n". */
static void log_in(struct bed *bed, const char *value) {
    bed_login(bed, (struct bigquery_login_options){0});
    cr_assert(bed_finish(bed), "%s", bed_facts(bed).problem);
    bed_assert_token(bed, value);
}

/* Logs in and expects to be refused with words that contain `part`. */
static void fail_to_log_in(struct bed *bed, const char *part) {
    bed_login(bed, (struct bigquery_login_options){0});
    cr_assert_not(bed_finish(bed));
    const char *problem = bed_facts(bed).problem;
    cr_assert_not_null(strstr(problem, part), "%s", problem);
}

/* ---- Impersonation ----------------------------------------------------------------------- */

Test(login_flows, impersonation_asks_with_the_token_of_who_impersonates)
{
    struct bed bed;
    bed_make(&bed);
    bed_well_known(&bed, "{\"type\":\"impersonated_service_account\",\"delegates\":[\"via\"],"
                         "\"service_account_impersonation_url\":\"%s" IMPERSONATE "\","
                         "\"quota_project_id\":\"payer\",\"source_credentials\":{\"type\":"
                         "\"authorized_user\",\"client_id\":\"c\",\"client_secret\":\"" SECRET
                         "-client\",\"refresh_token\":\"" SECRET "-refresh\",\"token_uri\":"
                         "\"%s/token\"}}");
    script_add(bed.google, (struct reply){.target = "POST /token", .body = TOKEN("1")});
    script_add(bed.google, (struct reply){.target = "POST /v1", .body = IMPERSONATED_TOKEN});
    log_in(&bed, "Bearer " SECRET "-token-9");
    assert_line(&bed, 1, "POST " IMPERSONATE);
    assert_header(&bed, 1, "Authorization: Bearer " SECRET "-token-1");
    assert_header(&bed, 1, "Content-Type: application/json");
    cr_assert_str_eq(script_seen(bed.google, 1).body,
                     "{\"delegates\":[\"via\"],\"scope\":[\"" SCOPE "\"],\"lifetime\":\"3600s\"}");
    struct bigquery_login_facts facts = bed_facts(&bed);
    cr_assert_eq(facts.kind, BIGQUERY_LOGIN_IMPERSONATED);
    cr_assert_str_eq(facts.identity, "reader@p.iam.gserviceaccount.com");
    cr_assert_str_eq(facts.quota_project, "payer");
    cr_assert_eq(facts.expires_ms, START_MS + 3600000);
    bed_clear(&bed);
}

Test(login_flows, impersonation_that_is_not_allowed_names_the_role)
{
    struct bed bed;
    bed_make(&bed);
    bed_well_known(&bed, "{\"type\":\"impersonated_service_account\","
                         "\"service_account_impersonation_url\":\"%s" IMPERSONATE "\","
                         "\"source_credentials\":{\"type\":\"authorized_user\",\"client_id\":\"c\","
                         "\"client_secret\":\"" SECRET "-c\",\"refresh_token\":\"" SECRET
                         "-r\",\"token_uri\":\"%s/token\"}}");
    script_add(bed.google, (struct reply){.target = "POST /token", .body = TOKEN("1")});
    script_add(bed.google,
               (struct reply){.status = 403,
                              .body = "{\"error\":{\"code\":403,\"status\":\"PERMISSION_DENIED\","
                                      "\"message\":\"denied to " SECRET "-token-1\\u001b[31m\"}}"});
    fail_to_log_in(&bed, "grant roles/iam.serviceAccountTokenCreator on it (PERMISSION_DENIED: "
                         "denied to … [31m)");
    cr_assert_eq(script_count(bed.google, NULL), 2); /* no second try: it would be refused again */
    bed_clear(&bed);
}

/* ---- External accounts ------------------------------------------------------------------- */

static void assert_exchange(struct bed *bed, size_t index, const char *scope) {
    assert_line(bed, index, "POST /sts");
    bed_assert_field(bed, index, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
    bed_assert_field(bed, index, "audience", "//iam/pool");
    bed_assert_field(bed, index, "scope", scope);
    bed_assert_field(bed, index, "requested_token_type",
                     "urn:ietf:params:oauth:token-type:access_token");
    bed_assert_field(bed, index, "subject_token", SECRET "-subject");
    bed_assert_field(bed, index, "subject_token_type", "urn:ietf:params:oauth:token-type:jwt");
}

static void use_subject_file(struct bed *bed, const char *further) {
    const char *path = bed_write(bed, "subject", "{\"t\":\"" SECRET "-subject\"}\n");
    char *file = memory_format(EXTERNAL "%s\"credential_source\":{\"file\":\"%s\",\"format\":{"
                                        "\"type\":\"json\",\"subject_token_field_name\":\"t\"}}}",
                               "%s", further, path);
    bed_well_known(bed, file);
    free(file);
}

Test(login_flows, an_external_account_exchanges_the_token_in_its_file)
{
    struct bed bed;
    bed_make(&bed);
    use_subject_file(&bed, "");
    script_add(bed.google, (struct reply){.target = "POST /sts", .body = TOKEN("1")});
    log_in(&bed, "Bearer " SECRET "-token-1");
    assert_exchange(&bed, 0, SCOPE);
    cr_assert_eq(bed_facts(&bed).kind, BIGQUERY_LOGIN_EXTERNAL);
    cr_assert_null(bed_facts(&bed).identity);
    bed_clear(&bed);
}

Test(login_flows, an_external_account_may_impersonate)
{
    struct bed bed;
    bed_make(&bed);
    use_subject_file(&bed,
                     "\"service_account_impersonation_url\":\"%s" IMPERSONATE
                     "\",\"service_account_impersonation\":{\"token_lifetime_seconds\":1800},");
    script_add(bed.google, (struct reply){.target = "POST /sts", .body = TOKEN("1")});
    script_add(bed.google, (struct reply){.target = "POST /v1", .body = IMPERSONATED_TOKEN});
    log_in(&bed, "Bearer " SECRET "-token-9");
    assert_exchange(&bed, 0, CLOUD_PLATFORM);
    cr_assert_not_null(strstr(script_seen(bed.google, 1).body, "\"lifetime\":\"1800s\""));
    cr_assert_str_eq(bed_facts(&bed).identity, "reader@p.iam.gserviceaccount.com");
    bed_clear(&bed);
}

Test(login_flows, an_external_account_may_ask_a_url_for_its_token)
{
    struct bed bed;
    bed_make(&bed);
    bed_well_known(&bed, EXTERNAL "\"credential_source\":{\"url\":\"%s/subject\",\"headers\":{"
                                  "\"X-Key\":\"" SECRET "-header\"}}}");
    script_add(bed.google, (struct reply){.target = "GET /subject", .body = SECRET "-subject\r\n"});
    script_add(bed.google, (struct reply){.target = "POST /sts", .body = TOKEN("1")});
    log_in(&bed, "Bearer " SECRET "-token-1");
    assert_header(&bed, 0, "X-Key: " SECRET "-header");
    assert_exchange(&bed, 1, SCOPE);
    bed_clear(&bed);
}

static void use_executable(struct bed *bed, const char *script) {
    bed_program(bed, "bin/give token", script);
    bed_well_known(bed, EXTERNAL "\"credential_source\":{\"executable\":{\"command\":"
                                 "\"'give token' --for  me;ls\",\"timeout_millis\":5000}}}");
}

Test(login_flows, an_external_account_runs_no_program_unless_the_environment_allows_it)
{
    struct bed bed;
    bed_make(&bed);
    use_executable(&bed, "#!/bin/sh\necho run >\"$HOME/ran\"\n");
    const char *text = bed_refused(&bed, EXIT_CONFIG);
    cr_assert_not_null(strstr(text, "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1"), "%s", text);
    (void)setenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "yes", 1);
    (void)bed_refused(&bed, EXIT_CONFIG);
    bed_clear(&bed);
}

Test(login_flows, a_program_gets_its_words_without_a_shell_and_gives_the_token)
{
    struct bed bed;
    bed_make(&bed);
    (void)setenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1", 1);
    use_executable(&bed, "#!/bin/sh\n"
                         "[ \"$#:$1:$2\" = '2:--for:me;ls' ] || exit 4\n"
                         "[ \"$GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE\" = //iam/pool ] || exit 5\n"
                         "echo '{\"version\":1,\"success\":true,\"token_type\":"
                         "\"urn:ietf:params:oauth:token-type:id_token\",\"id_token\":\"" SECRET
                         "-subject\",\"expiration_time\":9999999999}'\n");
    script_add(bed.google, (struct reply){.target = "POST /sts", .body = TOKEN("1")});
    log_in(&bed, "Bearer " SECRET "-token-1");
    assert_exchange(&bed, 0, SCOPE);
    bed_clear(&bed);
}

Test(login_flows, a_program_that_fails_or_talks_nonsense_is_told_of)
{
    static const struct {
        const char *script;
        const char *part;
    } CASES[] = {
        {"#!/bin/sh\nexit 3\n", "the program of credential_source gives no token (exit 3)"},
        {"#!/bin/sh\necho "
         "'{\"version\":1,\"success\":false,\"code\":\"E1\",\"message\":\"off\"}'\n",
         "gives no token: E1 off"},
        {"#!/bin/sh\necho " SECRET "\n", "its output is not what such programs write"},
        {"#!/bin/sh\nwhile echo " SECRET SECRET SECRET SECRET "; do :; done\n",
         "writes more than a token"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct bed bed;
        bed_make(&bed);
        (void)setenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1", 1);
        use_executable(&bed, CASES[i].script);
        fail_to_log_in(&bed, CASES[i].part);
        bed_clear(&bed);
    }
}

Test(login_flows, a_workforce_login_is_refreshed_with_its_client_in_the_header)
{
    struct bed bed;
    bed_make(&bed);
    bed_well_known(&bed, "{\"type\":\"external_account_authorized_user\",\"client_id\":\"me\","
                         "\"client_secret\":\"" SECRET "-client\",\"refresh_token\":\"" SECRET
                         "-refresh\",\"token_url\":\"%s/oauthtoken\"}");
    script_add(bed.google, (struct reply){.target = "POST /oauthtoken", .body = TOKEN("1")});
    log_in(&bed, "Bearer " SECRET "-token-1");
    assert_header(&bed, 0, "Authorization: Basic bWU6UzNDUjNULWNsaWVudA==");
    cr_assert_str_eq(script_seen(bed.google, 0).body,
                     "grant_type=refresh_token&refresh_token=" SECRET "-refresh");
    bed_clear(&bed);
}

/* ---- The metadata server and gcloud ------------------------------------------------------ */

static void use_metadata(struct bed *bed) {
    (void)unsetenv("NO_GCE_CHECK");
    (void)setenv("GCE_METADATA_HOST", script_endpoint(bed->google), 1);
}

Test(login_flows, the_metadata_server_gives_the_machines_token)
{
    struct bed bed;
    bed_make(&bed);
    use_metadata(&bed);
    script_add(bed.google, (struct reply){.target = "/default/token",
                                          .headers = "Metadata-Flavor: Google\r\n",
                                          .body = TOKEN("1")});
    script_add(bed.google, (struct reply){.target = "/default/email",
                                          .headers = "Metadata-Flavor: Google\r\n",
                                          .body = "vm@p.iam.gserviceaccount.com"});
    script_add(bed.google, (struct reply){.target = "/project/project-id",
                                          .headers = "Metadata-Flavor: Google\r\n",
                                          .body = "machines\n"});
    log_in(&bed, "Bearer " SECRET "-token-1");
    assert_line(&bed, 0,
                "GET /computeMetadata/v1/instance/service-accounts/default/token?scopes="
                "https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fbigquery");
    assert_header(&bed, 0, "Metadata-Flavor: Google");
    struct bigquery_login_facts facts = bed_facts(&bed);
    cr_assert_eq(facts.kind, BIGQUERY_LOGIN_METADATA);
    cr_assert_str_eq(facts.source, script_endpoint(bed.google));
    cr_assert_str_eq(facts.identity, "vm@p.iam.gserviceaccount.com");
    char *project = bigquery_login_project(bed.login);
    cr_assert_str_eq(project, "machines");
    free(project);
    bed_clear(&bed);
}

Test(login_flows, a_server_without_the_flavour_is_no_metadata_server)
{
    struct bed bed;
    bed_make(&bed);
    use_metadata(&bed);
    script_add(bed.google, (struct reply){.target = "/default/token", .body = TOKEN("1")});
    fail_to_log_in(&bed, "Metadata-Flavor: Google is missing");
    bed_clear(&bed);
}

Test(login_flows, gcloud_is_the_last_resort)
{
    struct bed bed;
    bed_make(&bed);
    bed_program(&bed, "bin/gcloud",
                "#!/bin/sh\n[ \"$*\" = 'auth print-access-token --quiet' ] && "
                "echo " SECRET "-token-1\n");
    log_in(&bed, "Bearer " SECRET "-token-1");
    struct bigquery_login_facts facts = bed_facts(&bed);
    cr_assert_eq(facts.kind, BIGQUERY_LOGIN_GCLOUD);
    cr_assert_str_eq(bigquery_login_kind_word(facts.kind), "gcloud");
    cr_assert_not_null(strstr(facts.source, "/bin/gcloud"));
    bed_clear(&bed);
}

Test(login_flows, gcloud_without_a_login_says_what_to_run)
{
    struct bed bed;
    bed_make(&bed);
    bed_program(&bed, "bin/gcloud", "#!/bin/sh\nexit 1\n");
    fail_to_log_in(
        &bed, "no Google credentials were found, and gcloud gives no token (exit 1); run `gcloud "
              "auth application-default login`");
    bed_clear(&bed);
}

Test(login_flows, gcloud_stands_in_for_a_metadata_server_that_is_not_there)
{
    struct bed bed;
    struct error error = {0};
    struct search_find find = {0};
    bed_make(&bed);
    (void)unsetenv("NO_GCE_CHECK");
    cr_assert(search_credentials(NULL, &find, &error), "%s", error.text);
    cr_assert_eq(find.source->kind, BIGQUERY_LOGIN_METADATA);
    cr_assert_str_eq(find.origin, "metadata.google.internal");
    cr_assert_not(search_after_metadata(&find, &error));
    cr_assert_eq(error.code, EXIT_NO_INPUT);
    cr_assert_not_null(strstr(error.text, "the metadata server does not answer"));
    bed_program(&bed, "bin/gcloud", "#!/bin/sh\n");
    (void)setenv("GCE_METADATA_HOST", "named", 1);
    cr_assert_not(search_after_metadata(&find, &error));
    (void)unsetenv("GCE_METADATA_HOST");
    cr_assert(search_after_metadata(&find, &error), "%s", error.text);
    cr_assert_eq(find.source->kind, BIGQUERY_LOGIN_GCLOUD);
    search_free(&find);
    (void)setenv("METADATA_SERVER_DETECTION", "none", 1);
    cr_assert(search_credentials(NULL, &find, &error), "%s", error.text);
    cr_assert_eq(find.source->kind, BIGQUERY_LOGIN_GCLOUD);
    search_free(&find);
    bed_clear(&bed);
}

Test(login_flows, a_subject_that_is_no_plain_file_is_not_waited_for)
{
    struct bed bed;
    bed_make(&bed);
    use_subject_file(&bed, "");
    char *path = memory_format("%s/subject", bed.home);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect(&bed);
    bed_await_problem(&bed);
    cr_assert_not_null(strstr(bed_facts(&bed).problem, "is no file"));
    free(path);
    bed_clear(&bed);
}

Test(login_flows, a_login_made_meanwhile_is_found_at_the_next_try)
{
    struct bed bed;
    bed_make(&bed);
    bed_program(&bed, "bin/gcloud", "#!/bin/sh\nexit 1\n");
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect(&bed);
    bed_await_problem(&bed);
    bed_user(&bed);
    script_add(bed.google, (struct reply){.body = TOKEN("1")});
    bed_pass(&bed, 67000);
    bed_await(&bed, 1);
    bed_assert_token(&bed, "Bearer " SECRET "-token-1");
    cr_assert_eq(bed_facts(&bed).kind, BIGQUERY_LOGIN_AUTHORIZED_USER);
    bed_clear(&bed);
}

Test(login_flows, a_program_that_hangs_is_killed_after_its_time)
{
    struct bed bed;
    bed_make(&bed);
    bed_program(&bed, "bin/gcloud", "#!/bin/sh\nexec /bin/sleep 600\n");
    bed_login(&bed, (struct bigquery_login_options){0});
    bed_connect(&bed);
    bed_pass(&bed, 0);
    bed_pass(&bed, 29999);
    cr_assert_null(bed_facts(&bed).problem);
    bed_pass(&bed, 1);
    cr_assert_not_null(strstr(bed_facts(&bed).problem, "does not end in its time"));
    bed_clear(&bed);
}

/* ---- The project ------------------------------------------------------------------------- */

Test(login_flows, the_project_comes_from_the_first_who_knows_it)
{
    struct bed bed;
    bed_make(&bed);
    bed_user(&bed);
    bed_login(&bed, (struct bigquery_login_options){0});
    cr_assert_null(bigquery_login_project(bed.login));
    (void)bed_write(&bed, ".config/gcloud/active_config", "work\n");
    (void)bed_write(&bed, ".config/gcloud/configurations/config_work",
                    "[compute]\nproject = wrong\n[core]\naccount = a\nproject = configured\n");
    static const struct {
        const char *name;
        const char *value;
        const char *expected;
    } STEPS[] = {
        {"IRRELEVANT", "", "configured"},
        {"CLOUDSDK_CORE_PROJECT", "sdk", "sdk"},
        {"GCLOUD_PROJECT", "old", "old"},
        {"GOOGLE_CLOUD_PROJECT", "new", "new"},
    };
    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
        (void)setenv(STEPS[i].name, STEPS[i].value, 1);
        char *project = bigquery_login_project(bed.login);
        cr_assert_str_eq(project, STEPS[i].expected);
        free(project);
    }
    bed_clear(&bed);
}
