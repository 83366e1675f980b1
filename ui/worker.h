/* The worker thread: carries out what the operator decided, one command at a time. */
#ifndef PHASEGATE_UI_WORKER_H
#define PHASEGATE_UI_WORKER_H

#include "ui/console.h"

struct worker;

enum { WORKER_TEXT = 256 };

struct worker_answer {
    bool done; /* false: refused or failed */
    char text[WORKER_TEXT];
};

/* `wake` is an eventfd (borrowed), written after every command. NULL with `error` (EXIT_OS). */
struct worker *worker_start(const struct console_performer *performer, int wake,
                            struct error *error);

/* Waits for the command under way; those that were not begun are dropped. */
void worker_stop(struct worker *worker); /* NULL is fine */

/* Queues a list of commands; takes them. */
void worker_give(struct worker *worker, struct command *commands);

/* The oldest answer that was not taken; false when there is none. */
bool worker_take(struct worker *worker, struct worker_answer *answer);

#endif
