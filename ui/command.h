/* Commands: what the operator decided, ready to be carried out by somebody else.
 *
 * The console never acts itself: it binds targets, dates and reason at the moment the question was
 * asked, and hands the command to a worker thread. Whoever performs it checks again that the target
 * is still what it was (the run still alive, the gate's evidence not older) and refuses otherwise.
 */
#ifndef PHASEGATE_UI_COMMAND_H
#define PHASEGATE_UI_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/day.h"

enum command_kind {
    COMMAND_LAUNCH_GROUP,     /* group: all its processors */
    COMMAND_LAUNCH_PROCESSOR, /* processor, ranges: exactly those dates */
    COMMAND_RETRY,            /* run: its dates that are still missing */
    COMMAND_STOP,             /* run: TERM, grace, KILL */
    COMMAND_KILL,             /* run: KILL at once */
    COMMAND_CANCEL_JOBS,      /* run, which has ended: its jobs in BigQuery */
    COMMAND_FORGET_COVERAGE,  /* run, which has ended, reason, affected: its dates, unread */
    COMMAND_HOLD,             /* gate, reason */
    COMMAND_RELEASE,          /* gate */
    COMMAND_OVERRIDE,         /* gate, reason, affected */
    COMMAND_APPROVE,          /* gate ("" for the plan as a whole) */
    COMMAND_ARM,              /* group: on its live approval */
    COMMAND_DISARM,           /* group */
    COMMAND_WAIVE,            /* table, ranges, reason, affected */
    COMMAND_POLL,             /* nothing */
    COMMAND_EXPORT,           /* path, content: written by the console's own worker */
    COMMAND_KIND_COUNT
};

/* Owns all it points to; NULL and 0 where the kind does not use a member. */
struct command {
    enum command_kind kind;
    char *run, *group, *processor, *gate, *table;
    struct day_range *ranges;
    size_t range_count;
    size_t affected; /* dates, as the operator confirmed them */
    char *reason;
    int64_t evidence_at; /* as_of of the situation it was decided on */
    char *path, *content;
    struct command *next; /* in a queue */
};

struct command *command_new(enum command_kind kind, int64_t evidence_at);
void command_free(struct command *command);

/* "launch", "stop" … */
const char *command_name(enum command_kind kind);

#endif
