#include "agent/trouble.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/print.h"
#include "situation/trouble.h"
#include "state/state_told.h"

/* A failure of one cause. */
struct cause {
    char reason[BIGQUERY_REASON_SIZE];
    int http_code;
    int64_t next_try;
};

struct failed {
    const char *name; /* the pipeline's */
    struct cause cause;
};

struct trouble {
    const struct pipeline *pipeline;
    struct cause waits; /* reason "": none */
    const char **waiting;
    size_t waiting_count;
    struct failed *failed;
    size_t failed_count, failed_capacity;
    int64_t since; /* 0 without trouble */
    char *stored;  /* what was said last; NULL before the first time */
};

struct trouble *trouble_new(const struct pipeline *pipeline) {
    struct trouble *trouble = memory_new(1, sizeof *trouble);
    trouble->pipeline = pipeline;
    return trouble;
}

void trouble_free(struct trouble *trouble) {
    if (trouble == NULL) {
        return;
    }
    free(trouble->waiting);
    free(trouble->failed);
    free(trouble->stored);
    free(trouble);
}

static struct cause cause_of(const struct bigquery_failure *failure, int64_t next_try) {
    struct cause cause = {.http_code = failure->http_code, .next_try = next_try};
    (void)print_into(cause.reason, sizeof cause.reason, "%s", failure->reason);
    return cause;
}

void trouble_waits(struct trouble *trouble, const struct measure_trouble *waits) {
    int64_t before = trouble->waits.next_try;
    trouble->waits = (struct cause){.reason = ""};
    if (waits->failure.class != BIGQUERY_NO_FAILURE) {
        /* While it is being asked again, the moment at which that began says so. */
        trouble->waits = cause_of(&waits->failure, waits->next_try != 0 ? waits->next_try : before);
    }
    trouble->waiting = memory_resize(trouble->waiting, waits->count + 1, sizeof(const char *));
    for (size_t i = 0; i < waits->count; i++) {
        trouble->waiting[i] = waits->names[i];
    }
    trouble->waiting_count = waits->count;
}

/* Whether a failure is the service's, and not one of a single table or of the text of a query,
 * which that table's own sentence tells better. */
static bool is_the_service(enum bigquery_failure_class class) {
    static const bool SERVICE[] = {
        [BIGQUERY_THROTTLED] = true, [BIGQUERY_QUOTA] = true,      [BIGQUERY_BACKEND] = true,
        [BIGQUERY_TRANSPORT] = true, [BIGQUERY_PROTOCOL] = true,   [BIGQUERY_AUTH] = true,
        [BIGQUERY_TIMEOUT] = true,   [BIGQUERY_CANCELLED] = false,
    };
    return SERVICE[class];
}

void trouble_answered(struct trouble *trouble, const struct measure_answer *answer,
                      int64_t next_try) {
    const char *name = measure_name(trouble->pipeline, answer->target);
    size_t kept = 0;
    if (answer->outcome == MEASURE_ESTIMATED) {
        return; /* nobody waits for what a query would cost */
    }
    for (size_t i = 0; i < trouble->failed_count; i++) {
        if (trouble->failed[i].name != name) {
            trouble->failed[kept++] = trouble->failed[i];
        }
    }
    trouble->failed_count = kept;
    if (answer->outcome == MEASURE_FAILED && is_the_service(answer->failure.class)) {
        trouble->failed = memory_grow(trouble->failed, trouble->failed_count,
                                      &trouble->failed_capacity, sizeof *trouble->failed);
        trouble->failed[trouble->failed_count++] =
            (struct failed){name, cause_of(&answer->failure, next_try)};
    }
}

static void add_name(struct situation_trouble *told, const char *name) {
    for (size_t i = 0; i < told->name_count; i++) {
        if (strcmp(told->names[i], name) == 0) {
            return;
        }
    }
    told->names = memory_resize(told->names, told->name_count + 1, sizeof *told->names);
    told->names[told->name_count++] = memory_copy_string(name);
}

/* What is waited for comes before what failed: it says when the next try is. */
static struct situation_trouble *gather(const struct trouble *trouble) {
    bool waits = trouble->waits.reason[0] != '\0';
    if (!waits && trouble->failed_count == 0) {
        return NULL;
    }
    const struct cause *cause = waits ? &trouble->waits : &trouble->failed[0].cause;
    struct situation_trouble *told = memory_new(1, sizeof *told);
    told->reason = memory_copy_string(cause->reason);
    told->http_code = cause->http_code;
    told->since = trouble->since;
    told->next_try = cause->next_try;
    for (size_t i = 0; waits && i < trouble->waiting_count; i++) {
        add_name(told, trouble->waiting[i]);
    }
    for (size_t i = 0; i < trouble->failed_count; i++) {
        if (strcmp(trouble->failed[i].cause.reason, cause->reason) == 0) {
            add_name(told, trouble->failed[i].name);
        }
    }
    return told;
}

static bool put(struct trouble *trouble, const struct recorder *recorder, char *json, int64_t now,
                struct error *error) {
    if (!state_told_put(recorder->state, recorder->actor.term, SITUATION_TOLD_BIGQUERY, json, now,
                        error)) {
        free(json);
        return false;
    }
    free(trouble->stored);
    trouble->stored = json;
    return true;
}

bool trouble_store(struct trouble *trouble, const struct recorder *recorder, int64_t now,
                   char **news, struct error *error) {
    bool any = trouble->waits.reason[0] != '\0' || trouble->failed_count > 0;
    trouble->since = !any ? 0 : trouble->since != 0 ? trouble->since : now;
    struct situation_trouble *told = gather(trouble);
    char *json = situation_trouble_told(told, recorder->actor.term);
    bool same = trouble->stored != NULL ? strcmp(trouble->stored, json) == 0 : told == NULL;
    bool good = true;
    *news = NULL;
    if (same) {
        free(json);
    } else {
        good = put(trouble, recorder, json, now, error);
    }
    if (good && !same) {
        char text[SITUATION_TROUBLE_SIZE];
        *news = told == NULL
                    ? memory_copy_string("BigQuery answers again")
                    : memory_format("BigQuery: %s", situation_trouble_report(told, now, text));
    }
    situation_trouble_free(told);
    return good;
}

bool trouble_end(struct trouble *trouble, const struct recorder *recorder, int64_t now,
                 struct error *error) {
    return trouble == NULL || trouble->stored == NULL ||
           put(trouble, recorder, situation_trouble_told(NULL, 0), now, error);
}
