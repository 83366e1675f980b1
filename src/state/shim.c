#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_emergency.h"
#include "state/state_shim.h"

/* Closes the transaction of a compare-and-set that `changed` so many rows and wrote its event. */
static bool settle(struct state *state, bool ran, int64_t changed, bool *done,
                   struct error *error) {
    bool committed = sql_end(state, ran, error);
    *done = committed && changed == 1;
    return committed;
}

bool state_shim_take(struct state *state, const char *run, const struct state_process *shim,
                     int64_t at, bool *done, struct error *error) {
    (void)at;
    *done = false;
    if (state_emergency_is_raised(state->directory, STATE_EMERGENCY_STOP, run)) {
        return true;
    }
    if (!sql_begin(state, error)) {
        return false;
    }
    bool ran =
        SQL_RUN(state, error,
                "UPDATE runs SET state='starting',shim_pid=?2,shim_start=?3,boot_id=?4"
                " WHERE run=?1 AND state='claimed' AND stop_at IS NULL",
                sql_text(run), sql_int(shim->pid), sql_int(shim->start), sql_text(shim->boot_id));
    return settle(state, ran, sql_changes(state), done, error);
}

/* The start of a run is an event; the commands that follow the first are not: a run over scattered
 * gaps has hundreds of them, and its step says which one it is at. */
static bool add_start(struct state *state, const char *run, const struct state_process *child,
                      size_t step, int64_t at, struct error *error) {
    struct state_actor shim = {.name = "shim"};
    char text[64];
    if (step > 0) {
        return true;
    }
    (void)snprintf(text, sizeof text, "runs as pid %lld", (long long)child->pid);
    return journal_add(state, &shim, at, STATE_EVENT_RUN_START, run, text, NULL, error);
}

bool state_shim_running(struct state *state, const char *run, const struct state_process *child,
                        size_t step, int64_t at, bool *done, struct error *error) {
    *done = false;
    if (!sql_begin(state, error)) {
        return false;
    }
    bool ran = SQL_RUN(state, error,
                       "UPDATE runs SET state='running',child_pid=?2,child_start=?3,step=?4,"
                       "started_at=coalesce(started_at,?5) WHERE run=?1 AND stop_at IS NULL"
                       " AND state IN('starting','running')",
                       sql_text(run), sql_int(child->pid), sql_int(child->start), sql_size(step),
                       sql_int(at));
    int64_t changed = sql_changes(state);
    ran = ran && (changed == 0 || add_start(state, run, child, step, at, error));
    return settle(state, ran, changed, done, error);
}

bool state_shim_step_failed(struct state *state, const char *run, size_t step, int64_t failed,
                            const char *how, int64_t at, struct error *error) {
    struct state_actor shim = {.name = "shim"};
    if (!sql_begin(state, error)) {
        return false;
    }
    char *text = memory_format("command %zu failed (%s); the next one runs", step + 1, how);
    bool ran =
        SQL_RUN(state, error, "UPDATE runs SET steps_failed=? WHERE run=? AND state<>'ended'",
                sql_int(failed), sql_text(run)) &&
        (sql_changes(state) == 0 ||
         journal_add(state, &shim, at, STATE_EVENT_NOTE, run, text, NULL, error));
    free(text);
    return sql_end(state, ran, error);
}

bool state_shim_poll(struct state *state, const char *run, struct state_stop *stop,
                     struct error *error) {
    struct sql_rows rows = SQL_ROWS(state, error,
                                    "SELECT stop_by,stop_reason,coalesce(kill_at<=stop_at,0)"
                                    " FROM runs WHERE run=? AND stop_at IS NOT NULL",
                                    sql_text(run));
    *stop = (struct state_stop){.asked = sql_next(&rows)};
    if (stop->asked) {
        stop->by = sql_get_text(&rows, 0);
        stop->reason = sql_get_text(&rows, 1);
        stop->at_once = sql_get_int(&rows, 2, 0) != 0;
    }
    sql_finish(&rows);
    return !rows.failed;
}

