#include "gates/checks.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/percent.h"
#include "base/text.h"
#include "gates/gates_text.h"

void checks_conclude(struct gates_check *out, enum gates_result result, const char *format, ...) {
    char *why = NULL;
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        why = memory_format_list(format, arguments);
        va_end(arguments);
    }
    free(out->why);
    out->why = why;
    out->result = result;
}

/* What an answer is compared with, and how a refusal reads. */
struct demand {
    enum gates_unit unit;
    int comparison;
    double value;
    const char *fails; /* what the fact is; the value follows it unless it stands alone */
    bool alone;
};

static struct demand demand_of(const struct pipeline_check *check) {
    switch (check->kind) {
    case PIPELINE_CHECK_COMMAND:
        return (struct demand){GATES_UNIT_NUMBER, PIPELINE_EQUALS, 0, "the command ended with",
                               false};
    case PIPELINE_CHECK_CREDENTIALS:
        return (struct demand){GATES_UNIT_NUMBER, PIPELINE_AT_LEAST, 1,
                               "the credentials were refused", true};
    case PIPELINE_CHECK_MANUAL:
        return (struct demand){GATES_UNIT_NUMBER, PIPELINE_AT_LEAST, 1, "the answer was no", true};
    case PIPELINE_CHECK_DISK:
        return (struct demand){GATES_UNIT_BYTES, (int)check->comparison, check->value,
                               "the room on the disk is", false};
    default:
        return (struct demand){GATES_UNIT_NUMBER, (int)check->comparison, check->value,
                               "the query returned", false};
    }
}

static const struct gates_answer *newest_answer(const struct checks_context *context,
                                                const struct pipeline_check *check) {
    const char *gate = context->pipeline->gates[context->gate].name;
    const struct gates_answer *newest = NULL;
    for (size_t i = 0; i < context->evidence->answer_count; i++) {
        const struct gates_answer *answer = &context->evidence->answers[i];
        if (strcmp(answer->gate, gate) == 0 && strcmp(answer->check, check->name) == 0 &&
            (newest == NULL || answer->at > newest->at)) {
            newest = answer;
        }
    }
    return newest;
}

/* Never the zero with a sign: it would be printed, and mean nothing. */
static double margin_of(const struct demand *demand, double value) {
    double margin = demand->comparison == PIPELINE_AT_MOST  ? demand->value - value
                    : demand->comparison == PIPELINE_EQUALS ? -fabs(value - demand->value)
                                                            : value - demand->value;
    return margin == 0 ? 0 : margin;
}

static void compare(const struct demand *demand, const char *why, struct gates_check *out) {
    out->margin = margin_of(demand, out->value);
    if (out->margin >= 0) {
        checks_conclude(out, GATES_RESULT_PASS, NULL);
        return;
    }
    char value[GATES_VALUE_SIZE];
    char required[GATES_VALUE_SIZE];
    static const char *const words[] = {
        [PIPELINE_AT_LEAST] = "at least ", [PIPELINE_AT_MOST] = "at most ", [PIPELINE_EQUALS] = ""};
    if (demand->alone) {
        checks_conclude(out, GATES_RESULT_FAIL, "%s", why != NULL ? why : demand->fails);
    } else {
        checks_conclude(out, GATES_RESULT_FAIL, "%s %s, required is %s%s", demand->fails,
                        gates_format_judged(out->value, demand->value, demand->unit, value),
                        words[demand->comparison],
                        gates_format_value(demand->value, demand->unit, required));
    }
}

/* Takes trust back from what is too old, or newer than now. */
static void weigh_age(const struct checks_context *context, struct gates_check *out, int64_t age) {
    const struct pipeline_poll *poll = &context->pipeline->poll;
    bool manual = out->check->kind == PIPELINE_CHECK_MANUAL;
    int64_t limit = manual ? GATES_MANUAL_LIMIT_MS : poll->stale_after_ms;
    char span[CLOCK_SPAN_SIZE];
    char allowed[CLOCK_SPAN_SIZE];
    out->age_ms = age < 0 ? 0 : age;
    out->fresh = age <= limit && -age <= poll->stale_after_ms;
    if (out->fresh) {
        return;
    }
    bool worthless = !manual && age > poll->recheck_ms + poll->stale_after_ms;
    if (age < 0) {
        checks_conclude(out, out->result, "answered %s after this moment: the clock was set back",
                        clock_format_span(-age, span));
    } else if (worthless || out->result == GATES_RESULT_PASS) {
        checks_conclude(out, worthless ? GATES_RESULT_UNKNOWN : out->result,
                        "the answer is %s old, the limit is %s", clock_format_span(age, span),
                        clock_format_span(limit, allowed));
    }
}

/* A query or a command looks at what nobody here knows: any write since makes its answer one of
 * before, until it is asked again. A person may have answered for the whole night: the answer
 * counts, and it is said that it is one of before. */
