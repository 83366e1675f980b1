/* The built-in pattern sets. "python-backfill" reads the ten backfill processors of the NBA
 * pipeline, sequential and parallel, in all the ways they report (Phase 3 and Phase 4 differ, and
 * so do processors of one phase). Kinds that begin with a literal come first: they are the cheap
 * ones, and when one matches the rest of the set is not looked at. */
#include "logs/classify.h"

#define DAY      "(?<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
#define ROWS     "(?<rows>[0-9,]+)"
#define POSITION "(?<position>[0-9,]+)"
#define TOTAL    "(?<total>[0-9,]+)"
#define WHAT     "(?<entity>records|players|teams)"
#define REASON   "(?<reason>.*)"
#define TRACKING "^(?=.*(?:run.history|circuit.(?:breaker.)?state|pipeline_event_log)).*"

static const struct log_pattern python_backfill[] = {
    /* where it is */
    {"position", LOG_POSITION, LOG_LEVEL_NONE,
     "^Processing (?<entity>game date|day|date) " POSITION "/" TOTAL ": " DAY},
    /* what became of a date */
    {"success", LOG_OK_CURRENT, LOG_LEVEL_NONE, "^ *✓ Success: " ROWS " " WHAT},
    {"success-parallel", LOG_OK_DATED, LOG_LEVEL_NONE, "^ *✓ " DAY ": " ROWS " " WHAT},
    {"success-context", LOG_OK_DATED, LOG_LEVEL_NONE, "^✅ " DAY ": Processed " ROWS " " WHAT},
    {"skip", LOG_SKIP_CURRENT, LOG_LEVEL_NONE, "^ *⏭ Skipped: bootstrap period"},
    {"skip-parallel", LOG_SKIP_DATED, LOG_LEVEL_NONE, "^ *⏭ " DAY ": bootstrap period"},
    {"skip-old", LOG_SKIP_CURRENT, LOG_LEVEL_NONE, "^ *Skipped: bootstrap period"},
    {"failed-dated", LOG_FAIL_DATED, LOG_LEVEL_ERROR, "^ *✗ Failed: " DAY "$"},
    {"failed-parallel", LOG_FAIL_DATED, LOG_LEVEL_ERROR, "^ *✗ " DAY ": " REASON},
    {"failed-context", LOG_FAIL_DATED, LOG_LEVEL_WARNING,
     "^⚠️ +" DAY ": Processing failed(?: - " REASON ")?"},
    {"exception-context", LOG_FAIL_DATED, LOG_LEVEL_ERROR, "^❌ " DAY ": Exception - " REASON},
    {"exception-parallel", LOG_FAIL_DATED, LOG_LEVEL_ERROR,
     "^Exception processing " DAY ": " REASON},
    {"exception-unexpected", LOG_FAIL_DATED, LOG_LEVEL_ERROR,
     "^Unexpected exception processing " DAY ": " REASON},
    {"failed", LOG_FAIL_CURRENT, LOG_LEVEL_ERROR, "^ *✗ Failed: " REASON},
    {"exception", LOG_FAIL_CURRENT, LOG_LEVEL_ERROR, "^ *✗ Exception: " REASON},
    {"exception-processing", LOG_FAIL_CURRENT, LOG_LEVEL_ERROR,
     "^Exception during processing: " REASON},
    {"exception-bare", LOG_FAIL_CURRENT, LOG_LEVEL_ERROR, "^Exception: " REASON},
    /* how far it is, and how far it has to go */
    {"progress", LOG_PROGRESS, LOG_LEVEL_NONE, "^Progress: " POSITION "/" TOTAL},
    {"progress-parallel", LOG_PROGRESS, LOG_LEVEL_NONE, "^PROGRESS: " POSITION "/" TOTAL},
    {"expected-days", LOG_EXPECTED, LOG_LEVEL_NONE, "^Will process " TOTAL " (?<entity>days)"},
    {"expected-processing", LOG_EXPECTED, LOG_LEVEL_NONE,
     "^Processing " TOTAL " (?<entity>days|game dates|specific dates)"},
    {"expected-context", LOG_EXPECTED, LOG_LEVEL_NONE, "^Total Days: " TOTAL},
    {"parallel-mode", LOG_PARALLEL, LOG_LEVEL_NONE, "^🚀 PARALLEL BACKFILL MODE"},
    {"parallel-started", LOG_PARALLEL, LOG_LEVEL_NONE, "^PARALLEL PROCESSING STARTED"},
    {"dry-run-check", LOG_DRY_RUN, LOG_LEVEL_NONE, "^DRY RUN MODE"},
    {"dry-run-done", LOG_DRY_RUN, LOG_LEVEL_NONE, "^ *✓ Dry run"},
    {"dry-run-mode", LOG_DRY_RUN, LOG_LEVEL_NONE, "^Mode: DRY RUN"},
    {"dry-run-configured", LOG_DRY_RUN, LOG_LEVEL_NONE, "^ *Dry run: True"},
    {"resume", LOG_RESUME, LOG_LEVEL_NONE,
     "^📂 (?:Found checkpoint - resuming|Resuming|RESUMING)(?: from " DAY ")?"},
    {"resume-checkpoint", LOG_RESUME, LOG_LEVEL_NONE, "^RESUMING from checkpoint:(?: " DAY ")?"},
    /* whether it runs at all */
    {"preflight-passed", LOG_PREFLIGHT_PASSED, LOG_LEVEL_NONE, "^✅ Pre-flight check passed"},
    {"preflight-coverage-passed", LOG_PREFLIGHT_PASSED, LOG_LEVEL_NONE,
     "^✅ Pre-flight coverage check complete"},
    {"preflight-skipped", LOG_PREFLIGHT_SKIPPED, LOG_LEVEL_WARNING,
     "^⚠️ +Pre-flight check SKIPPED"},
    {"preflight-failed", LOG_PREFLIGHT_FAILED, LOG_LEVEL_ERROR,
     "^❌ PRE-FLIGHT CHECK FAILED: " REASON},
    {"preflight-aborted", LOG_PREFLIGHT_FAILED, LOG_LEVEL_ERROR,
     "^❌ (?<reason>Pre-flight check failed\\. Aborting backfill)"},
    {"not-started", LOG_REFUSED, LOG_LEVEL_ERROR, "^nohup: (?<reason>failed to run command.*)"},
    /* its end */
    {"totals-parallel", LOG_TOTALS, LOG_LEVEL_NONE, "^PARALLEL BACKFILL COMPLETE"},
    {"totals-context", LOG_TOTALS, LOG_LEVEL_NONE, "^BACKFILL COMPLETE"},
    {"totals-dates", LOG_TOTALS, LOG_LEVEL_NONE,
     "^Summary: (?<ok>[0-9,]+) success, (?<skipped>[0-9,]+) skipped, (?<failed>[0-9,]+) failed"},
    {"reported-all", LOG_REPORTED, LOG_LEVEL_NONE,
     "^ {2}Successful: (?<ok>[0-9,]+)(?:, Skipped: (?<skipped>[0-9,]+), Failed: "
     "(?<failed>[0-9,]+))?$"},
    {"reported-ok-days", LOG_REPORTED, LOG_LEVEL_NONE, "^ {2}Successful days: (?<ok>[0-9,]+)$"},
    {"reported-failed", LOG_REPORTED, LOG_LEVEL_NONE, "^ {2}Failed: (?<failed>[0-9,]+)$"},
    {"reported-failed-days", LOG_REPORTED, LOG_LEVEL_NONE, "^ {2}Failed days: (?<failed>[0-9,]+)$"},
    {"reported-skipped", LOG_REPORTED, LOG_LEVEL_NONE,
     "^ {2}Skipped(?: \\(bootstrap\\))?: (?<skipped>[0-9,]+)$"},
    {"reported-ok-context", LOG_REPORTED, LOG_LEVEL_NONE, "^Days Processed: (?<ok>[0-9,]+)/"},
    {"reported-failed-context", LOG_REPORTED, LOG_LEVEL_NONE, "^Days Failed: (?<failed>[0-9,]+)$"},
    {"failed-list", LOG_FAILED_LIST, LOG_LEVEL_NONE,
     "^ *Failed dates(?: \\([0-9]+(?: total)?\\))?:" REASON},
    /* what is never true */
    {"estimated-completion", LOG_IGNORED, LOG_LEVEL_NONE, "^Estimated completion time:"},
    {"checkpoint-summary", LOG_CHECKPOINT_SUMMARY, LOG_LEVEL_NONE, "^📊 Checkpoint Summary"},
    /* what happens within a date */
    {"traceback", LOG_TRACEBACK, LOG_LEVEL_NONE, "^Traceback \\(most recent call last\\):"},
    {"inner-progress", LOG_INNER_PROGRESS, LOG_LEVEL_NONE,
     "^Player processing progress: " POSITION "/" TOTAL},
    {"rows-loaded", LOG_ROWS_WRITTEN, LOG_LEVEL_NONE, "^✅ Loaded " ROWS " rows"},
    {"rows-merged", LOG_ROWS_WRITTEN, LOG_LEVEL_NONE, "^✅ MERGE completed: " ROWS " rows"},
    {"rows-saved", LOG_ROWS_WRITTEN, LOG_LEVEL_NONE, "^✅ Successfully loaded " ROWS " rows"},
    {"none-processed", LOG_CAUSE, LOG_LEVEL_WARNING, "^(?<reason>Processed 0/[0-9]+ \\w+)"},
    {"category", LOG_CAUSE, LOG_LEVEL_NONE,
     "^ +(?<reason>(?!PROCESSING_ERROR|UNKNOWN)[A-Z][A-Z_]+: [0-9]+ \\([^)]*\\))"},
    {"coverage-failed", LOG_CAUSE, LOG_LEVEL_ERROR,
     "^ *❌ (?<reason>COVERAGE VALIDATION FAILED) for " DAY},
    {"timing-analytics", LOG_IGNORED, LOG_LEVEL_NONE, "^ANALYTICS_STEP "},
    {"timing-precompute", LOG_IGNORED, LOG_LEVEL_NONE, "^PRECOMPUTE_ST"},
    {"validation-failed", LOG_VALIDATION_FAILED, LOG_LEVEL_ERROR,
     "^❌ Backfill validation FAILED: " REASON},
    {"post-validation-failed", LOG_VALIDATION_FAILED, LOG_LEVEL_WARNING,
     "^⚠️ +Post-backfill validation FAILED: " REASON},
    /* kinds whose literal may stand anywhere */
    {"totals", LOG_TOTALS, LOG_LEVEL_NONE, "(?:BACKFILL|PROCESSING) SUMMARY"},
    {"success-listed", LOG_OK_DATED, LOG_LEVEL_NONE, "^" DAY ": success$"},
    {"failed-listed", LOG_FAIL_DATED, LOG_LEVEL_ERROR, "^" DAY ": failed$"},
    {"skip-listed", LOG_SKIP_DATED, LOG_LEVEL_NONE, "^" DAY ": skipped_bootstrap$"},
    {"cause", LOG_CAUSE, LOG_LEVEL_ERROR, "^[A-Za-z]+ProcessorBase Error: " REASON},
    {"future-date", LOG_REFUSED, LOG_LEVEL_ERROR,
     "^(?<reason>.*End date cannot be in the future.*)"},
    {"no-start-date", LOG_REFUSED, LOG_LEVEL_ERROR,
     "^(?<reason>.*is required for range processing.*)"},
    {"unknown-argument", LOG_REFUSED, LOG_LEVEL_ERROR,
     "(?<reason>error: unrecognized arguments.*)"},
    {"nothing-due", LOG_NOTHING_DUE, LOG_LEVEL_NONE, "BOOTSTRAP PERIOD - NO PHASE"},
    /* marks; a quota that hit a tracking table comes before one that hit a data table */
    {"quota-tracking", LOG_QUOTA_METADATA, LOG_LEVEL_NONE, TRACKING "Quota exceeded"},
    {"quota-tracking-reason", LOG_QUOTA_METADATA, LOG_LEVEL_NONE, TRACKING "quotaExceeded"},
    {"quota-tracking-rate", LOG_QUOTA_METADATA, LOG_LEVEL_NONE, TRACKING "Exceeded rate limits"},
    {"quota", LOG_QUOTA, LOG_LEVEL_NONE, "Quota exceeded"},
    {"quota-reason", LOG_QUOTA, LOG_LEVEL_NONE, "quotaExceeded"},
    {"quota-rate", LOG_QUOTA, LOG_LEVEL_NONE, "Exceeded rate limits"},
    {"conflict", LOG_CONFLICT, LOG_LEVEL_NONE, "Could not serialize access"},
    {"load-blocked", LOG_ROWS_LOST, LOG_LEVEL_WARNING, "Load blocked by streaming buffer"},
    {"delete-blocked", LOG_ROWS_LOST, LOG_LEVEL_WARNING, "Delete blocked by streaming buffer"},
    {"nothing-to-save", LOG_ROWS_LOST, LOG_LEVEL_WARNING, "No transformed data to save"},
    {"write-blocked", LOG_ROWS_LOST, LOG_LEVEL_WARNING, "PRE_WRITE_VALIDATION: Blocked"},
    {"write-short", LOG_ROWS_LOST, LOG_LEVEL_WARNING, "POST_WRITE_VALIDATION FAILED"},
    {"locked", LOG_LOCKED, LOG_LEVEL_WARNING, "Cannot acquire processing lock(?: for " DAY ")?"},
    {"no-games", LOG_NOT_SCHEDULED, LOG_LEVEL_NONE, "No games scheduled on(?: " DAY ")?"},
    {"early-season", LOG_NOT_SCHEDULED, LOG_LEVEL_NONE,
     "(?:Skipping " DAY ": )?early season period \\(day"},
    {"upstream-safety", LOG_UPSTREAM, LOG_LEVEL_WARNING, "BACKFILL SAFETY:"},
    {"upstream-dependency", LOG_UPSTREAM, LOG_LEVEL_WARNING, "DEPENDENCY VALIDATION FAILED"},
    {"upstream-stale", LOG_UPSTREAM, LOG_LEVEL_WARNING, "Stale dependencies \\("},
    {"upstream-teams", LOG_UPSTREAM, LOG_LEVEL_WARNING,
     "Cannot process player stats without valid team stats"},
    {"upstream-gate", LOG_UPSTREAM, LOG_LEVEL_WARNING, "QUALITY_GATE FAILED"},
    {"upstream-defaults", LOG_UPSTREAM, LOG_LEVEL_WARNING, "FEATURE SOURCE ALERT"},
    {"hang-completeness", LOG_HANG, LOG_LEVEL_NONE, "Checking completeness for"},
    {"hang-timeout", LOG_HANG, LOG_LEVEL_WARNING, "Timeout of [0-9.]+s exceeded"},
    {"hang-read", LOG_HANG, LOG_LEVEL_WARNING, "Read timed out"},
    {"bug-category", LOG_BUG, LOG_LEVEL_ERROR, "PROCESSING_ERROR'?: [1-9]"},
    {"bug-column", LOG_BUG, LOG_LEVEL_ERROR, "Hash field .* not found in record"},
    {"bug-variance", LOG_BUG, LOG_LEVEL_ERROR, "BATCH_VARIANCE_CRITICAL"},
    {"bug-contamination", LOG_BUG, LOG_LEVEL_ERROR, "POST_WRITE_CONTAMINATION_ALERT"},
    {"bug-location", LOG_BUG, LOG_LEVEL_ERROR, "was not found in location"},
    {"breaker", LOG_BREAKER, LOG_LEVEL_CRITICAL, "Circuit breaker OPENED"},
};

static const struct {
    const char *name;
    const struct log_pattern *patterns;
    size_t count;
} sets[] = {
    {"python-backfill", python_backfill, sizeof python_backfill / sizeof python_backfill[0]},
};

const struct log_pattern *log_patterns_builtin(const char *name, size_t *count) {
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        if (text_is(text_of(name), sets[i].name)) {
            *count = sets[i].count;
            return sets[i].patterns;
        }
    }
    *count = 0;
    return NULL;
}
