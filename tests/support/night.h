/* A night of our own: a directory, a local BigQuery with a scenario, a clock, and the binaries that
 * work in it. Two ways: over the shipped pipeline with an emulator of the test's own, which may be
 * stopped, killed and started again; or on the demo's stage, whose pipeline has simulated
 * processors. */
#ifndef PHASEGATE_TESTS_SUPPORT_NIGHT_H
#define PHASEGATE_TESTS_SUPPORT_NIGHT_H

#include <jansson.h>
#include <stdbool.h>

#include "tests/support/program.h"
#include "tests/support/pty_terminal.h"

enum { NIGHT_VARIABLES = 20 };

struct night {
    char *directory;
    char *environment[NIGHT_VARIABLES]; /* changes for program_run, ended by NULL */
    struct program *emulator, *agent;
    char *url;
    struct pty_terminal *console; /* of the demo */
};

/* The shipped pipeline of the NBA at this moment (RFC 3339), the clock `speed` times the real one;
 * the emulator takes orders for faults. */
void night_open(struct night *night, const char *scenario, const char *moment, int speed);

/* The demo with its console open on a terminal of this size; verbs then work on its stage. */
void night_open_demo(struct night *night, const char *scenario, int speed, int rows, int columns);

/* Another console on the demo's stage, instead of the one before it. */
void night_open_console(struct night *night, int rows, int columns);

/* Ends all of it, whatever state it is in, and removes the directory. */
void night_close(struct night *night);

/* Kills the emulator of night_open and starts it again on the same port and database. */
void night_kill_emulator(struct night *night);
void night_restart_emulator(struct night *night);

/* Orders a fault of the emulator of night_open (faults.h); NULL ends all of them. */
void night_fault(struct night *night, const char *rule);

/* Starts `phasegate agent --stay --no-guard`. */
void night_start_agent(struct night *night);

/* Runs `phasegate` with these arguments (ending with NULL); `code` gets the exit status. */
char *night_say(struct night *night, int *code, const char *argument, ...)
    __attribute__((sentinel));
/* The same with --format json; the test fails when what comes is none. The caller frees it. */
json_t *night_ask(struct night *night, int *code, const char *argument, ...)
    __attribute__((sentinel));

/* The element of array `list` of an object whose member `key` is `name`, or NULL. */
const json_t *night_find(const json_t *object, const char *list, const char *key, const char *name);
/* A member that is a string, or "". */
const char *night_word(const json_t *object, const char *key);
/* A member that is a number, or -1. */
double night_number(const json_t *object, const char *key);

#endif
