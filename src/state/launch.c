/* A launch: runs, claims and the event in one transaction, or nothing. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/moment.h"
#include "state/days.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_emergency.h"
#include "state/state_runs.h"

/* What keeps the claims of a run that has ended, and who can do what about it. */
static char *describe_unread(struct state *state, const char *run) {
    struct sql_rows rows =
        SQL_ROWS(state, NULL,
                 "SELECT t.tbl,m.error,coalesce(m.seen,0)>=r.ended_sequence AS is_read,r.waits_for"
                 " FROM run_tables t JOIN runs r ON r.run=t.run LEFT JOIN measurements m"
                 " ON m.subject='table' AND m.key=t.tbl WHERE t.run=?"
                 " ORDER BY is_read,m.error IS NULL LIMIT 1",
                 sql_text(run));
    char *what = NULL;
    if (sql_next(&rows)) {
        bool is_read = sql_get_int(&rows, 2, 0) != 0;
        const char *why = sql_peek_text(&rows, is_read ? 3 : 1);
        what = memory_format("%s %s%s%s%s", sql_peek_text(&rows, 0),
                             is_read ? "may still change" : "was not read since",
                             why[0] != '\0' ? " (" : "", why, why[0] != '\0' ? ")" : "");
    }
    sql_finish(&rows);
    char *text = memory_format("what it wrote is not known: %s; wait, or, when it cannot be read, "
                               "release its dates: "
                               "phasegate stop %s --forget-coverage --reason TEXT",
                               what != NULL ? what : "its tables were not read since", run);
    free(what);
    return text;
}

static char *describe_jobs(int64_t jobs, const char *run) {
    char *what =
        jobs < 0    ? memory_copy_string("whether jobs of it still run in BigQuery is not known")
        : jobs == 0 ? memory_copy_string("whether jobs of it still run in BigQuery is being asked")
                    : memory_format("%lld of its jobs still run%s in BigQuery", (long long)jobs,
                                    jobs == 1 ? "s" : "");
    char *text = memory_format("%s; wait, or %s: phasegate stop %s %s", what,
                               jobs < 0 ? "look there and release it" : "have them cancelled", run,
                               jobs < 0 ? "--forget-jobs --reason TEXT" : "--cancel-jobs");
    free(what);
    return text;
}

/* A run that overlaps, as the queries below give it. */
enum { BY_RUN, BY_PROCESSOR, BY_OWNER, BY_FROM, BY_TO, BY_AT, BY_ENDED, BY_OUTCOME, BY_END_AT };
enum { BY_SERVER = BY_END_AT + 1, BY_JOBS };
#define OVERLAPPING                                                                                \
    "SELECT c.run,r.processor,r.owner,max(c.from_day,?2),min(c.to_day,?3),c.at,r.state='ended',"   \
    "coalesce(r.outcome,''),r.ended_at"

static void describe_overlap(struct state *state, const struct sql_rows *rows, const char *resource,
                             struct error *error) {
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    char at[MOMENT_SIZE];
    const char *run = sql_peek_text(rows, BY_RUN);
    (void)day_format((day_number)sql_get_int(rows, BY_FROM, 0), from);
    (void)day_format((day_number)sql_get_int(rows, BY_TO, 0), to);
    if (sql_get_int(rows, BY_ENDED, 0) == 0) {
        (void)error_set(error, EXIT_NO_GO,
                        "%s: %s to %s is claimed by run %s (%s, launched by %s at %s %s); stop "
                        "that run, or wait "
                        "for it",
                        resource, from, to, run, sql_peek_text(rows, BY_PROCESSOR),
                        sql_peek_text(rows, BY_OWNER),
                        moment_format_dated(sql_get_int(rows, BY_AT, 0), at), clock_zone());
        return;
    }
    bool server = sql_get_int(rows, BY_SERVER, 0) != 0;
    char *why =
        server ? describe_jobs(sql_get_int(rows, BY_JOBS, -1), run) : describe_unread(state, run);
    (void)error_set(error, EXIT_NO_GO,
                    "%s: %s to %s is still claimed by run %s (%s), %s at %s %s: %s", resource, from,
                    to, run, sql_peek_text(rows, BY_PROCESSOR), sql_peek_text(rows, BY_OUTCOME),
                    moment_format_dated(sql_get_int(rows, BY_END_AT, 0), at), clock_zone(), why);
    free(why);
}

