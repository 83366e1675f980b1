#include "state/state_sessions.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/sql.h"
#include "state/state_lease.h"
#include "state/state_runs.h"

static const char *const roles[] = {
    [STATE_CONSOLE] = "console", [STATE_AGENT] = "agent", [STATE_VERB] = "verb"};
static const char *const request_words[STATE_REQUEST_KINDS] = {[STATE_REQUEST_POLL] = "poll",
                                                               [STATE_REQUEST_CHECK] = "check",
                                                               [STATE_REQUEST_ESTIMATE] =
                                                                   "estimate"};

bool state_session_open(struct state *state, enum state_role role, const char *owner, int64_t at,
                        char session[STATE_SESSION_SIZE], struct error *error) {
    struct state_process self = state_process_self();
    return sql_begin(state, error) &&
           sql_end(
               state,
               state_draw_id(state, 's', at, session, error) &&
                   SQL_RUN(state, error,
                           "INSERT INTO sessions(session,role,owner,boot_id,pid,pid_start,version,"
                           "opened_at,seen_at) VALUES(?,?,?,?,?,?,?,?,?)",
                           sql_text(session), sql_text(roles[role]), sql_text(owner),
                           sql_text(self.boot_id), sql_int(self.pid), sql_int(self.start),
                           sql_text(PHASEGATE_VERSION), sql_int(at), sql_int(at)),
               error);
}

bool state_session_beat(struct state *state, const char *session, int64_t at, struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state,
                   SQL_RUN(state, error, "UPDATE sessions SET seen_at=? WHERE session=?",
                           sql_int(at), sql_text(session)),
                   error);
}

bool state_session_close(struct state *state, const char *session, int64_t at,
                         struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state,
                   SQL_RUN(state, error,
                           "UPDATE sessions SET closed_at=? WHERE session=? AND closed_at IS NULL",
                           sql_int(at), sql_text(session)),
                   error);
}

struct open_session {
    struct state_session session;
    struct state_process process;
};

static void clear_session(struct state_session *session) {
    free(session->session);
    free(session->owner);
    free(session->version);
}

static enum state_role role_of(const char *word) {
    unsigned role = STATE_CONSOLE;
    while (role < STATE_VERB && strcmp(roles[role], word) != 0) {
        role++;
    }
    return (enum state_role)role;
}

static struct open_session *load_open(struct state *state, size_t *count, struct error *error) {
    struct open_session *open = NULL;
    size_t capacity = 0;
    struct sql_rows rows =
        SQL_ALL(state, error,
                "SELECT session,role,owner,boot_id,pid,pid_start,opened_at,seen_at,version"
                " FROM sessions"
                " WHERE closed_at IS NULL ORDER BY opened_at,session");
    *count = 0;
    while (sql_next(&rows)) {
        open = memory_grow(open, *count, &capacity, sizeof *open);
        struct open_session *one = &open[(*count)++];
        *one = (struct open_session){
            .session = {.session = sql_get_text(&rows, 0),
                        .role = role_of(sql_peek_text(&rows, 1)),
                        .owner = sql_get_text(&rows, 2),
                        .pid = sql_get_int(&rows, 4, 0),
                        .opened_at = sql_get_int(&rows, 6, 0),
                        .seen_at = sql_get_int(&rows, 7, 0),
                        .version = sql_get_text(&rows, 8)},
            .process = {.pid = sql_get_int(&rows, 4, 0), .start = sql_get_int(&rows, 5, 0)},
        };
        const char *boot_id = sql_peek_text(&rows, 3);
        size_t size = strnlen(boot_id, sizeof one->process.boot_id - 1);
        memcpy(one->process.boot_id, boot_id, size);
    }
    if (rows.failed) {
        for (size_t i = 0; i < *count; i++) {
            clear_session(&open[i].session);
        }
        free(open);
        return NULL;
    }
    return open != NULL ? open : memory_new(1, sizeof *open);
}

