/* A stop is a state before it is a signal. */
#include <stdlib.h>

#include "base/memory.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_runs.h"

/* A run that no shim has taken ends here and now: the shim's compare-and-set will find it ended. */
static bool end_claimed(struct state *state, const struct state_actor *actor, const char *run,
                        const char *reason, int64_t at, int64_t *ended, struct error *error) {
    bool done = SQL_RUN(state, error,
                        "UPDATE runs SET state='ended',outcome='stopped',recorded_by='reconciler',"
                        "ended_at=?2,stop_at=?2,stop_by=?3,stop_reason=?4,stop_stage='done',"
                        "stop_stage_at=?2 WHERE run=?1 AND state='claimed'",
                        sql_text(run), sql_int(at), sql_text(actor->name), sql_text(reason));
    *ended = sql_changes(state);
    return done && (*ended == 0 || journal_add(state, actor, at, STATE_EVENT_RUN_END, run,
                                               "stopped before it was started", NULL, error));
}

/* One that is in its grace loses the rest of it. */
static bool end_grace(struct state *state, const char *run, int64_t *marked, struct error *error) {
    bool done = SQL_RUN(state, error,
                        "UPDATE runs SET kill_at=stop_at WHERE run=? AND state='stopping'"
                        " AND stop_stage IN('requested','term')"
                        " AND coalesce(kill_at>stop_at,1)",
                        sql_text(run));
    *marked = sql_changes(state);
    return done;
}

static bool mark_stopping(struct state *state, const struct state_actor *actor, const char *run,
                          const char *reason, bool at_once, int64_t at, int64_t *marked,
                          struct error *error) {
    bool done = SQL_RUN(state, error,
                        "UPDATE runs SET state='stopping',stop_at=?2,stop_by=?3,stop_reason=?4,"
                        "stop_stage='requested',stop_stage_at=?2,kill_at=?5 WHERE run=?1"
                        " AND state IN('starting','running') AND stop_at IS NULL",
                        sql_text(run), sql_int(at), sql_text(actor->name), sql_text(reason),
                        sql_int_unless(at_once ? at : 0, 0));
    *marked = sql_changes(state);
    return done && (*marked != 0 || !at_once || end_grace(state, run, marked, error));
}

static bool stop_run(struct state *state, const struct state_actor *actor, const char *run,
                     const char *reason, bool at_once, int64_t at, size_t *asked,
                     struct error *error) {
    int64_t ended;
    int64_t marked = 0;
    bool done =
        end_claimed(state, actor, run, reason, at, &ended, error) &&
        (ended != 0 || mark_stopping(state, actor, run, reason, at_once, at, &marked, error));
    if (!done || ended + marked == 0) {
        return done;
    }
    (*asked)++;
    char *text = memory_format("%s asked for%s%s", at_once ? "KILL" : "stop",
                               reason[0] == '\0' ? "" : ": ", reason);
    done = journal_add(state, actor, at, STATE_EVENT_STOP, run, text, NULL, error);
    free(text);
    return done;
}

static bool disarm(struct state *state, const struct state_actor *actor, int64_t at,
                   struct error *error) {
    char *why = memory_format("stopped by %s", actor->name);
    bool done = SQL_RUN(state, error,
                        "UPDATE arms SET state='disarmed',why=?,ended_at=? WHERE state='armed'",
                        sql_text(why), sql_int(at));
    int64_t count = sql_changes(state);
    if (done && count > 0) {
        done = journal_add(state, actor, at, STATE_EVENT_DISARM, NULL,
                           "every armed group was disarmed by a stop", NULL, error);
    }
    free(why);
    return done;
}

bool state_runs_stop(struct state *state, const struct state_actor *actor, char *const *runs,
                     size_t count, const char *reason, bool at_once, int64_t at, size_t *asked,
                     struct error *error) {
    *asked = 0;
    if (!sql_begin(state, error)) {
        return false;
    }
    bool done = disarm(state, actor, at, error);
    for (size_t i = 0; done && i < count; i++) {
        done = stop_run(state, actor, runs[i], reason == NULL ? "" : reason, at_once, at, asked,
                        error);
    }
    return sql_end(state, done, error);
}
