/* Faults on order: what real networks and services do at night, one rule at a time.
 *
 * A rule is JSON, {"fault":"error","times":3,"method":"jobs.query",…}:
 *
 *   fault    "error": an error body · "html": a 502 page of a proxy · "reset": the connection is
 *            reset · "truncate": half of the body · "slow": the body comes in small pieces over
 *            delay_ms · "delay": the answer comes delay_ms late · "incomplete": jobComplete false ·
 *            "empty": a 200 without a body · "hold": a job that is started looks RUNNING for
 *            delay_ms, or until it is cancelled (real time; its request is answered as usual) ·
 *            "answer": `body` with `code` in place of the answer · "edit": the true answer, changed
 *            by `set` and `rows`
 *   times    how many matching requests it strikes; without it every one
 *   share    the probability that a matching request is struck, 0 to 1; default 1
 *   skip     matching requests that pass before the first is struck; default 0
 *   method   "jobs.query" and so on (routes.h); default any
 *   reason   of "error"; default "backendError"
 *   code     HTTP code of "error", "html" and "answer"; default the reason's own, 502, 200
 *   message  of "error"
 *   processed  true: the request is carried out and only its answer is lost; default false
 *   label    of "hold": only jobs that carry a label with this key; default any
 *   delay_ms of "slow", "delay" and "hold"; default 1000
 *   body     of "answer": text, or any JSON
 *   set      of "edit": an object; its members take the place of the answer's, and null removes one
 *   rows     of "edit": so many of the rows are kept, the first; default all
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
    FAULT_ANSWER,
    FAULT_EDIT,
};

/* What strikes one request. */
struct fault {
    enum fault_kind kind;
    bool processed;
    int code;
    int delay_ms;
    struct emulator_failure failure; /* of FAULT_ERROR */
    char *body;                      /* of FAULT_ANSWER */
    json_t *set;                     /* of FAULT_EDIT; NULL: nothing */
    int64_t rows;                    /* of FAULT_EDIT; -1: all */
};

/* Frees what a fault holds. */
void fault_clear(struct fault *fault);

struct faults;

struct faults *faults_new(void);
void faults_free(struct faults *faults);

/* Adds one rule, or {"rules":[…]} of them, all or none. Errors: EXIT_DATA. */
bool faults_add(struct faults *faults, json_t *json, struct error *error);

void faults_clear(struct faults *faults);

/* {"rules":[{"fault","method","matched","struck","left"},…]}, a new reference. */
json_t *faults_json(struct faults *faults);

/* Asks the rules about a request to a method; FAULT_NONE lets it pass. The caller clears it. */
struct fault faults_strike(struct faults *faults, const char *method);

/* How long the rules hold a job that a method starts with these labels (NULL: none), in
 * milliseconds; 0 for not at all. */
int faults_hold(struct faults *faults, const char *method, const json_t *labels);

#endif
