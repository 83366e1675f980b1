/* Whether a call may go out now: what all requests of a client share, so that a hundred of them do
 * to BigQuery what one would. Three things close it:
 *
 *   an outage   5 calls in a row that brought no answer (for all methods) or a fault of the service
 *               (for one method, and only from several requests: one table's trouble holds nobody
 *               else). Then one call at a time probes, 15 to 20 s apart in the end, and the first
 *               that succeeds opens the gate.
 *   a pace      rateLimitExceeded: all wait together, longer each time, and then fewer calls go out
 *               at once, one more with every success.
 *   a quota     quotaExceeded: calls of that method are refused for 10 minutes, then 20, 40, 60.
 *
 * Time is the client's boot clock in nanoseconds. Belongs to the client's thread. */
#ifndef PHASEGATE_BIGQUERY_GATE_H
#define PHASEGATE_BIGQUERY_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "bigquery/bigquery.h"
#include "bigquery/random.h"

enum gate_method { GATE_QUERIES, GATE_JOBS, GATE_TABLES, GATE_INSERTS, GATE_METHOD_COUNT };

/* What a call told about the service. */
enum gate_news {
    GATE_SUCCESS,    /* it works; whatever it said about the one request */
    GATE_FAULT,      /* it answers, but with a fault of its own */
    GATE_NO_ANSWER,  /* nothing came back */
    GATE_NO_VERDICT, /* nothing can be said: given up, or held up by something else */
};

struct gate_outage {
    int failures; /* in a row */
    bool open;    /* calls are held back */
    bool several; /* the failures were not all of one request */
    bigquery_request_id failed;
    bigquery_request_id prober; /* whose probe is under way; 0: nobody's */
    int probes;                 /* that failed */
    int64_t next_ns;            /* of the next probe */
    int64_t since_ms;           /* wall time of the first failure */
    struct bigquery_failure last;
};

struct gate_quota {
    int times; /* in a row */
    int64_t until_ns;
    struct bigquery_failure last;
};

struct gate {
    const struct clock *clock;
    struct random *random;
    int64_t base_ms;
    int64_t cap_ms;                                    /* of waits for a pace */
    int64_t probe_cap_ms;                              /* of waits between probes */
    size_t most;                                       /* calls at once */
    struct gate_outage outages[GATE_METHOD_COUNT + 1]; /* the last is that of the whole host */
    struct gate_quota quotas[GATE_METHOD_COUNT];
    int pace_waits;
    int64_t pace_set_ns;
    int64_t pace_until_ns;
    size_t pace_limit; /* calls at once */
    struct bigquery_failure pace_last;
};

enum gate_answer {
    GATE_GO,
    GATE_PROBE,  /* the call would be a probe: let the request go that has waited longest */
    GATE_HOLD,   /* until `until_ns` at least; INT64_MAX: until another call has ended */
    GATE_REFUSE, /* the request fails for `failure` */
};

struct gate_pass {
    enum gate_answer answer;
    bool outage;     /* it is an outage that holds */
    bool whole_host; /* of GATE_PROBE: it stands for all methods */
    int64_t until_ns;
    struct bigquery_failure failure; /* class BIGQUERY_NO_FAILURE: nothing to tell */
};

/* `random` and `clock` must outlive the gate. */
void gate_init(struct gate *gate, const struct clock *clock, struct random *random, int64_t base_ms,
               int64_t cap_ms, int64_t probe_cap_ms, size_t most);

/* May a request call a method now, with `active` calls under way? */
struct gate_pass gate_ask(const struct gate *gate, enum gate_method method, int64_t now,
                          size_t active);

/* Whether an outage holds a method's calls back. */
bool gate_is_out(const struct gate *gate, enum gate_method method);

/* A call goes out. */
void gate_sent(struct gate *gate, enum gate_method method, bigquery_request_id request);

/* A call has ended; `failure` may be NULL for GATE_SUCCESS. With GATE_NO_VERDICT it only makes room
 * for the next probe. */
void gate_heard(struct gate *gate, enum gate_method method, bigquery_request_id request,
                enum gate_news news, const struct bigquery_failure *failure);

/* A request of `waits` failures in a row was told to slow down, in a call sent at `sent_ns`:
 * returns until when all wait. */
int64_t gate_slow_down(struct gate *gate, int waits, int64_t sent_ns, size_t active,
                       const struct bigquery_failure *failure);

/* A call was answered as it should be: the pace may pick up. */
void gate_speed_up(struct gate *gate, enum gate_method method);

/* A method's quota is used up: fills in when another try makes sense, and refuses its calls until
 * then, unless the message speaks of one table's quota. */
void gate_run_out(struct gate *gate, enum gate_method method, struct bigquery_failure *failure);

#endif
