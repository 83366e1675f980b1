#include "bigquery/gate.h"

#include <stdio.h>
#include <string.h>

#include "bigquery/activity.h"

#define NS_PER_MS     INT64_C(1000000)
#define QUOTA_WAIT_MS INT64_C(600000)  /* "wait 10 minutes or longer" */
#define QUOTA_MOST_MS INT64_C(3600000) /* daily quotas come back little by little */

enum {
    FAILURES_TO_OPEN = 5,
    HOST = GATE_METHOD_COUNT, /* the outage of all methods */
    OUTAGE_COUNT,
};

void gate_init(struct gate *gate, const struct clock *clock, struct random *random, int64_t base_ms,
               int64_t cap_ms, int64_t probe_cap_ms, size_t most) {
    *gate = (struct gate){
        .clock = clock,
        .random = random,
        .base_ms = base_ms,
        .cap_ms = cap_ms,
        .probe_cap_ms = probe_cap_ms,
        .most = most,
        .pace_limit = most,
    };
}

static int64_t doubled(int64_t value, int times, int64_t most) {
    for (int i = 0; i < times && value < most; i++) {
        value *= 2;
    }
    return value < most ? value : most;
}

/* ---- Outages ----------------------------------------------------------------------------- */

/* What a request that is held back can say: BigQuery's word, and since when. */
static struct bigquery_failure outage_failure(const struct gate *gate,
                                              const struct gate_outage *outage, int64_t now) {
    struct bigquery_failure failure = outage->last;
    char told[BIGQUERY_MESSAGE_SIZE];
    char since[ACTIVITY_OUTAGE_SIZE];
    int64_t left_ms = outage->next_ns > now ? (outage->next_ns - now) / NS_PER_MS : 0;
    failure.outage_since_ms = outage->since_ms;
    (void)snprintf(told, sizeof told, "%s",
                   failure.message[0] != '\0' ? failure.message : failure.reason);
    (void)snprintf(failure.message, sizeof failure.message, "%s (%.400s)",
                   activity_outage(&failure, clock_wall_ms(gate->clock), since), told);
    failure.retry_after_ms = left_ms;
    failure.retry_at_ms = clock_wall_ms(gate->clock) + left_ms;
    return failure;
}

static void mark_failure(struct gate *gate, size_t index, bigquery_request_id request,
                         const struct bigquery_failure *failure) {
    struct gate_outage *outage = &gate->outages[index];
    if (outage->open && request != outage->prober) {
        return; /* it was under way before; only probes count now */
    }
    outage->several = outage->several || (outage->failures > 0 && outage->failed != request);
    outage->since_ms = outage->failures == 0 ? clock_wall_ms(gate->clock) : outage->since_ms;
    outage->failures++;
    outage->failed = request;
    outage->last = *failure;
    bool opens = outage->failures >= FAILURES_TO_OPEN && (index == HOST || outage->several);
    if (!outage->open && !opens) {
        return;
    }
    outage->probes = outage->open ? outage->probes + 1 : 1;
    outage->open = true;
    int64_t wait = doubled(gate->base_ms, outage->probes, gate->probe_cap_ms);
    wait -= random_upto(gate->random, wait / 4);
    wait = wait > failure->retry_after_ms ? wait : failure->retry_after_ms;
    outage->next_ns = clock_boot_ns(gate->clock) + wait * NS_PER_MS;
}

static void mark_success(struct gate_outage *outage) {
    bigquery_request_id prober = outage->prober;
    *outage = (struct gate_outage){.prober = prober};
}

bool gate_is_out(const struct gate *gate, enum gate_method method) {
    return gate->outages[HOST].open || gate->outages[method].open;
}

void gate_sent(struct gate *gate, enum gate_method method, bigquery_request_id request) {
    struct gate_outage *const both[] = {&gate->outages[HOST], &gate->outages[method]};
    for (size_t i = 0; i < 2; i++) {
        if (both[i]->open && both[i]->prober == 0) {
            both[i]->prober = request;
        }
    }
}

void gate_heard(struct gate *gate, enum gate_method method, bigquery_request_id request,
                enum gate_news news, const struct bigquery_failure *failure) {
    switch (news) {
    case GATE_SUCCESS:
        mark_success(&gate->outages[HOST]);
        mark_success(&gate->outages[method]);
        break;
    case GATE_FAULT:
        if (failure->http_code != 0) {
            mark_success(&gate->outages[HOST]);
        }
        mark_failure(gate, method, request, failure);
        break;
    case GATE_NO_ANSWER:
        mark_failure(gate, HOST, request, failure);
        break;
    case GATE_NO_VERDICT:
        break;
    }
    for (size_t i = 0; i < OUTAGE_COUNT; i++) {
        if (gate->outages[i].prober == request) {
            gate->outages[i].prober = 0;
        }
    }
}