static void weigh_writes(const struct checks_context *context, struct gates_check *out,
                         int64_t at) {
    const struct gates_evidence *evidence = context->evidence;
    enum pipeline_check_kind kind = out->check->kind;
    const char *not_since = kind == PIPELINE_CHECK_QUERY     ? "not asked since"
                            : kind == PIPELINE_CHECK_COMMAND ? "not tried since"
                            : kind == PIPELINE_CHECK_MANUAL  ? "answered before"
                                                             : NULL;
    if (not_since == NULL || evidence->written_at == 0 || at > evidence->written_at) {
        return;
    }
    out->fresh = out->fresh && kind == PIPELINE_CHECK_MANUAL;
    if (out->result == GATES_RESULT_PASS && out->why == NULL) {
        checks_conclude(out, GATES_RESULT_PASS, "%s run %s wrote", not_since,
                        evidence->written_by != NULL ? evidence->written_by : "?");
    }
}

static void judge_answer(const struct checks_context *context, struct gates_check *out) {
    const struct pipeline_check *check = out->check;
    const struct gates_answer *answer = newest_answer(context, check);
    struct demand demand = demand_of(check);
    out->unit = demand.unit;
    out->required = demand.value;
    if (answer == NULL) {
        checks_conclude(out, GATES_RESULT_UNKNOWN,
                        check->kind == PIPELINE_CHECK_MANUAL ? "waits for a person's answer"
                                                             : "never measured");
        return;
    }
    if (!answer->measured || !isfinite(answer->value)) {
        out->age_ms = context->as_of > answer->at ? context->as_of - answer->at : 0;
        checks_conclude(out, GATES_RESULT_UNKNOWN, "%s",
                        answer->error != NULL ? answer->error : "no number came back");
        return;
    }
    out->measured = true;
    out->value = answer->value;
    compare(&demand, answer->why, out);
    weigh_age(context, out, context->as_of - answer->at);
    weigh_writes(context, out, answer->at);
}

static const struct gates_group_runs *find_runs(const struct gates_evidence *evidence,
                                                size_t group) {
    for (size_t i = 0; i < evidence->group_count; i++) {
        if (evidence->groups[i].group == group) {
            return &evidence->groups[i];
        }
    }
    return NULL;
}

/* All processors of the group ended and were verified; an exit code alone proves nothing. One that
 * had nothing to do, as its tables are complete without it, is as good as long as that is known. */
static void judge_runs(const struct checks_context *context, struct gates_check *out) {
    const struct pipeline_group *group = &context->pipeline->groups[out->check->group];
    const struct gates_group_runs *runs = find_runs(context->evidence, out->check->group);
    out->unit = GATES_UNIT_COUNT;
    out->required = (double)group->runs.count;
    if (runs == NULL || group->runs.count == 0 || runs->processors != group->runs.count) {
        checks_conclude(out, GATES_RESULT_UNKNOWN, "the runs of %s are not known", group->name);
        return;
    }
    out->measured = true;
    out->fresh = true;
    out->age_ms = 0;
    out->value = (double)(runs->verified + runs->idle);
    out->margin = out->value - out->required;
    if (runs->verified + runs->idle == runs->processors && runs->ended == runs->verified &&
        runs->running == 0 && runs->failed == 0) {
        checks_conclude(out, GATES_RESULT_PASS, NULL);
        if (runs->idle > 0) {
            weigh_age(context, out, context->as_of - runs->idle_evidence_at);
        }
        if (runs->idle_overtaken) {
            out->fresh = false;
            checks_conclude(out, out->result,
                            "a table that seems to need no run was written and not read since");
        }
        return;
    }
    out->margin = out->margin < 0 ? out->margin : -1;
    checks_conclude(out, GATES_RESULT_FAIL,
                    "%zu of %zu processors of %s ended and were verified, %zu run, %zu failed",
                    runs->verified, runs->processors, group->name, runs->running, runs->failed);
}

void checks_judge(const struct checks_context *context, struct gates_check *out) {
    out->age_ms = -1;
    out->blocked_percent = PERCENT_UNKNOWN;
    out->blocked_phase = PIPELINE_NONE;
    switch (out->check->kind) {
    case PIPELINE_CHECK_COVERAGE:
    case PIPELINE_CHECK_ROWS:
    case PIPELINE_CHECK_NULL_RATE:
    case PIPELINE_CHECK_FALLBACK_RATE:
    case PIPELINE_CHECK_DUPLICATES:
        checks_judge_table(context, out);
        return;
    case PIPELINE_CHECK_RUNS:
        judge_runs(context, out);
        return;
    case PIPELINE_CHECK_QUERY:
    case PIPELINE_CHECK_COMMAND:
    case PIPELINE_CHECK_CREDENTIALS:
    case PIPELINE_CHECK_DISK:
    case PIPELINE_CHECK_MANUAL:
        judge_answer(context, out);
        return;
    }
    checks_conclude(out, GATES_RESULT_UNKNOWN, "the check is of no known kind");
}
