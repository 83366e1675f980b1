/* What each step sends, and what it makes of the answer. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "bigquery/client.h"

#define NS_PER_MS     INT64_C(1000000)
#define JOBS_PER_PAGE 500
#define LATEST_JOBS   100

static const char REQUEST_LABEL[] = "request_id"; /* by which a job is found again */
#define TABLES_PER_PAGE 1000

/* ---- What is sent ------------------------------------------------------------------------ */

static void add_project(const struct request *request, struct text_buffer *url) {
    const struct bigquery_job *job = &request->answer->open.job;
    text_buffer_format(url, "%s/projects", request->client->base);
    url_add_segment(url, job->project != NULL ? job->project : request->client->project);
}

static void address_queries(const struct request *request, struct text_buffer *url) {
    add_project(request, url);
    text_buffer_add(url, "/queries");
}

static void address_results(const struct request *request, struct text_buffer *url) {
    const struct bigquery_job *job = &request->answer->open.job;
    address_queries(request, url);
    url_add_segment(url, job->job_id);
    url_add_option(url, "location", job->location);
    url_add_number(url, "maxResults", request->page_rows);
    url_add_number(url, "timeoutMs", request->timeout_ms);
    url_add_option(url, "formatOptions.useInt64Timestamp", "true");
    url_add_option(url, "pageToken", request->page_token);
}

static void address_job(const struct request *request, struct text_buffer *url) {
    const struct bigquery_job *job = &request->answer->open.job;
    add_project(request, url);
    text_buffer_add(url, "/jobs");
    url_add_segment(url, job->job_id);
    url_add_option(url, "location", job->location);
}

static void address_jobs(const struct request *request, struct text_buffer *url) {
    add_project(request, url);
    text_buffer_add(url, "/jobs");
}

/* Whether the answer comes in pages that belong to no job. */
static bool is_list(const struct request *request) {
    return request->step == STEP_JOBS || request->step == STEP_TABLES;
}

static void address_latest(const struct request *request, struct text_buffer *url) {
    address_jobs(request, url);
    url_add_option(url, "projection", "full");
    url_add_number(url, "maxResults", LATEST_JOBS);
}

static void address_fixed(const struct request *request, struct text_buffer *url) {
    text_buffer_add(url, request->url);
    if (is_list(request)) {
        url_add_number(url, "maxResults",
                       request->step == STEP_JOBS ? JOBS_PER_PAGE : TABLES_PER_PAGE);
        url_add_option(url, "pageToken", request->page_token);
    }
}

/* ---- Answers to queries ------------------------------------------------------------------ */

static struct verdict malformed(const struct request *request, const char *what) {
    return verdict_format("malformed", (int)request->exchange.status,
                          "the answer is not as BigQuery's: %s", what);
}

static struct verdict changed(const char *what) {
    return verdict_format("resultChanged", 200, "the result changed while it was read: %s", what);
}

static void read_errors(struct answer *answer, const json_t *errors) {
    if (json_array_size(errors) > 0 && !answer->open.rows.warned) {
        char line[BIGQUERY_MESSAGE_SIZE];
        const char *message = json_get_string(json_array_get(errors, 0), "message", "");
        verdict_sanitise(line, sizeof line, text_of(message));
        answer->open.rows.warned = true;
        answer->open.rows.warning = arena_string(&answer->arena, line);
    }
}

static void read_warning(struct answer *answer, const json_t *body) {
    read_errors(answer, json_object_get(body, "errors"));
}

static void read_numbers(struct bigquery_rows *rows, const json_t *body) {
    const struct {
        const char *key;
        int64_t *number;
    } NUMBERS[] = {
        {"totalBytesProcessed", &rows->bytes_processed},
        {"totalBytesBilled", &rows->bytes_billed},
        {"numDmlAffectedRows", &rows->affected_rows},
    };
    for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++) {
        int64_t value = answer_int64(body, NUMBERS[i].key);
        *NUMBERS[i].number = value != BIGQUERY_UNKNOWN ? value : *NUMBERS[i].number;
    }
    rows->cache_hit = json_get_bool(body, "cacheHit", rows->cache_hit);
}

