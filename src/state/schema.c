/* The tables, and the invariants that no program can break, however wrong it is.
 *
 * Additive only: a step adds tables and columns, and never changes what older programs rely on
 * (state_shim.h). */
#include "state/schema.h"

#include <stdio.h>

static const char who_is_there[] =
    "CREATE TABLE sessions("
    " session TEXT PRIMARY KEY, role TEXT NOT NULL CHECK(role IN('console','agent','verb')),"
    " owner TEXT NOT NULL, boot_id TEXT NOT NULL, pid INTEGER NOT NULL, pid_start INTEGER NOT NULL,"
    " version TEXT NOT NULL, opened_at INTEGER NOT NULL, seen_at INTEGER NOT NULL,"
    " closed_at INTEGER) STRICT;"
    "CREATE INDEX sessions_open ON sessions(opened_at) WHERE closed_at IS NULL;"
    "CREATE TABLE lease("
    " name TEXT PRIMARY KEY CHECK(name='agent'), term INTEGER NOT NULL CHECK(term>0),"
    " holder TEXT, host TEXT NOT NULL, boot_id TEXT NOT NULL, pid INTEGER NOT NULL,"
    " pid_start INTEGER NOT NULL, expires_ns INTEGER NOT NULL, renewed_at INTEGER NOT NULL) STRICT;"
    "CREATE TRIGGER lease_term_grows BEFORE UPDATE ON lease"
    " WHEN NEW.term<OLD.term OR (NEW.term=OLD.term AND NEW.holder IS NOT NULL"
    "  AND NEW.holder IS NOT OLD.holder)"
    " BEGIN SELECT RAISE(ABORT,'a new holder of the lease needs a new term'); END;" SCHEMA_NEVER(
        "lease", "DELETE",
        "the lease row is never deleted: its term only grows") "CREATE TABLE requests("
                                                               " id INTEGER PRIMARY KEY, kind TEXT "
                                                               "NOT NULL CHECK(kind "
                                                               "IN('poll','check')),"
                                                               " subject TEXT NOT NULL, by_whom "
                                                               "TEXT NOT NULL, at INTEGER NOT "
                                                               "NULL, taken_at INTEGER,"
                                                               " term INTEGER) "
                                                               "STRICT;" SCHEMA_FENCE("requests",
                                                                                      "UPDATE");

static const char measured[] =
    "CREATE TABLE measurements("
    " id INTEGER PRIMARY KEY, subject TEXT NOT NULL CHECK(subject IN('table','expected')),"
    " key TEXT NOT NULL, term INTEGER NOT NULL, from_day INTEGER, to_day INTEGER,"
    " measured_at INTEGER, confirmed_at INTEGER, counts BLOB, error TEXT, failed_at INTEGER,"
    " bytes_billed INTEGER NOT NULL DEFAULT 0, bytes_processed INTEGER NOT NULL DEFAULT 0,"
    " cache_hit INTEGER NOT NULL DEFAULT 0, query_hash TEXT, signal TEXT,"
    " UNIQUE(subject,key),"
    " CHECK((measured_at IS NULL)=(counts IS NULL)),"
    " CHECK((measured_at IS NULL)=(confirmed_at IS NULL)),"
    " CHECK((measured_at IS NULL)=(from_day IS NULL OR to_day IS NULL)),"
    " CHECK((error IS NULL)=(failed_at IS NULL)),"
    " CHECK(measured_at IS NOT NULL OR error IS NOT NULL)) STRICT;" SCHEMA_FENCED(
        "measurements") "CREATE TRIGGER measurements_keep BEFORE UPDATE ON measurements"
                        " WHEN NEW.counts IS NULL AND OLD.counts IS NOT NULL"
                        " BEGIN SELECT RAISE(ABORT,'a failed poll never erases counts'); END;"
                        "CREATE TABLE samples("
                        " id INTEGER PRIMARY KEY, tbl TEXT NOT NULL, season TEXT NOT NULL, at "
                        "INTEGER NOT NULL,"
                        " term INTEGER NOT NULL, evidence INTEGER NOT NULL,"
                        " status TEXT NOT NULL CHECK(status IN('fresh','stale','unknown')), "
                        "expected INTEGER,"
                        " bootstrap INTEGER, waived INTEGER, attainable INTEGER, complete INTEGER, "
                        "partial INTEGER,"
                        " missing INTEGER, excess INTEGER, with_rows INTEGER, row_count INTEGER, "
                        "error TEXT) STRICT;"
                        "CREATE INDEX samples_of ON samples(tbl,season,at);" SCHEMA_FENCE(
                            "samples", "INSERT") SCHEMA_NEVER("samples", "UPDATE",
                                                              "samples are append-only")
                            SCHEMA_NEVER(
                                "samples", "DELETE",
                                "samples are append-only") "CREATE TABLE spend("
                                                           " night INTEGER NOT NULL, key TEXT NOT "
                                                           "NULL, term INTEGER NOT NULL, queries "
                                                           "INTEGER NOT NULL,"
                                                           " cached INTEGER NOT NULL, free_checks "
                                                           "INTEGER NOT NULL, bytes_billed INTEGER "
                                                           "NOT NULL,"
                                                           " bytes_processed INTEGER NOT NULL, "
                                                           "dollars REAL NOT NULL, PRIMARY "
                                                           "KEY(night,key)) STRICT;" SCHEMA_FENCED(
                                                               "spend");

