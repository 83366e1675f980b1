#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_notice.h"

enum { SHORT_COMMIT = 7 };

static double gibibytes(int64_t bytes) {
    return (double)bytes / (double)(INT64_C(1) << 30);
}

/* Ends a transaction whose statement has run; the event belongs to a change. */
static bool tell(struct state *state, const struct state_actor *actor, const char *run, bool ran,
                 enum state_event_kind kind, const char *text, int64_t at, struct error *error) {
    ran = ran &&
          (sql_changes(state) == 0 || journal_add(state, actor, at, kind, run, text, NULL, error));
    return sql_end(state, ran, error);
}

bool state_notice_stuck(struct state *state, const struct state_actor *actor, const char *run,
                        int64_t survivors, const char *text, int64_t at, struct error *error) {
    return sql_begin(state, error) &&
           tell(state, actor, run,
                SQL_RUN(state, error,
                        "UPDATE runs SET stuck=?2,survivors=?3 WHERE run=?1 AND state "
                        "IN('running','stopping')"
                        " AND stuck IS NOT ?2",
                        sql_text(run), sql_text(text), sql_int(survivors)),
                STATE_EVENT_STUCK, text, at, error);
}

bool state_notice_log(struct state *state, const struct state_actor *actor, const char *run,
                      int64_t size, int64_t limit, int64_t at, struct error *error) {
    if (!sql_begin(state, error)) {
        return false;
    }
    char *text = memory_format("its log has reached %.2f GiB, over its limit of %.2f GiB",
                               gibibytes(size), gibibytes(limit));
    bool done = tell(state, actor, run,
                     SQL_RUN(state, error,
                             "UPDATE runs SET log_alarm=?2 WHERE run=?1 AND log_alarm IS NULL",
                             sql_text(run), sql_int(size)),
                     STATE_EVENT_LOG_SIZE, text, at, error);
    free(text);
    return done;
}

bool state_notice_code(struct state *state, const struct state_actor *actor, const char *run,
                       const char *commit, int64_t at, struct error *error) {
    if (!sql_begin(state, error)) {
        return false;
    }
    char *text = memory_format("the code in its working directory has moved to commit %.*s while "
                               "it runs",
                               SHORT_COMMIT, commit);
    bool done = tell(state, actor, run,
                     SQL_RUN(state, error,
                             "UPDATE runs SET code_moved=?2 WHERE run=?1 AND state<>'ended'"
                             " AND code_commit<>?2 AND code_moved IS NOT ?2",
                             sql_text(run), sql_text(commit)),
                     STATE_EVENT_CODE_MOVED, text, at, error);
    free(text);
    return done;
}

bool state_notice_waits(struct state *state, const struct state_actor *actor, const char *run,
                        const char *why, int64_t at, struct error *error) {
    if (!sql_begin(state, error)) {
        return false;
    }
    bool first = SQL_RUN(state, error,
                         "UPDATE runs SET waits_for=?2 WHERE run=?1 AND state='ended'"
                         " AND verdict IS NULL AND waits_for IS NULL",
                         sql_text(run), sql_text(why));
    char *text = memory_format("its verdict waits: %s", why);
    bool told = first && sql_changes(state) > 0 &&
                journal_add(state, actor, at, STATE_EVENT_NOTE, run, text, NULL, error);
    bool done = told || (first && sql_changes(state) == 0);
    done = done && SQL_RUN(state, error,
                           "UPDATE runs SET waits_for=?2 WHERE run=?1 AND verdict IS NULL"
                           " AND waits_for IS NOT ?2",
                           sql_text(run), sql_text(why));
    free(text);
    return sql_end(state, done, error);
}

bool state_notice_alarm(struct state *state, const struct state_actor *actor, const char *run,
                        enum state_event_kind kind, const char *rule, const char *text, int64_t at,
                        struct error *error) {
    return sql_begin(state, error) &&
           tell(state, actor, run,
                SQL_RUN(state, error,
                        "INSERT INTO run_alarms(run,rule,term,text,at) VALUES(?,?,?,?,?)"
                        " ON CONFLICT(run,rule) DO NOTHING",
                        sql_text(run), sql_text(rule), sql_int(actor->term), sql_text(text),
                        sql_int(at)),
                kind, text, at, error);
}

char *state_notices_text(const struct state_notices *notices) {
    struct text_buffer text = {0};
    if (notices->log_alarm > 0) {
        text_buffer_format(&text, "log is over its limit: %.2f GiB", gibibytes(notices->log_alarm));
    }
    if (notices->code_moved != NULL) {
        text_buffer_format(&text, "%scode moved to %.*s since it was launched",
                           text.size > 0 ? "; " : "", SHORT_COMMIT, notices->code_moved);
    }
    if (notices->steps > 1 && (notices->steps_failed > 0 || notices->steps_left > 0)) {
        text_buffer_format(&text, "%s%lld of its %lld commands failed", text.size > 0 ? "; " : "",
                           (long long)notices->steps_failed, (long long)notices->steps);
        if (notices->steps_left > 0) {
            text_buffer_format(&text, ", %lld never ran", (long long)notices->steps_left);
        }
    }
    if (notices->stragglers > 0) {
        text_buffer_format(&text, "%s%lld background process%s that outlived its command %s ended",
                           text.size > 0 ? "; " : "", (long long)notices->stragglers,
                           notices->stragglers == 1 ? "" : "es",
                           notices->stragglers == 1 ? "was" : "were");
    }
    return text.size > 0 ? text_buffer_take(&text) : NULL;
}