bool state_session_prune(struct state *state, int64_t at, struct error *error) {
    size_t count;
    struct open_session *open = load_open(state, &count, error);
    if (open == NULL) {
        return false;
    }
    bool done = true;
    for (size_t i = 0; i < count; i++) {
        if (done && !state_process_alive(&open[i].process)) {
            done = state_session_close(state, open[i].session.session, at, error);
        }
        clear_session(&open[i].session);
    }
    free(open);
    return done;
}

struct state_session *state_sessions(struct state *state, size_t *count, struct error *error) {
    size_t all;
    struct open_session *open = load_open(state, &all, error);
    *count = 0;
    if (open == NULL) {
        return NULL;
    }
    struct state_session *sessions = memory_new(all, sizeof *sessions);
    for (size_t i = 0; i < all; i++) {
        if (state_process_alive(&open[i].process)) {
            sessions[(*count)++] = open[i].session;
        } else {
            clear_session(&open[i].session);
        }
    }
    free(open);
    return sessions;
}

void state_sessions_free(struct state_session *sessions, size_t count) {
    for (size_t i = 0; i < count && sessions != NULL; i++) {
        clear_session(&sessions[i]);
    }
    free(sessions);
}

bool state_request_put(struct state *state, enum state_request_kind kind, const char *subject,
                       const char *by, int64_t at, struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state,
                   SQL_RUN(state, error,
                           "INSERT INTO requests(kind,subject,by_whom,at) VALUES(?,?,?,?)",
                           sql_text(request_words[kind]), sql_text(subject == NULL ? "" : subject),
                           sql_text(by), sql_int(at)),
                   error);
}

static struct state_request *load_requests(struct state *state, size_t *count,
                                           struct error *error) {
    struct state_request *requests = NULL;
    size_t capacity = 0;
    struct sql_rows rows = SQL_ALL(state, error,
                                   "SELECT id,kind,subject,by_whom,at FROM requests"
                                   " WHERE taken_at IS NULL ORDER BY id");
    *count = 0;
    while (sql_next(&rows)) {
        requests = memory_grow(requests, *count, &capacity, sizeof *requests);
        unsigned kind = 0;
        while (kind < STATE_REQUEST_KINDS - 1 &&
               strcmp(request_words[kind], sql_peek_text(&rows, 1)) != 0) {
            kind++;
        }
        requests[(*count)++] = (struct state_request){
            .id = sql_get_int(&rows, 0, 0),
            .kind = (enum state_request_kind)kind,
            .subject = sql_get_text(&rows, 2),
            .by = sql_get_text(&rows, 3),
            .at = sql_get_int(&rows, 4, 0),
        };
    }
    if (rows.failed) {
        state_requests_free(requests, *count);
        return NULL;
    }
    return requests != NULL ? requests : memory_new(1, sizeof *requests);
}

struct state_request *state_requests_take(struct state *state, int64_t term, int64_t at,
                                          size_t *count, struct error *error) {
    int64_t waiting;
    *count = 0;
    /* Asked all the time and nearly always for nothing: look before locking. */
    if (!sql_one(state, error, "SELECT count(*) FROM requests WHERE taken_at IS NULL", NULL, 0, 0,
                 &waiting)) {
        return NULL;
    }
    if (waiting == 0) {
        return memory_new(1, sizeof(struct state_request));
    }
    if (!sql_begin(state, error)) {
        return NULL;
    }
    struct state_request *requests = load_requests(state, count, error);
    bool done =
        requests != NULL &&
        SQL_RUN(state, error, "UPDATE requests SET taken_at=?,term=? WHERE taken_at IS NULL",
                sql_int(at), sql_int(term));
    if (!sql_end(state, done, error)) {
        state_requests_free(requests, *count);
        *count = 0;
        return NULL;
    }
    return requests;
}

void state_requests_free(struct state_request *requests, size_t count) {
    for (size_t i = 0; i < count && requests != NULL; i++) {
        free(requests[i].subject);
        free(requests[i].by);
    }
    free(requests);
}
