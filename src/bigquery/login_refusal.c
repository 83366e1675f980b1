/* What an endpoint says when it gives no token: whether to ask again, and one sentence with the
 * remedy. Of its answer only the error's code and a cleaned description are ever quoted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "bigquery/endpoint.h"
#include "bigquery/login_legs.h"
#include "bigquery/login_secret.h"
#include "bigquery/verdict.h"

#define SKEW_MS INT64_C(5000) /* less is the network's delay */

enum { CODE_SIZE = 48, DESCRIPTION_SIZE = 240, ANY_STATUS = 0 };

struct answer_error {
    char code[CODE_SIZE];
    char description[DESCRIPTION_SIZE];
};

/* ---- Reading it -------------------------------------------------------------------------- */

/* Letters, digits, "_" and "-" of a code; anything else is none. */
static void copy_code(char out[CODE_SIZE], const char *code) {
    static const char MAY[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t size = strlen(code);
    out[0] = '\0';
    if (size < CODE_SIZE && code[strspn(code, MAY)] == '\0') {
        memcpy(out, code, size + 1);
    }
}

static void read_error(const struct leg *leg, const struct exchange *exchange, const char *carried,
                       struct answer_error *found) {
    const char *const SECRETS[] = {carried, leg->source->refresh_token, leg->source->client_secret};
    const char *body = exchange->answer.data != NULL ? exchange->answer.data : "";
    json_t *answer = json_loadb(body, exchange->answer.size, 0, NULL);
    const json_t *error = json_object_get(answer, "error");
    const char *code = json_is_object(error) ? json_get_string(error, "status", "")
                                             : json_get_string(answer, "error", "");
    const char *description = json_is_object(error)
                                  ? json_get_string(error, "message", "")
                                  : json_get_string(answer, "error_description", "");
    char *line = memory_copy_string(description);
    secret_hide(line, SECRETS, sizeof SECRETS / sizeof SECRETS[0]);
    verdict_sanitise(found->description, sizeof found->description, text_of(line));
    copy_code(found->code, code);
    secret_free(line);
    secret_free_json(answer);
}

static bool is_passing(const struct exchange *exchange, const char *code) {
    static const int STATUSES[] = {408, 429, 500, 502, 503, 504};
    static const char *const CODES[] = {"internal_failure", "server_error",
                                        "temporarily_unavailable"};
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        if (exchange->status == STATUSES[i]) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++) {
        if (strcmp(code, CODES[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- Sentences --------------------------------------------------------------------------- */

static bool say_skew(const struct exchange *exchange, int64_t wall_ms, const char *host,
                     struct error *error) {
    int64_t ahead_ms = exchange->date_ms > 0 ? wall_ms - exchange->date_ms : 0;
    int64_t off_ms = ahead_ms < 0 ? -ahead_ms : ahead_ms;
    char span[CLOCK_SPAN_SIZE];
    if (off_ms < SKEW_MS) {
        return error_set(error, EXIT_PERMISSION,
                         "%s refuses the time in the token; compare this machine's clock with the "
                         "world's (`timedatectl set-ntp true` keeps it right)",
                         host);
    }
    return error_set(error, EXIT_PERMISSION,
                     "this machine's clock is %s %s that of %s, so tokens are refused; set it "
                     "(`timedatectl set-ntp true`)",
                     clock_format_span(off_ms, span), ahead_ms > 0 ? "ahead of" : "behind", host);
}

/* What an error means and what helps; the first row that fits. */
static const struct refusal {
    enum leg_kind leg;
    int status;              /* ANY_STATUS */
    const char *code;        /* NULL: any */
    const char *description; /* a part of it; NULL: any */
    const char *meaning;
} REFUSALS[] = {
    {LEG_GRANT, ANY_STATUS, "invalid_grant", "ignature",
     "the key of the service account was deleted or is another's; make a new key in the Google "
     "Cloud console"},
    {LEG_GRANT, ANY_STATUS, "invalid_grant", NULL,
     "the key of the service account is not accepted; look whether the account and its key still "
     "exist, or make a new key"},
    {LEG_REFRESH, ANY_STATUS, "invalid_grant", NULL,
     "the login has expired or was revoked; run `gcloud auth application-default login`"},
    {LEG_REFRESH, ANY_STATUS, "invalid_client", NULL,
     "the login's client is not known there; run `gcloud auth application-default login`"},
    {LEG_REFRESH, ANY_STATUS, "deleted_client", NULL,
     "the login's client was deleted; run `gcloud auth application-default login`"},
    {LEG_REFRESH, ANY_STATUS, "unauthorized_client", NULL,
     "the login's client may not ask; run `gcloud auth application-default login`"},
    {LEG_IMPERSONATE, 403, NULL, NULL,
     "impersonating it is not allowed; grant roles/iam.serviceAccountTokenCreator on it"},
    {LEG_IMPERSONATE, 404, NULL, NULL,
     "there is no such service account; correct service_account_impersonation_url"},
    {LEG_EXCHANGE, ANY_STATUS, NULL, NULL,
     "the external account's token is not accepted; look at the audience, the provider and the age "
     "of the token"},
    {LEG_SUBJECT_URL, ANY_STATUS, NULL, NULL,
     "the external account's own token was not given; look at credential_source"},
    {LEG_METADATA, 404, NULL, NULL,
     "this machine has no service account; attach one, or run `gcloud auth application-default "
     "login`"},
    {LEG_METADATA, 403, NULL, NULL,
     "this machine's service account may not have the scope; allow it BigQuery"},
};

static const char *meaning_of(const struct leg *leg, long status,
                              const struct answer_error *found) {
    for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++) {
        const struct refusal *row = &REFUSALS[i];
        if (row->leg == leg->kind && (row->status == ANY_STATUS || row->status == status) &&
            (row->code == NULL || strcmp(row->code, found->code) == 0) &&
            (row->description == NULL || strstr(found->description, row->description) != NULL)) {
            return row->meaning;
        }
    }
    return "no token; look at the credentials";
}

static bool speaks_of_time(const struct leg *leg, const struct answer_error *found) {
    static const char *const WORDS[] = {"iat", "exp ", "timeframe", "short-lived",
                                        "Token used too"};
    bool granted = leg->kind == LEG_GRANT && strcmp(found->code, "invalid_grant") == 0;
    for (size_t i = 0; granted && i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (strstr(found->description, WORDS[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void say_refusal(const struct leg *leg, const struct exchange *exchange, const char *host,
                        const struct answer_error *found, struct error *error) {
    char word[CODE_SIZE];
    const char *account = leg->source->account;
    (void)snprintf(word, sizeof word, "HTTP %ld", exchange->status);
    (void)error_set(error, EXIT_PERMISSION, "%s%s%s: %s (%s%s%s)", host,
                    account != NULL ? " for " : "", account != NULL ? account : "",
                    meaning_of(leg, exchange->status, found),
                    found->code[0] != '\0' ? found->code : word,
                    found->description[0] != '\0' ? ": " : "", found->description);
}

static enum leg_end judge_status(const struct leg *leg, const struct exchange *exchange,
                                 int64_t wall_ms, const char *carried, const char *host,
                                 struct error *error) {
    struct answer_error found = {0};
    read_error(leg, exchange, carried, &found);
    if (is_passing(exchange, found.code)) {
        (void)error_set(error, EXIT_UNAVAILABLE, "%s gives no token just now: HTTP %ld%s%s", host,
                        exchange->status, found.code[0] != '\0' ? " " : "", found.code);
        return LEG_AGAIN;
    }
    if (speaks_of_time(leg, &found)) {
        (void)say_skew(exchange, wall_ms, host, error);
    } else {
        say_refusal(leg, exchange, host, &found, error);
    }
    return LEG_REFUSED;
}

enum leg_end refusal_of(const struct leg *leg, const struct exchange *exchange, int64_t wall_ms,
                        const char *carried, struct error *error) {
    char *host = endpoint_host(exchange->url);
    enum leg_end end = LEG_AGAIN;
    if (exchange->code != CURLE_OK) {
        char problem[DESCRIPTION_SIZE];
        verdict_sanitise(
            problem, sizeof problem,
            text_of(exchange->too_large ? "the answer is too large" : exchange->problem));
        (void)error_set(error, EXIT_UNAVAILABLE, "%s gives no token: %s", host, problem);
    } else if (leg->kind == LEG_METADATA && strcmp(exchange->header, "Google") != 0) {
        (void)error_set(error, EXIT_PERMISSION,
                        "%s does not answer as Google's metadata server does (Metadata-Flavor: "
                        "Google is missing); correct GCE_METADATA_HOST, or run `gcloud auth "
                        "application-default login`",
                        host);
        end = LEG_REFUSED;
    } else if (exchange->status >= 200 && exchange->status < 400) {
        (void)error_set(error, EXIT_PROTOCOL, "%s answers with HTTP %ld instead of a token", host,
                        exchange->status);
        end = LEG_REFUSED;
    } else {
        end = judge_status(leg, exchange, wall_ms, carried, host, error);
    }
    free(host);
    return end;
}
