#include "agent/measure.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agent/connection.h"
#include "agent/measure_bill.h"
#include "agent/measure_rows.h"
#include "agent/sources.h"
#include "base/memory.h"

#define PROBE_CAP_MS INT64_C(20000) /* how soon, at the latest, the end of an outage is seen */

/* Without a client there is nothing to wait for; somebody may ask again and again all the same. */
enum { IDLE_MS = 20 };

/* Only one thing is asked about a target at a time. */
enum step { STEP_IDLE, STEP_FREE_CHECK, STEP_QUERY };

struct target_state;

/* What a request's `user` points to. */
struct question {
    struct target_state *state;
    size_t source; /* table of a free check, or one of these: */
};

#define ASKS_QUERY    SIZE_MAX
#define ASKS_ESTIMATE (SIZE_MAX - 1)

struct target_state {
    struct measure_target target;
    enum step step;
    struct day_range range;
    enum measure_manner manner;
    enum measure_manner owed; /* asked for while something was under way */
    int64_t asked_at;         /* wall ms */
    bool free_only;
    size_t waiting; /* free checks not answered yet */
    bool check_failed;
    struct error error; /* of the last check that failed */
    struct bigquery_failure failure;
    bool streaming;         /* the free checks of this poll saw rows in a streaming buffer */
    int64_t streaming_rows; /* about how many; BIGQUERY_UNKNOWN */
    struct sources sources;
    char signal[SOURCES_DIGEST_SIZE]; /* as the free checks of this poll see it */
    struct question *free_checks;     /* one for each table of the sources */
    struct question question;
    bool estimating; /* a dry run is under way, beside whatever else is */
    struct question estimate;
    bool failed; /* the last poll did */
    /* The last counts; counted_at 0: there are none to rest on. */
    int64_t counted_at; /* wall ms */
    struct day_range counted_range;
    char counted_signal[SOURCES_DIGEST_SIZE]; /* right before them; "": nothing vouches for them */
    bool has_value;                           /* of a check */
    double value;
};

struct measure {
    const struct pipeline *pipeline;
    const struct clock *clock;
    struct connection_options options;
    struct connection connection;
    struct server_jobs *jobs;
    pthread_mutex_t lock; /* held while the client is exchanged, and to wake it */
    int64_t deadline_ms;  /* of a request; 0: the client's */
    struct target_state *states;
    size_t state_count;
    struct measure_answer *ready;
    size_t ready_count, ready_capacity;
};

static const char *target_sql(const struct pipeline *pipeline, struct measure_target target) {
    switch (target.kind) {
    case MEASURE_TABLE:
        return pipeline->tables[target.index].coverage_sql;
    case MEASURE_EXPECTED:
        return pipeline->expected[target.index].sql;
    case MEASURE_CHECK:
        break;
    }
    return pipeline->gates[target.index].checks[target.check].sql;
}

static void prepare(struct target_state *state, const char *endpoint, const char *sql) {
    sources_open(&state->sources, endpoint, sql);
    state->question = (struct question){state, ASKS_QUERY};
    state->estimate = (struct question){state, ASKS_ESTIMATE};
    state->free_checks = memory_new(state->sources.count, sizeof *state->free_checks);
    for (size_t i = 0; i < state->sources.count; i++) {
        state->free_checks[i] = (struct question){state, i};
    }
}

struct measure *measure_new(const struct pipeline *pipeline, const char *endpoint,
                            const struct clock *clock, struct error *error) {
    int64_t patience = clock_real_ms(pipeline->poll.every_ms);
    struct measure *measure = memory_new(1, sizeof *measure);
    measure->options = (struct connection_options){
        .endpoint = endpoint,
        .purpose = "coverage",
        .clock = clock,
        .probe_cap_ms = clock_real_ms(PROBE_CAP_MS),
        .deadline_ms = patience < 5000     ? 5000
                       : patience < 600000 ? patience
                                           : 600000,
    };
    if (!connection_open(&measure->connection, pipeline, &measure->options, error) &&
        !measure->connection.wanting) {
        free(measure);
        return NULL;
    }
    (void)pthread_mutex_init(&measure->lock, NULL);
    const char *server = endpoint != NULL ? endpoint : bigquery_endpoint_from_environment();
    measure->pipeline = pipeline;
    measure->clock = clock;
    measure->jobs = server_jobs_new(measure->connection.client, clock);
    server_jobs_use(measure->jobs, measure->connection.client, &measure->connection.missing);
    struct measure_target *targets = measure_targets(pipeline, &measure->state_count);
    measure->states = memory_new(measure->state_count, sizeof *measure->states);
    for (size_t i = 0; i < measure->state_count; i++) {
        measure->states[i].target = targets[i];
        prepare(&measure->states[i], server != NULL ? server : pipeline->endpoint,
                target_sql(pipeline, targets[i]));
    }
    free(targets);
    return measure;
}

