/* Stored judgement: verdicts as they changed, and what people decided about gates and tables:
 * holds, overrides, answers, waivers, approvals. Every decision is an event of the journal. */
#ifndef PHASEGATE_STATE_STATE_GATES_H
#define PHASEGATE_STATE_STATE_GATES_H

#include "base/day.h"
#include "state/state.h"

/* The shortest reason for an override or a waiver, in bytes without surrounding spaces. */
enum { STATE_REASON_SIZE = 10 };

/* A verdict and how long it has stood. */
struct state_verdict {
    char *gate;
    char *verdict; /* GO, NO-GO, HOLD, STALE, UNKNOWN */
    int64_t since; /* when it became so */
    int64_t until; /* when another followed; 0 while it stands */
    char *text;    /* why, one sentence; of the moment it changed */
};

/* Says what the agent judged. Only a change is written, with its event; EXIT_NO_GO with a stale
 * term. `actor` carries the term. */
bool state_verdict_store(struct state *state, const struct state_actor *actor, const char *gate,
                         const char *verdict, const char *text, int64_t at, struct error *error);

/* The verdicts as they stood at `at` (0: now), one a gate. NULL on error; free with
 * state_verdicts_free. */
struct state_verdict *state_verdicts(struct state *state, int64_t at, size_t *count,
                                     struct error *error);

/* All verdicts of one gate, oldest first. */
struct state_verdict *state_verdict_history(struct state *state, const char *gate, size_t *count,
                                            struct error *error);
void state_verdicts_free(struct state_verdict *verdicts, size_t count);

/* A hold or an override in force. */
struct state_mark {
    int64_t id;
    char *gate;
    bool hold; /* else override */
    char *by, *reason;
    int64_t at;
};

/* Holds a gate, or overrides it (a reason of at least STATE_REASON_SIZE). EXIT_NO_GO when the same
 * is in force already. */
bool state_mark_put(struct state *state, const struct state_actor *actor, const char *gate,
                    bool hold, const char *reason, int64_t at, struct error *error);

/* Ends the gate's hold (or override). EXIT_NO_GO when there is none. */
bool state_mark_end(struct state *state, const struct state_actor *actor, const char *gate,
                    bool hold, const char *reason, int64_t at, struct error *error);

/* The marks in force at `at` (0: now), oldest first. NULL on error; free with state_marks_free. */
struct state_mark *state_marks(struct state *state, int64_t at, size_t *count, struct error *error);
void state_marks_free(struct state_mark *marks, size_t count);

/* The answer of a check that coverage does not give: a person, a query, a command, credentials,
 * disk. */
struct state_answer {
    char *gate, *check;
    bool measured;
    double value; /* holds when measured */
    char *text;   /* what a person said, or what was read; NULL */
    char *error;  /* why it was not measured; NULL */
    char *by;
    int64_t at;
};

/* Keeps an answer beside the earlier ones. With a term in `actor` it is the agent's: fenced, and no
 * event; without, a person's, with one. */
bool state_answer_put(struct state *state, const struct state_actor *actor,
                      const struct state_answer *answer, struct error *error);

/* The newest answer of each check at `at` (0: now). NULL on error; free with state_answers_free. */
struct state_answer *state_answers(struct state *state, int64_t at, size_t *count,
                                   struct error *error);
void state_answers_free(struct state_answer *answers, size_t count);

/* Expected dates of a table declared unattainable. */
struct state_waiver {
    int64_t id;
    char *table;
    struct day_range range;
    char *by, *reason;
    int64_t at;
    int64_t expires_at; /* 0: never */
    char *written_by;   /* the newest run that may have written some of the dates, and has ended,
                           since; NULL */
};

/* Waives a range (a reason of at least STATE_REASON_SIZE). `id` of the new waiver may be NULL. */
bool state_waiver_put(struct state *state, const struct state_actor *actor, const char *table,
                      struct day_range range, const char *reason, int64_t at, int64_t expires_at,
                      int64_t *id, struct error *error);
bool state_waiver_end(struct state *state, const struct state_actor *actor, int64_t id, int64_t at,
                      struct error *error);

/* The waivers in force at `at`, which is not 0 because they expire; `past`: a moment past, when
 * those made later were not in force. NULL on error; free with state_waivers_free. */
struct state_waiver *state_waivers(struct state *state, int64_t at, bool past, size_t *count,
                                   struct error *error);
void state_waivers_free(struct state_waiver *waivers, size_t count);

/* A recorded yes or no to one plan on one body of evidence. */
enum state_decision { STATE_DECIDED_GO, STATE_DECIDED_NO_GO, STATE_DECIDED_OVERRIDE };
struct state_approval {
    char *approval; /* "a-…" */
    char *plan_hash;
    char *group;
    enum state_decision decision;
    char *by;
    int64_t at, expires_at;
    char *evidence; /* JSON: what was on the screen */
    char *reason;   /* NULL */
    int64_t revoked_at;
    char *consumed_by; /* the launch that used it; NULL */
};

/* Records an approval; `approval`, `revoked_at` and `consumed_by` are not looked at. Its id goes
 * into `id`. */
bool state_approval_put(struct state *state, const struct state_actor *actor,
                        const struct state_approval *approval, char id[24], struct error *error);
bool state_approval_revoke(struct state *state, const struct state_actor *actor, const char *id,
                           int64_t at, struct error *error);

/* All approvals, newest first. NULL on error; free with state_approvals_free. */
struct state_approval *state_approvals(struct state *state, size_t *count, struct error *error);
void state_approvals_free(struct state_approval *approvals, size_t count);

#endif
