/* The hold on the claims of a run whose jobs may still run on the server. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_server.h"

static const char costs[] = "cancelled jobs may still incur costs";

/* What was stored before. */
struct before {
    bool held;
    int64_t jobs; /* -1: not known */
    bool asked;   /* BigQuery was asked at least once */
};

static bool load_before(struct state *state, const char *run, struct before *before,
                        struct error *error) {
    struct sql_rows rows = SQL_ROWS(
        state, error, "SELECT server_hold,server_jobs,server_jobs_at FROM runs WHERE run=?",
        sql_text(run));
    *before = (struct before){.jobs = -1};
    if (sql_next(&rows)) {
        before->held = sql_get_int(&rows, 0, 0) != 0;
        before->jobs = sql_get_int(&rows, 1, -1);
        before->asked = sql_get_int(&rows, 2, 0) != 0;
    }
    sql_finish(&rows);
    return !rows.failed;
}

/* What the journal is told; NULL for nothing new. */
static char *describe(const struct before *before, int64_t jobs, bool released,
                      const char *trouble) {
    bool news = released || !before->asked || jobs != before->jobs;
    if (!news || (jobs == 0 && !released)) {
        return NULL;
    }
    if (released) {
        return memory_copy_string(
            "none of its jobs runs in BigQuery; its claims are no longer held for them");
    }
    if (jobs < 0) {
        return memory_format("jobs on the server unknown: %s; its claims are kept",
                             trouble != NULL ? trouble : "no answer");
    }
    return memory_format("%lld of its jobs still run%s in BigQuery; its claims are kept",
                         (long long)jobs, jobs == 1 ? "s" : "");
}

bool state_server_store(struct state *state, const struct state_actor *actor, const char *run,
                        int64_t jobs, const char *trouble, int64_t at, bool *released,
                        struct error *error) {
    struct before before;
    *released = false;
    if (!sql_begin(state, error)) {
        return false;
    }
    bool done = load_before(state, run, &before, error);
    if (!done || !before.held) {
        return sql_end(state, done, error);
    }
    bool over = jobs == 0 && before.jobs == 0;
    done =
        SQL_RUN(state, error,
                "UPDATE runs SET server_jobs=?2,server_jobs_at=?3,server_error=?4,server_term=?5,"
                "server_hold=?6,server_hold_ended_at=?7 WHERE run=?1 AND server_hold=1",
                sql_text(run), sql_int_unless(jobs, -1), sql_int(at), sql_text(trouble),
                sql_int(actor->term), sql_int(!over), sql_int_unless(over ? at : 0, 0));
    char *text = describe(&before, jobs, over, trouble);
    done = done && (text == NULL ||
                    journal_add(state, actor, at, STATE_EVENT_SERVER_JOBS, run, text, NULL, error));
    free(text);
    *released = sql_end(state, done, error) && over;
    return done;
}

static bool cancel_run(struct state *state, const struct state_actor *actor, const char *run,
                       int64_t at, size_t *asked, struct error *error) {
    bool done = SQL_RUN(state, error,
                        "UPDATE runs SET server_cancel_at=?2,server_cancel_by=?3 WHERE run=?1"
                        " AND server_labelled=1 AND server_cancel_at IS NULL"
                        " AND (state<>'ended' OR server_hold=1)",
                        sql_text(run), sql_int(at), sql_text(actor->name));
    if (!done || sql_changes(state) == 0) {
        return done;
    }
    (*asked)++;
    char *text = memory_format("its jobs in BigQuery are to be cancelled; %s", costs);
    done = journal_add(state, actor, at, STATE_EVENT_SERVER_JOBS, run, text, NULL, error);
    free(text);
    return done;
}

bool state_server_cancel(struct state *state, const struct state_actor *actor, char *const *runs,
                         size_t count, int64_t at, size_t *asked, struct error *error) {
    *asked = 0;
    if (!sql_begin(state, error)) {
        return false;
    }
    bool done = true;
    for (size_t i = 0; done && i < count; i++) {
        done = cancel_run(state, actor, runs[i], at, asked, error);
    }
    return sql_end(state, done, error);
}

static bool forget(struct state *state, const struct state_actor *actor, const char *run,
                   const char *reason, int64_t at, struct error *error) {
    if (!SQL_RUN(state, error,
                 "UPDATE runs SET server_hold=0,server_hold_ended_at=?2,server_forget_by=?3,"
                 "server_forget_reason=?4 WHERE run=?1 AND server_hold=1",
                 sql_text(run), sql_int(at), sql_text(actor->name), sql_text(reason))) {
        return false;
    }
    if (sql_changes(state) == 0) {
        return error_set(error, EXIT_NO_GO,
                         "the claims of %s are not held for jobs on the server: there is nothing "
                         "to forget",
                         run);
    }
    char *text =
        memory_format("its jobs in BigQuery are forgotten, its claims released: %s", reason);
    bool done = journal_add(state, actor, at, STATE_EVENT_SERVER_JOBS, run, text, NULL, error);
    free(text);
    return done;
}

bool state_server_forget(struct state *state, const struct state_actor *actor, const char *run,
                         const char *reason, int64_t at, struct error *error) {
    if (text_count_characters(text_trim(text_of(reason != NULL ? reason : ""))) <
        STATE_FORGET_REASON_MIN) {
        return error_set(error, EXIT_USAGE,
                         "to forget the jobs of a run takes a reason of at least %d characters",
                         STATE_FORGET_REASON_MIN);
    }
    return sql_begin(state, error) &&
           sql_end(state, forget(state, actor, run, reason, at, error), error);
}

char *state_server_text(const struct state_server *server) {
    const char *cancel = server->cancel_at != 0 ? ", being cancelled" : "";
    if (!server->held) {
        return NULL;
    }
    if (server->jobs < 0) {
        return server->error != NULL
                   ? memory_format("jobs on the server unknown (%s)", server->error)
                   : memory_copy_string("jobs on the server unknown");
    }
    if (server->jobs == 0) {
        return memory_copy_string("no job seen server-side, looking once more");
    }
    return memory_format("%lld job%s still running server-side%s", (long long)server->jobs,
                         server->jobs == 1 ? "" : "s", cancel);
}