/* The job still runs: asks again at once if the server held the call, else after a growing pause.
 */
static enum outcome poll_again(struct request *request, struct verdict *verdict) {
    const struct bigquery_client *client = request->client;
    if (request->answer->open.job.job_id == NULL) {
        *verdict = malformed(request, "the job is not complete and has no id");
        return OUTCOME_FAILED;
    }
    int shift = request->polls < 4 ? 4 - request->polls : 0;
    int64_t pause_ns = client->retry_base_ms * NS_PER_MS >> shift;
    request->polls++;
    request->step = request->step == STEP_PAGE ? STEP_PAGE : STEP_POLL;
    request->due_ns = request->sent_ns + pause_ns;
    request->place = PLACE_PAUSED;
    return OUTCOME_NEXT;
}

/* Whether a page has the columns of the first. Its etag is that page's own and says nothing. */
static bool has_columns(struct answer *answer, const json_t *schema) {
    const struct bigquery_rows *rows = &answer->open.rows;
    const struct bigquery_field *fields = NULL;
    size_t count = 0;
    return schema == NULL || (answer_read_fields(&answer->arena, schema, &fields, &count) &&
                              answer_same_fields(rows->columns, rows->column_count, fields, count));
}

/* Whether an answer speaks of the job that was asked for. */
static bool is_of_job(const struct request *request, const json_t *reference) {
    const char *asked = request->answer->open.job.job_id;
    const char *told = json_get_string(reference, "jobId", "");
    bool known = request->step == STEP_POLL || request->step == STEP_PAGE;
    return !known || told[0] == '\0' || (asked != NULL && strcmp(told, asked) == 0);
}

/* Takes one page over; false when it is malformed or contradicts the pages before. */
static bool take_page(struct request *request, const json_t *body, struct verdict *verdict) {
    struct answer *answer = request->answer;
    struct bigquery_rows *rows = &answer->open.rows;
    const json_t *schema = json_object_get(body, "schema");
    bool first = request->step != STEP_PAGE;
    if (first && !answer_read_fields(&answer->arena, schema, &rows->columns, &rows->column_count)) {
        *verdict = malformed(request, "schema");
        return false;
    }
    int64_t total = answer_int64(body, "totalRows");
    if (total == BIGQUERY_UNKNOWN && rows->column_count == 0) {
        total = 0; /* DML and DDL have no rows to count */
    }
    if (total == BIGQUERY_UNKNOWN) {
        *verdict = malformed(request, "totalRows is missing");
        return false;
    }
    if (!first && (total != request->total_rows || !has_columns(answer, schema))) {
        *verdict = changed("a page speaks of other rows or columns than the first");
        return false;
    }
    if ((uint64_t)total > request->row_limit) {
        *verdict = verdict_format("rowLimit", 200, "%lld rows, more than the %zu that are read",
                                  (long long)total, request->row_limit);
        return false;
    }
    request->total_rows = total;
    if (!answer_add_rows(answer, json_object_get(body, "rows"))) {
        *verdict = malformed(request, "a row does not fit the columns");
        return false;
    }
    return true;
}

static enum outcome next_page(struct request *request, const char *token, struct verdict *verdict) {
    if (request->page_token != NULL && strcmp(request->page_token, token) == 0) {
        *verdict = changed("the same page was offered twice");
        return OUTCOME_FAILED;
    }
    if (!is_list(request) && request->answer->open.job.job_id == NULL) {
        *verdict = malformed(request, "there are further pages and the job has no id");
        return OUTCOME_FAILED;
    }
    free(request->page_token);
    request->page_token = memory_copy_string(token);
    request->step = is_list(request) ? request->step : STEP_PAGE;
    request->place = PLACE_READY;
    return OUTCOME_NEXT;
}

