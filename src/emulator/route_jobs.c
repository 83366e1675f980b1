/* jobs.query, jobs.getQueryResults, jobs.insert, jobs.get, jobs.cancel. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "emulator/job_resource.h"
#include "emulator/resource.h"
#include "emulator/routes.h"
#include "emulator/server.h"

enum { DEFAULT_TIMEOUT_MS = 10000, LONGEST_TIMEOUT_MS = 200000 };

static int64_t hold_ms(const struct call *call, int64_t asked) {
    if (call->incomplete)
        return 0;
    return asked > LONGEST_TIMEOUT_MS ? LONGEST_TIMEOUT_MS : asked;
}

/* Waits, looks, and hides that the job is done when a fault says so. */
static struct job_view wait_and_look(struct call *call, struct job *job, int64_t timeout_ms) {
    struct jobs *jobs = call->emulator->jobs;
    jobs_wait(jobs, job, hold_ms(call, timeout_ms));
    struct job_view view = jobs_look(jobs, job);
    if (call->incomplete) {
        view.state = JOB_RUNNING;
        view.outcome = NULL;
        view.ended_ms = 0;
    }
    return view;
}

/* The failure of a job as the answer of a call; a cancelled one is no HTTP success. */
static bool fail_as(struct call *call, const struct emulator_failure *failure) {
    call->failure = *failure;
    if (call->failure.code < 400)
        call->failure.code = 400;
    return false;
}

static void put_page(struct call *call, const struct outcome *outcome, uint64_t first,
                     uint64_t most, enum rows_timestamp timestamp) {
    job_set_results(call->answer, outcome);
    if (!outcome->result)
        return;
    size_t total = result_row_count(outcome->result);
    size_t written = 0;
    if (most > 0 && first < total)
        written = result_put_rows(outcome->result, &call->rows, (size_t)first, (size_t)most,
                                  CALL_PAGE_BYTES, timestamp);
    if (first + written < total)
        json_object_set_new(call->answer, "pageToken", call_token(first + written));
}

/* A job that never was: what a dry run is answered from. */
static struct job_view run_dry(struct call *call, const struct query_request *request,
                               struct outcome *outcome) {
    const struct executor executor = {.storage = call->emulator->storage,
                                      .cache = call->emulator->cache,
                                      .buffer_ms = call->emulator->buffer_ms,
                                      .statement_ms = call->emulator->statement_ms};
    atomic_bool cancel = false;
    int64_t now_ms = clock_wall_ms(clock_system());
    execute_query(&executor, request, &cancel, outcome);
    return (struct job_view){
        .project = request->project,
        .location = request->location ? request->location : "US",
        .request = request,
        .outcome = outcome,
        .state = JOB_DONE,
        .created_ms = now_ms,
        .started_ms = now_ms,
        .ended_ms = now_ms,
    };
}

static bool query_dry(struct call *call, struct query_request *request) {
    struct outcome outcome = {0};
    struct job_view view = run_dry(call, request, &outcome);
    bool good = !outcome_failed(&outcome) || fail_as(call, &outcome.failure);
    if (good) {
        call->answer =
            json_pack("{s:s, s:b, s:o}", "kind", "bigquery#queryResponse", "jobComplete", 1,
                      "jobReference", job_reference(view.project, NULL, view.location));
        job_set_results(call->answer, &outcome);
        json_object_set_new(call->answer, "totalBytesBilled", resource_int64(0));
    }
    outcome_clear(&outcome);
    request_free(request);
    return good;
}

/* Identity of the job: with an optional job that fitted into one page, a query id alone. */
static void set_identity(struct call *call, const struct job_view *view) {
    const char *mode = json_get_string(call->body, "jobCreationMode", "JOB_CREATION_REQUIRED");
    bool optional = strcmp(mode, "JOB_CREATION_OPTIONAL") == 0 && view->outcome &&
                    !json_object_get(call->answer, "pageToken");
    json_object_set_new(call->answer, "location", json_string(view->location));
    if (optional) {
        json_object_set_new(call->answer, "queryId", json_string(view->id));
        return;
    }
    json_object_set_new(call->answer, "jobReference",
                        job_reference(view->project, view->id, view->location));
    json_object_set_new(call->answer, "jobCreationReason",
                        json_pack("{s:s}", "code", view->outcome ? "REQUESTED" : "LONG_RUNNING"));
}

