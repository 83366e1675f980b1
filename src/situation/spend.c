#include "situation/spend.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/print.h"

/* Of the budget, from which on it is nearly used up; hundredths. */
enum { NEAR_PERCENT = 80 };

char *situation_spend_bytes(int64_t bytes, char out[SITUATION_SPEND_SIZE]) {
    static const double mib = 1024.0 * 1024.0;
    double size = (double)bytes / mib;
    if (bytes < 0) {
        (void)print_into(out, SITUATION_SPEND_SIZE, "unknown");
    } else if (size < 1024.0) {
        bool whole = bytes % INT64_C(1048576) == 0;
        (void)print_into(out, SITUATION_SPEND_SIZE, whole ? "%.0f MiB" : "%.2f MiB", size);
    } else if (size < mib) {
        (void)print_into(out, SITUATION_SPEND_SIZE, "%.2f GiB", size / 1024.0);
    } else {
        (void)print_into(out, SITUATION_SPEND_SIZE, "%.2f TiB", size / mib);
    }
    return out;
}

char *situation_spend_dollars(double dollars, char out[SITUATION_SPEND_SIZE]) {
    (void)print_into(out, SITUATION_SPEND_SIZE, dollars < 1.0 ? "$%.4f" : "$%.2f", dollars);
    return out;
}

double situation_spend_cost(const struct pipeline *pipeline, int64_t bytes) {
    static const double tib = 1024.0 * 1024.0 * 1024.0 * 1024.0;
    return bytes <= 0 ? 0.0 : (double)bytes / tib * pipeline->poll.price_per_tib;
}

enum situation_budget situation_budget_of(const struct pipeline *pipeline, int64_t bytes_billed) {
    int64_t budget = pipeline->poll.bytes_per_night;
    if (budget == 0) {
        return SITUATION_BUDGET_FINE;
    }
    return bytes_billed >= budget                                        ? SITUATION_BUDGET_USED_UP
           : (double)bytes_billed * 100 >= (double)budget * NEAR_PERCENT ? SITUATION_BUDGET_NEAR
                                                                         : SITUATION_BUDGET_FINE;
}

const char *situation_budget_name(enum situation_budget budget) {
    static const char *const names[] = {[SITUATION_BUDGET_FINE] = "fine",
                                        [SITUATION_BUDGET_NEAR] = "near",
                                        [SITUATION_BUDGET_USED_UP] = "used up"};
    return names[budget];
}

char *situation_budget_text(const struct pipeline *pipeline, int64_t bytes_billed,
                            char out[SITUATION_BUDGET_SIZE]) {
    char billed[SITUATION_SPEND_SIZE];
    char budget[SITUATION_SPEND_SIZE];
    (void)situation_spend_bytes(bytes_billed, billed);
    (void)situation_spend_bytes(pipeline->poll.bytes_per_night, budget);
    switch (situation_budget_of(pipeline, bytes_billed)) {
    case SITUATION_BUDGET_FINE:
        out[0] = '\0';
        break;
    case SITUATION_BUDGET_NEAR:
        (void)print_into(
            out, SITUATION_BUDGET_SIZE,
            "%d %% of the night's byte budget is spent: %.40s of %.40s; when it is used "
            "up, no query is paid for until noon",
            (int)((double)bytes_billed * 100 / (double)pipeline->poll.bytes_per_night), billed,
            budget);
        break;
    case SITUATION_BUDGET_USED_UP:
        (void)print_into(out, SITUATION_BUDGET_SIZE,
                         "the night's byte budget is used up: %.40s of %.40s; no query is paid for "
                         "until noon, and tables that change go stale; raise poll.bytes_per_night "
                         "and restart the agent to go on",
                         billed, budget);
        break;
    }
    return out;
}

/* What so many queries of a target bill; a table that is empty now need not stay so. */
static int64_t night_of(const struct situation_estimate *estimate) {
    int64_t bytes =
        estimate->bytes > SITUATION_LEAST_BYTES ? estimate->bytes : SITUATION_LEAST_BYTES;
    return estimate->queries > INT64_MAX / bytes ? INT64_MAX : bytes * estimate->queries;
}