/* All rows are there: what did it cost? */
static enum outcome finish_rows(struct request *request, struct verdict *verdict) {
    struct bigquery_rows *rows = &request->answer->open.rows;
    if ((int64_t)rows->row_count != request->total_rows) {
        *verdict = changed("fewer or more rows came than were announced");
        return OUTCOME_FAILED;
    }
    if (rows->bytes_billed == BIGQUERY_UNKNOWN && rows->cache_hit) {
        rows->bytes_billed = 0;
    }
    if (rows->bytes_billed != BIGQUERY_UNKNOWN || request->answer->open.job.job_id == NULL) {
        return OUTCOME_DONE;
    }
    request->step = STEP_BILL;
    request->place = PLACE_READY;
    return OUTCOME_NEXT;
}

static enum outcome accept_rows(struct request *request, const json_t *body,
                                struct verdict *verdict) {
    struct answer *answer = request->answer;
    const json_t *complete = json_object_get(body, "jobComplete");
    if (!is_of_job(request, json_object_get(body, "jobReference"))) {
        *verdict = changed("the answer is of another job");
        return OUTCOME_FAILED;
    }
    answer_read_job(answer, json_object_get(body, "jobReference"));
    if (!json_is_boolean(complete)) {
        *verdict = malformed(request, "jobComplete is missing");
        return OUTCOME_FAILED;
    }
    if (json_is_false(complete)) {
        return poll_again(request, verdict);
    }
    if (!take_page(request, body, verdict)) {
        return OUTCOME_FAILED;
    }
    read_warning(answer, body);
    read_numbers(&answer->open.rows, body);
    const char *token = json_get_string(body, "pageToken", "");
    return token[0] != '\0' ? next_page(request, token, verdict) : finish_rows(request, verdict);
}

/* ---- Answers about jobs ------------------------------------------------------------------ */

/* Runs the query again under a new id: its job is dead. */
static void restart(struct request *request) {
    answer_forget_rows(request->answer);
    request->answer->open.job = (struct bigquery_job){0};
    request->total_rows = BIGQUERY_UNKNOWN;
    free(request->page_token);
    request->page_token = NULL;
    request->step = request->start;
}

/* What a failed job says; a job that died of what may pass is run again under a new id. */
static enum outcome judge_job(struct request *request, const json_t *failed, int http_code,
                              struct verdict *verdict) {
    *verdict = verdict_of_reason(json_get_string(failed, "reason", ""), http_code,
                                 text_of(json_get_string(failed, "message", "the job failed")));
    if (verdict->action == VERDICT_RETRY || verdict->action == VERDICT_NEW_JOB) {
        verdict->action = VERDICT_NEW_JOB;
        restart(request);
    }
    return OUTCOME_FAILED;
}

void step_found_job(struct request *request) {
    request->step = STEP_POLL;
    request->place = PLACE_READY;
    request->last = (struct bigquery_failure){0};
}

/* The job of the try whose answer was lost, if there is one, is among our latest. */
static enum outcome accept_find(struct request *request, const json_t *body,
                                struct verdict *verdict) {
    (void)verdict;
    size_t index = 0;
    json_t *job = NULL;
    json_array_foreach(json_object_get(body, "jobs"), index, job) {
        const json_t *labels = answer_member(job, "configuration", "labels");
        const json_t *reference = json_object_get(job, "jobReference");
        if (strcmp(json_get_string(labels, REQUEST_LABEL, ""), request->request_id) == 0 &&
            json_get_string(reference, "jobId", NULL) != NULL) {
            answer_read_job(request->answer, reference);
            step_found_job(request);
            return OUTCOME_NEXT;
        }
    }
    request->step = STEP_QUERY;
    request->place = PLACE_READY;
    return OUTCOME_NEXT;
}

/* The job was started under our id: its rows are read as those of any other. */
static enum outcome accept_start(struct request *request, const json_t *body,
                                 struct verdict *verdict) {
    const json_t *failed = answer_member(body, "status", "errorResult");
    const json_t *reference = json_object_get(body, "jobReference");
    if (strcmp(json_get_string(reference, "jobId", ""), request->request_id) != 0) {
        *verdict = malformed(request, "the job has another id than it was given");
        return OUTCOME_FAILED;
    }
    answer_read_job(request->answer, reference);
    if (json_is_object(failed)) {
        return judge_job(request, failed, 200, verdict);
    }
    step_found_job(request);
    return OUTCOME_NEXT;
}

