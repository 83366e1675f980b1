/* The guard: a second process that does nothing but see the agent's end, and starts it again when
 * that was no farewell.
 *
 * The two share a pair of connected sockets. The agent sends a byte a second and "q" when it
 * leaves; an end without "q" is a death (kill -9, a crash, no memory), 16 s of silence a process
 * that is frozen: then the guard starts `phasegate agent --guarded` and watches that one. It starts
 * one at once, and at most five in ten minutes, later and later. Silence is measured on a clock
 * that stands while the machine sleeps. A guard that dies is seen by the agent, which starts
 * another, so that both must be killed at the same moment. A guard whose pipeline has no state file
 * any more ends. */
#ifndef PHASEGATE_AGENT_GUARD_H
#define PHASEGATE_AGENT_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct guard_options {
    const char *pipeline_file;
    const char *directory; /* of the state: agent.log is in it */
    bool stay;             /* passed on to agents that are started */
    int socket;            /* to a guard that started this process; -1: none has */
};

struct guard;

/* The agent's side: with no guard yet, starts one. One that cannot be started is tried again by
 * guard_beat. `options` must outlive it. */
struct guard *guard_open(const struct guard_options *options);

/* Says that the agent lives, once a second at most; starts another guard when there is none, five
 * times in ten minutes at most. NULL is fine. */
void guard_beat(struct guard *guard);

/* Ends it: with `farewell` the guard ends too (it is waited for, a second at most), without it the
 * guard sees a death. NULL is fine. */
void guard_leave(struct guard *guard, bool farewell);

/* Takes standard input, where a guard or an agent put the other end, for its own: the socket is not
 * inherited by what this process starts. -1 with `error` (EXIT_USAGE) when there is none. */
int guard_socket(struct error *error);

/* The guard itself, over the socket of the options: returns when the agent said farewell, when
 * nobody wants it any more, or when it could not be kept alive (EXIT_UNAVAILABLE). */
bool guard_run(const struct guard_options *options, struct error *error);

#endif
