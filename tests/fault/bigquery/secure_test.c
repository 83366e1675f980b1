/* TLS and HTTP/2: many requests on one connection, certificates that are trusted and ones that are
 * not. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "secure.h"

#define TABLE "{\"tableReference\":{},\"numRows\":\"3\"}"

enum { REQUESTS = 50 };

static char directory[] = "/tmp/phasegate-secure-XXXXXX";
static char ca_file[64];

static void make_directory(void) {
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(ca_file, sizeof ca_file, "%s/ca.pem", directory);
    (void)unsetenv("CURL_CA_BUNDLE");
    (void)unsetenv("SSL_CERT_FILE");
}

static void remove_directory(void) {
    (void)unlink(ca_file);
    (void)rmdir(directory);
}

TestSuite(secure, .init = make_directory, .fini = remove_directory);

static struct bigquery_client *client_of(const struct secure *secure, const char *trusted) {
    struct error error = {0};
    struct bigquery_client *client =
        bigquery_client_new(&(struct bigquery_options){.endpoint = secure_endpoint(secure),
                                                       .project = "p",
                                                       .retry_base_ms = 1,
                                                       .ca_file = trusted},
                            &error);
    cr_assert_not_null(client, "%s", error.text);
    return client;
}

static void ask(struct bigquery_client *client, int count) {
    struct error error = {0};
    struct bigquery_table_name name = {.dataset = "d", .table = "t"};
    for (int i = 0; i < count; i++) {
        cr_assert_neq(bigquery_submit_table(client, &name, 20000, NULL, &error), 0);
    }
}

static void assert_works(struct secure *secure, const char *trusted) {
    struct bigquery_client *client = client_of(secure, trusted);
    ask(client, REQUESTS);
    for (int i = 0; i < REQUESTS; i++) {
        struct bigquery_result *result = bigquery_client_wait(client, -1);
        cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
        cr_assert_eq(result->table.num_rows, 3);
        cr_assert_eq(result->attempts, 1);
        bigquery_result_free(result);
    }
    bigquery_client_free(client);
}

Test(secure, carries_many_requests_over_one_connection_of_HTTP_2)
{
    struct secure *secure = secure_start(SECURE_HERE, ca_file, TABLE);
    assert_works(secure, ca_file);
    cr_assert_eq(secure_requests(secure), REQUESTS);
    cr_assert_eq(secure_connections(secure), 1);
    secure_stop(secure);
}

Test(secure, trusts_the_authority_that_the_environment_names)
{
    static const char *const NAMES[] = {"SSL_CERT_FILE", "CURL_CA_BUNDLE"};
    for (size_t i = 0; i < 2; i++) {
        struct secure *secure = secure_start(SECURE_HERE, ca_file, TABLE);
        (void)setenv(NAMES[i], ca_file, 1);
        assert_works(secure, NULL);
        (void)unsetenv(NAMES[i]);
        secure_stop(secure);
    }
}

/* One handshake, no request, and a sentence that says what to do. */
static void assert_distrust(enum secure_name name, bool trusted) {
    struct secure *secure = secure_start(name, ca_file, TABLE);
    struct bigquery_client *client = client_of(secure, trusted ? ca_file : NULL);
    char start[128];
    ask(client, 1);
    struct bigquery_result *result = bigquery_client_wait(client, -1);
    (void)snprintf(start, sizeof start, "the certificate of %s is not trusted (",
                   secure_endpoint(secure) + strlen("https://"));
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    cr_assert_eq(result->failure.class, BIGQUERY_TRANSPORT);
    cr_assert_str_eq(result->failure.reason, "certificate");
    cr_assert_not(result->failure.retriable);
    cr_assert_eq(result->attempts, 1);
    cr_assert_eq(strncmp(result->failure.message, start, strlen(start)), 0, "%s",
                 result->failure.message);
    cr_assert_not_null(strstr(result->failure.message, "name the CA file in SSL_CERT_FILE"));
    cr_assert_eq(secure_requests(secure), 0);
    bigquery_result_free(result);
    bigquery_client_free(client);
    secure_stop(secure);
}

Test(secure, refuses_a_certificate_of_an_unknown_authority)
{ assert_distrust(SECURE_HERE, false); }

Test(secure, refuses_a_certificate_of_another_host)
{ assert_distrust(SECURE_ELSEWHERE, true); }
