/* Schema 2: what the agent says of itself, what an arm is to launch, what the queries cost, and
 * what BigQuery still does for a run that has ended. */
#include "state/schema.h"

static const char told[] = "CREATE TABLE told("
                           " key TEXT PRIMARY KEY, term INTEGER NOT NULL,"
                           " json TEXT NOT NULL CHECK(json GLOB '{*}'), at INTEGER NOT NULL)"
                           " STRICT;" SCHEMA_FENCED("told");

/* What an arm launches, and when; an approval stands behind one arm at a time. */
static const char arms[] =
    "ALTER TABLE arms ADD COLUMN request TEXT;"
    "ALTER TABLE arms ADD COLUMN fire_at INTEGER;"
    "ALTER TABLE arms ADD COLUMN fire_ns INTEGER;"
    "CREATE UNIQUE INDEX arms_approval ON arms(approval)"
    " WHERE state='armed';"
    "CREATE TRIGGER arms_fixed BEFORE UPDATE ON arms"
    " WHEN NEW.group_name<>OLD.group_name OR NEW.plan_hash<>OLD.plan_hash"
    "  OR NEW.approval<>OLD.approval OR NEW.boot_id<>OLD.boot_id"
    "  OR NEW.expires_at<>OLD.expires_at OR NEW.request IS NOT OLD.request"
    " BEGIN SELECT RAISE(ABORT,'what a group was armed for does not"
    " change'); END;"
    "CREATE TRIGGER arms_fire BEFORE UPDATE OF state ON arms"
    " WHEN NEW.state='fired' AND (OLD.streak<OLD.need OR OLD.fire_ns IS NULL)"
    " BEGIN SELECT RAISE(ABORT,'an arm fires after its samples and its"
    " countdown'); END;";

/* Bills that were not told: `estimated` of the queries were billed an estimated `bytes_estimated`
 * (contained in bytes_billed); `unknown` were given up and are perhaps billed; `failed` gave no
 * counts. */
static const char bills[] = "ALTER TABLE spend ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;"
                            "ALTER TABLE spend ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0;"
                            "ALTER TABLE spend ADD COLUMN bytes_estimated INTEGER NOT NULL"
                            " DEFAULT 0;"
                            "ALTER TABLE spend ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;";

/* What one query of a target would bill, as a dry run told. */
static const char estimates[] =
    "CREATE TABLE estimates("
    " key TEXT PRIMARY KEY, term INTEGER NOT NULL, at INTEGER NOT NULL,"
    " bytes_processed INTEGER, bytes_billed INTEGER, error TEXT,"
    " CHECK((bytes_billed IS NULL) = (error IS NOT NULL))) STRICT;" SCHEMA_FENCED("estimates");

/* Requests, of kinds that a later program may add to. */
static const char requests[] =
    "CREATE TABLE asked("
    " id INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, by_whom TEXT NOT NULL,"
    " at INTEGER NOT NULL, taken_at INTEGER, term INTEGER) STRICT;"
    "INSERT INTO asked SELECT id,kind,subject,by_whom,at,taken_at,term FROM requests;"
    "DROP TABLE requests;"
    "ALTER TABLE asked RENAME TO requests;" SCHEMA_FENCE("requests", "UPDATE");

/* A run that schema 1 knew, and one whose shim is of schema 1, is not labelled: it ends as it
 * always did. */
static const char server_columns[] =
    "ALTER TABLE runs ADD COLUMN server_labelled INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN server_hold INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN server_jobs INTEGER;"
    "ALTER TABLE runs ADD COLUMN server_jobs_at INTEGER;"
    "ALTER TABLE runs ADD COLUMN server_error TEXT;"
    "ALTER TABLE runs ADD COLUMN server_term INTEGER;"
    "ALTER TABLE runs ADD COLUMN server_cancel_at INTEGER;"
    "ALTER TABLE runs ADD COLUMN server_cancel_by TEXT;"
    "ALTER TABLE runs ADD COLUMN server_forget_by TEXT;"
    "ALTER TABLE runs ADD COLUMN server_forget_reason TEXT;"
    "ALTER TABLE runs ADD COLUMN server_hold_ended_at INTEGER;"
    "CREATE INDEX runs_server_hold ON runs(created_at) WHERE server_hold=1;";

/* The end of a run releases its claims, or puts a hold on them: there is no moment between. A
 * command that was never let go, and one that ended well, leaves nothing behind on the server. */