void measure_set_deadline(struct measure *measure, int64_t deadline_ms) {
    measure->deadline_ms = deadline_ms;
}

void measure_free(struct measure *measure) {
    if (measure == NULL) {
        return;
    }
    server_jobs_free(measure->jobs);
    connection_close(&measure->connection);
    (void)pthread_mutex_destroy(&measure->lock);
    for (size_t i = 0; i < measure->state_count; i++) {
        sources_close(&measure->states[i].sources);
        free(measure->states[i].free_checks);
    }
    for (size_t i = 0; i < measure->ready_count; i++) {
        free(measure->ready[i].counts);
    }
    free(measure->ready);
    free(measure->states);
    free(measure);
}

static struct target_state *find_state(struct measure *measure, struct measure_target target) {
    for (size_t i = 0; i < measure->state_count; i++) {
        struct measure_target *other = &measure->states[i].target;
        if (other->kind == target.kind && other->index == target.index &&
            other->check == target.check) {
            return &measure->states[i];
        }
    }
    return NULL;
}

static void add_ready(struct measure *measure, const struct measure_answer *given) {
    measure->ready = memory_grow(measure->ready, measure->ready_count, &measure->ready_capacity,
                                 sizeof *measure->ready);
    measure->ready[measure->ready_count++] = *given;
}

/* Ends what is under way about a target with this answer. */
static void answer(struct measure *measure, struct target_state *state,
                   struct measure_answer given) {
    given.target = state->target;
    given.at = state->asked_at;
    given.range = state->range;
    state->failed = given.outcome == MEASURE_FAILED;
    state->step = STEP_IDLE;
    add_ready(measure, &given);
}

/* `failure` NULL: no fault of BigQuery's. */
static void fail(struct measure *measure, struct target_state *state, const struct error *error,
                 const struct bigquery_failure *failure) {
    struct measure_answer given = {.outcome = MEASURE_FAILED, .error = *error};
    if (failure != NULL) {
        given.failure = *failure;
    }
    answer(measure, state, given);
}

/* Asks a target's query, always with the same text: a changed letter would defeat the cache. */
static bool submit(struct measure *measure, struct target_state *state, struct day_range range,
                   bool dry_run, struct error *error) {
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    const struct bigquery_parameter parameters[] = {
        {.name = "from", .type = BIGQUERY_DATE, .value = day_format(range.from, from)},
        {.name = "to", .type = BIGQUERY_DATE, .value = day_format(range.to, to)},
    };
    struct bigquery_query query = {
        .sql = target_sql(measure->pipeline, state->target),
        .parameters = parameters,
        .parameter_count = 2,
        .dry_run = dry_run,
        .deadline_ms = measure->deadline_ms,
        .user = dry_run ? &state->estimate : &state->question,
    };
    return bigquery_submit_query(measure->connection.client, &query, error) != 0;
}

static void start_query(struct measure *measure, struct target_state *state) {
    struct error error = {0};
    state->step = STEP_QUERY;
    state->asked_at = clock_wall_ms(measure->clock);
    if (!submit(measure, state, state->range, false, &error)) {
        fail(measure, state, &error, NULL);
    }
}

static void start_free_checks(struct measure *measure, struct target_state *state) {
    state->step = STEP_FREE_CHECK;
    state->check_failed = false;
    state->failure = (struct bigquery_failure){0};
    state->asked_at = clock_wall_ms(measure->clock);
    state->waiting = 0;
    state->streaming = false;
    state->streaming_rows = 0;
    sources_begin(&state->sources);
    for (size_t i = 0; i < state->sources.count; i++) {
        const struct sources_table *table = &state->sources.tables[i];
        struct bigquery_table_name name = {table->project, table->dataset, table->table};
        struct error error = {0};
        if (bigquery_submit_table(measure->connection.client, &name, measure->deadline_ms,
                                  &state->free_checks[i], &error) == 0) {
            state->check_failed = true;
            state->error = error;
        } else {
            state->waiting++;
        }
    }
    if (state->waiting == 0) {
        fail(measure, state, &state->error, &state->failure);
    }
}