static const char judged[] =
    "CREATE TABLE verdicts("
    " id INTEGER PRIMARY KEY, gate TEXT NOT NULL, term INTEGER NOT NULL,"
    " verdict TEXT NOT NULL CHECK(verdict IN('GO','NO-GO','HOLD','STALE','UNKNOWN')),"
    " since INTEGER NOT NULL, until INTEGER, text TEXT NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX verdicts_standing ON verdicts(gate) WHERE until IS NULL;" SCHEMA_FENCED(
        "verdicts") "CREATE TABLE marks("
                    " id INTEGER PRIMARY KEY, gate TEXT NOT NULL, kind TEXT NOT NULL"
                    "  CHECK(kind IN('hold','override')), by_whom TEXT NOT NULL, reason TEXT NOT "
                    "NULL,"
                    " at INTEGER NOT NULL, ended_at INTEGER, ended_by TEXT, end_reason TEXT,"
                    " CHECK(kind<>'override' OR length(trim(reason))>=10),"
                    " CHECK((ended_at IS NULL)=(ended_by IS NULL))) STRICT;"
                    "CREATE UNIQUE INDEX marks_in_force ON marks(gate,kind) WHERE ended_at IS NULL;"
                    "CREATE TABLE answers("
                    " id INTEGER PRIMARY KEY, gate TEXT NOT NULL, chk TEXT NOT NULL, value REAL, "
                    "text TEXT,"
                    " error TEXT, by_whom TEXT NOT NULL, at INTEGER NOT NULL, term INTEGER,"
                    " CHECK((value IS NULL)=(error IS NOT NULL))) STRICT;"
                    "CREATE INDEX answers_of ON answers(gate,chk,at);"
                    "CREATE TRIGGER answers_fence BEFORE INSERT ON answers WHEN NEW.term IS NOT "
                    "NULL AND"
                    " NEW.term IS NOT (SELECT term FROM lease WHERE holder IS NOT NULL)"
                    " BEGIN SELECT RAISE(ABORT,'" SCHEMA_STALE_TERM "'); END;" SCHEMA_NEVER(
                        "answers", "UPDATE",
                        "answers are append-only") "CREATE TABLE waivers("
                                                   " id INTEGER PRIMARY KEY, tbl TEXT NOT NULL, "
                                                   "from_day INTEGER NOT NULL,"
                                                   " to_day INTEGER NOT NULL "
                                                   "CHECK(from_day<=to_day), by_whom TEXT NOT NULL,"
                                                   " reason TEXT NOT NULL "
                                                   "CHECK(length(trim(reason))>=10), at INTEGER "
                                                   "NOT NULL,"
                                                   " expires_at INTEGER, ended_at INTEGER, "
                                                   "ended_by TEXT,"
                                                   " CHECK((ended_at IS NULL)=(ended_by IS NULL))) "
                                                   "STRICT;"
                                                   "CREATE TABLE approvals("
                                                   " approval TEXT PRIMARY KEY, plan_hash TEXT NOT "
                                                   "NULL, group_name TEXT NOT NULL,"
                                                   " decision TEXT NOT NULL CHECK(decision "
                                                   "IN('go','no-go','override')), by_whom TEXT NOT "
                                                   "NULL,"
                                                   " at INTEGER NOT NULL, expires_at INTEGER NOT "
                                                   "NULL CHECK(expires_at>at), evidence TEXT NOT "
                                                   "NULL,"
                                                   " reason TEXT, revoked_at INTEGER, consumed_by "
                                                   "TEXT,"
                                                   " CHECK(decision<>'override' OR "
                                                   "length(trim(coalesce(reason,'')))>=10)) STRICT;"
                                                   "CREATE TRIGGER approvals_single_use BEFORE "
                                                   "UPDATE ON approvals"
                                                   " WHEN (OLD.consumed_by IS NOT NULL AND "
                                                   "NEW.consumed_by IS NOT OLD.consumed_by)"
                                                   "  OR NEW.plan_hash<>OLD.plan_hash OR "
                                                   "NEW.decision<>OLD.decision OR "
                                                   "NEW.by_whom<>OLD.by_whom"
                                                   "  OR NEW.expires_at<>OLD.expires_at OR "
                                                   "NEW.evidence<>OLD.evidence"
                                                   " BEGIN SELECT RAISE(ABORT,'an approval is used "
                                                   "once and never changed'); END;"
                                                   "CREATE TABLE arms("
                                                   " arm TEXT PRIMARY KEY, group_name TEXT NOT "
                                                   "NULL, plan_hash TEXT NOT NULL,"
                                                   " approval TEXT NOT NULL REFERENCES approvals, "
                                                   "by_whom TEXT NOT NULL, at INTEGER NOT NULL,"
                                                   " expires_at INTEGER NOT NULL "
                                                   "CHECK(expires_at>at), boot_id TEXT NOT NULL,"
                                                   " need INTEGER NOT NULL DEFAULT 2, streak "
                                                   "INTEGER NOT NULL DEFAULT 0, last_sample "
                                                   "INTEGER,"
                                                   " state TEXT NOT NULL CHECK(state "
                                                   "IN('armed','fired','disarmed','expired')), why "
                                                   "TEXT,"
                                                   " ended_at INTEGER, launch TEXT, "
                                                   "CHECK((state='fired')=(launch IS NOT NULL)),"
                                                   " CHECK((state='armed')=(ended_at IS NULL))) "
                                                   "STRICT;"
                                                   "CREATE UNIQUE INDEX arms_live ON "
                                                   "arms(group_name) WHERE state='armed';"
                                                   "CREATE TRIGGER arms_end BEFORE UPDATE ON arms "
                                                   "WHEN OLD.state<>'armed'"
                                                   " BEGIN SELECT RAISE(ABORT,'an arm that was "
                                                   "fired or disarmed stays so'); END;";