/* After a poll that failed: a job that failed too decides; one that did not is polled on. */
static enum outcome accept_check(struct request *request, const json_t *body,
                                 struct verdict *verdict) {
    const json_t *status = json_object_get(body, "status");
    const json_t *failed = json_object_get(status, "errorResult");
    if (!json_is_string(json_object_get(status, "state"))) {
        *verdict = malformed(request, "the job has no state");
        return OUTCOME_FAILED;
    }
    if (!json_is_object(failed)) {
        request->step = request->resume;
        request->place = PLACE_READY;
        return OUTCOME_NEXT;
    }
    return judge_job(request, failed, request->last.http_code, verdict);
}

static enum outcome accept_bill(struct request *request, const json_t *body,
                                struct verdict *verdict) {
    (void)verdict;
    struct bigquery_rows *rows = &request->answer->open.rows;
    const json_t *query = answer_member(body, "statistics", "query");
    rows->bytes_billed = answer_int64(query, "totalBytesBilled");
    rows->cache_hit = json_get_bool(query, "cacheHit", rows->cache_hit);
    return OUTCOME_DONE;
}

/* The names that a list of references holds: their parts, joined by dots. */
static const char *const *read_names(struct arena *arena, const json_t *list,
                                     const char *const parts[3], size_t *count) {
    size_t index = 0;
    json_t *item = NULL;
    *count = json_array_size(list);
    const char **names = arena_new(arena, *count, sizeof *names);
    json_array_foreach(list, index, item) {
        struct text_buffer name = {0};
        for (size_t i = 0; i < 3 && parts[i] != NULL; i++) {
            text_buffer_format(&name, "%s%s", i > 0 ? "." : "",
                               json_get_string(item, parts[i], "?"));
        }
        names[index] = arena_string(arena, name.data);
        text_buffer_free(&name);
    }
    return names;
}

/* What a dry run tells besides its columns: all of it bears on whether the query may be trusted. */
static void read_dry_run(struct answer *answer, const json_t *query, const json_t *errors) {
    static const char *const table[] = {"projectId", "datasetId", "tableId"};
    static const char *const routine[] = {"projectId", "datasetId", "routineId"};
    static const char *const parameter[] = {"name", NULL, NULL};
    struct bigquery_rows *rows = &answer->open.rows;
    rows->statement_type = answer_string(&answer->arena, query, "statementType");
    rows->table_names = read_names(&answer->arena, json_object_get(query, "referencedTables"),
                                   table, &rows->referenced_tables);
    rows->routines = read_names(&answer->arena, json_object_get(query, "referencedRoutines"),
                                routine, &rows->routine_count);
    rows->undeclared =
        read_names(&answer->arena, json_object_get(query, "undeclaredQueryParameters"), parameter,
                   &rows->undeclared_count);
    read_errors(answer, errors);
}

static enum outcome accept_dry_run(struct request *request, const json_t *body,
                                   struct verdict *verdict) {
    struct answer *answer = request->answer;
    struct bigquery_rows *rows = &answer->open.rows;
    const json_t *statistics = json_object_get(body, "statistics");
    const json_t *query = json_object_get(statistics, "query");
    const json_t *failed = answer_member(body, "status", "errorResult");
    if (json_is_object(failed)) {
        *verdict = verdict_of_reason(json_get_string(failed, "reason", ""), 200,
                                     text_of(json_get_string(failed, "message", "")));
        return OUTCOME_FAILED;
    }
    rows->bytes_processed = answer_int64(query, "totalBytesProcessed");
    if (rows->bytes_processed == BIGQUERY_UNKNOWN) {
        rows->bytes_processed = answer_int64(statistics, "totalBytesProcessed");
    }
    if (rows->bytes_processed == BIGQUERY_UNKNOWN ||
        !answer_read_fields(&answer->arena, json_object_get(query, "schema"), &rows->columns,
                            &rows->column_count)) {
        *verdict = malformed(request, "the dry run has no statistics");
        return OUTCOME_FAILED;
    }
    rows->bytes_billed = 0;
    rows->cache_hit = json_get_bool(query, "cacheHit", false);
    read_dry_run(answer, query, answer_member(body, "status", "errors"));
    return OUTCOME_DONE;
}

