/* The pipeline: what a backfill consists of, read from one YAML file and checked as a whole.
 *
 * A loaded pipeline is immutable and may be read by any thread. Tables, seasons, processors, groups
 * and gates refer to each other by index into the arrays of struct pipeline; the order is the
 * file's. All strings are owned by the pipeline. Dates are day numbers (base/day.h), shares are
 * hundredths of a percent (95 % is 9500). */
#ifndef PHASEGATE_PIPELINE_PIPELINE_H
#define PHASEGATE_PIPELINE_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/day.h"
#include "base/error.h"
#include "base/text.h"

#define PIPELINE_NONE SIZE_MAX /* an index that points nowhere */

/* A list of indices. */
struct pipeline_indices {
    size_t *items;
    size_t count;
};

/* A list of strings; `items` ends with a NULL as well, so that it serves as an argv. */
struct pipeline_strings {
    char **items;
    size_t count;
};

/* Where something stands in a file, counted from 1; line 0: the file does not give it. */
struct pipeline_place {
    size_t line, column;
};

/* A query as it was written, before names were filled in: what messages about it point to. */
struct pipeline_source {
    char *file; /* path of the SQL file; NULL: the text stands in the pipeline file */
    char *text;
    struct pipeline_place at; /* of the key of the pipeline file that gives it */
};

/* A bound of the pipeline's range: a date, or today or yesterday in the pipeline's time zone. */
enum pipeline_bound_kind { PIPELINE_BOUND_DATE, PIPELINE_BOUND_TODAY, PIPELINE_BOUND_YESTERDAY };
struct pipeline_bound {
    enum pipeline_bound_kind kind;
    day_number day; /* for a date */
};

/* How and how often is measured. */
struct pipeline_poll {
    int64_t every_ms;    /* between two polls of one table */
    int64_t changing_ms; /* counts of a table that changes, or that nothing vouches for, are left
                            alone until they are so old; less than stale_after_ms, so that they
                            never grow stale by it; 0 counts at every change */
    int64_t recheck_ms; /* a paid query at least this often, whatever the free signal says; also the
                           age at which stale evidence becomes UNKNOWN */
    int64_t stale_after_ms;  /* a number older than this is STALE */
    int64_t bytes_per_query; /* maximumBytesBilled */
    int64_t bytes_per_night; /* paid polling stops beyond it; 0, in the file "none", is no limit */
    double price_per_tib;    /* US dollars for 2^40 bytes billed; 6.25 unless the file says */
};

struct pipeline_season {
    char *name;
    struct day_range range;
    day_number playoffs_from; /* DAY_NONE when the season has one segment */
};

/* Where the dates on which rows are due come from: a query (day, games) or the dates of another
 * table. The pipeline's own source comes first (index 0) when it has one; a table may name another.
 */
enum pipeline_expected_kind { PIPELINE_EXPECTED_QUERY, PIPELINE_EXPECTED_TABLE };
struct pipeline_expected {
    enum pipeline_expected_kind kind;
    char *name;   /* the query's file name, or "table:NAME"; the key under which it is measured and
                     stored */
    char *sql;    /* the query's text, {project} filled in; @from and @to are its parameters; NULL
                     for a table */
    size_t table; /* for a table: it has an entity column, whose entities count as games */
    struct pipeline_source source; /* of `sql` */
    struct day_range *except;      /* dates never due: postponed originals */
    size_t except_count;
};

/* How many rows a date needs to be complete. */
enum pipeline_rows_kind {
    PIPELINE_ROWS_ANY,        /* one is enough */
    PIPELINE_ROWS_PER_DAY,    /* rows.at_least */
    PIPELINE_ROWS_PER_GAME,   /* rows.at_least × games of that date (per: game) */
    PIPELINE_ROWS_RATIO,      /* rows.at_least × rows of another table on that date (ratio_of) */
    PIPELINE_ROWS_PER_ENTITY, /* duplicates_above only: rows × distinct entities of that date */
};
struct pipeline_rows_rule {
    enum pipeline_rows_kind kind;
    double value;
    size_t table; /* for PIPELINE_ROWS_RATIO */
};