/* ---- Pace and quota ---------------------------------------------------------------------- */

int64_t gate_slow_down(struct gate *gate, int waits, int64_t sent_ns, size_t active,
                       const struct bigquery_failure *failure) {
    int64_t now = clock_boot_ns(gate->clock);
    if (gate->pace_until_ns == 0 || sent_ns >= gate->pace_set_ns) {
        size_t busy = active < gate->pace_limit ? active : gate->pace_limit;
        gate->pace_limit = busy > 2 ? busy / 2 : 1;
        gate->pace_waits++;
        gate->pace_set_ns = now;
    }
    int longer = waits > gate->pace_waits - 1 ? waits : gate->pace_waits - 1;
    int64_t bound = doubled(gate->base_ms, longer, gate->cap_ms);
    int64_t wait = random_upto(gate->random, bound * NS_PER_MS);
    int64_t told = failure->retry_after_ms * NS_PER_MS;
    int64_t until = now + (wait > told ? wait : told);
    gate->pace_until_ns = until > gate->pace_until_ns ? until : gate->pace_until_ns;
    gate->pace_last = *failure;
    return gate->pace_until_ns;
}

void gate_speed_up(struct gate *gate, enum gate_method method) {
    gate->pace_waits = 0;
    gate->pace_limit += gate->pace_limit < gate->most ? 1 : 0;
    gate->quotas[method] = (struct gate_quota){0};
}

void gate_run_out(struct gate *gate, enum gate_method method, struct bigquery_failure *failure) {
    struct gate_quota *quota = &gate->quotas[method];
    int64_t now = clock_boot_ns(gate->clock);
    bool again = quota->times > 0 && now < quota->until_ns;
    bool of_one_table = strcasestr(failure->message, "your table") != NULL;
    int64_t wait = doubled(QUOTA_WAIT_MS, again ? quota->times - 1 : quota->times, QUOTA_MOST_MS);
    wait = of_one_table ? QUOTA_WAIT_MS : wait;
    wait = wait > failure->retry_after_ms ? wait : failure->retry_after_ms;
    failure->retry_after_ms = wait;
    failure->retry_at_ms = clock_wall_ms(gate->clock) + wait;
    if (of_one_table || again) {
        return; /* another one of those under way when it ran out */
    }
    quota->times++;
    quota->until_ns = now + wait * NS_PER_MS;
    quota->last = *failure;
}

/* ---- Asking ------------------------------------------------------------------------------ */

static struct gate_pass refuse_for_quota(const struct gate *gate, const struct gate_quota *quota,
                                         int64_t now) {
    struct gate_pass pass = {.answer = GATE_REFUSE, .failure = quota->last};
    pass.failure.retry_after_ms = (quota->until_ns - now) / NS_PER_MS;
    pass.failure.retry_at_ms = clock_wall_ms(gate->clock) + pass.failure.retry_after_ms;
    return pass;
}

/* GATE_GO, GATE_PROBE or GATE_HOLD for one outage. */
static struct gate_pass ask_outage(const struct gate *gate, const struct gate_outage *outage,
                                   int64_t now) {
    if (!outage->open) {
        return (struct gate_pass){.answer = GATE_GO};
    }
    bool probing = outage->prober != 0;
    if (!probing && now >= outage->next_ns) {
        return (struct gate_pass){.answer = GATE_PROBE,
                                  .outage = true,
                                  .whole_host = outage == &gate->outages[HOST],
                                  .failure = outage_failure(gate, outage, now)};
    }
    return (struct gate_pass){.answer = GATE_HOLD,
                              .outage = true,
                              .until_ns = probing ? INT64_MAX : outage->next_ns,
                              .failure = outage_failure(gate, outage, now)};
}

struct gate_pass gate_ask(const struct gate *gate, enum gate_method method, int64_t now,
                          size_t active) {
    if (now < gate->quotas[method].until_ns) {
        return refuse_for_quota(gate, &gate->quotas[method], now);
    }
    struct gate_pass host = ask_outage(gate, &gate->outages[HOST], now);
    struct gate_pass own = ask_outage(gate, &gate->outages[method], now);
    if (host.answer == GATE_HOLD || (host.answer == GATE_PROBE && own.answer != GATE_HOLD)) {
        return host;
    }
    if (own.answer != GATE_GO) {
        return own;
    }
    if (now < gate->pace_until_ns) {
        return (struct gate_pass){
            .answer = GATE_HOLD, .until_ns = gate->pace_until_ns, .failure = gate->pace_last};
    }
    if (active >= gate->pace_limit) {
        return (struct gate_pass){.answer = GATE_HOLD, .until_ns = INT64_MAX};
    }
    return (struct gate_pass){.answer = GATE_GO};
}