#define OVERLAP_SELECT(hold)                                                                       \
    OVERLAPPING                                                                                    \
    "," hold " FROM claims c JOIN runs r ON r.run=c.run WHERE c.released_at IS NULL"               \
    " AND c.resource=?1 AND c.from_day<=?3 AND ?2<=c.to_day ORDER BY c.from_day LIMIT 1"

static bool is_range_free(struct state *state, const char *resource, struct day_range range,
                          struct error *error) {
    struct sql_rows rows =
        SQL_ROWS(state, error,
                 state->schema < 2 ? OVERLAP_SELECT("1,NULL")
                                   : OVERLAP_SELECT("r.server_hold,r.server_jobs"),
                 sql_text(resource), sql_int(range.from), sql_int(range.to));
    bool free = true;
    if (sql_next(&rows)) {
        describe_overlap(state, &rows, resource, error);
        free = false;
    }
    sql_finish(&rows);
    return free && !rows.failed;
}

/* Dates that were chosen by numbers from before a run's last write are not known to be missing. */
static bool is_range_known(struct state *state, const struct state_claim *claim,
                           struct day_range range, struct error *error) {
    if (claim->seen < 0 || state->schema < 3) {
        return true;
    }
    struct sql_rows rows = SQL_ROWS(
        state, error,
        OVERLAPPING " FROM runs r JOIN claims c ON c.run=r.run WHERE r.ended_sequence>?4"
                    " AND r.coverage_forget_by IS NULL AND c.resource=?1"
                    " AND c.from_day<=?3 AND ?2<=c.to_day"
                    " ORDER BY r.ended_sequence DESC LIMIT 1",
        sql_text(claim->resource), sql_int(range.from), sql_int(range.to), sql_int(claim->seen));
    bool known = true;
    if (sql_next(&rows)) {
        char from[DAY_TEXT_SIZE];
        char to[DAY_TEXT_SIZE];
        char at[MOMENT_SIZE];
        const char *run = sql_peek_text(&rows, BY_RUN);
        known = error_set(
            error, EXIT_NO_GO,
            "%s: %s to %s was chosen by coverage from before the end of run %s (%s) at %s %s, "
            "which "
            "wrote there; nothing was started: launch again when it has been read since, or, when "
            "it cannot be, release them: phasegate stop %s --forget-coverage --reason TEXT",
            claim->resource, day_format((day_number)sql_get_int(&rows, BY_FROM, 0), from),
            day_format((day_number)sql_get_int(&rows, BY_TO, 0), to), run,
            sql_peek_text(&rows, BY_PROCESSOR),
            moment_format_dated(sql_get_int(&rows, BY_END_AT, 0), at), clock_zone(), run);
    }
    sql_finish(&rows);
    return known && !rows.failed;
}

bool state_claims_free(struct state *state, const struct state_claim *claims, size_t count,
                       struct error *error) {
    bool free = true;
    for (size_t i = 0; free && i < count; i++) {
        for (size_t j = 0; free && j < claims[i].range_count; j++) {
            struct day_range range = claims[i].ranges[j];
            free = is_range_free(state, claims[i].resource, range, error) &&
                   is_range_known(state, &claims[i], range, error);
        }
    }
    return free;
}

static bool insert_claims(struct state *state, const struct state_launch *launch,
                          const struct state_new_run *run, struct error *error) {
    if (!state_claims_free(state, run->claims, run->claim_count, error)) {
        return false;
    }
    bool done = true;
    for (size_t i = 0; done && i < run->claim_count; i++) {
        const struct state_claim *claim = &run->claims[i];
        for (size_t j = 0; done && j < claim->range_count; j++) {
            done = SQL_RUN(state, error,
                           "INSERT INTO claims(run,resource,from_day,to_day,at) VALUES(?,?,?,?,?)",
                           sql_text(run->run), sql_text(claim->resource),
                           sql_int(claim->ranges[j].from), sql_int(claim->ranges[j].to),
                           sql_int(launch->at));
        }
    }
    return done;
}