struct pipeline_table {
    char *name;
    size_t phase;
    char *project, *dataset, *table; /* of the BigQuery table; project defaults to the pipeline's */
    char *date;                      /* date column */
    char *entity;                    /* counted DISTINCT; NULL when there is none */
    size_t expected;                 /* index into pipeline.expected */
    int bootstrap_days;              /* from each season's first day; 0 for none */
    struct pipeline_rows_rule rows;
    struct pipeline_rows_rule duplicates_above; /* kind PIPELINE_ROWS_ANY: no rule */
    char *null_of;                              /* column whose NULLs are counted; NULL for none */
    int null_rate_at_most;                      /* hundredths of a percent */
    char *fallback; /* SQL condition that holds on synthetic rows (`fallback: CONDITION`, or the
                       BOOL column of `fallback_of: COLUMN`); NULL for none */
    struct pipeline_indices needs; /* tables whose date must be complete before this one can be */
    struct pipeline_indices wants; /* tables whose absence only degrades it */
    char *coverage_sql; /* queries/coverage.sql with this table's names filled in: byte-identical
                           always */
    struct {
        struct pipeline_place table, date, entity, null_of, fallback;
    } at;
};

struct pipeline_variable {
    char *name;
    char *value;
};

/* What is tried again without asking, and when: dates of a run that ended with gaps or failed. */
struct pipeline_retry {
    int times;              /* at most so often for one run; 0: never by itself */
    int64_t after_ms;       /* its verdict */
    int64_t quota_after_ms; /* the same after a run whose log tells of a quota */
    int quota_workers;      /* then with so many workers; 0: as many as before */
};

struct pipeline_processor {
    char *name;
    struct pipeline_indices fills;          /* tables */
    struct pipeline_strings command;        /* argv with placeholders: see pipeline_argv */
    struct pipeline_strings dates_argument; /* replaces the arguments that hold {from} and {to};
                                               empty if it takes no list of dates */
    char *ssh;                              /* host to run it on; NULL: this one */
    char *directory; /* working directory; absolute, or beside the pipeline file */
    struct pipeline_variable *environment;
    size_t environment_count;
    int workers;
    char *log;               /* name of a pattern set: built in, or pipeline.patterns */
    int64_t quiet_after_ms;  /* no output for longer is an alarm; 0 for never */
    int64_t settle_ms;       /* after its end, what it triggered may still write; default 0 */
    int64_t timeout_ms;      /* 0 for none */
    int64_t stop_grace_ms;   /* between TERM and KILL; default 60 s */
    int64_t log_limit;       /* bytes of log beyond which it is an alarm; default 2 GiB; 0: never */
    int stop_after_failures; /* that many failures in a row with one signature stop the run; 0 for
                                never */
    int processes_per_worker; /* that each worker starts; default 1 */
    bool labels_jobs; /* its BigQuery jobs carry the label phasegate_run (server_jobs: labelled,
                         the default); false: it starts none of its own (server_jobs: none) */
    struct pipeline_retry retry;
    bool shell; /* `command` holds one string for /bin/sh -c: only when the file says shell: true */
};

struct pipeline_group {
    char *name;
    struct pipeline_indices runs; /* processors */
    size_t behind;                /* gate, or PIPELINE_NONE */
};

enum pipeline_check_kind {
    PIPELINE_CHECK_COVERAGE,
    PIPELINE_CHECK_ROWS,
    PIPELINE_CHECK_NULL_RATE,
    PIPELINE_CHECK_FALLBACK_RATE,
    PIPELINE_CHECK_DUPLICATES,
    PIPELINE_CHECK_QUERY,
    PIPELINE_CHECK_RUNS,
    PIPELINE_CHECK_COMMAND,
    PIPELINE_CHECK_CREDENTIALS,
    PIPELINE_CHECK_DISK,
    PIPELINE_CHECK_MANUAL,
};

enum pipeline_unit { PIPELINE_UNIT_DATES, PIPELINE_UNIT_GAMES }; /* what coverage counts */

