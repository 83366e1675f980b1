/* The checks of a table: a share or a number of its dates, games or rows, from coverage. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/percent.h"
#include "gates/checks.h"

/* One share against one threshold. `part` is what is good, or for at_most what is bad. */
struct share {
    uint64_t part, total;
    int threshold; /* hundredths of a percent */
    bool at_most;
};

static bool judge_share(struct gates_check *out, struct share share) {
    int tenths = share.at_most ? percent_tenths_at_most(share.part, share.total, share.threshold)
                               : percent_tenths(share.part, share.total, share.threshold);
    bool passes = share.at_most ? percent_within(share.part, share.total, share.threshold)
                                : percent_reaches(share.part, share.total, share.threshold);
    int margin = share.at_most ? share.threshold - tenths * 10 : tenths * 10 - share.threshold;
    out->measured = true;
    out->unit = GATES_UNIT_PERCENT;
    out->value = (double)tenths / 10;
    out->required = (double)share.threshold / 100;
    /* Rounding to one decimal must not make a pass look short of a threshold with two. */
    out->margin = (double)(passes && margin < 0 ? 0 : margin) / 100;
    return passes;
}

static void judge_count(struct gates_check *out, uint64_t value, uint64_t limit) {
    out->measured = true;
    out->unit = GATES_UNIT_COUNT;
    out->value = (double)value;
    out->required = (double)limit;
    out->margin = out->required - out->value;
}

static int step_of(const struct pipeline_check *check, uint64_t part, uint64_t total) {
    const int thresholds[] = {check->minimum, check->target, check->optimal};
    int step = 0;
    for (int i = 0; i < 3; i++) {
        if (thresholds[i] > 0 && percent_reaches(part, total, thresholds[i])) {
            step = i + 1;
        } else if (thresholds[i] > 0) {
            break;
        }
    }
    return step;
}

static void judge_coverage(struct gates_check *out, const struct coverage_totals *totals) {
    const struct pipeline_check *check = out->check;
    bool games = check->unit == PIPELINE_UNIT_GAMES;
    const char *unit = games ? "games" : "dates";
    if (games && (totals->expected_games < 0 || totals->attained_games < 0)) {
        checks_conclude(out, GATES_RESULT_UNKNOWN, "its games are not counted");
        return;
    }
    uint64_t total = games ? (uint64_t)totals->expected_games : totals->attainable;
    uint64_t part = games ? (uint64_t)totals->attained_games : totals->complete;
    bool by_share = check->minimum > 0;
    bool by_count = check->missing_at_most >= 0;
    if (total == 0 || (!by_share && !by_count)) {
        checks_conclude(out, GATES_RESULT_UNKNOWN,
                        total == 0 ? "no %s are attainable" : "no limit is set for its %s", unit);
        return;
    }
    bool enough = true;
    if (by_share) {
        enough = judge_share(out, (struct share){part, total, check->minimum, false});
        out->step = step_of(check, part, total);
    }
    if (by_count && enough && total - part > (uint64_t)check->missing_at_most) {
        judge_count(out, total - part, (uint64_t)check->missing_at_most);
        enough = false;
    } else if (by_count && !by_share) {
        judge_count(out, total - part, (uint64_t)check->missing_at_most);
    }
    if (enough) {
        checks_conclude(out, GATES_RESULT_PASS, NULL);
    } else {
        checks_conclude(out, GATES_RESULT_FAIL, "%llu of %llu %s are not complete",
                        (unsigned long long)(total - part), (unsigned long long)total, unit);
    }
}

static void judge_rows(struct gates_check *out, const struct coverage_totals *totals) {
    uint64_t enough = totals->complete + totals->excess;
    uint64_t total = enough + totals->partial;
    if (total == 0) {
        checks_conclude(out, GATES_RESULT_UNKNOWN, "no attainable date has rows");
    } else if (out->check->minimum <= 0) {
        checks_conclude(out, GATES_RESULT_UNKNOWN, "no limit is set for its rows");
    } else if (judge_share(out, (struct share){enough, total, out->check->minimum, false})) {
        checks_conclude(out, GATES_RESULT_PASS, NULL);
    } else {
        checks_conclude(out, GATES_RESULT_FAIL, "%zu of %llu dates with rows have too few",
                        totals->partial, (unsigned long long)total);
    }
}

