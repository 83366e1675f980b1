/* The legs of the way to an access token: what each asks, and what it makes of the answer.
 *
 *   service_account   GRANT, or SIGN alone           authorized_user   REFRESH
 *   impersonated      the legs of its base, IMPERSONATE
 *   external_account  SUBJECT_…, EXCHANGE, then IMPERSONATE if the file says so
 *   metadata_server   METADATA, ACCOUNT              gcloud            GCLOUD */
#ifndef PHASEGATE_BIGQUERY_LOGIN_LEGS_H
#define PHASEGATE_BIGQUERY_LOGIN_LEGS_H

#include <stdint.h>

#include "base/error.h"
#include "bigquery/login_source.h"
#include "bigquery/transport.h"

enum { MOST_LEGS = 8, LARGEST_TOKEN = 65536 };

enum leg_kind {
    LEG_SIGN,
    LEG_GRANT,
    LEG_REFRESH,
    LEG_SUBJECT_FILE,
    LEG_SUBJECT_URL,
    LEG_SUBJECT_COMMAND,
    LEG_EXCHANGE,
    LEG_IMPERSONATE,
    LEG_METADATA,
    LEG_ACCOUNT, /* whose token it is; that it fails does not matter */
    LEG_GCLOUD,
};

struct leg {
    enum leg_kind kind;
    const struct source *source;
    const char *scope;
};

/* What one leg hands to the next, and the last one to the login. */
struct cargo {
    char *token;        /* secret */
    int64_t lifetime_s; /* BIGQUERY_UNKNOWN: the answer did not say */
    char *scope;        /* that was granted; NULL: the answer did not say */
    char *account;
};

/* A request of a leg. */
struct call {
    char *url;
    struct text_buffer body; /* secret */
    struct exchange exchange;
};

enum leg_end {
    LEG_DONE,
    LEG_AGAIN,   /* another try may help: `error` says why */
    LEG_REFUSED, /* none does before somebody acts */
};

/* The legs for a source, in order; `legs` has room for MOST_LEGS. */
size_t legs_plan(const struct source *source, bool self_signed, const char *scope,
                 struct leg *legs);

/* Whether a leg asks over HTTP, and whether it runs a program (login_subject.h); otherwise it does
 * all by itself. */
bool legs_asks(const struct leg *leg);
bool legs_runs(const struct leg *leg);

/* Fills the call of a leg that asks. Errors: EXIT_SOFTWARE. */
bool legs_prepare(const struct leg *leg, const struct cargo *cargo, int64_t wall_ms,
                  struct call *call, struct error *error);
void call_free(struct call *call); /* not while it is under way */

/* Judges the answer; the cargo is replaced when it is done. */
enum leg_end legs_accept(const struct leg *leg, const struct call *call, int64_t wall_ms,
                         struct cargo *cargo, struct error *error);

/* Does a leg that needs nobody. */
enum leg_end legs_do(const struct leg *leg, int64_t wall_ms, struct cargo *cargo,
                     struct error *error);

/* login_refusal.c: judges an exchange that brought no token, and says it in one sentence. */
enum leg_end refusal_of(const struct leg *leg, const struct exchange *exchange, int64_t wall_ms,
                        const char *carried, struct error *error);

/* Takes a token over, in place of what was there, unless it could not be sent in a header. */
bool cargo_take(struct cargo *cargo, const char *token, size_t size, int64_t lifetime_s);
void cargo_free(struct cargo *cargo);

#endif
