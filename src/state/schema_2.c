/* Schema 2: what the agent says of itself, and what an arm is to launch. */
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

const char *const schema_2[] = {told, arms, bills, estimates, NULL};
