#include "agent/online.h"

#include <stdlib.h>
#include <string.h>

#include "agent/connection.h"
#include "agent/online_judge.h"
#include "base/count.h"
#include "base/memory.h"

#define DEADLINE_MS INT64_C(30000)
#define NS_PER_MS   INT64_C(1000000)

/* A dataset that tables of the pipeline lie in, or that a missing table was looked for in. */
struct place {
    char *project, *dataset;
    size_t table;                   /* the first of the pipeline's in it */
    struct bigquery_result *answer; /* datasets.get */
    struct bigquery_result *tables; /* tables.list; NULL: not asked, or no answer */
    bool asked;                     /* for them */
};

/* A query of the pipeline and its dry run. */
struct trial {
    struct online_query query;
    char *what; /* owned; NULL: it is borrowed */
    struct bigquery_result *answer;
};

struct inquiry {
    const struct pipeline *pipeline;
    const struct clock *clock;
    struct connection connection;
    int64_t until_ns; /* boot time */
    struct day_range range;
    struct bigquery_result **metadata; /* one a table */
    struct place *places;
    size_t place_count, place_capacity;
    struct trial *trials; /* those of the tables first, in their order */
    size_t trial_count, trial_capacity;
    struct error refused; /* the last request that was not even sent */
};

static void add_trial(struct inquiry *inquiry, struct online_query query, char *what) {
    inquiry->trials = memory_grow(inquiry->trials, inquiry->trial_count, &inquiry->trial_capacity,
                                  sizeof *inquiry->trials);
    query.what = what != NULL ? what : query.what;
    inquiry->trials[inquiry->trial_count++] = (struct trial){.query = query, .what = what};
}

static void list_trials(struct inquiry *inquiry) {
    const struct pipeline *pipeline = inquiry->pipeline;
    for (size_t i = 0; i < pipeline->table_count; i++) {
        const struct pipeline_table *table = &pipeline->tables[i];
        add_trial(inquiry,
                  (struct online_query){ONLINE_QUERY_COVERAGE, table->name, table->coverage_sql,
                                        &pipeline->coverage, i},
                  NULL);
    }
    for (size_t i = 0; i < pipeline->expected_count; i++) {
        const struct pipeline_expected *expected = &pipeline->expected[i];
        if (expected->kind == PIPELINE_EXPECTED_QUERY) {
            add_trial(inquiry,
                      (struct online_query){ONLINE_QUERY_EXPECTED, expected->name, expected->sql,
                                            &expected->source, PIPELINE_NONE},
                      NULL);
        }
    }
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        const struct pipeline_gate *gate = &pipeline->gates[i];
        for (size_t j = 0; j < gate->check_count; j++) {
            const struct pipeline_check *check = &gate->checks[j];
            if (check->kind == PIPELINE_CHECK_QUERY) {
                add_trial(inquiry,
                          (struct online_query){.kind = ONLINE_QUERY_CHECK,
                                                .sql = check->sql,
                                                .source = &check->source,
                                                .table = PIPELINE_NONE},
                          memory_format("%s %s", gate->name, check->name));
            }
        }
    }
}

static struct place *find_place(struct inquiry *inquiry, const char *project, const char *dataset) {
    for (size_t i = 0; i < inquiry->place_count; i++) {
        struct place *place = &inquiry->places[i];
        if (strcmp(place->project, project) == 0 && strcmp(place->dataset, dataset) == 0) {
            return place;
        }
    }
    return NULL;
}

static void add_place(struct inquiry *inquiry, const char *project, const char *dataset,
                      size_t table) {
    if (find_place(inquiry, project, dataset) != NULL) {
        return;
    }
    inquiry->places = memory_grow(inquiry->places, inquiry->place_count, &inquiry->place_capacity,
                                  sizeof *inquiry->places);
    inquiry->places[inquiry->place_count++] = (struct place){.project = memory_copy_string(project),
                                                             .dataset = memory_copy_string(dataset),
                                                             .table = table};
}

static int64_t left_ms(const struct inquiry *inquiry) {
    int64_t left = (inquiry->until_ns - clock_boot_ns(inquiry->clock)) / NS_PER_MS;
    return left > 1 ? left : 1;
}

static void ask_trial(struct inquiry *inquiry, struct trial *trial) {
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    const struct bigquery_parameter parameters[] = {
        {.name = "from", .type = BIGQUERY_DATE, .value = day_format(inquiry->range.from, from)},
        {.name = "to", .type = BIGQUERY_DATE, .value = day_format(inquiry->range.to, to)},
    };
    struct bigquery_query query = {
        .sql = trial->query.sql,
        .parameters = parameters,
        .parameter_count = 2,
        .dry_run = true,
        .deadline_ms = left_ms(inquiry),
        .user = &trial->answer,
    };
    (void)bigquery_submit_query(inquiry->connection.client, &query, &inquiry->refused);
}

/* Everything at once: tables, their datasets, dry runs. What is refused before it is sent stays
 * without an answer. */