static void judge_rate(struct gates_check *out, const struct coverage_totals *totals) {
    bool nulls = out->check->kind == PIPELINE_CHECK_NULL_RATE;
    int64_t bad = nulls ? totals->nulls : totals->fallbacks;
    const char *what = nulls ? "NULL" : "a fallback";
    if (bad < 0) {
        checks_conclude(out, GATES_RESULT_UNKNOWN, "rows with %s are not counted", what);
    } else if (totals->attainable == 0 || totals->rows <= 0) {
        checks_conclude(out, GATES_RESULT_UNKNOWN, "there are no rows to judge");
    } else if (judge_share(out, (struct share){(uint64_t)bad, (uint64_t)totals->rows,
                                               out->check->maximum, true})) {
        checks_conclude(out, GATES_RESULT_PASS, NULL);
    } else {
        checks_conclude(out, GATES_RESULT_FAIL, "%lld of %lld rows have %s", (long long)bad,
                        (long long)totals->rows, what);
    }
}

static void judge_duplicates(const struct pipeline *pipeline, struct gates_check *out,
                             const struct coverage_totals *totals) {
    if (pipeline->tables[out->check->table].duplicates_above.kind == PIPELINE_ROWS_ANY) {
        checks_conclude(out, GATES_RESULT_UNKNOWN, "the table has no rule for duplicates_above");
    } else if (totals->attainable == 0) {
        checks_conclude(out, GATES_RESULT_UNKNOWN, "no dates are attainable");
    } else {
        judge_count(out, totals->excess, 0);
        if (totals->excess == 0) {
            checks_conclude(out, GATES_RESULT_PASS, NULL);
        } else {
            checks_conclude(out, GATES_RESULT_FAIL, "%zu dates hold more rows than there can be",
                            totals->excess);
        }
    }
}

static void judge_totals(const struct checks_context *context, struct gates_check *out,
                         const struct coverage_totals *totals) {
    if (!totals->known) {
        checks_conclude(out, GATES_RESULT_UNKNOWN, "not measured");
        return;
    }
    switch (out->check->kind) {
    case PIPELINE_CHECK_ROWS:
        judge_rows(out, totals);
        return;
    case PIPELINE_CHECK_NULL_RATE:
    case PIPELINE_CHECK_FALLBACK_RATE:
        judge_rate(out, totals);
        return;
    case PIPELINE_CHECK_DUPLICATES:
        judge_duplicates(context->pipeline, out, totals);
        return;
    default:
        judge_coverage(out, totals);
        return;
    }
}

/* The part of a season that a check means; empty when the season has no such segment. */
static struct day_range segment_range(const struct pipeline_season *season,
                                      enum pipeline_segment segment) {
    struct day_range range = season->range;
    bool split = season->playoffs_from != DAY_NONE;
    if (segment == PIPELINE_SEGMENT_REGULAR && split) {
        range.to = season->playoffs_from - 1;
    } else if (segment == PIPELINE_SEGMENT_PLAYOFFS) {
        range.from = split ? season->playoffs_from : range.to + 1;
    }
    return range;
}

static bool is_worse(const struct gates_check *a, const struct gates_check *b) {
    return a->result != b->result ? a->result < b->result : a->margin < b->margin;
}

/* Each season by itself, and the worst of them speaks. A season that has not begun is not judged,
 * nor one of which nothing is attainable yet; one without any expected date is unknown. */
