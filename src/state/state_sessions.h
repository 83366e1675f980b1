/* Sessions: the consoles, agents and verbs that are there now; and what they ask of the agent. */
#ifndef PHASEGATE_STATE_STATE_SESSIONS_H
#define PHASEGATE_STATE_STATE_SESSIONS_H

#include "state/state.h"

enum state_role { STATE_CONSOLE, STATE_AGENT, STATE_VERB };

#define STATE_SESSION_SIZE 24

struct state_session {
    char *session; /* "s-…" */
    enum state_role role;
    char *owner;   /* user@host */
    char *version; /* of its program */
    int64_t pid;
    int64_t opened_at, seen_at;
};

/* Adds this process as a session of `owner` (user@host); its id goes into `session`. */
bool state_session_open(struct state *state, enum state_role role, const char *owner, int64_t at,
                        char session[STATE_SESSION_SIZE], struct error *error);

/* Says that the session still lives. */
bool state_session_beat(struct state *state, const char *session, int64_t at, struct error *error);
bool state_session_close(struct state *state, const char *session, int64_t at, struct error *error);

/* Closes the sessions whose process is gone (by boot id, pid and start time). */
bool state_session_prune(struct state *state, int64_t at, struct error *error);

/* The open sessions whose process is alive, oldest first; free with state_sessions_free. NULL on
 * error. */
struct state_session *state_sessions(struct state *state, size_t *count, struct error *error);
void state_sessions_free(struct state_session *sessions, size_t count);

/* What the agent is asked for. */
enum state_request_kind {
    STATE_REQUEST_POLL,     /* measure now; subject: a table, or "" for all */
    STATE_REQUEST_CHECK,    /* run the command and query checks of a gate now; subject: the gate */
    STATE_REQUEST_ESTIMATE, /* ask by dry runs what every query would bill */
    STATE_REQUEST_KINDS,
};

struct state_request {
    int64_t id;
    enum state_request_kind kind;
    char *subject;
    char *by;
    int64_t at;
};

bool state_request_put(struct state *state, enum state_request_kind kind, const char *subject,
                       const char *by, int64_t at, struct error *error);

/* Takes all requests that nobody took, oldest first, for the agent with this `term` (a stale one:
 * EXIT_NO_GO). NULL on error; free with state_requests_free. */
struct state_request *state_requests_take(struct state *state, int64_t term, int64_t at,
                                          size_t *count, struct error *error);
void state_requests_free(struct state_request *requests, size_t count);

#endif