static void ask_all(struct inquiry *inquiry) {
    const struct pipeline *pipeline = inquiry->pipeline;
    for (size_t i = 0; i < pipeline->table_count; i++) {
        const struct pipeline_table *table = &pipeline->tables[i];
        struct bigquery_table_name name = {table->project, table->dataset, table->table};
        add_place(inquiry, table->project, table->dataset, i);
        (void)bigquery_submit_table(inquiry->connection.client, &name, left_ms(inquiry),
                                    (void *)&inquiry->metadata[i], &inquiry->refused);
    }
    for (size_t i = 0; i < inquiry->place_count; i++) {
        struct place *place = &inquiry->places[i];
        (void)bigquery_submit_dataset(inquiry->connection.client, place->project, place->dataset,
                                      left_ms(inquiry), (void *)&place->answer, &inquiry->refused);
    }
    for (size_t i = 0; i < inquiry->trial_count; i++) {
        ask_trial(inquiry, &inquiry->trials[i]);
    }
}

/* Hands every answer to the slot that it was asked for. */
static void wait_for_all(struct inquiry *inquiry) {
    while (bigquery_client_pending(inquiry->connection.client) > 0) {
        struct bigquery_result *result = bigquery_client_wait(inquiry->connection.client, -1);
        if (result != NULL) {
            *(struct bigquery_result **)result->user = result;
        }
    }
}

static void ask_tables(struct inquiry *inquiry, struct place *place) {
    if (place != NULL && !place->asked) {
        place->asked = true;
        (void)bigquery_submit_tables(inquiry->connection.client, place->project, place->dataset,
                                     left_ms(inquiry), (void *)&place->tables, &inquiry->refused);
    }
}

/* The second round: what else is there, where something is missing. Only a hint depends on it. */
static void ask_for_neighbours(struct inquiry *inquiry) {
    struct online_name name;
    for (size_t i = inquiry->pipeline->table_count; i < inquiry->trial_count; i++) {
        if (inquiry->trials[i].answer != NULL &&
            online_missing_table(inquiry->trials[i].answer, &name)) {
            add_place(inquiry, name.project, name.dataset, PIPELINE_NONE);
            online_name_free(&name);
        }
    }
    for (size_t i = 0; i < inquiry->pipeline->table_count; i++) {
        const struct bigquery_result *metadata = inquiry->metadata[i];
        const struct pipeline_table *table = &inquiry->pipeline->tables[i];
        struct place *place = find_place(inquiry, table->project, table->dataset);
        if (metadata != NULL && metadata->status == BIGQUERY_DONE && !metadata->table.exists &&
            place->answer != NULL && place->answer->dataset.exists) {
            ask_tables(inquiry, place);
        }
    }
    for (size_t i = inquiry->pipeline->table_count; i < inquiry->trial_count; i++) {
        if (inquiry->trials[i].answer != NULL &&
            online_missing_table(inquiry->trials[i].answer, &name)) {
            ask_tables(inquiry, find_place(inquiry, name.project, name.dataset));
            online_name_free(&name);
        }
    }
    wait_for_all(inquiry);
}

/* The tables that stand beside the one that a query did not find; NULL when they are not known. */
static const struct bigquery_result *neighbours(struct inquiry *inquiry,
                                                const struct bigquery_result *answer) {
    struct online_name name;
    const struct place *place = NULL;
    if (online_missing_table(answer, &name)) {
        place = find_place(inquiry, name.project, name.dataset);
        online_name_free(&name);
    }
    return place != NULL ? place->tables : NULL;
}

static void tell_unasked(const struct inquiry *inquiry, const struct online_context *context,
                         struct pipeline_place place, const char *what) {
    online_add(context, ONLINE_UNKNOWN, inquiry->pipeline->file, place, what,
               "it could not be asked about: %s", inquiry->refused.text);
}

static void judge_tables(struct inquiry *inquiry, const struct online_context *context) {
    for (size_t i = 0; i < inquiry->pipeline->table_count; i++) {
        const struct pipeline_table *table = &inquiry->pipeline->tables[i];
        const struct place *place = find_place(inquiry, table->project, table->dataset);
        const struct online_table_answers answers = {inquiry->metadata[i], place->answer,
                                                     inquiry->trials[i].answer, place->tables};
        if (answers.metadata == NULL || answers.dataset == NULL || answers.coverage == NULL) {
            tell_unasked(inquiry, context, table->at.table, table->name);
        } else {
            online_judge_table(context, i, &answers);
        }
    }
    for (size_t i = 0; i < inquiry->place_count; i++) {
        const struct place *place = &inquiry->places[i];
        if (place->table != PIPELINE_NONE && place->answer != NULL) {
            online_judge_dataset(context, place->table, place->answer);
        }
    }
}

static void judge_queries(struct inquiry *inquiry, const struct online_context *context) {
    for (size_t i = inquiry->pipeline->table_count; i < inquiry->trial_count; i++) {
        const struct trial *trial = &inquiry->trials[i];
        if (trial->answer == NULL) {
            tell_unasked(inquiry, context, trial->query.source->at, trial->query.what);
        } else {
            online_judge_query(context, &trial->query, trial->answer,
                               neighbours(inquiry, trial->answer));
        }
    }
}