static bool answer_query(struct call *call, const struct job_view *view) {
    const struct outcome *outcome = view->outcome;
    if (outcome && outcome_failed(outcome))
        return fail_as(call, &outcome->failure);
    call->answer =
        json_pack("{s:s, s:b}", "kind", "bigquery#queryResponse", "jobComplete", outcome != NULL);
    json_object_set_new(call->answer, "creationTime", resource_int64(view->created_ms));
    if (view->started_ms > 0)
        json_object_set_new(call->answer, "startTime", resource_int64(view->started_ms));
    if (outcome) {
        const json_t *format = json_object_get(call->body, "formatOptions");
        int64_t most = resource_take_int64(call->body, "maxResults", INT64_MAX);
        put_page(call, outcome, 0, most < 0 ? 0 : (uint64_t)most,
                 rows_timestamp_parse(json_get_bool(format, "useInt64Timestamp", false),
                                      json_get_string(format, "timestampOutputFormat", NULL)));
        json_object_set_new(call->answer, "totalBytesBilled",
                            resource_int64(outcome->bytes_billed));
        json_object_set_new(call->answer, "totalSlotMs",
                            resource_int64(view->ended_ms - view->started_ms));
        json_object_set_new(call->answer, "endTime", resource_int64(view->ended_ms));
    }
    set_identity(call, view);
    return true;
}

static int hold_of(struct call *call, const struct query_request *request, const char *method) {
    return faults_hold(call->emulator->faults, method,
                       json_object_get(request->configuration, "labels"));
}

bool route_jobs_query(struct call *call) {
    struct query_request *request = request_of_query(call->body, call->names[0], &call->failure);
    if (!request)
        return false;
    if (request->dry_run)
        return query_dry(call, request);
    const struct job_origin origin = {.request_id = json_get_string(call->body, "requestId", NULL),
                                      .prefix = "job_",
                                      .hold_ms = hold_of(call, request, "jobs.query")};
    struct jobs *jobs = call->emulator->jobs;
    struct job *job = jobs_submit(jobs, request, &origin, &call->failure);
    if (!job)
        return false;
    struct job_view view =
        wait_and_look(call, job, resource_take_int64(call->body, "timeoutMs", DEFAULT_TIMEOUT_MS));
    bool good = answer_query(call, &view);
    jobs_release(jobs, job);
    return good;
}

/* A job is found in its own location; without one only in the US and EU multi-regions. */
static bool location_fits(const char *asked, const char *location) {
    if (asked)
        return strcasecmp(asked, location) == 0;
    return strcasecmp(location, "US") == 0 || strcasecmp(location, "EU") == 0;
}

/* The job that the path and the location name, held. */
static struct job *find_job(struct call *call) {
    struct jobs *jobs = call->emulator->jobs;
    const char *location = call_parameter(call, "location");
    struct job *job = jobs_find(jobs, call->names[0], call->names[1]);
    if (job && location_fits(location, jobs_look(jobs, job).location))
        return job;
    jobs_release(jobs, job);
    failure_set(&call->failure, EMULATOR_REASON_NOT_FOUND, "Not found: Job %s:%s%s%s",
                call->names[0], location ? location : "", location ? "." : "", call->names[1]);
    return NULL;
}

/* Where a page starts: at the token, else at startIndex. */
static bool page_start(struct call *call, uint64_t *first) {
    int64_t index;
    const char *token = call_parameter(call, "pageToken");
    if (token && *token)
        return call_token_read(call, token, first);
    if (!call_number(call, "startIndex", 0, &index))
        return false;
    *first = (uint64_t)index;
    return true;
}

static bool answer_results(struct call *call, const struct job_view *view, uint64_t first,
                           uint64_t most) {
    const struct outcome *outcome = view->outcome;
    if (outcome && outcome_failed(outcome))
        return fail_as(call, &outcome->failure);
    call->answer = json_pack("{s:s, s:b, s:o}", "kind", "bigquery#getQueryResultsResponse",
                             "jobComplete", outcome != NULL, "jobReference",
                             job_reference(view->project, view->id, view->location));
    if (outcome)
        put_page(call, outcome, first, most, call_timestamp(call));
    return true;
}

