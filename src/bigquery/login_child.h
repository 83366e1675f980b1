/* A program that writes a token to its standard output: run without a shell, waited for without
 * blocking. */
#ifndef PHASEGATE_BIGQUERY_LOGIN_CHILD_H
#define PHASEGATE_BIGQUERY_LOGIN_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

/* Zero-initialise. */
struct child {
    pid_t pid; /* 0: nothing runs */
    int output;
    bool ended; /* the output has */
    int64_t limit_ns;
    struct text_buffer text; /* what it wrote */
};

enum child_state { CHILD_RUNS, CHILD_DONE, CHILD_FAILED };

/* Starts argv[0], an absolute path or a name in PATH; `settings` ("NAME=value", ended by NULL) are
 * added to its environment. It may run until `limit_ns` of the caller's clock. Errors: EXIT_OS. */
bool child_start(struct child *child, char *const argv[], char *const settings[], int64_t limit_ns,
                 struct error *error);

/* Looks after it. CHILD_DONE: it ended with 0 and wrote `text`; CHILD_FAILED fills `error`, in
 * which `name` stands for the program. */
enum child_state child_poll(struct child *child, int64_t now_ns, const char *name,
                            struct error *error);

/* Kills it with all it has started, and wipes what it wrote; fine when nothing runs. */
void child_stop(struct child *child);

#endif
