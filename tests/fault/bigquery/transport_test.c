/* Every way in which a network fails, against a table of what the client makes of it: how many
 * requests it sends, what class and reason it reports, and that it leaves nothing open. Then the
 * ways in which answers may look odd and are good all the same. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* No resolver has to be asked to know that there is no such name. */
#define NOWHERE "http://bigquery..invalid"
#define TABLE   "{\"tableReference\":{},\"numRows\":\"3\"}"

/* What comes first, as often as `times` says; then a good answer. */
struct broken {
    const char *what;
    struct reply first;
    enum bigquery_status status;
    enum bigquery_failure_class class;
    const char *reason;
    int attempts;
};

#define FAILS(class, reason, attempts) BIGQUERY_FAILED, class, reason, attempts
#define MENDS(attempts)                BIGQUERY_DONE, BIGQUERY_NO_FAILURE, "", attempts

static const struct broken BROKEN[] = {
    {"reset before an answer", {.fault = FAULT_RESET}, MENDS(2)},
    {"reset, again and again", {.fault = FAULT_RESET, .times = 6}, MENDS(7)},
    {"closed before an answer", {.fault = FAULT_CLOSE}, MENDS(2)},
    {"half a body", {.fault = FAULT_TRUNCATE, .body = TABLE}, MENDS(2)},
    {"half a body that says it failed",
     {.fault = FAULT_TRUNCATE, .status = 503, .body = FAILURE("backendError")},
     MENDS(2)},
    {"silence beyond the try's time", {.fault = FAULT_HANG}, MENDS(3)}, /* one looks for the job */
    {"silence for ever",
     {.fault = FAULT_HANG, .times = REPLY_FOREVER},
     FAILS(BIGQUERY_TRANSPORT, "slow", -1)},
    {"a proxy's 502", {.status = 502, .body = "<html>Bad gateway</html>"}, MENDS(2)},
    {"an empty 200", {.body = ""}, MENDS(2)},
    {"an empty 200, again and again",
     {.body = "", .times = 5},
     FAILS(BIGQUERY_PROTOCOL, "notJson", 5)},
    {"garbage in a 200", {.body = "\x01\x02garbage"}, MENDS(2)},
    {"garbage in a 200, again and again",
     {.body = "}{", .times = 5},
     FAILS(BIGQUERY_PROTOCOL, "notJson", 5)},
    {"a hotel's page", {.body = "<html>Sign in</html>", .times = 4}, MENDS(5)},
    {"an empty 500", {.status = 500}, MENDS(2)},
    {"a 200 that holds an error", {.body = FAILURE("backendError")}, MENDS(2)},
    {"a good body of a wrong type",
     {.body = TABLE, .headers = "Content-Type: text/html\r\n"},
     MENDS(1)},
    {"a bad body of the right type",
     {.body = "<html></html>", .headers = "Content-Type: application/json\r\n"},
     MENDS(2)},
    {"a body in a packing that it is not in",
     {.body = TABLE, .headers = "Content-Encoding: gzip\r\n"},
     MENDS(2)},
    {"a redirect",
     {.status = 302, .headers = "Location: http://127.0.0.1:1/\r\n"},
     FAILS(BIGQUERY_PROTOCOL, "redirect", 1)},
    {"a body that is too large",
     {.body = "[\"0123456789012345678901234567890123456789012345678901234567890123456789\"]"},
     FAILS(BIGQUERY_PROTOCOL, "tooLarge", 1)},
    {"407 of a proxy",
     {.status = 407, .body = "<html></html>"},
     FAILS(BIGQUERY_TRANSPORT, "proxyAuthenticationRequired", 1)},
    {"401 without credentials",
     {.status = 401, .body = FAILURE("authError")},
     FAILS(BIGQUERY_AUTH, "authError", 1)},
    {"Retry-After beyond the deadline",
     {.status = 503, .headers = "Retry-After: 3600\r\n"},
     FAILS(BIGQUERY_BACKEND, "http", 1)},
};

