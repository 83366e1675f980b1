/* What a credential file says, by its type. */
#ifndef PHASEGATE_BIGQUERY_LOGIN_SOURCE_H
#define PHASEGATE_BIGQUERY_LOGIN_SOURCE_H

#include <jansson.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "bigquery/login.h"

/* Where an external account's own token comes from. */
enum source_subject { SUBJECT_FILE, SUBJECT_URL, SUBJECT_COMMAND };

struct source {
    enum bigquery_login_kind kind;
    char *account; /* whose token it is; NULL: not known */
    char *project; /* NULL: none, as all below */
    char *quota_project;
    char *universe;
    char *token_url;

    EVP_PKEY *key;     /* service_account */
    char *private_key; /* only while the file is read */
    char *key_id;

    char *client_id; /* authorized_user; of the others when the endpoint asks who asks */
    char *client_secret;
    char *refresh_token;

    char *audience; /* external_account */
    char *subject_type;
    char *workforce_project;
    enum source_subject subject;
    char *subject_place; /* path, URL or command line */
    char *subject_field; /* the member of JSON that holds it; NULL: the text is the token */
    json_t *subject_headers;
    int64_t subject_timeout_ms; /* of a command */

    char *impersonation_url; /* of an external account, too */
    json_t *delegates;
    int64_t lifetime_s;
    struct source *base; /* impersonated_service_account: who asks for it */
};

/* Reads the object of a credential file; the caller frees the source and wipes the object. Errors
 * (EXIT_CONFIG) begin with `path` and tell the remedy. */
struct source *source_read(const json_t *object, const char *path, struct error *error);

/* Of credentials that are in no file. */
struct source *source_of_kind(enum bigquery_login_kind kind);

void source_free(struct source *source); /* NULL is fine */

/* Whether the file holds a secret, itself or of whom it leans on. */
bool source_is_secret(const struct source *source);

#endif