bool route_jobs_results(struct call *call) {
    uint64_t first;
    int64_t most;
    int64_t timeout_ms;
    if (!page_start(call, &first) || !call_number(call, "maxResults", INT64_MAX, &most) ||
        !call_number(call, "timeoutMs", DEFAULT_TIMEOUT_MS, &timeout_ms))
        return false;
    struct job *job = find_job(call);
    if (!job)
        return false;
    struct job_view view = wait_and_look(call, job, timeout_ms);
    bool good = answer_results(call, &view, first, (uint64_t)most);
    jobs_release(call->emulator->jobs, job);
    return good;
}

static bool insert_dry(struct call *call, struct query_request *request) {
    struct outcome outcome = {0};
    struct job_view view = run_dry(call, request, &outcome);
    bool good = !outcome_failed(&outcome) || fail_as(call, &outcome.failure);
    if (good)
        call->answer = job_resource(&view, false, false);
    outcome_clear(&outcome);
    request_free(request);
    return good;
}

bool route_jobs_insert(struct call *call) {
    struct query_request *request = request_of_job(call->body, call->names[0], &call->failure);
    if (!request)
        return false;
    if (request->dry_run)
        return insert_dry(call, request);
    const json_t *reference = json_object_get(call->body, "jobReference");
    const struct job_origin origin = {.id = json_get_string(reference, "jobId", NULL),
                                      .prefix = "job_",
                                      .hold_ms = hold_of(call, request, "jobs.insert")};
    struct jobs *jobs = call->emulator->jobs;
    struct job *job = jobs_submit(jobs, request, &origin, &call->failure);
    if (!job)
        return false;
    struct job_view view = wait_and_look(call, job, 0);
    call->answer = job_resource(&view, false, false);
    jobs_release(jobs, job);
    return true;
}

bool route_jobs_get(struct call *call) {
    struct job *job = find_job(call);
    if (!job)
        return false;
    struct job_view view = wait_and_look(call, job, 0);
    call->answer = job_resource(&view, false, false);
    jobs_release(call->emulator->jobs, job);
    return true;
}

bool route_jobs_cancel(struct call *call) {
    struct jobs *jobs = call->emulator->jobs;
    struct job *job = find_job(call);
    if (!job)
        return false;
    jobs_cancel(jobs, job);
    struct job_view view = jobs_look(jobs, job);
    call->answer = json_pack("{s:s, s:o}", "kind", "bigquery#jobCancelResponse", "job",
                             job_resource(&view, false, false));
    jobs_release(jobs, job);
    return true;
}

static bool state_fits(const char *filter, enum job_state state) {
    static const char *const names[] = {
        [JOB_PENDING] = "pending", [JOB_RUNNING] = "running", [JOB_DONE] = "done"};
    return !filter || strcasecmp(filter, names[state]) == 0;
}

bool route_jobs_list(struct call *call) {
    enum { PAGE_LIMIT = 1000 };
    int64_t most;
    int64_t earliest;
    int64_t latest;
    uint64_t before = UINT64_MAX;
    const char *token = call_parameter(call, "pageToken");
    if (!call_number(call, "maxResults", 50, &most) ||
        !call_number(call, "minCreationTime", 0, &earliest) ||
        !call_number(call, "maxCreationTime", INT64_MAX, &latest) ||
        (token && *token && !call_token_read(call, token, &before)))
        return false;
    size_t limit = most > PAGE_LIMIT ? PAGE_LIMIT : (size_t)most;
    struct jobs *jobs = call->emulator->jobs;
    struct job **found = memory_new(limit, sizeof(struct job *));
    size_t count = jobs_list(jobs, call->names[0], before, found, limit);
    const char *projection = call_parameter(call, "projection");
    bool minimal = !projection || strcasecmp(projection, "full") != 0;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        struct job_view view = jobs_look(jobs, found[i]);
        before = view.sequence;
        if (view.created_ms >= earliest && view.created_ms <= latest &&
            state_fits(call_parameter(call, "stateFilter"), view.state))
            json_array_append_new(list, job_resource(&view, true, minimal));
        jobs_release(jobs, found[i]);
    }
    free((void *)found);
    call->answer = json_pack("{s:s, s:o}", "kind", "bigquery#jobList", "jobs", list);
    if (count > 0 && count == limit)
        json_object_set_new(call->answer, "nextPageToken", call_token(before));
    return true;
}