static const char run_tables[] =
    "CREATE TABLE runs("
    " run TEXT PRIMARY KEY, launch TEXT NOT NULL, group_name TEXT NOT NULL,"
    " processor TEXT NOT NULL, owner TEXT NOT NULL, from_day INTEGER NOT NULL,"
    " to_day INTEGER NOT NULL CHECK(from_day<=to_day), dates TEXT NOT NULL,"
    " date_count INTEGER NOT NULL, plan_hash TEXT NOT NULL, steps TEXT NOT NULL,"
    " step_count INTEGER NOT NULL CHECK(step_count>0), step INTEGER NOT NULL DEFAULT 0,"
    " command TEXT NOT NULL, directory TEXT NOT NULL, retry_of TEXT REFERENCES runs,"
    " state TEXT NOT NULL"
    "  CHECK(state IN('claimed','starting','running','stopping','ended')),"
    " outcome TEXT CHECK(outcome IN('ok','failed','stopped','spawn_error','lost')),"
    " boot_id TEXT, shim_pid INTEGER, shim_start INTEGER, child_pid INTEGER, child_start INTEGER,"
    " orphan_at INTEGER, wait_status INTEGER, stragglers INTEGER NOT NULL DEFAULT 0,"
    " spawn_error TEXT, recorded_by TEXT CHECK(recorded_by IN('shim','replay','reconciler')),"
    " created_at INTEGER NOT NULL, created_boot_id TEXT NOT NULL, created_ns INTEGER NOT NULL,"
    " started_at INTEGER, ended_at INTEGER, stop_at INTEGER, stop_by TEXT, stop_reason TEXT,"
    " stop_stage TEXT CHECK(stop_stage IN('requested','term','kill','done')),"
    " stop_stage_at INTEGER, kill_at INTEGER, survivors INTEGER,"
    " verdict TEXT, verdict_text TEXT, verdict_at INTEGER, verdict_term INTEGER,"
    " CHECK((state='ended')=(outcome IS NOT NULL)),"
    " CHECK((state='ended')=(ended_at IS NOT NULL)),"
    " CHECK((state='ended')=(recorded_by IS NOT NULL)),"
    " CHECK(outcome IS NOT 'ok' OR (wait_status IS 0 AND recorded_by IN('shim','replay'))),"
    " CHECK(outcome IS NOT 'failed' OR wait_status IS NOT NULL),"
    " CHECK(outcome IS NOT 'lost' OR (wait_status IS NULL AND recorded_by='reconciler')),"
    " CHECK(outcome IS NOT 'spawn_error' OR (wait_status IS NULL AND spawn_error IS NOT NULL)),"
    " CHECK(outcome IS NOT 'stopped' OR stop_at IS NOT NULL),"
    " CHECK(state<>'running' OR child_pid IS NOT NULL),"
    " CHECK(state IN('claimed','ended') OR shim_pid IS NOT NULL),"
    " CHECK((stop_at IS NULL)=(stop_by IS NULL)),"
    " CHECK(state<>'stopping' OR stop_at IS NOT NULL),"
    " CHECK(verdict IS NULL OR state='ended')) STRICT;"
    "CREATE INDEX runs_live ON runs(created_at) WHERE state<>'ended';"
    "CREATE INDEX runs_by_time ON runs(created_at);"
    "CREATE TABLE run_tables("
    " run TEXT NOT NULL REFERENCES runs, tbl TEXT NOT NULL, before TEXT,"
    " PRIMARY KEY(run,tbl)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE claims("
    " id INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs, resource TEXT NOT NULL,"
    " from_day INTEGER NOT NULL, to_day INTEGER NOT NULL CHECK(from_day<=to_day),"
    " at INTEGER NOT NULL, released_at INTEGER) STRICT;"
    "CREATE INDEX claims_held ON claims(resource,from_day,to_day) WHERE released_at IS NULL;"
    "CREATE INDEX claims_of ON claims(run);";