/* Whether there is a client to ask with; looks for credentials again where they are missing. */
static bool reach(struct measure *measure) {
    if (measure_pending(measure) == 0) {
        (void)pthread_mutex_lock(&measure->lock);
        connection_again(&measure->connection, measure->pipeline, &measure->options);
        server_jobs_use(measure->jobs, measure->connection.client, &measure->connection.missing);
        (void)pthread_mutex_unlock(&measure->lock);
    }
    return measure->connection.client != NULL;
}

/* Whether there are counts to rest on, of the days that are asked for. */
static bool has_counts(const struct target_state *state) {
    return state->counted_at != 0 && state->range.from == state->counted_range.from &&
           state->range.to == state->counted_range.to;
}

/* Whether counts may be left as they are though they may no longer be true. */
static bool may_wait(const struct measure *measure, const struct target_state *state) {
    return has_counts(state) && state->manner == MEASURE_SPARING && !state->failed &&
           state->asked_at - state->counted_at < measure->pipeline->poll.changing_ms;
}

/* Nothing vouches for the last counts, or there are none. */
static void pay(struct measure *measure, struct target_state *state) {
    if (may_wait(measure, state)) {
        answer(measure, state,
               (struct measure_answer){.outcome = MEASURE_LEFT,
                                       .again_at = state->counted_at +
                                                   measure->pipeline->poll.changing_ms});
    } else if (state->free_only) {
        struct error error;
        (void)error_set(&error, EXIT_UNAVAILABLE,
                        "not counted again: the night's byte budget (poll.bytes_per_night) is used "
                        "up");
        fail(measure, state, &error, NULL);
    } else {
        start_query(measure, state);
    }
}

/* Forgets counts that must not be rested on: a person wants them anew, they are too old, or they
 * are of a time to come. */
static void distrust(struct measure *measure, struct target_state *state, int64_t now) {
    int64_t age = now - state->counted_at;
    if (state->manner == MEASURE_FORCED || age < 0 || age > measure->pipeline->poll.recheck_ms) {
        state->counted_at = 0;
    }
}

void measure_start(struct measure *measure, struct measure_target target, struct day_range range,
                   enum measure_manner manner, bool free_only) {
    struct target_state *state = find_state(measure, target);
    if (state == NULL) {
        return;
    }
    state->owed = manner > state->owed ? manner : state->owed;
    if (state->step != STEP_IDLE) {
        return;
    }
    int64_t now = clock_wall_ms(measure->clock);
    state->range = range;
    state->free_only = free_only;
    state->manner = state->owed;
    state->owed = MEASURE_SPARING;
    state->asked_at = now;
    state->signal[0] = '\0';
    if (!reach(measure)) {
        struct bigquery_failure missing = {.class = BIGQUERY_AUTH, .reason = "credentials"};
        fail(measure, state, &measure->connection.missing, &missing);
        return;
    }
    distrust(measure, state, now);
    if (state->sources.count > 0) {
        start_free_checks(measure, state);
    } else {
        pay(measure, state);
    }
}

bool measure_recall(struct measure *measure, const struct measure_memory *memory) {
    struct target_state *state = find_state(measure, memory->target);
    if (state == NULL || state->counted_at != 0 || memory->query_hash == NULL ||
        strcmp(memory->query_hash, state->sources.query_hash) != 0 ||
        (memory->signal != NULL && strlen(memory->signal) >= SOURCES_DIGEST_SIZE)) {
        return false;
    }
    state->counted_at = memory->counted_at;
    state->counted_range = memory->range;
    (void)snprintf(state->counted_signal, sizeof state->counted_signal, "%s",
                   memory->signal != NULL ? memory->signal : "");
    return true;
}

/* Rows in a streaming buffer are counted, and more may follow. */
static void note_streaming(struct target_state *state, const struct bigquery_table *table) {
    if (!table->streaming) {
        return;
    }
    bool known =
        table->streaming_rows != BIGQUERY_UNKNOWN && state->streaming_rows != BIGQUERY_UNKNOWN;
    state->streaming = true;
    state->streaming_rows =
        known ? state->streaming_rows + table->streaming_rows : BIGQUERY_UNKNOWN;
}

static void take_metadata(struct target_state *state, size_t index,
                          const struct bigquery_result *result) {
    struct error error = {0};
    if (!bigquery_result_check(result, &error)) {
        state->check_failed = true;
        state->error = error;
        state->failure = result->failure;
    } else if (!result->table.exists) {
        state->check_failed = true;
        (void)error_set(&state->error, EXIT_UNAVAILABLE, "%s", result->failure.message);
        state->failure = result->failure;
    } else {
        sources_see(&state->sources, index, &result->table);
        note_streaming(state, &result->table);
    }
}