bool state_shim_stage(struct state *state, const struct state_actor *actor, const char *run,
                      const char *stage, const char *reason, int64_t kill_at, int64_t survivors,
                      int64_t at, struct error *error) {
    if (!sql_begin(state, error)) {
        return false;
    }
    bool ran = SQL_RUN(state, error,
                       "UPDATE runs SET state='stopping',stop_at=coalesce(stop_at,?5),"
                       "stop_by=coalesce(stop_by,?6),stop_reason=coalesce(stop_reason,?7),"
                       "stop_stage=?2,stop_stage_at=?5,survivors=?4,kill_at="
                       "CASE WHEN ?2='term' AND kill_at<=stop_at THEN kill_at ELSE ?3 END"
                       " WHERE run=?1 AND state IN('starting','running','stopping')",
                       sql_text(run), sql_text(stage), sql_int_unless(kill_at, 0),
                       sql_int_unless(survivors, -1), sql_int(at), sql_text(actor->name),
                       sql_text(reason));
    if (ran && sql_changes(state) == 1) {
        char *text = strcmp(stage, "kill") == 0 ? memory_format("KILL sent: %s", reason)
                                                : memory_format("TERM sent: %s", reason);
        ran = journal_add(state, actor, at, STATE_EVENT_STOP_STAGE, run, text, NULL, error);
        free(text);
    }
    return sql_end(state, ran, error);
}

static bool write_end(struct state *state, const char *run, const struct state_end *end,
                      const char *condition, int64_t *changed, struct error *error) {
    char sql[768];
    (void)snprintf(sql, sizeof sql,
                   "UPDATE runs SET state='ended',outcome=?2,wait_status=?3,step=?4,stragglers=?5,"
                   "spawn_error=?6,recorded_by=?7,ended_at=?8,out_of_memory=?9,steps_failed=max("
                   "steps_failed,?10),"
                   "stop_at=CASE WHEN ?2='stopped' THEN coalesce(stop_at,?8) ELSE stop_at END,"
                   "stop_by=CASE WHEN ?2='stopped' THEN coalesce(stop_by,'shim') ELSE stop_by END,"
                   "stop_stage=CASE WHEN stop_at IS NULL THEN stop_stage ELSE 'done' END"
                   " WHERE run=?1 AND %s",
                   condition);
    bool ran = SQL_RUN(state, error, sql, sql_text(run), sql_text(state_outcome_word(end->outcome)),
                       sql_int_unless(end->has_wait_status ? end->wait_status : -1, -1),
                       sql_size(end->step), sql_int(end->stragglers), sql_text(end->spawn_error),
                       sql_text(end->recorded_by), sql_int(end->ended_at),
                       sql_int(end->out_of_memory), sql_int(end->steps_failed));
    *changed = sql_changes(state);
    return ran;
}

static enum state_event_kind kind_of_end(const struct state_end *end) {
    if (end->outcome == STATE_OUTCOME_LOST && !end->adopted) {
        return STATE_EVENT_LOST;
    }
    return strcmp(end->recorded_by, "replay") == 0 ? STATE_EVENT_REPLAY : STATE_EVENT_RUN_END;
}

bool state_shim_end(struct state *state, const struct state_actor *actor, const char *run,
                    const struct state_end *end, bool *done, struct error *error) {
    const char *alive =
        end->never_taken ? "state='claimed'" : "state IN('starting','running','stopping')";
    int64_t changed;
    *done = false;
    if (!sql_begin(state, error)) {
        return false;
    }
    enum state_event_kind kind = kind_of_end(end);
    bool ran = write_end(state, run, end, alive, &changed, error);
    if (ran && changed == 0 && end->outcome != STATE_OUTCOME_LOST) {
        kind = STATE_EVENT_LATE_EXIT;
        ran = write_end(state, run, end, "state='ended' AND outcome='lost'", &changed, error);
    }
    ran = ran && (changed == 0 ||
                  journal_add(state, actor, end->ended_at, kind, run, end->text, NULL, error));
    return settle(state, ran, changed, done, error);
}

bool state_run_orphan(struct state *state, const struct state_actor *actor, const char *run,
                      int64_t at, bool *done, struct error *error) {
    *done = false;
    if (!sql_begin(state, error)) {
        return false;
    }
    bool ran = SQL_RUN(state, error,
                       "UPDATE runs SET orphan_at=? WHERE run=? AND orphan_at IS NULL"
                       " AND state IN('starting','running','stopping')",
                       sql_int(at), sql_text(run));
    int64_t changed = sql_changes(state);
    ran = ran &&
          (changed == 0 ||
           journal_add(state, actor, at, STATE_EVENT_ORPHAN, run,
                       "its shim is gone, its command lives on; its claims are kept", NULL, error));
    return settle(state, ran, changed, done, error);
}
