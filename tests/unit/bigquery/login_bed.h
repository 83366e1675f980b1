/* What the tests of logins share: a home without credentials, a clock that stands until it is told,
 * a fake of Google's token servers, a client on a fake BigQuery; and an ear for secrets in what
 * people are told. */
#ifndef TESTS_BIGQUERY_LOGIN_BED_H
#define TESTS_BIGQUERY_LOGIN_BED_H

#include <criterion/criterion.h>
#include <openssl/types.h>

#include "bigquery/bigquery.h"
#include "bigquery/login.h"
#include "fixture.h"
#include "script.h"

#define SECRET    "S3CR3T" /* a part of all that must never be told */
#define START_MS  INT64_C(1767622500000)
#define TOKEN(n)  "{\"access_token\":\"" SECRET "-token-" n "\",\"expires_in\":3600}"
#define BEARER(n) "\r\nAuthorization: Bearer " SECRET "-token-" n "\r\n"
#define SCOPE     "https://www.googleapis.com/auth/bigquery"

struct bed {
    char home[64];
    int64_t boot_ns; /* the clock */
    struct clock clock;
    struct script *google;
    EVP_PKEY *key; /* of the service account; NULL until bed_service_account */
    struct bigquery_login *login;
    int connections;         /* of the client; 0: as many as usual */
    struct fixture bigquery; /* once bed_connect was called */
    struct text_buffer told; /* what was said to people */
};

/* The bed must stay where it is: the clock points into it. */
void bed_make(struct bed *bed);

/* Checks that nothing that was told holds a secret, and clears up. */
void bed_clear(struct bed *bed);

/* Writes a file below the home, mode 0600; returns its path, which the bed keeps until the next. */
const char *bed_write(struct bed *bed, const char *name, const char *content);

/* The same, and it may be run. */
void bed_program(struct bed *bed, const char *name, const char *content);

/* Credential files at the well-known place, whose token server is the fake. */
void bed_service_account(struct bed *bed);
void bed_user(struct bed *bed);

/* `content` with "%s" replaced by the fake's URL, at the well-known place. */
void bed_well_known(struct bed *bed, const char *content);

/* Makes the login; the client as well. */
void bed_login(struct bed *bed, struct bigquery_login_options options);
void bed_connect(struct bed *bed);
void bed_connect_refusing(struct bed *bed, int times); /* BigQuery answers 401 that often first */

void bed_connect_silent(struct bed *bed); /* BigQuery takes requests and never answers */

/* Makes no login: returns the sentence that says why (the bed keeps it). */
const char *bed_refused(struct bed *bed, enum error_exit code);

/* Lets the clock advance, and the client do what is due then. */
void bed_pass(struct bed *bed, int64_t ms);

/* Works, the clock standing, until `count` requests have reached the fake and been answered. */
void bed_await(struct bed *bed, size_t count);

/* Lets 100 ms pass again and again, but none while an answer is on its way, until there is a
 * problem.
 */
void bed_await_problem(struct bed *bed);

/* The same for one step of the clock. */
void bed_pass_idle(struct bed *bed, int64_t ms);

/* Fetches a token without a client; false after telling why there is none. */
bool bed_finish(struct bed *bed);

/* The present Authorization value is this one's; fails the test otherwise. */
void bed_assert_token(struct bed *bed, const char *value);

/* Reads a table through the client, waiting virtual time if need be; `answer` must be ready. */
struct bigquery_result *bed_read(struct bed *bed);

/* The facts; all of them are told. */
struct bigquery_login_facts bed_facts(struct bed *bed);

/* Fails the test unless the field is as expected. */
void bed_assert_field(struct bed *bed, size_t index, const char *name, const char *expected);

/* A field of the index-th request's form, decoded; the caller frees it. NULL: it has none. */
char *bed_field(struct bed *bed, size_t index, const char *name);

/* The claims of a token; fails the test unless the service account's key signed it. With `header`
 * that comes back, too. The caller frees both. */
json_t *bed_claims(struct bed *bed, const char *token, json_t **header);

#endif
