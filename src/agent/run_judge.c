#include "agent/run_judge.h"

#include <stdlib.h>
#include <string.h>

#include "agent/run_wait.h"
#include "base/memory.h"
#include "base/moment.h"
#include "runs/runs_verdict.h"
#include "state/state_notice.h"
#include "state/state_runs.h"
#include "state/state_unread.h"

/* A verdict is looked at again for so long. */
static const int64_t doubt_ms = INT64_C(24) * 3600 * 1000;

/* The dates of a table that are in this state now. */
static struct dayset dates_in(const struct coverage_report *report, size_t table,
                              enum coverage_day_state state) {
    struct dayset set = dayset_new(report->range);
    size_t count = day_range_count(report->range);
    for (size_t i = 0; i < count; i++) {
        if (report->tables[table].days[i].state == state) {
            dayset_add(&set, report->range.from + (day_number)i);
        }
    }
    return set;
}

/* What coverage says of the tables of a run. */
struct tables {
    struct runs_table_witness *witnesses;
    struct dayset *complete, *excess;
    size_t count;
    int64_t read_at; /* the oldest of the readings; 0: one is from before the end, or not known */
};

static struct tables look_at_tables(const struct situation *situation,
                                    const struct state_run *run) {
    struct tables tables = {.count = run->table_count, .read_at = INT64_MAX};
    tables.witnesses = memory_new(tables.count, sizeof *tables.witnesses);
    tables.complete = memory_new(tables.count, sizeof *tables.complete);
    tables.excess = memory_new(tables.count, sizeof *tables.excess);
    for (size_t i = 0; i < tables.count; i++) {
        size_t table = pipeline_find_table(situation->pipeline, run->tables[i].table);
        bool known = table != PIPELINE_NONE && situation->coverage->tables[table].all.known;
        bool newer = known && situation->tables[table].seen >= run->ended_sequence;
        int64_t read_at = newer ? situation->coverage->tables[table].evidence_at : 0;
        tables.read_at = read_at < tables.read_at ? read_at : tables.read_at;
        if (known) {
            tables.complete[i] = dates_in(situation->coverage, table, COVERAGE_COMPLETE);
            tables.excess[i] = dates_in(situation->coverage, table, COVERAGE_EXCESS);
        }
        tables.witnesses[i] = (struct runs_table_witness){
            .before = run->tables[i].before.words != NULL ? &run->tables[i].before : NULL,
            .after = known ? &tables.complete[i] : NULL,
            .excess = known ? &tables.excess[i] : NULL,
            .measured_at = read_at,
        };
    }
    return tables;
}

static void free_tables(struct tables *tables) {
    for (size_t i = 0; i < tables->count; i++) {
        dayset_free(&tables->complete[i]);
        dayset_free(&tables->excess[i]);
    }
    free(tables->complete);
    free(tables->excess);
    free(tables->witnesses);
}

/* Why what coverage says now need not be the last word; NULL when it is. `*limit` gets the wall ms
 * until when that is waited for. */
static bool find_doubt(struct run_judge *judge, const struct state_run *run, int64_t read_at,
                       char **why, int64_t *limit, struct error *error) {
    int64_t settled = run->ended_at + run->settle_ms;
    *why = NULL;
    *limit = INT64_MAX;
    if (run->settle_ms > 0 && read_at <= settled) {
        char until[MOMENT_SIZE];
        *why = memory_format("what it triggered may write until %s",
                             moment_format(settled, run->ended_at, until));
        return true;
    }
    if (judge->measurements == NULL) {
        judge->measurements =
            state_coverage_load(judge->recorder->state, &judge->measurement_count, error);
    }
    if (judge->measurements == NULL) {
        return false;
    }
    *why = run_wait_reason(run, judge->measurements, judge->measurement_count);
    *limit = settled + RUN_WAIT_MS;
    return true;
}

/* Whether a verdict is a guess while rows still arrive: the others stand whatever comes. */
static bool is_guess(enum runs_verdict verdict) {
    return verdict == RUNS_ENDED_WITH_GAPS || verdict == RUNS_NO_EFFECT;
}

static bool store_verdict(const struct run_judge *judge, const struct state_run *run,
                          const struct runs_judgement *judgement, const char *late,
                          struct error *error) {
    const struct recorder *recorder = judge->recorder;
    const char *word = runs_verdict_word(judgement->verdict);
    if (word == NULL || (run->verdict != NULL && strcmp(run->verdict, word) == 0)) {
        return true;
    }
    char *text =
        late != NULL
            ? memory_format("%s; judged after 90 minutes, still waiting: %s", judgement->text, late)
        : run->verdict != NULL ? memory_format("%s; \"%s\" is taken back: coverage has moved since",
                                               judgement->text, run->verdict)
                               : memory_copy_string(judgement->text);
    bool good = state_run_verdict(recorder->state, &recorder->actor, run->run, word, text,
                                  judge->situation->as_of, error);
    free(text);
    return good;
}

enum aim { VERDICT, DATES };