static enum outcome accept_dry_query(struct request *request, const json_t *body,
                                     struct verdict *verdict) {
    struct answer *answer = request->answer;
    struct bigquery_rows *rows = &answer->open.rows;
    rows->bytes_processed = answer_int64(body, "totalBytesProcessed");
    if (rows->bytes_processed == BIGQUERY_UNKNOWN ||
        !answer_read_fields(&answer->arena, json_object_get(body, "schema"), &rows->columns,
                            &rows->column_count)) {
        *verdict = malformed(request, "the dry run has no statistics");
        return OUTCOME_FAILED;
    }
    rows->bytes_billed = 0;
    rows->cache_hit = json_get_bool(body, "cacheHit", false);
    read_dry_run(answer, NULL, json_object_get(body, "errors"));
    return OUTCOME_DONE;
}

static enum outcome accept_cancel(struct request *request, const json_t *body,
                                  struct verdict *verdict) {
    (void)verdict;
    answer_read_job(request->answer, answer_member(body, "job", "jobReference"));
    return OUTCOME_DONE;
}

static enum outcome accept_jobs(struct request *request, const json_t *body,
                                struct verdict *verdict) {
    const char *token = json_get_string(body, "nextPageToken", "");
    answer_add_jobs(request->answer, json_object_get(body, "jobs"), request->label_key,
                    request->label_value, request->running_only);
    return token[0] != '\0' ? next_page(request, token, verdict) : OUTCOME_DONE;
}

/* ---- Answers about tables ---------------------------------------------------------------- */

static enum outcome accept_table(struct request *request, const json_t *body,
                                 struct verdict *verdict) {
    if (!answer_read_table(request->answer, body)) {
        *verdict = malformed(request, "tableReference or schema");
        return OUTCOME_FAILED;
    }
    return OUTCOME_DONE;
}

static enum outcome accept_dataset(struct request *request, const json_t *body,
                                   struct verdict *verdict) {
    if (!answer_read_dataset(request->answer, body)) {
        *verdict = malformed(request, "datasetReference");
        return OUTCOME_FAILED;
    }
    return OUTCOME_DONE;
}

static enum outcome accept_tables(struct request *request, const json_t *body,
                                  struct verdict *verdict) {
    const char *token = json_get_string(body, "nextPageToken", "");
    answer_add_tables(request->answer, json_object_get(body, "tables"));
    return token[0] != '\0' ? next_page(request, token, verdict) : OUTCOME_DONE;
}

/* Rows are refused one by one; those without a fault of their own are "stopped". */
static enum outcome accept_insert(struct request *request, const json_t *body,
                                  struct verdict *verdict) {
    (void)request;
    const json_t *refused = json_object_get(body, "insertErrors");
    size_t index = 0;
    const json_t *row = json_array_get(refused, 0);
    const json_t *fault = json_array_get(json_object_get(row, "errors"), 0);
    for (; index < json_array_size(refused); index++) {
        const json_t *candidate = json_array_get(refused, index);
        const json_t *first = json_array_get(json_object_get(candidate, "errors"), 0);
        if (strcmp(json_get_string(first, "reason", "stopped"), "stopped") != 0) {
            row = candidate;
            fault = first;
            break;
        }
    }
    if (row == NULL) {
        return OUTCOME_DONE;
    }
    *verdict = verdict_format(json_get_string(fault, "reason", "invalid"), 200,
                              "%zu rows refused; row %lld: %s", json_array_size(refused),
                              (long long)json_get_integer(row, "index", 0),
                              json_get_string(fault, "message", "no message"));
    verdict->action = VERDICT_STOP;
    return OUTCOME_FAILED;
}

/* ---- The table --------------------------------------------------------------------------- */