static const char run_logs[] =
    "CREATE TABLE progress("
    " run TEXT PRIMARY KEY REFERENCES runs, term INTEGER NOT NULL, done INTEGER NOT NULL,"
    " ok INTEGER NOT NULL, failed INTEGER NOT NULL, skipped INTEGER NOT NULL,"
    " zero_rows INTEGER NOT NULL, position INTEGER NOT NULL, total INTEGER NOT NULL,"
    " warnings INTEGER NOT NULL, errors INTEGER NOT NULL, last_line TEXT,"
    " last_output_at INTEGER NOT NULL, log_offset INTEGER NOT NULL, json TEXT,"
    " updated_at INTEGER NOT NULL) STRICT;" SCHEMA_FENCED(
        "progress") "CREATE TABLE run_dates("
                    " run TEXT NOT NULL REFERENCES runs, day INTEGER NOT NULL, term INTEGER NOT "
                    "NULL,"
                    " outcome TEXT NOT NULL CHECK(outcome IN('ok','zero','skipped','failed')),"
                    " row_count INTEGER NOT NULL, reason TEXT, PRIMARY KEY(run,day)) STRICT, "
                    "WITHOUT ROWID;" SCHEMA_FENCED("run_dates");

static const char run_rules[] =
    "CREATE TRIGGER runs_begin BEFORE INSERT ON runs WHEN NEW.state<>'claimed'"
    " BEGIN SELECT RAISE(ABORT,'a run begins as claimed'); END;"
    "CREATE TRIGGER runs_order BEFORE UPDATE OF state ON runs"
    " WHEN NOT (NEW.state=OLD.state"
    "  OR (OLD.state='claimed' AND NEW.state IN('starting','ended'))"
    "  OR (OLD.state='starting' AND NEW.state IN('running','stopping','ended'))"
    "  OR (OLD.state='running' AND NEW.state IN('stopping','ended'))"
    "  OR (OLD.state='stopping' AND NEW.state='ended'))"
    " BEGIN SELECT RAISE(ABORT,'a run goes claimed, starting, running, stopping, ended and never"
    " back'); END;"
    "CREATE TRIGGER runs_ended BEFORE UPDATE ON runs"
    " WHEN OLD.state='ended' AND (NEW.outcome IS NOT OLD.outcome"
    "  OR NEW.wait_status IS NOT OLD.wait_status OR NEW.recorded_by IS NOT OLD.recorded_by)"
    "  AND NOT (OLD.outcome='lost' AND NEW.recorded_by IN('shim','replay'))"
    " BEGIN SELECT RAISE(ABORT,'how a run ended does not change, unless it was lost and is found');"
    " END;"
    "CREATE TRIGGER runs_fixed BEFORE UPDATE ON runs WHEN NEW.run<>OLD.run"
    "  OR NEW.steps<>OLD.steps OR NEW.dates<>OLD.dates OR NEW.directory<>OLD.directory"
    "  OR NEW.processor<>OLD.processor OR NEW.group_name<>OLD.group_name"
    " BEGIN SELECT RAISE(ABORT,'what a run was launched for does not change'); END;"
    "CREATE TRIGGER runs_verdict BEFORE UPDATE OF verdict ON runs"
    " WHEN NEW.verdict_term IS NOT (SELECT term FROM lease WHERE holder IS NOT NULL)"
    " BEGIN SELECT RAISE(ABORT,'" SCHEMA_STALE_TERM "'); END;" SCHEMA_NEVER(
        "runs", "DELETE",
        "runs are kept") "CREATE TRIGGER claims_live_run BEFORE INSERT ON claims"
                         " WHEN NOT EXISTS(SELECT 1 FROM runs WHERE run=NEW.run AND "
                         "state='claimed')"
                         " BEGIN SELECT RAISE(ABORT,'only a run that begins can claim'); END;"
                         "CREATE TRIGGER claims_no_overlap BEFORE INSERT ON claims"
                         " WHEN EXISTS(SELECT 1 FROM claims c WHERE c.released_at IS NULL AND "
                         "c.resource=NEW.resource"
                         "  AND c.from_day<=NEW.to_day AND NEW.from_day<=c.to_day)"
                         " BEGIN SELECT RAISE(ABORT,'the dates of this table are claimed by "
                         "another run'); END;"
                         "CREATE TRIGGER claims_fixed BEFORE UPDATE ON claims WHEN NEW.run<>OLD.run"
                         "  OR NEW.resource<>OLD.resource OR NEW.from_day<>OLD.from_day OR "
                         "NEW.to_day<>OLD.to_day"
                         "  OR OLD.released_at IS NOT NULL"
                         " BEGIN SELECT RAISE(ABORT,'a claim is released and otherwise never "
                         "changed'); END;"
                         "CREATE TRIGGER claims_release BEFORE UPDATE OF released_at ON claims"
                         " WHEN EXISTS(SELECT 1 FROM runs WHERE run=OLD.run AND state<>'ended')"
                         " BEGIN SELECT RAISE(ABORT,'a claim is held until its run has ended'); "
                         "END;" SCHEMA_NEVER("claims", "DELETE", "claims are kept")
    /* The end of a run releases its claims: there is no moment between. */
    "CREATE TRIGGER runs_release AFTER UPDATE OF state ON runs"
    " WHEN NEW.state='ended' AND OLD.state<>'ended'"
    " BEGIN UPDATE claims SET released_at=NEW.ended_at WHERE run=NEW.run AND released_at IS NULL;"
    " END;";