static bool insert_tables(struct state *state, const struct state_new_run *run,
                          struct error *error) {
    bool done = true;
    for (size_t i = 0; done && i < run->table_count; i++) {
        const struct state_run_table *table = &run->tables[i];
        char *before = table->before_known ? days_to_text(&table->before) : NULL;
        done = SQL_RUN(state, error, "INSERT INTO run_tables(run,tbl,before) VALUES(?,?,?)",
                       sql_text(run->run), sql_text(table->table), sql_text(before));
        free(before);
    }
    return done;
}

static bool insert_run(struct state *state, const struct state_launch *launch,
                       const struct state_new_run *run, struct error *error) {
    char *dates = days_to_text(run->dates);
    bool done = SQL_RUN(
        state, error,
        "INSERT INTO runs(run,launch,group_name,processor,owner,from_day,to_day,dates,"
        "date_count,plan_hash,steps,step_count,command,directory,retry_of,state,"
        "created_at,created_boot_id,created_ns,server_labelled,adopted,code_directory,code_commit,"
        "code_changed,settle_ms)"
        " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,'claimed',?,?,?,?,?,?,?,?,?)",
        sql_text(run->run), sql_text(launch->launch), sql_text(launch->group),
        sql_text(run->processor), sql_text(launch->owner), sql_int(run->range.from),
        sql_int(run->range.to), sql_text(dates), sql_size(dayset_count(run->dates)),
        sql_text(launch->plan_hash), sql_text(run->steps), sql_size(run->step_count),
        sql_text(run->command), sql_text(run->directory), sql_text(run->retry_of),
        sql_int(launch->at), sql_text(state->boot_id), sql_int(launch->boot_ns),
        sql_int(run->labels_jobs), sql_int(run->adopted), sql_text(run->code_directory),
        sql_text(run->code_commit),
        sql_int_unless(run->code_commit == NULL ? -1 : run->code_changed, -1),
        sql_int(run->settle_ms));
    free(dates);
    return done && insert_tables(state, run, error) && insert_claims(state, launch, run, error);
}

static bool use_approval(struct state *state, const struct state_launch *launch,
                         struct error *error) {
    if (launch->approval == NULL) {
        return true;
    }
    if (!SQL_RUN(state, error,
                 "UPDATE approvals SET consumed_by=?1 WHERE approval=?2 AND plan_hash=?3"
                 " AND decision IN('go','override') AND revoked_at IS NULL"
                 " AND consumed_by IS NULL AND expires_at>?4",
                 sql_text(launch->launch), sql_text(launch->approval), sql_text(launch->plan_hash),
                 sql_int(launch->at))) {
        return false;
    }
    return sql_changes(state) == 1 ||
           error_set(error, EXIT_NO_GO,
                     "approval %s is not a live, unused yes to this plan; have the plan approved "
                     "again",
                     launch->approval);
}

/* Whether the agent's lease still runs: one that was frozen must look again before it starts
 * anything. */
static bool lease_runs(struct state *state, const struct state_launch *launch,
                       struct error *error) {
    int64_t runs;
    return SQL_ONE(state, error, 0, &runs,
                   "SELECT count(*) FROM lease WHERE boot_id=? AND expires_ns>=?",
                   sql_text(state->boot_id), sql_int(launch->boot_ns)) &&
           (runs == 1 ||
            error_set(error, EXIT_TEMPORARY, "the agent's lease has expired; nothing was started"));
}

/* Fires the arm: a second agent, a restarted one or an old screen finds nothing to fire. */
static bool fire_arm(struct state *state, const struct state_actor *actor,
                     const struct state_launch *launch, struct error *error) {
    if (launch->arm == NULL) {
        return true;
    }
    if (!SQL_RUN(state, error,
                 "UPDATE arms SET state='fired',launch=?1,ended_at=?2 WHERE arm=?3"
                 " AND state='armed' AND expires_at>?2 AND plan_hash=?4 AND boot_id=?5"
                 " AND streak>=need AND fire_ns<=?6 AND approval=?7 AND group_name=?8",
                 sql_text(launch->launch), sql_int(launch->at), sql_text(launch->arm),
                 sql_text(launch->plan_hash), sql_text(state->boot_id), sql_int(launch->boot_ns),
                 sql_text(launch->approval), sql_text(launch->group))) {
        return false;
    }
    if (sql_changes(state) != 1) {
        return error_set(error, EXIT_NO_GO, "%s cannot start by itself: arm %s is not due",
                         launch->group, launch->arm);
    }
    return journal_add(state, actor, launch->at, STATE_EVENT_FIRE, launch->group, "the arm fired",
                       NULL, error);
}

