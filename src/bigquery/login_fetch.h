/* A fetch: goes from leg to leg until there is an access token, or none can be had. Nothing
 * blocks: its requests travel on a client's connections. */
#ifndef PHASEGATE_BIGQUERY_LOGIN_FETCH_H
#define PHASEGATE_BIGQUERY_LOGIN_FETCH_H

#include <stdbool.h>

#include "base/clock.h"
#include "bigquery/login_child.h"
#include "bigquery/login_legs.h"
#include "bigquery/random.h"

enum { FETCH_TRIES = 3 }; /* of each leg, as Google's clients do */

struct fetch {
    struct transport *transport; /* set by the owner, as all up to `context` */
    const struct clock *clock;
    struct random *random;
    /* Called when it is over, last of all: LEG_DONE with the cargo, which may be taken; LEG_AGAIN
     * when all tries are spent, or LEG_REFUSED, with the error. */
    void (*ended)(void *context, enum leg_end end, struct cargo *cargo, const struct error *error);
    void *context;

    bool active;
    struct leg legs[MOST_LEGS];
    size_t count;
    size_t at;
    int tries; /* of the present leg */
    int most_tries;
    int64_t due_ns; /* when the present leg starts */
    struct cargo cargo;
    struct call call;
    struct child child;
};

/* Starts over with a copy of the legs, whose sources must stay; fetch_advance does the first. */
void fetch_start(struct fetch *fetch, const struct leg *legs, size_t count, int most_tries);

/* Does what can be done now; `ended` may be called. */
void fetch_advance(struct fetch *fetch);

/* When fetch_advance wants to be called again, in ns of the boot clock; INT64_MAX: after a step of
 * the transport. */
int64_t fetch_due_ns(const struct fetch *fetch);

bool fetch_is_active(const struct fetch *fetch);

/* Ends it without a word; fine when it is not active. */
void fetch_stop(struct fetch *fetch);

#endif
