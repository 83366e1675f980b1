/* Submitting requests: checks, copies, and the first step. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bigquery/client.h"

#define TIMEOUT_MS       INT64_C(10000)
#define PAGE_ROWS        INT64_C(10000)
#define ROW_LIMIT        1000000
#define LONGEST_TIMEOUT  INT64_C(200000) /* the server holds no call longer */
#define SILENT_DEADLINE  INT64_C(10000)
#define LONGEST_ID       1024
#define LONGEST_RESOURCE 1024

static bool refuse(struct error *error, const char *what, const char *value) {
    return error_set(error, EXIT_USAGE, "BigQuery: %s \"%s\" is not allowed", what,
                     value != NULL ? value : "");
}

static bool refuse_writing(struct error *error, const char *what) {
    return error_set(error, EXIT_USAGE, "BigQuery: cannot %s with a client that only reads", what);
}

static int64_t or_default(int64_t value, int64_t fallback) {
    return value > 0 ? value : fallback;
}

bigquery_request_id bigquery_submit_query(struct bigquery_client *client,
                                          const struct bigquery_query *query, struct error *error) {
    struct bigquery_query copy = *query;
    struct body_defaults defaults = client->defaults;
    defaults.deadline_ms = or_default(query->deadline_ms, defaults.deadline_ms);
    copy.page_rows = or_default(query->page_rows, PAGE_ROWS);
    copy.timeout_ms = or_default(query->timeout_ms, TIMEOUT_MS);
    copy.timeout_ms = copy.timeout_ms < LONGEST_TIMEOUT ? copy.timeout_ms : LONGEST_TIMEOUT;
    if (copy.timeout_ms > defaults.deadline_ms) {
        copy.timeout_ms = defaults.deadline_ms;
    }
    enum step step = query->dry_run ? STEP_DRY_RUN : query->pay_once ? STEP_START : STEP_QUERY;
    if (client->read_only) { /* all that its scope allows is jobs.query */
        step = query->dry_run ? STEP_DRY_QUERY : STEP_QUERY;
    }
    enum body_form form = step == STEP_DRY_RUN ? BODY_JUDGEMENT
                          : step == STEP_START ? BODY_JOB
                                               : BODY_QUERY;
    json_t *body = body_query(&copy, &defaults, form, error);
    if (body == NULL) {
        return 0;
    }
    struct request *request =
        client_add(client, BIGQUERY_KIND_QUERY, step, defaults.deadline_ms, query->user);
    request->body = body;
    request->start = step;
    request->timeout_ms = copy.timeout_ms;
    request->page_rows = copy.page_rows;
    request->row_limit = query->row_limit > 0 ? query->row_limit : ROW_LIMIT;
    (void)random_id(&client->random, request->request_id);
    return request->id;
}

/* Dataset and table ids are letters, digits and more in many scripts; the URL is percent-encoded,
 * so only what could leave its place in the path is refused. */
