/* Arms: approved, expiring permissions for a group to start by itself when its gate says GO.
 *
 * An arm rests on one live approval of the plan, counts GO samples newer than itself, then shows a
 * countdown, and is fired by the holder of the lease in the transaction that launches
 * (state_runs.h). One that was fired, disarmed or has expired stays so. Stops disarm all. */
#ifndef PHASEGATE_STATE_STATE_ARMS_H
#define PHASEGATE_STATE_STATE_ARMS_H

#include "state/state.h"
#include "state/state_runs.h"

#define STATE_ARM_NEED 2 /* GO samples in a row before the countdown (operations.md D.2 rule 9) */

enum state_arm_state { STATE_ARM_ARMED, STATE_ARM_FIRED, STATE_ARM_DISARMED, STATE_ARM_EXPIRED };

const char *state_arm_word(enum state_arm_state state); /* "armed", … */

struct state_arm {
    char *arm; /* "m-…" */
    char *group;
    char *plan_hash;
    char *approval; /* that it rests on, and that its launch uses up */
    char *by;
    char *request; /* JSON: what is to be launched; of the caller's making */
    int64_t at, expires_at;
    char boot_id[CLOCK_BOOT_ID_SIZE]; /* of the boot it was armed in */
    int64_t need, streak;             /* GO samples in a row: wanted, seen */
    int64_t last_sample;              /* wall ms of the newest evidence counted; 0: none */
    int64_t fire_at;                  /* wall ms at which it fires; 0: no countdown */
    int64_t fire_ns;                  /* the same on the boot clock, which decides; 0 */
    enum state_arm_state state;
    char *why; /* it ended; NULL */
    int64_t ended_at;
    char *launch; /* that it became; NULL */
};

/* Arms a group: `group`, `plan_hash`, `approval`, `request`, `at` and `expires_at` are looked at.
 * EXIT_NO_GO when the approval is not a live, unused yes to this plan and group, another arm rests
 * on it, or the group is armed already. Its id goes into `id`. */
bool state_arm_put(struct state *state, const struct state_actor *actor,
                   const struct state_arm *arm, char id[STATE_RUN_SIZE], struct error *error);

/* Ends an arm as disarmed or expired, with a reason; fenced when the actor has a term. `*done` is
 * false when it had ended already. */
bool state_arm_end(struct state *state, const struct state_actor *actor, const char *arm,
                   enum state_arm_state end, const char *why, int64_t at, bool *done,
                   struct error *error);

/* Counts what a gate said on evidence of `evidence_at` (wall ms), by the agent (fenced). A GO on
 * evidence newer than the arm and than the last sample adds to the streak; `need` of them begin the
 * countdown to `fire_at` and `fire_ns`. Anything but GO ends streak and countdown. Writes, with an
 * event, only what changes. */
bool state_arm_sample(struct state *state, const struct state_actor *actor, const char *arm,
                      bool go, int64_t evidence_at, int64_t fire_at, int64_t fire_ns, int64_t now,
                      struct error *error);

/* All arms, newest first; with `live` only those that are armed. NULL on error; free with
 * state_arms_free. */
struct state_arm *state_arms(struct state *state, bool live, size_t *count, struct error *error);
void state_arms_free(struct state_arm *arms, size_t count);

#endif
