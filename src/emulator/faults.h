/* Faults on order: what real networks and services do at night, one rule at a time.
 *
 * A rule is JSON, {"fault":"error","times":3,"method":"jobs.query",…}:
 *
 *   fault    "error": an error body · "html": a 502 page of a proxy · "reset": the connection is
 *            reset · "truncate": half of the body · "slow": the body comes in small pieces over
 *            delay_ms · "delay": the answer comes delay_ms late · "incomplete": jobComplete false ·
 *            "empty": a 200 without a body · "hold": a job that is started looks RUNNING for
 *            delay_ms, or until it is cancelled (real time; its request is answered as usual)
 *   times    how many matching requests it strikes; without it every one
 *   share    the probability that a matching request is struck, 0 to 1; default 1
 *   skip     matching requests that pass before the first is struck; default 0
 *   method   "jobs.query" and so on (routes.h); default any
 *   reason   of "error"; default "backendError"
 *   code     HTTP code of "error" and "html"; default the reason's own, 502
 *   message  of "error"
 *   processed  true: the request is carried out and only its answer is lost; default false
 *   label      of "hold": only jobs that carry a label with this key; default any
 *   delay_ms   of "slow", "delay" and "hold"; default 1000
 *
 * The rules are asked in the order they came; the first that strikes wins. Any thread. */
#ifndef PHASEGATE_EMULATOR_FAULTS_H
#define PHASEGATE_EMULATOR_FAULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "emulator/failure.h"

enum fault_kind {
    FAULT_NONE,
    FAULT_ERROR,
    FAULT_HTML,
    FAULT_RESET,
    FAULT_TRUNCATE,
    FAULT_SLOW,
    FAULT_DELAY,
    FAULT_INCOMPLETE,
    FAULT_EMPTY,
    FAULT_HOLD,
};

/* What strikes one request. */
struct fault {
    enum fault_kind kind;
    bool processed;
    int code;
    int delay_ms;
    struct emulator_failure failure; /* of FAULT_ERROR */
};

struct faults;

struct faults *faults_new(void);
void faults_free(struct faults *faults);

/* Adds one rule, or {"rules":[…]} of them, all or none. Errors: EXIT_DATA. */
bool faults_add(struct faults *faults, json_t *json, struct error *error);

void faults_clear(struct faults *faults);

/* {"rules":[{"fault","method","matched","struck","left"},…]}, a new reference. */
json_t *faults_json(struct faults *faults);

/* Asks the rules about a request to a method; FAULT_NONE lets it pass. */
struct fault faults_strike(struct faults *faults, const char *method);

/* How long the rules hold a job that a method starts with these labels (NULL: none), in
 * milliseconds; 0 for not at all. */
int faults_hold(struct faults *faults, const char *method, const json_t *labels);

#endif
