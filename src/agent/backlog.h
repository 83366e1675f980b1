/* What the other threads of the agent said and could not be stored, because the disk is full or the
 * state is locked: kept in order, and stored when it can be, so that no count that was paid for and
 * no end of a log is lost. */
#ifndef PHASEGATE_AGENT_BACKLOG_H
#define PHASEGATE_AGENT_BACKLOG_H

#include "agent/queue.h"
#include "agent/record.h"
#include "agent/run_watch.h"
#include "agent/schedule.h"
#include "agent/server_watch.h"

/* Zero-initialise but for the first four. */
struct backlog {
    const struct recorder *recorder;
    struct run_watch *runs;
    struct server_watch *server;
    struct schedule *schedule;
    struct agent_message *messages; /* oldest first */
    size_t count, capacity;
};

/* Stores a message and frees what it owns, or keeps it behind those that wait. False with `error`
 * when it could not be stored; it is then kept all the same, unless a later one will say it again.
 * A confirmation of counts that the state does not hold is dropped, and they are counted anew. */
bool backlog_take(struct backlog *backlog, struct agent_message *message, struct error *error);

/* Stores what waits, up to the first that cannot be. */
bool backlog_store(struct backlog *backlog, struct error *error);

void backlog_close(struct backlog *backlog);

#endif