static void end_free_checks(struct measure *measure, struct target_state *state) {
    if (state->check_failed) {
        fail(measure, state, &state->error, &state->failure);
        return;
    }
    (void)sources_signal(&state->sources, state->range, state->signal);
    if (has_counts(state) && state->signal[0] != '\0' &&
        strcmp(state->signal, state->counted_signal) == 0) {
        struct measure_answer given = {
            .outcome = MEASURE_CONFIRMED, .has_value = state->has_value, .value = state->value};
        (void)snprintf(given.signal, sizeof given.signal, "%s", state->signal);
        answer(measure, state, given);
    } else {
        pay(measure, state);
    }
}

/* The counts or the value of a query that is done. */
static bool read_rows(const struct target_state *state, const struct bigquery_rows *rows,
                      struct measure_answer *given, struct error *error) {
    if (rows->warned) {
        return error_set(error, EXIT_UNAVAILABLE, "BigQuery warns that rows may be missing: %s",
                         rows->warning != NULL ? rows->warning : "no reason given");
    }
    return state->target.kind == MEASURE_CHECK
               ? measure_read_value(rows, given, error)
               : measure_read_counts(rows, state->target.kind == MEASURE_EXPECTED, given, error);
}

/* A query costs what it costs, whether its rows can be used or not. */
static void take_rows(struct measure *measure, struct target_state *state,
                      const struct bigquery_result *result) {
    struct measure_answer given = {
        .outcome = MEASURE_COUNTED,
        .queried = true,
        .bill = bigquery_result_bill(result, state->sources.count),
        .bytes_processed = result->rows.bytes_processed,
        .cache_hit = result->rows.cache_hit,
    };
    const char *name = measure_name(measure->pipeline, state->target);
    if (!measure_check_result(measure->pipeline, name, result, &given.error) ||
        !read_rows(state, &result->rows, &given, &given.error)) {
        free(given.counts);
        given.counts = NULL;
        given.count = 0;
        given.has_value = false;
        given.outcome = MEASURE_FAILED;
        given.failure = result->failure;
        answer(measure, state, given);
        return;
    }
    given.streaming = state->streaming;
    given.streaming_rows = state->streaming_rows;
    state->counted_at = state->asked_at;
    state->counted_range = state->range;
    state->has_value = given.has_value;
    state->value = given.value;
    (void)snprintf(state->counted_signal, sizeof state->counted_signal, "%s", state->signal);
    (void)snprintf(given.signal, sizeof given.signal, "%s", state->signal);
    (void)snprintf(given.query_hash, sizeof given.query_hash, "%s", state->sources.query_hash);
    answer(measure, state, given);
}

void measure_estimate(struct measure *measure, struct measure_target target,
                      struct day_range range) {
    struct target_state *state = find_state(measure, target);
    struct measure_answer given = {.target = target,
                                   .outcome = MEASURE_ESTIMATED,
                                   .at = clock_wall_ms(measure->clock),
                                   .range = range};
    if (state == NULL || state->estimating) {
        return;
    }
    state->estimating = submit(measure, state, range, true, &given.error);
    if (!state->estimating) {
        add_ready(measure, &given);
    }
}

static void take_estimate(struct measure *measure, struct target_state *state,
                          const struct bigquery_result *result) {
    const struct bigquery_rows *rows = &result->rows;
    struct measure_answer given = {
        .target = state->target,
        .outcome = MEASURE_ESTIMATED,
        .at = result->ended_ms,
        .bytes_processed = BIGQUERY_UNKNOWN,
        .bill = {BIGQUERY_BILL_UNKNOWN, BIGQUERY_UNKNOWN},
    };
    state->estimating = false;
    if (measure_check_result(measure->pipeline, measure_name(measure->pipeline, state->target),
                             result, &given.error)) {
        given.bytes_processed = rows->bytes_processed;
        given.bill = (struct bigquery_bill){
            BIGQUERY_BILL_ESTIMATED,
            bigquery_billed_estimate(rows->bytes_processed, rows->referenced_tables)};
    }
    add_ready(measure, &given);
}