static const char journal[] =
    "CREATE TABLE events("
    " sequence INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, boot_id TEXT NOT NULL,"
    " boot_ns INTEGER NOT NULL, actor TEXT NOT NULL, session TEXT, term INTEGER NOT NULL,"
    " kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,"
    " data TEXT NOT NULL CHECK(data GLOB '{*}')) STRICT;"
    "CREATE INDEX events_of ON events(subject,sequence);"
    "CREATE INDEX events_at ON events(at);" SCHEMA_NEVER("events", "UPDATE",
                                                         "the journal is append-only")
        SCHEMA_NEVER(
            "events", "DELETE",
            "the journal is append-only") "CREATE TRIGGER events_term BEFORE INSERT ON events"
                                          " WHEN NEW.term>coalesce((SELECT term FROM lease),0)"
                                          " BEGIN SELECT RAISE(ABORT,'an event cannot be of a "
                                          "term that was never held'); END;";

static const char *const schema_1[] = {who_is_there, measured,  judged,  run_tables,
                                       run_logs,     run_rules, journal, NULL};

/* What leads from the schema before to each one. */
static const char *const *const steps[STATE_SCHEMA] = {schema_1, schema_2, schema_3};

static bool pragma(struct state *state, const char *sql, int64_t *value, struct error *error) {
    return sql_one(state, error, sql, NULL, 0, 0, value);
}