static struct bigquery_result *ask(struct bigquery_client *client, int64_t deadline_ms) {
    struct error error = {0};
    struct bigquery_table_name name = {.dataset = "d", .table = "t"};
    bigquery_request_id id = bigquery_submit_table(client, &name, deadline_ms, NULL, &error);
    cr_assert_neq(id, 0, "%s", error.text);
    return bigquery_client_finish(client, id);
}

/* A query, for the server may hold its call only as long as we say. */
static struct bigquery_result *ask_briefly(struct bigquery_client *client) {
    struct error error = {0};
    struct bigquery_query query = {.sql = "SELECT n", .timeout_ms = 10, .deadline_ms = 400};
    return bigquery_query_now(client, &query, &error);
}

Test(transport, bears_what_networks_do)
{
    for (size_t i = 0; i < sizeof BROKEN / sizeof BROKEN[0]; i++) {
        const struct broken *broken = &BROKEN[i];
        bool silent = broken->first.fault == FAULT_HANG;
        bool large = strcmp(broken->reason, "tooLarge") == 0;
        int descriptors = fixture_descriptors();
        struct fixture fixture = fixture_start((struct bigquery_options){
            .try_grace_ms = silent ? 30 : 0, .response_limit = large ? 60 : 0});
        script_add(fixture.script, broken->first);
        script_add(fixture.script,
                   (struct reply){.body = silent ? ONE_ROW : TABLE, .times = silent ? 2 : 1});
        struct bigquery_result *result =
            silent ? ask_briefly(fixture.client) : ask(fixture.client, 60000);
        cr_assert_eq(result->status, broken->status, "%s: %s", broken->what,
                     result->failure.message);
        cr_assert_eq(result->failure.class, broken->class, "%s: %s", broken->what,
                     bigquery_failure_name(result->failure.class));
        cr_assert_str_eq(result->failure.reason, broken->reason, "%s", broken->what);
        cr_assert(broken->attempts < 0 || result->attempts == broken->attempts,
                  "%s: %d requests instead of %d", broken->what, result->attempts,
                  broken->attempts);
        cr_assert_eq(script_count(fixture.script, NULL), (size_t)result->attempts, "%s",
                     broken->what);
        bigquery_result_free(result);
        fixture_stop(&fixture);
        cr_assert_eq(fixture_descriptors(), descriptors, "%s", broken->what);
    }
}

/* ---- No connection at all ---------------------------------------------------------------- */

static struct bigquery_result *ask_endpoint(const char *endpoint, int64_t deadline_ms,
                                            const char *ca_file) {
    struct error error = {0};
    struct bigquery_client *client =
        bigquery_client_new(&(struct bigquery_options){.endpoint = endpoint,
                                                       .project = "p",
                                                       .retry_base_ms = 1,
                                                       .retry_cap_ms = 4,
                                                       .probe_cap_ms = 4,
                                                       .ca_file = ca_file},
                            &error);
    cr_assert_not_null(client, "%s", error.text);
    struct bigquery_result *result = ask(client, deadline_ms);
    bigquery_client_free(client);
    return result;
}

static void assert_unreachable(const char *endpoint, int64_t deadline_ms, const char *says) {
    int descriptors = fixture_descriptors();
    struct bigquery_result *result = ask_endpoint(endpoint, deadline_ms, NULL);
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    cr_assert_eq(result->failure.class, BIGQUERY_TRANSPORT);
    cr_assert_str_eq(result->failure.reason, "connection");
    cr_assert_eq(result->failure.http_code, 0);
    cr_assert(result->failure.retriable);
    cr_assert(result->failure.deadline_reached);
    cr_assert_not_null(strstr(result->failure.message, says), "%s", result->failure.message);
    bigquery_result_free(result);
    cr_assert_eq(fixture_descriptors(), descriptors);
}

Test(transport, tells_that_a_connection_is_refused)
{
    struct script *script = script_start();
    char *endpoint = strdup(script_endpoint(script));
    script_stop(script);
    assert_unreachable(endpoint, 60, "Failed to connect");
    free(endpoint);
}

Test(transport, tells_that_a_name_is_not_known)
{
    assert_unreachable(NOWHERE, 1000,
                       "the name of bigquery..invalid is not known here: there is no network, or "
                       "the endpoint is wrong");
}