static void take_result(struct measure *measure, struct bigquery_result *result) {
    if (server_jobs_take(measure->jobs, result)) {
        return;
    }
    const struct question *question = result->user;
    if (question->source == ASKS_QUERY) {
        take_rows(measure, question->state, result);
        bigquery_result_free(result);
        return;
    }
    if (question->source == ASKS_ESTIMATE) {
        take_estimate(measure, question->state, result);
        bigquery_result_free(result);
        return;
    }
    take_metadata(question->state, question->source, result);
    bigquery_result_free(result);
    if (--question->state->waiting == 0) {
        end_free_checks(measure, question->state);
    }
}

void measure_jobs(struct measure *measure, const char *run, int64_t created_after_ms, bool cancel) {
    (void)reach(measure);
    server_jobs_ask(measure->jobs, run, created_after_ms, cancel, measure->deadline_ms);
}

bool measure_jobs_next(struct measure *measure, struct server_jobs_answer *answer) {
    return server_jobs_next(measure->jobs, answer);
}

/* A question of server_jobs.h: its trouble is told with its run. */
static bool is_about_jobs(enum bigquery_kind kind) {
    return kind == BIGQUERY_KIND_JOBS || kind == BIGQUERY_KIND_JOB_CANCEL;
}

bool measure_next(struct measure *measure, int64_t timeout_ms, struct measure_answer *given) {
    while (measure->ready_count == 0) {
        if (measure->connection.client == NULL) {
            int wait = timeout_ms >= 0 && timeout_ms < IDLE_MS ? (int)timeout_ms : IDLE_MS;
            (void)poll(NULL, 0, wait);
            return false;
        }
        struct bigquery_result *result =
            bigquery_client_wait(measure->connection.client, timeout_ms);
        if (result == NULL) {
            return false;
        }
        bool about_jobs = is_about_jobs(result->kind);
        take_result(measure, result);
        if (about_jobs) {
            return false;
        }
    }
    *given = measure->ready[0];
    measure->ready_count--;
    memmove(measure->ready, measure->ready + 1, measure->ready_count * sizeof *measure->ready);
    return true;
}

size_t measure_pending(const struct measure *measure) {
    size_t pending = measure->ready_count + server_jobs_pending(measure->jobs);
    for (size_t i = 0; i < measure->state_count; i++) {
        pending += measure->states[i].step != STEP_IDLE ? 1 : 0;
        pending += measure->states[i].estimating ? 1 : 0;
    }
    return pending;
}

static void add_trouble(const struct measure *measure, struct measure_trouble *trouble,
                        const struct bigquery_activity *activity) {
    const struct question *question = activity->user;
    const char *name = measure_name(measure->pipeline, question->state->target);
    if (trouble->failure.class == BIGQUERY_NO_FAILURE) {
        double scale = clock_scale() > 0 ? clock_scale() : 1;
        trouble->failure = activity->failure;
        trouble->next_try = activity->next_try_in_ms == 0
                                ? 0
                                : clock_wall_ms(measure->clock) +
                                      (int64_t)((double)activity->next_try_in_ms * scale);
    }
    bool same = strcmp(activity->failure.reason, trouble->failure.reason) == 0;
    bool known = trouble->count > 0 && trouble->names[trouble->count - 1] == name;
    if (same && !known) {
        trouble->names = memory_resize(trouble->names, trouble->count + 1, sizeof *trouble->names);
        trouble->names[trouble->count++] = name;
    }
}

struct measure_trouble measure_trouble(const struct measure *measure) {
    struct bigquery_activity activities[64];
    struct measure_trouble trouble = {.count = 0};
    if (measure->connection.client == NULL) {
        return trouble;
    }
    size_t count = bigquery_client_activity(measure->connection.client, activities, 64);
    for (size_t i = 0; i < count && i < 64; i++) {
        if (activities[i].failure.class != BIGQUERY_NO_FAILURE &&
            !is_about_jobs(activities[i].kind)) {
            add_trouble(measure, &trouble, &activities[i]);
        }
    }
    return trouble;
}

void measure_trouble_free(struct measure_trouble *trouble) {
    free(trouble->names);
    *trouble = (struct measure_trouble){.count = 0};
}

void measure_wakeup(struct measure *measure) {
    (void)pthread_mutex_lock(&measure->lock);
    if (measure->connection.client != NULL) {
        bigquery_client_wakeup(measure->connection.client);
    }
    (void)pthread_mutex_unlock(&measure->lock);
}

struct connection_facts measure_credentials(const struct measure *measure) {
    return connection_facts(&measure->connection, measure->pipeline, measure->options.endpoint);
}