int64_t situation_night_bytes(const struct situation *situation, size_t *unknown) {
    int64_t sum = 0;
    *unknown = 0;
    for (size_t i = 0; i < situation->estimate_count; i++) {
        const struct situation_estimate *estimate = &situation->estimates[i];
        if (estimate->bytes < 0) {
            ++*unknown;
        } else {
            int64_t night = night_of(estimate);
            sum = night > INT64_MAX - sum ? INT64_MAX : sum + night;
        }
    }
    return *unknown == situation->estimate_count ? -1 : sum;
}

static void describe_target(const struct situation *situation,
                            const struct situation_estimate *estimate, struct text_buffer *out) {
    const struct pipeline_poll *poll = &situation->pipeline->poll;
    char bytes[SITUATION_SPEND_SIZE];
    char night[SITUATION_SPEND_SIZE];
    char dollars[SITUATION_SPEND_SIZE];
    if (estimate->bytes < 0) {
        print_to(out, "  %-32s unknown: %s\n", estimate->key,
                 estimate->error != NULL ? estimate->error : "not estimated yet");
        return;
    }
    print_to(out, "  %-32s %10s  %9s  %4lld queries  %10s%s\n", estimate->key,
             situation_spend_bytes(estimate->bytes, bytes),
             situation_spend_dollars(situation_spend_cost(situation->pipeline, estimate->bytes),
                                     dollars),
             (long long)estimate->queries, situation_spend_bytes(night_of(estimate), night),
             estimate->bytes > poll->bytes_per_query ? "  over bytes_per_query: refused" : "");
}

static void describe_sum(const struct situation *situation, struct text_buffer *out) {
    const struct pipeline_poll *poll = &situation->pipeline->poll;
    char bytes[SITUATION_SPEND_SIZE];
    char dollars[SITUATION_SPEND_SIZE];
    char budget[SITUATION_SPEND_SIZE];
    size_t unknown;
    int64_t night = situation_night_bytes(situation, &unknown);
    print_to(out, "  A night of %d h: at most %s%s, %s", SITUATION_NIGHT_HOURS,
             unknown > 0 ? "≥ " : "", situation_spend_bytes(night, bytes),
             situation_spend_dollars(situation_spend_cost(situation->pipeline, night), dollars));
    if (unknown > 0) {
        print_to(out, ", %zu not estimated", unknown);
    }
    if (poll->bytes_per_night == 0) {
        text_buffer_add(out, "; there is no budget (poll.bytes_per_night: none)\n");
    } else {
        print_to(
            out, "; the budget is %s%s\n", situation_spend_bytes(poll->bytes_per_night, budget),
            night > poll->bytes_per_night ? ", and could be used up before the night ends" : "");
    }
}

static void describe_rule(const struct situation *situation, struct text_buffer *out) {
    const struct pipeline *pipeline = situation->pipeline;
    char recheck[CLOCK_SPAN_SIZE];
    char every[CLOCK_SPAN_SIZE];
    print_to(out, "  Counted: a query of each every %s (poll.recheck)",
             clock_format_span(pipeline->poll.recheck_ms, recheck));
    if (situation->busiest != PIPELINE_NONE) {
        print_to(out,
                 ", and every %s (poll.every) of the tables with missing\n  dates that "
                 "%s fills; groups run one after the other, and this one costs most",
                 clock_format_span(pipeline->poll.every_ms, every),
                 pipeline->groups[situation->busiest].name);
    }
    print_to(out, ".\n  10 MiB at least for each query, $%.2f per TiB (poll.price_per_tib).\n",
             pipeline->poll.price_per_tib);
}

void situation_estimate_describe(const struct situation *situation, struct text_buffer *out) {
    char age[CLOCK_SPAN_SIZE];
    int64_t oldest = 0;
    for (size_t i = 0; i < situation->estimate_count; i++) {
        int64_t at = situation->estimates[i].at;
        oldest = at != 0 && (oldest == 0 || at < oldest) ? at : oldest;
    }
    if (oldest == 0) {
        text_buffer_add(out, "  Not estimated yet: the agent asks for free dry runs when it starts "
                             "and when it is told to poll.\n");
        return;
    }
    print_to(out, "  Dry runs, free of charge, %s ago; one query, and a night:\n",
             clock_format_span(situation->as_of - oldest, age));
    for (size_t i = 0; i < situation->estimate_count; i++) {
        describe_target(situation, &situation->estimates[i], out);
    }
    describe_sum(situation, out);
    describe_rule(situation, out);
}