static bool is_answered(const struct bigquery_result *result) {
    return result != NULL &&
           (result->status == BIGQUERY_DONE || result->failure.class == BIGQUERY_QUERY ||
            result->failure.class == BIGQUERY_NOT_FOUND ||
            result->failure.class == BIGQUERY_BYTES_LIMIT);
}

/* Whether there was any answer at all; without one, one finding says why for all. */
static bool any_answer(struct inquiry *inquiry, const struct online_context *context) {
    const struct bigquery_result *failed = NULL;
    for (size_t i = 0; i < inquiry->pipeline->table_count; i++) {
        if (is_answered(inquiry->metadata[i])) {
            return true;
        }
        failed = failed != NULL ? failed : inquiry->metadata[i];
    }
    for (size_t i = 0; i < inquiry->trial_count; i++) {
        if (is_answered(inquiry->trials[i].answer)) {
            return true;
        }
        failed = failed != NULL ? failed : inquiry->trials[i].answer;
    }
    char *why =
        failed != NULL ? online_failure_text(failed) : memory_copy_string(inquiry->refused.text);
    online_add(context, ONLINE_UNKNOWN, inquiry->pipeline->file, inquiry->pipeline->at.project,
               "BigQuery", "nothing could be asked: %s", why);
    free(why);
    return false;
}

/* What asking everything once costs; not known unless every query told. */
static void add_cost(const struct inquiry *inquiry, struct online_report *report) {
    report->bytes = 0;
    for (size_t i = 0; i < inquiry->trial_count; i++) {
        const struct bigquery_result *answer = inquiry->trials[i].answer;
        if (answer == NULL || answer->status != BIGQUERY_DONE) {
            report->bytes = BIGQUERY_UNKNOWN;
            return;
        }
        report->bytes =
            count_add(report->bytes, bigquery_billed_estimate(answer->rows.bytes_processed,
                                                              answer->rows.referenced_tables));
    }
    report->cost = bigquery_cost(report->bytes, inquiry->pipeline->poll.price_per_tib);
}

static void free_inquiry(struct inquiry *inquiry) {
    connection_close(&inquiry->connection);
    for (size_t i = 0; i < inquiry->pipeline->table_count; i++) {
        bigquery_result_free(inquiry->metadata[i]);
    }
    for (size_t i = 0; i < inquiry->place_count; i++) {
        free(inquiry->places[i].project);
        free(inquiry->places[i].dataset);
        bigquery_result_free(inquiry->places[i].answer);
        bigquery_result_free(inquiry->places[i].tables);
    }
    for (size_t i = 0; i < inquiry->trial_count; i++) {
        free(inquiry->trials[i].what);
        bigquery_result_free(inquiry->trials[i].answer);
    }
    free((void *)inquiry->metadata);
    free(inquiry->places);
    free(inquiry->trials);
}

static void inquire(struct inquiry *inquiry, const struct online_context *context) {
    ask_all(inquiry);
    wait_for_all(inquiry);
    if (!any_answer(inquiry, context)) {
        return;
    }
    ask_for_neighbours(inquiry);
    judge_tables(inquiry, context);
    judge_queries(inquiry, context);
}

void online_check(const struct pipeline *pipeline, const struct online_options *options,
                  struct online_report *report) {
    const struct clock *clock = options->clock != NULL ? options->clock : clock_system();
    int64_t deadline_ms = options->deadline_ms > 0 ? options->deadline_ms : DEADLINE_MS;
    int64_t now_ms = clock_wall_ms(clock);
    *report = (struct online_report){.tables = pipeline->table_count};
    struct inquiry inquiry = {
        .pipeline = pipeline,
        .clock = clock,
        .until_ns = clock_boot_ns(clock) + deadline_ms * NS_PER_MS,
        .range = pipeline_range(pipeline, now_ms),
        .metadata = memory_new(pipeline->table_count, sizeof(struct bigquery_result *)),
    };
    const struct online_context context = {pipeline, inquiry.range, now_ms, &report->findings,
                                           options->expected};
    list_trials(&inquiry);
    report->queries = inquiry.trial_count;
    const struct connection_options connection = {.endpoint = options->endpoint,
                                                  .purpose = "validate",
                                                  .clock = clock,
                                                  .deadline_ms = deadline_ms};
    if (!connection_open(&inquiry.connection, pipeline, &connection, &inquiry.refused)) {
        online_add(&context, ONLINE_UNKNOWN, pipeline->file, pipeline->at.project, "BigQuery",
                   "nothing could be asked: %s", inquiry.refused.text);
    } else {
        inquire(&inquiry, &context);
    }
    add_cost(&inquiry, report);
    free_inquiry(&inquiry);
    online_sort(&report->findings);
    for (size_t i = 0; i < report->findings.count; i++) {
        report->by_severity[report->findings.items[i].severity]++;
    }
}

void online_report_free(struct online_report *report) {
    online_findings_free(&report->findings);
    *report = (struct online_report){0};
}
