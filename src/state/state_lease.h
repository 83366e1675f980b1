/* The lease: which agent polls, judges and fires. Its term is a fencing token.
 *
 * Every take-over raises the term. Writes of polled state (state_coverage.h, verdicts in
 * state_gates.h, progress in state_runs.h, spending) carry the writer's term and are refused by a
 * trigger when it is not the current one, so that an agent that was frozen while another took over
 * changes nothing. A verb that polls once takes the lease for that moment. Time is
 * CLOCK_BOOTTIME with the boot id: immune to clock steps, and a lease of another boot has expired.
 */
#ifndef PHASEGATE_STATE_STATE_LEASE_H
#define PHASEGATE_STATE_STATE_LEASE_H

#include "base/clock.h"
#include "state/state.h"

#define STATE_LEASE_TTL_NS   (INT64_C(15) * 1000000000)
#define STATE_LEASE_RENEW_NS (INT64_C(5) * 1000000000)

/* A process of this machine: unlike a bare pid it is never mistaken for a later one. */
struct state_process {
    char boot_id[CLOCK_BOOT_ID_SIZE];
    int64_t pid;
    int64_t start; /* field 22 of /proc/PID/stat */
};

/* This process, or `pid` (start 0 when it is not there). */
struct state_process state_process_self(void);
struct state_process state_process_of(int64_t pid);

/* Whether exactly that process is alive (a zombie is not). */
bool state_process_alive(const struct state_process *process);

struct state_lease {
    bool held;      /* by somebody, and not expired at the `boot_ns` of the question */
    bool abandoned; /* its last holder did not give it back: it died, or renews it no more */
    bool there;     /* the process of its last holder is there, whether it renews or not */
    struct state_process process; /* of the last holder; pid 0 before the first */
    int64_t term;                 /* 0 before the first holder */
    char *holder;                 /* session id; NULL when free */
    char *host;                   /* NULL when free */
    int64_t pid;                  /* of the holder */
    int64_t renewed_at;           /* wall ms */
    int64_t expires_ns;           /* boot time; 0 when it was given back */
};

/* Takes the lease when it is free, expired, of another boot, or its holder's process is gone;
 * `*term` is then the new term. EXIT_NO_GO, naming the holder, when somebody else has it. */
bool state_lease_take(struct state *state, const char *session, int64_t at, int64_t boot_ns,
                      int64_t *term, struct error *error);

/* The same for an agent that begins: the lease and the event `agent-start` are one transaction, so
 * that nobody sees an agent that holds the lease and can still fail to begin. */
bool state_lease_start(struct state *state, const char *session, int64_t at, int64_t boot_ns,
                       int64_t *term, struct error *error);

/* Prolongs it. EXIT_NO_GO when it expired or was taken over: then step down. */
bool state_lease_renew(struct state *state, const char *session, int64_t term, int64_t at,
                       int64_t boot_ns, struct error *error);

/* Gives it back; one that is no longer ours is left alone. */
bool state_lease_resign(struct state *state, const char *session, int64_t term,
                        struct error *error);

/* Who has it. Free what it holds with state_lease_clear. */
bool state_lease_load(struct state *state, int64_t boot_ns, struct state_lease *lease,
                      struct error *error);
void state_lease_clear(struct state_lease *lease);

#endif
