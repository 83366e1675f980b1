/* The state file: what consoles, agent, command line and shims share, and the only truth about
 * claims.
 *
 * SQLite in one file, $XDG_STATE_HOME/phasegate/PIPELINE/state.db (default ~/.local/state), with
 * the run directories in runs/ beside it; PHASEGATE_STATE, a directory, stands in for
 * $XDG_STATE_HOME/phasegate. Directories are 0700, files 0600, unless their owner shares them with
 * a group (base/share.h). Invariants are constraints and
 * triggers of the schema (schema.c); the functions of the state_*.h headers are the only statements
 * that touch it.
 *
 * Every function is one transaction unless it says otherwise, waits at most 5 s for other writers
 * (then EXIT_TEMPORARY), and does no other I/O. A refusal by a rule is EXIT_NO_GO and leaves no
 * trace; EXIT_IO is a disk that is full or fails; EXIT_DATA is a file that is damaged. All times
 * are wall milliseconds (base/clock.h) given by the caller, 0 for "not"; strings and arrays that
 * are returned belong to the caller. A connection belongs to one thread at a time and must not be
 * carried over a fork. Nobody but SQLite may open the file: closing it would drop its locks. */
#ifndef PHASEGATE_STATE_STATE_H
#define PHASEGATE_STATE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define STATE_SCHEMA 3 /* the newest schema that this program knows */

struct state;

enum state_access {
    STATE_READ,  /* never writes, and does not create the file (EXIT_NO_INPUT without one) */
    STATE_WRITE, /* creates the directory and the file, and migrates an older schema */
};

/* Who does something, for the journal. */
struct state_actor {
    const char *name;    /* "naji@ops", "agent", "shim" */
    const char *session; /* session id, or NULL */
    int64_t term;        /* of the lease, for the agent; 0 for all others */
};

/* The directory of a pipeline's state; the caller frees it. Errors: a pipeline name that is no
 * name for a directory, or no home directory (EXIT_CONFIG). */
char *state_home(const char *pipeline, struct error *error);

/* Opens the state in `directory`. Errors: a network file system, or a file that is not ours, or
 * for STATE_WRITE one of a newer schema (EXIT_CONFIG); no permission, or a place where others could
 * put another in its stead (EXIT_PERMISSION, base/trust.h); damage (EXIT_DATA). A newer
 * schema can still be read: it only ever adds. */
struct state *state_open(const char *directory, enum state_access access, struct error *error);
void state_close(struct state *state); /* NULL is fine */

/* What this process may do there: STATE_READ when there is a state file that it may not write. It
 * then reads the copy that is published for those who watch (state_copy.h). */
enum state_access state_access_to(const char *directory);

/* Whether the connection may write. What a STATE_READ connection is asked to write is refused, with
 * a sentence that says who can allow it (EXIT_PERMISSION). */
bool state_is_writable(const struct state *state);

/* The directory it was opened in, as an absolute path without links. */
const char *state_directory(const struct state *state);

/* The schema of the file, which may be newer than STATE_SCHEMA in a STATE_READ connection. */
int state_schema(const struct state *state);

/* Whether anything was written since the last call, by this connection or another; true the first
 * time. Cheap: for once a second or oftener. */
bool state_changed(struct state *state);

/* Between these two all loads see one moment. Keep it short: it holds writers up. */
bool state_read_begin(struct state *state, struct error *error);
void state_read_end(struct state *state);

/* How long this connection waits for other writers, instead of 5,000 ms. */
int state_set_patience(struct state *state, int real_ms);

/* Writes a consistent copy to `path`, which must not exist, and checks it. */
bool state_backup(struct state *state, const char *path, struct error *error);

#endif