/* The verdict, or the release of the dates, when it is ripe. */
static bool conclude(struct run_judge *judge, const struct state_run *run,
                     const struct runs_judgement *judgement, int64_t read_at, enum aim aim,
                     struct error *error) {
    const struct recorder *recorder = judge->recorder;
    int64_t now = judge->situation->as_of;
    char *why = NULL;
    int64_t limit = 0;
    bool good = judgement->complete == judgement->dates ||
                find_doubt(judge, run, read_at, &why, &limit, error);
    bool waits = why != NULL && now < limit;
    if (good && aim == DATES) {
        good =
            waits || state_unread_release(recorder->state, &recorder->actor, run->run, now, error);
    } else if (good && waits && is_guess(judgement->verdict)) {
        good = run->verdict != NULL ||
               state_notice_waits(recorder->state, &recorder->actor, run->run, why, now, error);
    } else if (good) {
        good =
            store_verdict(judge, run, judgement, is_guess(judgement->verdict) ? why : NULL, error);
    }
    free(why);
    return good;
}

/* Of the dates of a run, those that are due in one of its tables and not complete there, by fresh
 * numbers; none when one of the tables has no fresh ones. */
static struct dayset lost_dates(const struct situation *situation, const struct state_run *run) {
    static const enum coverage_day_state states[] = {COVERAGE_MISSING, COVERAGE_PARTIAL,
                                                     COVERAGE_EXCESS};
    struct dayset lost = dayset_new(situation->range);
    for (size_t i = 0; i < run->table_count; i++) {
        size_t table = pipeline_find_table(situation->pipeline, run->tables[i].table);
        if (table == PIPELINE_NONE ||
            situation->coverage->tables[table].status != COVERAGE_STATUS_FRESH) {
            dayset_free(&lost);
            return dayset_new(situation->range);
        }
        for (size_t j = 0; j < sizeof states / sizeof *states; j++) {
            struct dayset dates = dates_in(situation->coverage, table, states[j]);
            dayset_unite(&lost, &dates);
            dayset_free(&dates);
        }
    }
    dayset_intersect(&lost, &run->dates);
    return lost;
}

/* Takes "verified" back when dates of the run have gone since, without another run of ours. What
 * another plan calls complete is another matter. */
static bool look_at_verified(struct run_judge *judge, const struct state_run *run,
                             struct error *error) {
    const struct situation *situation = judge->situation;
    if (strcmp(run->plan_hash, situation->pipeline->hash) != 0) {
        return true;
    }
    struct dayset lost = lost_dates(situation, run);
    size_t count = dayset_count(&lost);
    bool good = true;
    if (count > 0) {
        char *text =
            runs_verdict_lost(run->date_count, count, dayset_next(&lost, situation->range.from));
        good = state_run_verdict(judge->recorder->state, &judge->recorder->actor, run->run,
                                 runs_verdict_word(RUNS_ENDED_WITH_GAPS), text, situation->as_of,
                                 error);
        free(text);
    }
    dayset_free(&lost);
    return good;
}

static bool look_at_run(struct run_judge *judge, const struct state_run *run, enum aim aim,
                        struct error *error) {
    if (aim == VERDICT && run->verdict != NULL && strcmp(run->verdict, "verified") == 0) {
        return look_at_verified(judge, run, error);
    }
    struct tables tables = look_at_tables(judge->situation, run);
    struct runs_witnesses witnesses = runs_witnesses_of(run);
    struct runs_judgement judgement = {0};
    witnesses.tables = tables.witnesses;
    witnesses.table_count = tables.count;
    runs_judge(&witnesses, &judgement);
    bool good = !judgement.measured || conclude(judge, run, &judgement, tables.read_at, aim, error);
    runs_judgement_clear(&judgement);
    free_tables(&tables);
    return good;
}

static bool look_at_all(struct run_judge *judge, const struct state_run_filter *filter,
                        enum aim aim, struct error *error) {
    size_t count;
    struct state_run *runs = state_runs(judge->recorder->state, filter, &count, error);
    bool good = runs != NULL;
    for (size_t i = 0; good && i < count; i++) {
        good = look_at_run(judge, &runs[i], aim, error);
    }
    state_runs_free(runs, runs != NULL ? count : 0);
    return good;
}

bool run_judge_verdict(struct run_judge *judge, const struct state_run *run, struct error *error) {
    return look_at_run(judge, run, VERDICT, error);
}

bool run_judge_revise(struct run_judge *judge, struct error *error) {
    struct state_run_filter doubtful = {.doubtful_since = judge->situation->as_of - doubt_ms};
    return look_at_all(judge, &doubtful, VERDICT, error);
}

bool run_judge_release(struct run_judge *judge, struct error *error) {
    struct state_run_filter unread = {.unread = true};
    return look_at_all(judge, &unread, DATES, error);
}

void run_judge_close(struct run_judge *judge) {
    state_measurements_free(judge->measurements,
                            judge->measurements != NULL ? judge->measurement_count : 0);
}
