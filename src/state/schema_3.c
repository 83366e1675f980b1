/* Schema 3: what was learned from the first nights of strangers. */
#include "state/schema.h"

/* How many of a run's commands, one after the other, have failed so far. */
static const char steps_failed[] =
    "ALTER TABLE runs ADD COLUMN steps_failed INTEGER NOT NULL DEFAULT 0;";

/* Evidence is never older than the last write.
 *
 * Ends of runs that wrote, and of what they left running on the server, are numbered
 * (`ended_sequence`), whatever the wall clock does; a measurement knows the newest that it has
 * seen. A run that wrote keeps its claims beyond its end (`coverage_hold`), until every table it
 * fills was read since, or a person releases them; a run whose command was never let go wrote
 * nothing, unless others of its commands ran before that one (step 1 and later). `writes` is the
 * last write of each BigQuery table. Runs that ended before this schema gave their claims back at
 * their end; of those without a verdict the tables must be read once before anybody launches on
 * their dates again. */
static const char evidence_columns[] =
    "ALTER TABLE measurements ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN ended_sequence INTEGER;"
    "ALTER TABLE runs ADD COLUMN wrote_at INTEGER;"
    "ALTER TABLE runs ADD COLUMN settle_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN coverage_hold INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN coverage_hold_ended_at INTEGER;"
    "ALTER TABLE runs ADD COLUMN coverage_forget_by TEXT;"
    "ALTER TABLE runs ADD COLUMN coverage_forget_reason TEXT;"
    "CREATE INDEX runs_coverage_hold ON runs(created_at) WHERE coverage_hold=1;"
    "CREATE INDEX runs_ended_sequence ON runs(ended_sequence) WHERE ended_sequence IS NOT NULL;"
    "CREATE INDEX runs_wrote_at ON runs(wrote_at) WHERE ended_sequence IS NOT NULL;"
    "CREATE TABLE writes("
    " resource TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs, sequence INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "UPDATE runs SET ended_sequence=o.n,wrote_at=ended_at FROM (SELECT run,row_number() OVER "
    "(ORDER BY ended_at,run)"
    "  AS n FROM runs WHERE state='ended' AND verdict IS NULL AND child_pid IS NOT NULL"
    "  AND (outcome<>'spawn_error' OR step>0)) AS o WHERE o.run=runs.run;"
    "INSERT OR REPLACE INTO writes(resource,run,sequence) SELECT c.resource,r.run,r.ended_sequence"
    " FROM runs r JOIN claims c ON c.run=r.run WHERE r.ended_sequence IS NOT NULL"
    " ORDER BY r.ended_sequence;";

/* A table that the run fills and that was not read since its end. */
#define UNREAD                                                                                     \
    "EXISTS(SELECT 1 FROM run_tables t WHERE t.run=OLD.run AND NOT EXISTS("                        \
    "SELECT 1 FROM measurements m WHERE m.subject='table' AND m.key=t.tbl"                         \
    " AND m.counts IS NOT NULL AND m.seen>=OLD.ended_sequence))"

/* An end, the news that a lost run went on, or the end of its jobs on the server: a new number, and
 * the last write of its tables. */
#define WROTE                                                                                      \
    " UPDATE runs SET ended_sequence=(SELECT coalesce(max(ended_sequence),0)+1 FROM runs),"        \
    "wrote_at=coalesce(NEW.server_hold_ended_at,NEW.ended_at)"                                     \
    "  WHERE run=NEW.run AND NEW.child_pid IS NOT NULL"                                            \
    "  AND (NEW.outcome<>'spawn_error' OR NEW.step>0);"                                            \
    " INSERT OR REPLACE INTO writes(resource,run,sequence)"                                        \
    "  SELECT DISTINCT c.resource,r.run,r.ended_sequence FROM runs r JOIN claims c ON c.run=r.run" \
    "  WHERE r.run=NEW.run AND r.ended_sequence IS NOT NULL;"

#define HOLD                                                                                       \
    " UPDATE runs SET coverage_hold=1 WHERE run=NEW.run AND ended_sequence IS NOT NULL"            \
    "  AND coverage_forget_by IS NULL AND EXISTS(SELECT 1 FROM run_tables WHERE run=NEW.run);"

/* Claims that nothing holds any more. */
#define NOT_HELD                                                                                   \
    " WHERE run=NEW.run AND released_at IS NULL AND NOT EXISTS("                                   \
    "SELECT 1 FROM runs WHERE run=NEW.run AND (server_hold=1 OR coverage_hold=1)); END;"

static const char evidence_release[] =
    "DROP TRIGGER runs_release;"
    "CREATE TRIGGER runs_release AFTER UPDATE OF state ON runs"
    " WHEN NEW.state='ended' AND OLD.state<>'ended' BEGIN" WROTE
    " UPDATE runs SET server_hold=1 WHERE run=NEW.run AND server_labelled=1"
    "  AND child_pid IS NOT NULL AND (outcome IN('failed','stopped','lost')"
    "  OR (outcome='spawn_error' AND steps_failed>0));" HOLD
    " UPDATE claims SET released_at=NEW.ended_at" NOT_HELD
    "CREATE TRIGGER runs_found AFTER UPDATE OF outcome ON runs"
    " WHEN OLD.outcome='lost' AND NEW.outcome<>'lost' BEGIN" WROTE " END;"
    "DROP TRIGGER claims_release;"
    "CREATE TRIGGER claims_release BEFORE UPDATE OF released_at ON claims"
    " WHEN EXISTS(SELECT 1 FROM runs WHERE run=OLD.run"
    "  AND (state<>'ended' OR server_hold=1 OR coverage_hold=1))"
    " BEGIN SELECT RAISE(ABORT,'a claim is held until its run has ended, its tables were read"
    " since, and none of its jobs runs on the server'); END;"
    "DROP TRIGGER runs_hold_release;"
    "CREATE TRIGGER runs_hold_release AFTER UPDATE OF server_hold ON runs"
    " WHEN OLD.server_hold=1 AND NEW.server_hold=0 BEGIN" WROTE HOLD
    " UPDATE claims SET released_at=NEW.server_hold_ended_at" NOT_HELD
    "CREATE TRIGGER runs_unread_release AFTER UPDATE OF coverage_hold ON runs"
    " WHEN OLD.coverage_hold=1 AND NEW.coverage_hold=0 BEGIN"
    " UPDATE claims SET released_at=NEW.coverage_hold_ended_at" NOT_HELD;

static const char evidence_rules[] =
    "CREATE TRIGGER runs_unread_begins BEFORE UPDATE OF coverage_hold ON runs"
    " WHEN NEW.coverage_hold<>0 AND OLD.coverage_hold=0 AND (NEW.state<>'ended' OR NOT EXISTS("
    "  SELECT 1 FROM claims WHERE run=NEW.run AND released_at IS NULL))"
    " BEGIN SELECT RAISE(ABORT,'claims that were released are not held again'); END;"
    "CREATE TRIGGER runs_unread_ends BEFORE UPDATE OF coverage_hold ON runs"
    " WHEN OLD.coverage_hold=1 AND NEW.coverage_hold=0 AND (NEW.coverage_hold_ended_at IS NULL"
    "  OR (NEW.coverage_forget_by IS NULL AND " UNREAD "))"
    " BEGIN SELECT RAISE(ABORT,'a claim is released when the tables of its run were read after its"
    " end, or by a person'); END;"
    "CREATE TRIGGER runs_unread_forget BEFORE UPDATE OF coverage_forget_by ON runs"
    " WHEN NEW.coverage_forget_by IS NOT NULL"
    "  AND length(trim(coalesce(NEW.coverage_forget_reason,'')))<10"
    " BEGIN SELECT RAISE(ABORT,'to release dates that were not read takes a reason of at least 10"
    " characters'); END;"
    "CREATE TRIGGER runs_judged_unread BEFORE UPDATE OF verdict ON runs"
    " WHEN NEW.verdict IN('verified','ended with gaps','no effect')"
    "  AND OLD.ended_sequence IS NOT NULL AND " UNREAD
    " BEGIN SELECT RAISE(ABORT,'only coverage read after its end judges a run'); END;"
    "CREATE TRIGGER runs_settle BEFORE UPDATE OF settle_ms ON runs"
    " WHEN NEW.settle_ms<>OLD.settle_ms"
    " BEGIN SELECT RAISE(ABORT,'what a run was launched for does not change'); END;";

/* The one file that the state is kept for. */
static const char pipeline_file[] = "CREATE TABLE pipeline_file("
                                    " one INTEGER PRIMARY KEY CHECK(one=1), path TEXT NOT NULL,"
                                    " at INTEGER NOT NULL) STRICT;";

const char *const schema_3[] = {steps_failed,           evidence_columns,
                                evidence_release,       evidence_rules,
                                schema_bounded_reasons, schema_bounded_names,
                                schema_bounded_actors,  schema_bounded_releases,
                                pipeline_file,          NULL};