/* One check after a phase was unfolded into its tables: exactly one input each. */
struct pipeline_check {
    enum pipeline_check_kind kind;
    char *name;    /* "team_defense_game_summary coverage": stable, unique within its gate */
    size_t table;  /* coverage, rows, null_rate, fallback_rate, duplicates */
    size_t season; /* or PIPELINE_NONE for all */
    enum pipeline_segment {
        PIPELINE_SEGMENT_ALL,
        PIPELINE_SEGMENT_REGULAR,
        PIPELINE_SEGMENT_PLAYOFFS
    } segment;
    enum pipeline_unit unit; /* of coverage */
    int minimum;             /* coverage, rows: at_least, hundredths of a percent */
    int target, optimal;     /* 0 when not given */
    int maximum;             /* null_rate, fallback_rate: at_most */
    int64_t missing_at_most; /* coverage: -1 when not given */
    bool each_season; /* coverage: every season must reach the minimum, and none may be missing */
    size_t group;     /* runs */
    char *sql;        /* query: returns one row, one number */
    struct pipeline_source source;                                            /* query: of `sql` */
    enum { PIPELINE_AT_LEAST, PIPELINE_AT_MOST, PIPELINE_EQUALS } comparison; /* query, disk */
    double value;                    /* query: compared with; disk: bytes free */
    struct pipeline_strings command; /* command: argv */
    int64_t timeout_ms;              /* command */
    char *question;                  /* manual */
    char *path;                      /* disk */
    struct pipeline_place at;        /* of the item of `checks` that it comes from */
};

struct pipeline_gate {
    char *name;
    struct pipeline_check *checks;
    size_t check_count;
    struct pipeline_indices holds; /* groups behind it, from the groups' `behind` */
};

/* A named set of log patterns that the file defines; what kinds there are, and whether the regular
 * expressions compile, is for the logs module to say. One set is built in. */
#define PIPELINE_BUILT_IN_PATTERNS "python-backfill"
struct pipeline_pattern {
    char *kind;
    char *regex;
};
struct pipeline_pattern_set {
    char *name;
    struct pipeline_pattern *patterns;
    size_t pattern_count;
};

/* Where alarms go. A URL is a secret: the file names the file that holds it, never the URL. */
enum pipeline_channel {
    PIPELINE_CHANNEL_SLACK,
    PIPELINE_CHANNEL_NTFY,
    PIPELINE_CHANNEL_WEBHOOK,
    PIPELINE_CHANNEL_HEARTBEAT, /* pinged every `every_ms`: its silence is the alarm */
    PIPELINE_CHANNEL_COUNT
};
struct pipeline_alert {
    char *url_file;   /* absolute; NULL: the channel is not used */
    char *token_file; /* bearer token of ntfy and webhook, absolute; NULL: none */
    int64_t every_ms; /* of the heartbeat; 0 for the others */
};

struct pipeline {
    char *name;
    char *project;  /* billed for the queries */
    char *location; /* where jobs run; NULL: BigQuery finds it by the datasets */
    char *timezone;
    char *endpoint;  /* NULL: the real service, or BIGQUERY_EMULATOR_HOST */
    char *file;      /* the path it was loaded from, as given */
    char *directory; /* absolute, of that file */
    struct pipeline_bound from, to;
    struct pipeline_poll poll;
    struct pipeline_source coverage; /* queries/coverage.sql, or the copy that takes its place */
    struct {
        struct pipeline_place project, location, range;
    } at;
    struct pipeline_season *seasons;
    size_t season_count;
    char **phases; /* distinct names in order of first use */
    size_t phase_count;
    struct pipeline_expected *expected;
    size_t expected_count;
    struct pipeline_table *tables;
    size_t table_count;
    struct pipeline_processor *processors;
    size_t processor_count;
    struct pipeline_group *groups;
    size_t group_count;
    struct pipeline_gate *gates;
    size_t gate_count;
    struct pipeline_pattern_set *pattern_sets;
    size_t pattern_set_count;
    struct pipeline_alert alerts[PIPELINE_CHANNEL_COUNT];
    char hash[65]; /* SHA-256, in hex, of everything that changes what would run or be judged;
                      comments, order of keys, polling costs and alerts do not */
};

/* Loads and checks a pipeline file of at most 1 MiB and the SQL it names. NULL on mistakes:
 * error->text then holds one line a mistake in the file's order, at most ten, each
 * "file:line:column: what is wrong; what was probably meant". Errors: EXIT_NO_INPUT, EXIT_CONFIG.
 */
struct pipeline *pipeline_load(const char *path, struct error *error);

/* Who knows the project of a file that names none: gets the file's `endpoint:` or NULL, and returns
 * a project that the caller frees, or NULL. */
typedef char *pipeline_project_finder(const char *endpoint);

/* Who knows what is wrong with a pattern of a log: with its kind, else with its regular expression.
 */
struct pipeline_pattern_fault {
    bool of_kind;
    char text[1024];
};
typedef bool pipeline_pattern_checker(const char *kind, const char *regex,
                                      struct pipeline_pattern_fault *fault);