Test(transport, tells_that_the_other_side_does_not_speak_TLS)
{
    struct script *script = script_start();
    char endpoint[64];
    (void)snprintf(endpoint, sizeof endpoint, "https://%s", script_endpoint(script));
    assert_unreachable(endpoint, 1000, "SSL");
    cr_assert_eq(script_count(script, NULL), 0);
    script_stop(script);
}

Test(transport, tells_that_a_ca_file_cannot_be_read)
{
    struct script *script = script_start();
    char endpoint[64];
    (void)snprintf(endpoint, sizeof endpoint, "https://%s", script_endpoint(script));
    struct bigquery_result *result = ask_endpoint(endpoint, 10000, "/nonexistent/ca.pem");
    cr_assert_str_eq(result->failure.reason, "certificate");
    cr_assert_eq(result->attempts, 1);
    cr_assert_not_null(strstr(result->failure.message, "correct SSL_CERT_FILE or CURL_CA_BUNDLE"),
                       "%s", result->failure.message);
    bigquery_result_free(result);
    script_stop(script);
}

Test(transport, reaches_an_endpoint_that_speaks_IPv6_only)
{
    struct script *script = script_start_ipv6();
    if (script == NULL) {
        cr_skip("no IPv6 here");
    }
    (void)setenv("HTTP_PROXY", "http://127.0.0.1:1", 1); /* never for this machine */
    script_add(script, (struct reply){.body = TABLE});
    struct bigquery_result *result = ask_endpoint(script_endpoint(script), 10000, NULL);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    bigquery_result_free(result);
    script_stop(script);
}

/* ---- Connections that are kept ----------------------------------------------------------- */

/* A server may close an idle connection just when the next request is on its way. */
Test(transport, sends_once_more_in_silence_when_a_kept_connection_has_died)
{
    static const enum fault DEATHS[] = {FAULT_RESET, FAULT_CLOSE};
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, (struct reply){.body = TABLE});
        script_add(fixture.script, (struct reply){.fault = DEATHS[i]});
        script_add(fixture.script, (struct reply){.body = TABLE});
        bigquery_result_free(fixture_table(&fixture));
        struct bigquery_result *result = fixture_table(&fixture);
        cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
        cr_assert_eq(result->attempts, 1);
        cr_assert_eq(bigquery_client_totals(fixture.client).retries, 0);
        cr_assert_eq(script_count(fixture.script, NULL), 3);
        cr_assert_eq(script_seen(fixture.script, 1).connection, 0);
        cr_assert_eq(script_seen(fixture.script, 2).connection, 1);
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

Test(transport, opens_another_connection_when_the_server_closed_an_idle_one)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script,
               (struct reply){.body = TABLE, .goodbye = true, .times = REPLY_FOREVER});
    for (int i = 0; i < 5; i++) {
        struct bigquery_result *result = fixture_table(&fixture);
        cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
        cr_assert_eq(result->attempts, 1);
        bigquery_result_free(result);
    }
    fixture_stop(&fixture);
}

/* ---- Large and chunked answers ----------------------------------------------------------- */

/* Ten megabytes are the largest page that BigQuery sends. */
static char *large_page(size_t rows) {
    struct text_buffer body = {0};
    text_buffer_format(&body,
                       "{\"jobComplete\":true," JOB "," SCHEMA "," BYTES
                       ",\"totalRows\":\"%zu\",\"rows\":[",
                       rows);
    for (size_t i = 0; i < rows; i++) {
        text_buffer_format(&body, "%s{\"f\":[{\"v\":\"%018zu\"}]}", i > 0 ? "," : "", i);
    }
    text_buffer_add(&body, "]}");
    return text_buffer_take(&body);
}

Test(transport, reads_pages_of_ten_megabytes_whole_and_in_chunks)
{
    enum { ROWS = 300000 };
    char *page = large_page(ROWS);
    cr_assert_gt(strlen(page), 10 * 1000 * 1000);
    for (int chunked = 0; chunked < 2; chunked++) {
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, (struct reply){.body = page, .chunked = chunked != 0});
        struct bigquery_result *result = fixture_query(&fixture);
        int64_t value = 0;
        cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
        cr_assert_eq(result->rows.row_count, ROWS);
        cr_assert(bigquery_cell_int64(bigquery_rows_cell(&result->rows, ROWS - 1, 0), &value));
        cr_assert_eq(value, ROWS - 1);
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
    free(page);
}