static const char server_hold[] =
    "DROP TRIGGER runs_release;"
    "CREATE TRIGGER runs_release AFTER UPDATE OF state ON runs"
    " WHEN NEW.state='ended' AND OLD.state<>'ended' BEGIN"
    " UPDATE runs SET server_hold=1 WHERE run=NEW.run AND server_labelled=1"
    "  AND child_pid IS NOT NULL AND outcome IN('failed','stopped','lost');"
    " UPDATE claims SET released_at=NEW.ended_at WHERE run=NEW.run AND released_at IS NULL"
    "  AND NOT EXISTS(SELECT 1 FROM runs WHERE run=NEW.run AND server_hold=1);"
    " END;"
    "DROP TRIGGER claims_release;"
    "CREATE TRIGGER claims_release BEFORE UPDATE OF released_at ON claims"
    " WHEN EXISTS(SELECT 1 FROM runs WHERE run=OLD.run AND (state<>'ended' OR server_hold=1))"
    " BEGIN SELECT RAISE(ABORT,'a claim is held until its run has ended and none of its jobs runs"
    " on the server'); END;"
    "CREATE TRIGGER runs_hold_begins BEFORE UPDATE OF server_hold ON runs"
    " WHEN NEW.server_hold<>0 AND OLD.server_hold=0 AND (NEW.state<>'ended' OR NOT EXISTS("
    "  SELECT 1 FROM claims WHERE run=NEW.run AND released_at IS NULL))"
    " BEGIN SELECT RAISE(ABORT,'claims that were released are not held again'); END;"
    "CREATE TRIGGER runs_hold_ends BEFORE UPDATE OF server_hold ON runs"
    " WHEN OLD.server_hold=1 AND NEW.server_hold=0 AND (NEW.server_hold_ended_at IS NULL"
    "  OR (NEW.server_jobs IS NOT 0 AND NEW.server_forget_by IS NULL))"
    " BEGIN SELECT RAISE(ABORT,'a claim is released when no job of its run is left on the server,"
    " or by a person'); END;"
    "CREATE TRIGGER runs_hold_release AFTER UPDATE OF server_hold ON runs"
    " WHEN OLD.server_hold=1 AND NEW.server_hold=0"
    " BEGIN UPDATE claims SET released_at=NEW.server_hold_ended_at WHERE run=NEW.run"
    "  AND released_at IS NULL; END;"
    "CREATE TRIGGER runs_forget BEFORE UPDATE OF server_forget_by ON runs"
    " WHEN NEW.server_forget_by IS NOT NULL"
    "  AND length(trim(coalesce(NEW.server_forget_reason,'')))<10"
    " BEGIN SELECT RAISE(ABORT,'to forget the jobs of a run takes a reason of at least 10"
    " characters'); END;"
    "CREATE TRIGGER runs_server_fence BEFORE UPDATE OF server_jobs,server_jobs_at,server_error"
    " ON runs WHEN NEW.server_term IS NOT (SELECT term FROM lease WHERE holder IS NOT NULL)"
    " BEGIN SELECT RAISE(ABORT,'" SCHEMA_STALE_TERM "'); END;";

/* What was noticed of a run; what a shim of schema 1 does not write is not known. */
static const char notices[] =
    "ALTER TABLE runs ADD COLUMN adopted INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN out_of_memory INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN stuck TEXT;"
    "ALTER TABLE runs ADD COLUMN log_alarm INTEGER;"
    "ALTER TABLE runs ADD COLUMN code_directory TEXT;"
    "ALTER TABLE runs ADD COLUMN code_commit TEXT;"
    "ALTER TABLE runs ADD COLUMN code_changed INTEGER;"
    "ALTER TABLE runs ADD COLUMN code_moved TEXT;"
    "CREATE TRIGGER runs_noticed BEFORE UPDATE ON runs"
    " WHEN NEW.adopted<>OLD.adopted OR NEW.code_commit IS NOT OLD.code_commit"
    "  OR NEW.code_changed IS NOT OLD.code_changed"
    " BEGIN SELECT RAISE(ABORT,'what a run began with does not change'); END;"
    "CREATE TRIGGER runs_adopted BEFORE UPDATE OF outcome ON runs"
    " WHEN NEW.adopted=1 AND NEW.wait_status IS NOT NULL"
    " BEGIN SELECT RAISE(ABORT,'nobody can know the exit status of an adopted command'); END;";

/* Why an ended run waits for its verdict, and what was said of runs: each rule once a run. */
static const char alarms[] =
    "ALTER TABLE measurements ADD COLUMN streaming_rows INTEGER;"
    "ALTER TABLE runs ADD COLUMN waits_for TEXT;"
    "CREATE TABLE run_alarms("
    " run TEXT NOT NULL REFERENCES runs(run), rule TEXT NOT NULL, term INTEGER NOT NULL,"
    " text TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(run,rule)) STRICT;" SCHEMA_FENCED(
        "run_alarms");

const char *const schema_2[] = {told,           arms,        bills,   estimates, requests,
                                server_columns, server_hold, notices, alarms,    NULL};