static const struct step_kind {
    void (*address)(const struct request *request, struct text_buffer *url);
    bool post;
    enum bigquery_phase phase;
    enum gate_method method;
    enum outcome (*accept)(struct request *request, const json_t *body, struct verdict *verdict);
} STEPS[] = {
    [STEP_QUERY] = {address_queries, true, BIGQUERY_SENDING, GATE_QUERIES, accept_rows},
    [STEP_POLL] = {address_results, false, BIGQUERY_RUNNING, GATE_QUERIES, accept_rows},
    [STEP_PAGE] = {address_results, false, BIGQUERY_PAGING, GATE_QUERIES, accept_rows},
    [STEP_CHECK] = {address_job, false, BIGQUERY_RUNNING, GATE_JOBS, accept_check},
    [STEP_BILL] = {address_job, false, BIGQUERY_PAGING, GATE_JOBS, accept_bill},
    [STEP_FIND] = {address_latest, false, BIGQUERY_SENDING, GATE_JOBS, accept_find},
    [STEP_START] = {address_jobs, true, BIGQUERY_SENDING, GATE_QUERIES, accept_start},
    [STEP_DRY_QUERY] = {address_queries, true, BIGQUERY_SENDING, GATE_QUERIES, accept_dry_query},
    [STEP_DRY_RUN] = {address_jobs, true, BIGQUERY_SENDING, GATE_JOBS, accept_dry_run},
    [STEP_TABLE] = {address_fixed, false, BIGQUERY_SENDING, GATE_TABLES, accept_table},
    [STEP_CANCEL] = {address_fixed, true, BIGQUERY_SENDING, GATE_JOBS, accept_cancel},
    [STEP_JOBS] = {address_fixed, false, BIGQUERY_SENDING, GATE_JOBS, accept_jobs},
    [STEP_INSERT] = {address_fixed, true, BIGQUERY_SENDING, GATE_INSERTS, accept_insert},
    [STEP_DATASET] = {address_fixed, false, BIGQUERY_SENDING, GATE_TABLES, accept_dataset},
    [STEP_TABLES] = {address_fixed, false, BIGQUERY_SENDING, GATE_TABLES, accept_tables},
};

/* Puts the id that the job is to have into what is sent. */
static void name_job(struct request *request) {
    json_t *reference = json_object_get(request->body, "jobReference");
    json_object_set_new(reference, "projectId", json_string(request->client->project));
    json_object_set_new(reference, "jobId", json_string(request->request_id));
    answer_read_job(request->answer, reference);
}

void step_prepare(struct request *request) {
    const struct step_kind *kind = &STEPS[request->step];
    text_buffer_clear(&request->sent_url);
    kind->address(request, &request->sent_url);
    url_add_option(&request->sent_url, "prettyPrint", "false");
    free(request->sent_body);
    request->sent_body = NULL;
    if (kind->post) {
        if (request->step == STEP_QUERY) {
            json_t *labels = json_object_get(request->body, "labels");
            json_object_set_new(request->body, "requestId", json_string(request->request_id));
            json_object_set_new(labels, REQUEST_LABEL, json_string(request->request_id));
        } else if (request->step == STEP_START) {
            name_job(request);
        }
        request->sent_body =
            request->body != NULL ? json_text(request->body) : memory_copy_string("");
    }
    request->exchange.url = request->sent_url.data;
    request->exchange.body = request->sent_body;
    request->exchange.body_size = request->sent_body != NULL ? strlen(request->sent_body) : 0;
}

enum outcome step_accept(struct request *request, const json_t *body, struct verdict *verdict) {
    return STEPS[request->step].accept(request, body, verdict);
}

enum bigquery_phase step_phase(const struct request *request) {
    switch (request->place) {
    case PLACE_DELAYED:
        return BIGQUERY_WAITING;
    case PLACE_HELD:
        return request->last.class != BIGQUERY_NO_FAILURE ? BIGQUERY_WAITING : BIGQUERY_QUEUED;
    case PLACE_READY:
        return BIGQUERY_QUEUED;
    default:
        return STEPS[request->step].phase;
    }
}

enum gate_method step_method(const struct request *request) {
    return STEPS[request->step].method;
}

bool step_job_runs(const struct request *request) {
    enum step step = request->step == STEP_CHECK ? request->resume : request->step;
    bool started = step == STEP_POLL || (step == STEP_START && request->attempts > 0);
    return started && request->answer->open.job.job_id != NULL;
}