static bool add_event(struct state *state, const struct state_actor *actor,
                      const struct state_launch *launch, struct error *error) {
    json_t *runs = json_array();
    struct text_buffer text = {0};
    size_t dates = 0;
    for (size_t i = 0; i < launch->run_count; i++) {
        (void)json_array_append_new(runs, json_words(launch->runs[i].run));
        text_buffer_format(&text, "%s%s", i > 0 ? ", " : "", launch->runs[i].processor);
        dates += dayset_count(launch->runs[i].dates);
    }
    text_buffer_format(&text, ": %zu date%s", dates, dates == 1 ? "" : "s");
    if (launch->override_reason != NULL) {
        text_buffer_format(&text, ", gate overridden: %s", launch->override_reason);
    }
    json_t *data =
        json_make("{s:s,s:s,s:o}", "launch", launch->launch, "owner", launch->owner, "runs", runs);
    char *json = json_text(data);
    const char *subject = launch->group[0] != '\0' ? launch->group : launch->runs[0].processor;
    bool done =
        journal_add(state, actor, launch->at, STATE_EVENT_LAUNCH, subject, text.data, json, error);
    free(json);
    json_decref(data);
    text_buffer_free(&text);
    return done;
}

bool state_launch(struct state *state, const struct state_actor *actor,
                  const struct state_launch *launch, struct error *error) {
    size_t emergencies;
    if (!state_emergency_fold(state, launch->at, &emergencies, error)) {
        return false;
    }
    if (emergencies > 0) {
        return error_set(error, EXIT_TEMPORARY,
                         "a stop, disarm or hold that was asked for while the state could not be "
                         "written comes first; look again before you launch");
    }
    if (!sql_begin(state, error)) {
        return false;
    }
    bool done = ((actor->term == 0 && launch->arm == NULL) ||
                 (sql_fence(state, actor->term, error) && lease_runs(state, launch, error))) &&
                use_approval(state, launch, error) && fire_arm(state, actor, launch, error);
    for (size_t i = 0; done && i < launch->run_count; i++) {
        done = insert_run(state, launch, &launch->runs[i], error);
    }
    done = done && add_event(state, actor, launch, error);
    return sql_end(state, done, error);
}

struct state_held *state_claims_held(struct state *state, size_t *count, struct error *error) {
    struct state_held *held = NULL;
    size_t capacity = 0;
    struct sql_rows rows = SQL_ALL(state, error,
                                   "SELECT c.run,r.processor,r.owner,c.resource,c.from_day,c.to_day"
                                   ",c.at FROM claims c JOIN runs r ON r.run=c.run"
                                   " WHERE c.released_at IS NULL ORDER BY c.resource,c.from_day");
    *count = 0;
    while (sql_next(&rows)) {
        held = memory_grow(held, *count, &capacity, sizeof *held);
        held[(*count)++] = (struct state_held){
            .run = sql_get_text(&rows, 0),
            .processor = sql_get_text(&rows, 1),
            .owner = sql_get_text(&rows, 2),
            .resource = sql_get_text(&rows, 3),
            .range = {(day_number)sql_get_int(&rows, 4, 0), (day_number)sql_get_int(&rows, 5, 0)},
            .at = sql_get_int(&rows, 6, 0),
        };
    }
    if (rows.failed) {
        state_claims_held_free(held, *count);
        *count = 0;
        return NULL;
    }
    return held != NULL ? held : memory_new(1, sizeof *held);
}

void state_claims_held_free(struct state_held *held, size_t count) {
    for (size_t i = 0; i < count && held != NULL; i++) {
        free(held[i].run);
        free(held[i].processor);
        free(held[i].owner);
        free(held[i].resource);
    }
    free(held);
}