/* ---- Proxies ----------------------------------------------------------------------------- */

static const char *const VARIABLES[] = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy",
                                        "ALL_PROXY",  "all_proxy",  "NO_PROXY",    "no_proxy"};

static void clear_environment(void) {
    for (size_t i = 0; i < sizeof VARIABLES / sizeof VARIABLES[0]; i++) {
        (void)unsetenv(VARIABLES[i]);
    }
}

TestSuite(proxy, .init = clear_environment);

static struct script *start_proxy(const char *name) {
    struct script *script = script_start();
    char url[64];
    (void)snprintf(url, sizeof url, "http://%s", script_endpoint(script));
    (void)setenv(name, url, 1);
    return script;
}

Test(proxy, of_the_environment_is_gone_through)
{
    for (size_t i = 0; i < 2; i++) {
        struct script *proxy = start_proxy(VARIABLES[i]);
        script_add(proxy, (struct reply){.body = TABLE});
        struct bigquery_result *result = ask_endpoint("http://bigquery.invalid", 10000, NULL);
        cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
        cr_assert_eq(script_count(proxy, "GET http://bigquery.invalid/bigquery/v2/projects/p/"), 1);
        bigquery_result_free(result);
        script_stop(proxy);
        clear_environment();
    }
}

Test(proxy, that_wants_a_password_is_one_clear_sentence)
{
    static const char SAYS[] =
        "the proxy asks for a name and a password: put them into HTTPS_PROXY "
        "(http://NAME:PASSWORD@HOST:PORT), or name bigquery.invalid in NO_PROXY";
    static const char *const ENDPOINTS[] = {"http://bigquery.invalid", "https://bigquery.invalid"};
    static const char *const NAMES[] = {"HTTP_PROXY", "HTTPS_PROXY"};
    for (size_t i = 0; i < 2; i++) {
        struct script *proxy = start_proxy(NAMES[i]);
        script_add(proxy, (struct reply){.status = 407,
                                         .headers = "Proxy-Authenticate: Basic realm=x\r\n",
                                         .body = "<html></html>",
                                         .times = REPLY_FOREVER});
        struct bigquery_result *result = ask_endpoint(ENDPOINTS[i], 10000, NULL);
        cr_assert_eq(result->failure.class, BIGQUERY_TRANSPORT);
        cr_assert_str_eq(result->failure.reason, "proxyAuthenticationRequired");
        cr_assert_eq(result->failure.http_code, 407);
        cr_assert_not(result->failure.retriable);
        cr_assert_str_eq(result->failure.message, SAYS);
        cr_assert_eq(script_count(proxy, NULL), 1);
        bigquery_result_free(result);
        script_stop(proxy);
        clear_environment();
    }
}

Test(proxy, is_passed_by_for_hosts_that_NO_PROXY_names)
{
    struct script *proxy = start_proxy("HTTP_PROXY");
    (void)setenv("NO_PROXY", "example.org,.invalid", 1);
    assert_unreachable(NOWHERE, 1000, "is not known here");
    cr_assert_eq(script_count(proxy, NULL), 0);
    script_stop(proxy);
}

Test(proxy, is_never_asked_for_this_machine)
{
    struct script *proxy = start_proxy("HTTP_PROXY");
    (void)setenv("http_proxy", getenv("HTTP_PROXY"), 1);
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script, (struct reply){.body = TABLE});
    struct bigquery_result *result = fixture_table(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_eq(script_count(proxy, NULL), 0);
    bigquery_result_free(result);
    fixture_stop(&fixture);
    script_stop(proxy);
}

Test(proxy, named_by_a_stranger_of_a_web_server_is_not_gone_through)
{
    struct script *proxy = start_proxy("HTTP_PROXY");
    (void)setenv("REQUEST_METHOD", "GET", 1);
    assert_unreachable(NOWHERE, 1000, "is not known here");
    cr_assert_eq(script_count(proxy, NULL), 0);
    script_stop(proxy);
}