static bool is_empty(struct state *state, bool *empty, struct error *error) {
    int64_t tables;
    bool done = pragma(state, "SELECT count(*) FROM sqlite_schema", &tables, error);
    *empty = tables == 0;
    return done;
}

/* Reads whose file it is; false when it is not ours or too new to be written. */
static bool identify(struct state *state, struct error *error) {
    int64_t application;
    int64_t version;
    bool empty;
    if (!pragma(state, "PRAGMA application_id", &application, error) ||
        !pragma(state, "PRAGMA user_version", &version, error) || !is_empty(state, &empty, error)) {
        return false;
    }
    if (application != SCHEMA_APPLICATION && !empty) {
        return error_set(error, EXIT_CONFIG,
                         "%s is not a state file of phasegate; move it away, or choose another "
                         "directory with PHASEGATE_STATE",
                         state->path);
    }
    /* Once there is a table there is a version; a step is never looked up by what was read. */
    if (version < 0 || (version == 0 && !empty)) {
        char what[64];
        (void)snprintf(what, sizeof what, "its schema is numbered %lld", (long long)version);
        return state_refuse_damage(state, what, error);
    }
    state->schema = (int)version;
    if (version > STATE_SCHEMA && state->writable) {
        return error_set(error, EXIT_CONFIG,
                         "%s has schema %d and this phasegate knows %d: it was written by a newer "
                         "program; use that one, or only read",
                         state->path, state->schema, STATE_SCHEMA);
    }
    if (version == 0 && !state->writable) {
        return error_set(error, EXIT_NO_INPUT, "%s holds nothing yet", state->path);
    }
    return true;
}

static bool migrate(struct state *state, struct error *error) {
    char header[96];
    bool done = true;
    for (int version = state->schema; done && version < STATE_SCHEMA; version++) {
        for (const char *const *part = steps[version]; done && *part != NULL; part++) {
            done = sql_script(state, *part, error);
        }
    }
    (void)snprintf(header, sizeof header, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                   SCHEMA_APPLICATION, STATE_SCHEMA);
    return done && sql_script(state, header, error);
}

/* All of it at one moment: between two looks somebody else may have made the tables. */
static bool identify_now(struct state *state, struct error *error) {
    if (!sql_script(state, "BEGIN", error)) {
        return false;
    }
    bool done = identify(state, error);
    return sql_script(state, "ROLLBACK", done ? error : NULL) && done;
}

bool schema_prepare(struct state *state, struct error *error) {
    if (!identify_now(state, error)) {
        return false;
    }
    if (state->schema >= STATE_SCHEMA || !state->writable) {
        return true;
    }
    if (!sql_script(state, "BEGIN EXCLUSIVE", error)) {
        return false;
    }
    /* Another process may have migrated it in the meantime. */
    bool done = identify(state, error);
    if (done && state->schema < STATE_SCHEMA) {
        done = migrate(state, error);
    }
    if (!sql_end(state, done, error)) {
        return false;
    }
    state->schema = STATE_SCHEMA;
    return true;
}
