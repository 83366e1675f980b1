/* Google credentials for a BigQuery client: found in the documented order, turned into access
 * tokens, and renewed ahead of time.
 *
 * Order (Application Default Credentials): the file that GOOGLE_APPLICATION_CREDENTIALS names; the
 * well-known file of gcloud ($CLOUDSDK_CONFIG, else ~/.config/gcloud); the metadata server; and as
 * a named last resort `gcloud auth print-access-token`. A file that is named and cannot be read is
 * an error, never a reason to look further.
 *
 * A login belongs to the thread of the client that uses it: its requests travel on the client's
 * own connections and nothing blocks. A token is renewed 225 s before it ends (the smallest
 * metadata cache keeps tokens until 4 minutes before) while the old one is still used; what fails
 * is tried again ever more seldom, a file that was written anew at once. Nothing secret is ever in
 * a message, in the facts, in an argv or in a core file (the process dumps none from then on). */
#ifndef PHASEGATE_BIGQUERY_LOGIN_H
#define PHASEGATE_BIGQUERY_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "bigquery/bigquery.h"

enum bigquery_login_kind {
    BIGQUERY_LOGIN_SERVICE_ACCOUNT,
    BIGQUERY_LOGIN_AUTHORIZED_USER,
    BIGQUERY_LOGIN_IMPERSONATED,
    BIGQUERY_LOGIN_EXTERNAL,
    BIGQUERY_LOGIN_EXTERNAL_USER,
    BIGQUERY_LOGIN_METADATA,
    BIGQUERY_LOGIN_GCLOUD,
};

/* The word for a kind, as it stands in a credential file: "service_account", …,
 * "metadata_server", "gcloud". */
const char *bigquery_login_kind_word(enum bigquery_login_kind kind);

/* Zero-initialise and set what differs. All is copied but the clock. */
struct bigquery_login_options {
    const char *file; /* a credential file named by the user; NULL: search in order */
    bool read_only;   /* ask for bigquery.readonly: for who never starts, stops or writes */
    bool self_signed; /* of a service account: sign tokens here, ask no token endpoint */
    const struct clock *clock; /* clock_system() */
};

struct bigquery_login;

/* Finds credentials and reads them; asks nobody yet. Errors, each one sentence with the remedy:
 * EXIT_CONFIG for a file that is missing, malformed, of an unknown type or readable by others;
 * EXIT_PERMISSION for one that must not be read; EXIT_NO_INPUT when there are none at all. */
struct bigquery_login *bigquery_login_new(const struct bigquery_login_options *options,
                                          struct error *error);
void bigquery_login_free(struct bigquery_login *login); /* after the client; NULL is fine */

/* What to give to bigquery_client_new; lives as long as the login. */
const struct bigquery_credentials *bigquery_login_credentials(struct bigquery_login *login);

/* What may be shown of a login. Strings live until the login, or its client, is used again. */
struct bigquery_login_facts {
    enum bigquery_login_kind kind;
    const char *source;        /* "GOOGLE_APPLICATION_CREDENTIALS=/…/key.json", a path, a host */
    const char *identity;      /* an account; NULL: not known */
    const char *project;       /* that the credentials belong to; NULL: none */
    const char *quota_project; /* sent as x-goog-user-project; NULL: none */
    const char *scope;
    int64_t expires_ms;  /* wall time at which the present token ends; 0: there is none */
    const char *problem; /* why none came the last time, one sentence; NULL */
};
struct bigquery_login_facts bigquery_login_facts(const struct bigquery_login *login);

/* Waits until there is a token or none can be had, at most `timeout_ms`: for a verb that tells who
 * it is. Must not be called while a client uses the login. */
bool bigquery_login_finish(struct bigquery_login *login, int64_t timeout_ms, struct error *error);

/* The project to bill when nothing names one: GOOGLE_CLOUD_PROJECT, GCLOUD_PROJECT, that of the
 * credential file, that of gcloud's configuration, that of the metadata server. NULL when none
 * knows; the caller frees it. May wait for the metadata server, at most 3 s. */
char *bigquery_login_project(struct bigquery_login *login);

#endif