/* What floors above know; each may be NULL. */
struct pipeline_help {
    const char *project;                   /* of a file that names none */
    pipeline_project_finder *find_project; /* asked when `project` is NULL */
    pipeline_pattern_checker *check_pattern;
};

/* What was found in a file: mistakes, for which it is refused, and warnings, in its order. Zero-
 * initialise, then pipeline_findings_free. */
struct pipeline_finding {
    bool warning;
    struct pipeline_place place;
    char *text;
};
struct pipeline_findings {
    struct pipeline_finding *items;
    size_t count;
    size_t left_out; /* of mistakes beyond what is worth telling */
};
void pipeline_findings_free(struct pipeline_findings *findings);

/* The same with what others know. Into `findings`, unless it is NULL, goes everything that was
 * found, whether it could be loaded or not. */
struct pipeline *pipeline_load_for(const char *path, const struct pipeline_help *help,
                                   struct pipeline_findings *findings, struct error *error);

/* The same for a text that is in memory; `path` names it in messages and places what is relative.
 */
struct pipeline *pipeline_load_text(struct text text, const char *path, struct error *error);

/* The path of a file of queries/ as it ships with the program ("nba/pipeline.yaml"): looked for in
 * $PHASEGATE_QUERIES, in ../share/phasegate/queries beside the program, where it was installed, and
 * in the directories above the program (a build tree). The caller frees it. Errors: EXIT_NO_INPUT.
 */
char *pipeline_shipped(const char *name, struct error *error);

void pipeline_free(struct pipeline *pipeline);

/* The pipeline's range at this moment (base/clock.h: today is that of the process's time zone). */
struct day_range pipeline_range(const struct pipeline *pipeline, int64_t wall_ms);

/* Lookups by name: the index, or PIPELINE_NONE. */
size_t pipeline_find_table(const struct pipeline *pipeline, const char *name);
size_t pipeline_find_processor(const struct pipeline *pipeline, const char *name);
size_t pipeline_find_group(const struct pipeline *pipeline, const char *name);
size_t pipeline_find_gate(const struct pipeline *pipeline, const char *name);
size_t pipeline_find_season(const struct pipeline *pipeline, const char *name);

/* The season that holds the day, or PIPELINE_NONE. */
size_t pipeline_season_of(const struct pipeline *pipeline, day_number day);

/* Whether the day is among a table's bootstrap days: day 0 to bootstrap_days - 1 of its season. */
bool pipeline_is_bootstrap(const struct pipeline *pipeline, size_t table, day_number day);

/* Where a place in a query that was sent, as BigQuery tells it, was written. */
struct pipeline_origin {
    const char *file;            /* borrowed: an SQL file, or the pipeline file */
    struct pipeline_place place; /* there */
    struct text name;            /* of the placeholder that was filled in there; else empty */
};

/* The origin of a place in the SQL that was made of `source`; `table` is that of a coverage query,
 * PIPELINE_NONE for other queries. What was filled in for a table's columns stands in the pipeline
 * file, and so does a query without a file. False when the query has no such place. */
bool pipeline_origin(const struct pipeline *pipeline, const struct pipeline_source *source,
                     size_t table, struct pipeline_place sql, struct pipeline_origin *origin);

/* What to run one processor with. `dates` (sorted) is used when it is not empty. */
struct pipeline_launch {
    struct day_range range;
    const day_number *dates;
    size_t date_count;
    int workers; /* 0: the processor's own */
};

/* The argv of one launch, ending with NULL; free with pipeline_argv_free.
 *
 * {from}, {to}: the range. {workers}. {dates}: the dates, joined by commas; for a range, every day
 * of it. {season}, {season_from}, {season_to}: the season that holds the range. {{from}} is the
 * text {from}.
 *
 * With a list of dates, the elements of the command that hold {from} or {to} leave it, each
 * together with the element before it when that is a flag (begins with "-" and holds no
 * placeholder), and dates_argument takes the place of the first of them.
 *
 * Errors (EXIT_USAGE): a list of dates for a processor that takes none, an empty range, a range
 * across seasons where the command asks for one, an argv over 100 KiB. */
char **pipeline_argv(const struct pipeline *pipeline, size_t processor,
                     const struct pipeline_launch *launch, struct error *error);
void pipeline_argv_free(char **argv);

/* Whether a processor takes a list of dates. */
bool pipeline_takes_dates(const struct pipeline *pipeline, size_t processor);

/* An argv as a person would type it into a shell, quoted where needed; the caller frees it. */
char *pipeline_argv_text(char *const *argv);

#endif