static void judge_seasons(const struct checks_context *context, struct gates_check *out) {
    const struct pipeline *pipeline = context->pipeline;
    const struct coverage_report *coverage = context->evidence->coverage;
    bool judged = false;
    struct gates_check blank = *out;
    for (size_t i = 0; i < pipeline->season_count; i++) {
        struct day_range part = day_range_intersect(
            coverage->range, segment_range(&pipeline->seasons[i], out->check->segment));
        struct coverage_totals totals =
            coverage_totals_of(coverage, out->check->table, i, out->check->segment);
        bool begun = day_range_count(part) > 0;
        if (!begun || (totals.known && totals.expected > 0 && totals.attainable == 0)) {
            continue;
        }
        struct gates_check season = blank;
        judge_totals(context, &season, &totals);
        if (season.why != NULL) {
            char *why = memory_format("%s: %s", pipeline->seasons[i].name, season.why);
            free(season.why);
            season.why = why;
        }
        if (!judged || is_worse(&season, out)) {
            free(out->why);
            *out = season;
        } else {
            free(season.why);
        }
        judged = true;
    }
    if (!judged) {
        checks_conclude(out, GATES_RESULT_UNKNOWN, "no season can be judged");
    }
}

static struct pipeline_indices copy_indices(const struct pipeline_indices *list) {
    struct pipeline_indices copy = {memory_new(list->count, sizeof *list->items), list->count};
    for (size_t i = 0; i < list->count; i++) {
        copy.items[i] = list->items[i];
    }
    return copy;
}

/* Old evidence keeps its number and loses its word. */
static void weigh_trust(const struct coverage_table *table, struct gates_check *out) {
    const char *why = table->error != NULL ? table->error : "not measured";
    out->fresh = table->status == COVERAGE_STATUS_FRESH;
    if (table->status == COVERAGE_STATUS_UNKNOWN) {
        checks_conclude(out, GATES_RESULT_UNKNOWN, "%s", why);
    } else if (!out->fresh && out->result == GATES_RESULT_PASS) {
        checks_conclude(out, GATES_RESULT_PASS, "%s", why);
    }
}

/* Unit and requirement, for a check that nothing was measured for. */
static void announce(struct gates_check *out) {
    const struct pipeline_check *check = out->check;
    bool coverage = check->kind == PIPELINE_CHECK_COVERAGE;
    if (check->kind == PIPELINE_CHECK_DUPLICATES || (coverage && check->minimum <= 0)) {
        out->unit = GATES_UNIT_COUNT;
        out->required = coverage && check->missing_at_most > 0 ? (double)check->missing_at_most : 0;
        return;
    }
    bool at_most =
        check->kind == PIPELINE_CHECK_NULL_RATE || check->kind == PIPELINE_CHECK_FALLBACK_RATE;
    out->unit = GATES_UNIT_PERCENT;
    out->required = (double)(at_most ? check->maximum : check->minimum) / 100;
}

void checks_judge_table(const struct checks_context *context, struct gates_check *out) {
    const struct pipeline_check *check = out->check;
    const struct coverage_report *coverage = context->evidence->coverage;
    announce(out);
    if (coverage == NULL) {
        checks_conclude(out, GATES_RESULT_UNKNOWN, "no table was measured");
        return;
    }
    const struct coverage_table *table = &coverage->tables[check->table];
    if (table->evidence_at != 0) {
        int64_t age = context->as_of - table->evidence_at;
        out->age_ms = age < 0 ? 0 : age;
    }
    if (check->kind == PIPELINE_CHECK_COVERAGE && check->each_season &&
        check->season == PIPELINE_NONE) {
        judge_seasons(context, out);
    } else {
        struct coverage_totals totals =
            coverage_totals_of(coverage, check->table, check->season, check->segment);
        judge_totals(context, out, &totals);
    }
    weigh_trust(table, out);
    if (out->result == GATES_RESULT_PASS && out->why == NULL && table->waived_notice != NULL) {
        checks_conclude(out, out->result, "%s", table->waived_notice);
    }
    if (out->result != GATES_RESULT_PASS) {
        out->blocks = copy_indices(&table->lineage.blocks);
        out->degrades = copy_indices(&table->lineage.degrades);
        out->blocked_percent = coverage_blocked_percent(&table->lineage);
        out->blocked_phase = table->lineage.blocked_phase;
    }
}
