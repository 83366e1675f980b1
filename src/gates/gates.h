/* Gates: checks on measured evidence become verdicts. Pure computation; never GO on anything that
 * was not measured.
 *
 * Order of verdicts when several apply: a hold beats everything, then UNKNOWN (an input was not
 * measured), then STALE (an input is older than its limit), then NO-GO, and only what remains is GO
 * (operations.md D.2, rules 1 and 4). */
#ifndef PHASEGATE_GATES_GATES_H
#define PHASEGATE_GATES_GATES_H

#include "coverage/coverage.h"
#include "pipeline/pipeline.h"

enum gates_verdict { GATES_UNKNOWN, GATES_STALE, GATES_HOLD, GATES_NO_GO, GATES_GO };
const char *gates_verdict_name(enum gates_verdict verdict); /* "NO-GO" and so on */

enum gates_result { GATES_RESULT_UNKNOWN, GATES_RESULT_FAIL, GATES_RESULT_PASS };
const char *gates_result_name(enum gates_result result); /* "unknown", "fail", "pass" */

/* How long a person's answer to a manual check holds: one night, and not the next. */
#define GATES_MANUAL_LIMIT_MS (INT64_C(16) * 3600 * 1000)

/* Evidence that does not come from coverage: the answer of a query, a command, a person. `value`
 * is what the query returned; the exit code of a command (0 passes); for credentials 1 when they
 * were accepted and 0 when not; the bytes free on a disk; for a manual check 1 for a yes and 0 for
 * a no (the value that was asked for is judged, and journalled, where the person gives it). The
 * newest answer of a check counts. */
struct gates_answer {
    const char *gate, *check; /* names */
    bool measured;            /* false as well for NULL, a time-out, an error */
    double value;             /* NaN and infinities count as not measured */
    int64_t at;               /* wall ms */
    const char *error;        /* NULL when it was measured */
    const char *why; /* of credentials: what is wrong with them; NULL when that is not known */
};

/* How the runs of a group stand, newest run of each processor. */
struct gates_group_runs {
    size_t group;
    size_t processors, ended, verified, running, failed; /* failed: any end but verified */
    size_t idle; /* never ran, and every table that they fill is complete: there was nothing to do
                  */
    int64_t idle_evidence_at; /* wall ms: the oldest number that `idle` rests on; 0: none */
    bool idle_overtaken;      /* one of those numbers is from before a run wrote its table */
};

/* A person's hold or override on a gate. */
struct gates_mark {
    const char *gate;
    bool hold; /* else override */
    const char *by, *reason;
    int64_t at;
};

struct gates_evidence {
    const struct coverage_report *coverage; /* NULL: no table was measured */
    const struct gates_answer *answers;
    size_t answer_count;
    const struct gates_group_runs *groups;
    size_t group_count;
    const struct gates_mark *marks; /* live ones only */
    size_t mark_count;
    int64_t written_at;     /* wall ms: when the last run that wrote any table ended; 0: none did. A
                               query asked before is not fresh */
    const char *written_by; /* that run; NULL */
};

enum gates_unit { GATES_UNIT_PERCENT, GATES_UNIT_COUNT, GATES_UNIT_BYTES, GATES_UNIT_NUMBER };

struct gates_check {
    const struct pipeline_check *check;
    enum gates_result result;
    bool measured; /* a value is there, however old */
    bool fresh;    /* it is younger than its limit: poll.stale_after, for a person's answer
                      GATES_MANUAL_LIMIT_MS. Older than poll.recheck + poll.stale_after makes the
                      result unknown, and leaves the value */
    enum gates_unit unit;
    double value;    /* percent with one decimal by base/percent.h where the unit is percent */
    double required; /* each_season: of the worst season, which `why` names */
    double margin;   /* never negative when it passes: measured - required, or required - measured
                        where less is better */
    int64_t age_ms;  /* of the evidence; -1 when it was never measured */
    int step;        /* coverage: 0 below minimum, 1 minimum, 2 target, 3 optimal reached */
    char *why; /* why it is unknown, stale or fails, or of a person's yes or waiver that a run has
                  written since, one phrase; NULL when it passes on fresh evidence */
    struct pipeline_indices blocks; /* what its table's incomplete dates block (coverage_lineage),
                                       unless the check passes; upstream first */
    struct pipeline_indices degrades;
    int blocked_percent;  /* tenths of the dates of blocked_phase that cannot run because of it;
                             PERCENT_UNKNOWN if none */
    size_t blocked_phase; /* PIPELINE_NONE if none */
};

struct gates_gate {
    size_t gate;
    enum gates_verdict verdict;
    size_t measured, total; /* inputs measured and fresh, and all of them */
    size_t passed, failed, unknown;
    const struct gates_mark *mark; /* hold or override in force, or NULL; a hold before an
                                      override. An override leaves the verdict as it is */
    struct gates_check *checks;    /* in the file's order */
};

struct gates_report {
    const struct pipeline *pipeline;
    int64_t as_of;
    struct gates_gate *gates; /* pipeline->gate_count of them */
};

/* Judges every gate. The report refers to the pipeline and the marks, and copies the rest. */
struct gates_report *gates_judge(const struct pipeline *pipeline,
                                 const struct gates_evidence *evidence, int64_t as_of);
void gates_report_free(struct gates_report *report);

/* The checks of a gate, worst first: unknown, failing by margin, passing; into `order` (check_count
 * indices). */
void gates_order(const struct gates_gate *gate, size_t count, size_t *order);

/* The exit code for the verdict of one gate, or of all (PIPELINE_NONE): 0 when all are GO, 1 when
 * any is NO-GO or on HOLD (that much is certain, whatever is not known besides), else 2. */
enum error_exit gates_exit(const struct gates_report *report, size_t gate);

#endif
