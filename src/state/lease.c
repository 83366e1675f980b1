#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_lease.h"

#define HELD "holder IS NOT NULL AND boot_id=?1 AND expires_ns>=?2"

static struct state_process process_of_row(const struct sql_rows *rows, int boot, int pid,
                                           int start) {
    struct state_process process = {.pid = sql_get_int(rows, pid, 0),
                                    .start = sql_get_int(rows, start, 0)};
    const char *boot_id = sql_peek_text(rows, boot);
    size_t size = strlen(boot_id);
    size = size < sizeof process.boot_id ? size : sizeof process.boot_id - 1;
    memcpy(process.boot_id, boot_id, size);
    return process;
}

/* Whether somebody else holds it; then the error says who. */
static bool is_taken(struct state *state, const char *session, int64_t boot_ns, bool *taken,
                     struct error *error) {
    struct sql_rows rows =
        SQL_ROWS(state, error, "SELECT holder,host,boot_id,pid,pid_start FROM lease WHERE " HELD,
                 sql_text(state->boot_id), sql_int(boot_ns));
    *taken = false;
    if (sql_next(&rows)) {
        struct state_process process = process_of_row(&rows, 2, 3, 4);
        *taken = strcmp(sql_peek_text(&rows, 0), session) != 0 && state_process_alive(&process);
        if (*taken) {
            (void)error_set(error, EXIT_NO_GO, "another agent has the lease: pid %lld on %s",
                            (long long)process.pid, sql_peek_text(&rows, 1));
        }
    }
    sql_finish(&rows);
    return !rows.failed;
}

static bool write_holder(struct state *state, const char *session, int64_t at, int64_t boot_ns,
                         int64_t *term, struct error *error) {
    char host[256] = "";
    struct state_process self = state_process_self();
    (void)gethostname(host, sizeof host - 1);
    return SQL_RUN(state, error,
                   "INSERT INTO lease(name,term,holder,host,boot_id,pid,pid_start,expires_ns,"
                   "renewed_at) VALUES('agent',1,?,?,?,?,?,?,?) ON CONFLICT(name) DO UPDATE SET"
                   " term=term+1,holder=excluded.holder,host=excluded.host,"
                   " boot_id=excluded.boot_id,pid=excluded.pid,pid_start=excluded.pid_start,"
                   " expires_ns=excluded.expires_ns,renewed_at=excluded.renewed_at",
                   sql_text(session), sql_text(host), sql_text(self.boot_id), sql_int(self.pid),
                   sql_int(self.start), sql_int(boot_ns + STATE_LEASE_TTL_NS), sql_int(at)) &&
           sql_one(state, error, "SELECT term FROM lease", NULL, 0, 0, term);
}

/* `starts`: it is an agent's first, which is told with it or not at all. */
static bool take(struct state *state, const char *session, int64_t at, int64_t boot_ns, bool starts,
                 int64_t *term, struct error *error) {
    bool taken;
    if (!sql_begin(state, error)) {
        return false;
    }
    bool done = is_taken(state, session, boot_ns, &taken, error) && !taken &&
                write_holder(state, session, at, boot_ns, term, error);
    if (done) {
        char text[64];
        struct state_actor actor = {"agent", session, *term};
        (void)snprintf(text, sizeof text, "took the lease, term %lld", (long long)*term);
        done = journal_add(state, &actor, at, STATE_EVENT_LEASE, NULL, text, NULL, error);
        if (done && starts) {
            (void)snprintf(text, sizeof text, "agent %d started, term %lld", (int)getpid(),
                           (long long)*term);
            done = journal_add(state, &actor, at, STATE_EVENT_AGENT_START, NULL, text, NULL, error);
        }
    }
    return sql_end(state, done, error);
}

bool state_lease_take(struct state *state, const char *session, int64_t at, int64_t boot_ns,
                      int64_t *term, struct error *error) {
    return take(state, session, at, boot_ns, false, term, error);
}

bool state_lease_start(struct state *state, const char *session, int64_t at, int64_t boot_ns,
                       int64_t *term, struct error *error) {
    return take(state, session, at, boot_ns, true, term, error);
}

bool state_lease_renew(struct state *state, const char *session, int64_t term, int64_t at,
                       int64_t boot_ns, struct error *error) {
    if (!sql_begin(state, error)) {
        return false;
    }
    bool done =
        SQL_RUN(state, error,
                "UPDATE lease SET expires_ns=?3,renewed_at=?4 WHERE holder=?5 AND term=?6"
                " AND " HELD,
                sql_text(state->boot_id), sql_int(boot_ns), sql_int(boot_ns + STATE_LEASE_TTL_NS),
                sql_int(at), sql_text(session), sql_int(term));
    if (done && sql_changes(state) != 1) {
        done = error_set(error, EXIT_NO_GO,
                         "the lease of term %lld has expired or passed to another agent",
                         (long long)term);
    }
    return sql_end(state, done, error);
}

bool state_lease_resign(struct state *state, const char *session, int64_t term,
                        struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state,
                   SQL_RUN(state, error,
                           "UPDATE lease SET holder=NULL,expires_ns=0 WHERE holder=? AND term=?",
                           sql_text(session), sql_int(term)),
                   error);
}

bool state_lease_load(struct state *state, int64_t boot_ns, struct state_lease *lease,
                      struct error *error) {
    struct sql_rows rows =
        SQL_ROWS(state, error,
                 "SELECT term,holder,host,pid,renewed_at,(" HELD "),boot_id,pid_start,expires_ns"
                 " FROM lease",
                 sql_text(state->boot_id), sql_int(boot_ns));
    *lease = (struct state_lease){0};
    if (sql_next(&rows)) {
        struct state_process process = process_of_row(&rows, 6, 3, 7);
        lease->term = sql_get_int(&rows, 0, 0);
        lease->renewed_at = sql_get_int(&rows, 4, 0);
        lease->process = process;
        lease->there = state_process_alive(&process);
        lease->held = sql_get_int(&rows, 5, 0) != 0 && lease->there;
        lease->abandoned = !lease->held && sql_peek_text(&rows, 1)[0] != '\0';
        lease->expires_ns = sql_get_int(&rows, 8, 0);
        if (lease->held) {
            lease->holder = sql_get_text(&rows, 1);
            lease->host = sql_get_text(&rows, 2);
            lease->pid = process.pid;
        }
    }
    sql_finish(&rows);
    return !rows.failed;
}

void state_lease_clear(struct state_lease *lease) {
    free(lease->holder);
    free(lease->host);
    *lease = (struct state_lease){0};
}