static bool is_resource(const char *name) {
    return name != NULL && name[0] != '\0' && strlen(name) <= LONGEST_RESOURCE &&
           strcspn(name, "/\\`?#%\"'") == strlen(name) && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

/* The URL of a table, or of its dataset when that has no `table`, with `method` behind it; NULL
 * after filling `error`. */
static char *resource_url(const struct bigquery_client *client,
                          const struct bigquery_table_name *name, const char *method,
                          struct error *error) {
    const char *project = name->project != NULL ? name->project : client->project;
    const char *const parts[] = {project, name->dataset, name->table};
    static const char *const WORDS[] = {"project", "dataset", "table"};
    static const char *const COLLECTIONS[] = {"/projects", "/datasets", "/tables"};
    struct text_buffer url = {0};
    text_buffer_add(&url, client->base);
    for (size_t i = 0; i < (name->table != NULL ? 3 : 2); i++) {
        if (!is_resource(parts[i])) {
            (void)refuse(error, WORDS[i], parts[i]);
            text_buffer_free(&url);
            return NULL;
        }
        text_buffer_add(&url, COLLECTIONS[i]);
        url_add_segment(&url, parts[i]);
    }
    text_buffer_add(&url, method);
    return text_buffer_take(&url);
}

static char *table_url(const struct bigquery_client *client, const struct bigquery_table_name *name,
                       const char *method, struct error *error) {
    if (name->table == NULL) {
        (void)refuse(error, "table", NULL);
        return NULL;
    }
    return resource_url(client, name, method, error);
}

static bigquery_request_id submit_get(struct bigquery_client *client, char *url,
                                      enum bigquery_kind kind, enum step step, int64_t deadline_ms,
                                      void *user) {
    if (url == NULL) {
        return 0;
    }
    struct request *request = client_add(client, kind, step, deadline_ms, user);
    request->url = url;
    return request->id;
}

bigquery_request_id bigquery_submit_table(struct bigquery_client *client,
                                          const struct bigquery_table_name *table,
                                          int64_t deadline_ms, void *user, struct error *error) {
    return submit_get(client, table_url(client, table, "", error), BIGQUERY_KIND_TABLE, STEP_TABLE,
                      deadline_ms, user);
}

bigquery_request_id bigquery_submit_dataset(struct bigquery_client *client, const char *project,
                                            const char *dataset, int64_t deadline_ms, void *user,
                                            struct error *error) {
    const struct bigquery_table_name name = {project, dataset, NULL};
    return submit_get(client, resource_url(client, &name, "", error), BIGQUERY_KIND_DATASET,
                      STEP_DATASET, deadline_ms, user);
}

bigquery_request_id bigquery_submit_tables(struct bigquery_client *client, const char *project,
                                           const char *dataset, int64_t deadline_ms, void *user,
                                           struct error *error) {
    const struct bigquery_table_name name = {project, dataset, NULL};
    return submit_get(client, resource_url(client, &name, "/tables", error), BIGQUERY_KIND_TABLES,
                      STEP_TABLES, deadline_ms, user);
}

static struct request *add_cancel(struct bigquery_client *client, const char *project,
                                  const char *job_id, const char *location, int64_t deadline_ms,
                                  void *user) {
    struct text_buffer url = {0};
    text_buffer_format(&url, "%s/projects", client->base);
    url_add_segment(&url, project != NULL ? project : client->project);
    text_buffer_add(&url, "/jobs");
    url_add_segment(&url, job_id);
    text_buffer_add(&url, "/cancel");
    url_add_option(&url, "location", location);
    struct request *request =
        client_add(client, BIGQUERY_KIND_JOB_CANCEL, STEP_CANCEL, deadline_ms, user);
    request->url = text_buffer_take(&url);
    return request;
}

void submit_silent_cancel(struct bigquery_client *client, const struct bigquery_job *job) {
    if (client->read_only) {
        return; /* its job ends by its own time limit */
    }
    struct request *request =
        add_cancel(client, job->project, job->job_id, job->location, SILENT_DEADLINE, NULL);
    request->silent = true;
    client->pending--;
}

bigquery_request_id bigquery_submit_job_cancel(struct bigquery_client *client, const char *job_id,
                                               const char *location, int64_t deadline_ms,
                                               void *user, struct error *error) {
    static const char ALLOWED[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t size = job_id == NULL ? 0 : strlen(job_id);
    if (client->read_only) {
        (void)refuse_writing(error, "stop a job");
        return 0;
    }
    if (size == 0 || size > LONGEST_ID || strspn(job_id, ALLOWED) != size) {
        (void)refuse(error, "job id", job_id);
        return 0;
    }
    const char *where = location != NULL ? location : client->defaults.location;
    return add_cancel(client, NULL, job_id, where, deadline_ms, user)->id;
}

bigquery_request_id bigquery_submit_jobs(struct bigquery_client *client,
                                         const struct bigquery_job_filter *filter,
                                         int64_t deadline_ms, void *user, struct error *error) {
    struct text_buffer url = {0};
    if (filter->label_key == NULL || filter->label_key[0] == '\0') {
        (void)refuse(error, "label", filter->label_key);
        return 0;
    }
    text_buffer_format(&url, "%s/projects", client->base);
    url_add_segment(&url, client->project);
    text_buffer_add(&url, "/jobs");
    url_add_option(&url, "projection", "full");
    if (filter->created_after_ms > 0) {
        url_add_number(&url, "minCreationTime", filter->created_after_ms);
    }
    struct request *request = client_add(client, BIGQUERY_KIND_JOBS, STEP_JOBS, deadline_ms, user);
    request->url = text_buffer_take(&url);
    request->running_only = filter->running_only;
    request->label_key = memory_copy_string(filter->label_key);
    request->label_value = memory_copy_string(filter->label_value);
    return request->id;
}

bigquery_request_id bigquery_submit_insert(struct bigquery_client *client,
                                           const struct bigquery_insert *insert,
                                           struct error *error) {
    if (client->read_only) {
        (void)refuse_writing(error, "insert rows");
        return 0;
    }
    if (json_array_size(insert->rows) == 0) {
        (void)error_set(error, EXIT_USAGE, "BigQuery: no rows to insert into %s",
                        insert->table.table != NULL ? insert->table.table : "a table");
        return 0;
    }
    char *url = table_url(client, &insert->table, "/insertAll", error);
    if (url == NULL) {
        return 0;
    }
    struct request *request =
        client_add(client, BIGQUERY_KIND_INSERT, STEP_INSERT, insert->deadline_ms, insert->user);
    request->url = url;
    request->body = body_insert(insert);
    return request->id;
}

static struct request *find_request(struct bigquery_client *client, bigquery_request_id id) {
    struct request *request = client->first;
    while (request != NULL && request->id != id) {
        request = request->next;
    }
    return request;
}

bool bigquery_request_cancel(struct bigquery_client *client, bigquery_request_id id) {
    struct request *request = find_request(client, id);
    if (request == NULL || request->silent) {
        return false;
    }
    struct verdict verdict =
        verdict_format("cancelled", 0, "cancelled after %d calls", request->attempts);
    verdict.failure.attempts = request->attempts;
    request->answer->open.failure = verdict.failure;
    if (step_job_runs(request)) {
        submit_silent_cancel(client, &request->answer->open.job);
    }
    client_end(request, BIGQUERY_FAILED);
    return true;
}

struct bigquery_result *bigquery_query_now(struct bigquery_client *client,
                                           const struct bigquery_query *query,
                                           struct error *error) {
    bigquery_request_id id = bigquery_submit_query(client, query, error);
    return id == 0 ? NULL : bigquery_client_finish(client, id);
}
