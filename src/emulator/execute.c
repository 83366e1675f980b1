/* Running a query: the reading half. */
#include "emulator/execute.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "emulator/execution.h"
#include "emulator/information.h"
#include "emulator/resource.h"
#include "emulator/schema.h"

#define MEBIBYTE       INT64_C(1048576)
#define RESULT_LIMIT   (256 * MEBIBYTE)
#define MEMORY_LIMIT   (1024 * MEBIBYTE) /* that SQLite may take on for one statement */
#define STEPS_PER_LOOK 4000 /* SQLite's instructions between two looks at the cancel flag */
#define VIEW_PREFIX    "INFORMATION_SCHEMA."

int64_t execute_billed_bytes(int64_t processed) {
    if (processed <= 0)
        return 0;
    int64_t mebibytes = (processed + MEBIBYTE - 1) / MEBIBYTE;
    return (mebibytes < 10 ? 10 : mebibytes) * MEBIBYTE;
}

bool outcome_failed(const struct outcome *outcome) {
    return outcome->failure.reason != EMULATOR_REASON_NONE;
}

void outcome_clear(struct outcome *outcome) {
    result_release(outcome->result);
    json_decref(outcome->schema);
    json_decref(outcome->references);
    json_decref(outcome->undeclared);
    json_decref(outcome->target);
    *outcome = (struct outcome){0};
}

static const struct emulator_table *find_table(void *context, const char *project,
                                               const char *dataset, const char *table) {
    return catalog_table(context, project, dataset, table);
}

static bool find_dataset(void *context, const char *project, const char *dataset) {
    return catalog_dataset(context, project, dataset) != NULL;
}

struct sql_statement *execution_compile(struct execution *execution) {
    const struct query_request *asked = execution->request;
    struct sql_catalog catalog = {
        .table = find_table,
        .dataset = find_dataset,
        .context = storage_catalog(execution->executor->storage),
    };
    struct sql_request request = {
        .text = text_of(asked->query),
        .parameters = asked->parameters,
        .mode = asked->mode,
        .project = asked->project,
        .default_project = asked->default_project,
        .default_dataset = asked->default_dataset,
        .location = asked->location,
        .now_us = execution->now_ms * 1000,
        .dry_run = asked->dry_run,
    };
    struct sql_error error = {0};
    struct sql_statement *statement = sql_compile(&request, &catalog, &error);
    if (statement)
        return statement;
    enum emulator_reason reason;
    if (!failure_reason_parse(error.reason, &reason))
        reason = EMULATOR_REASON_INVALID_QUERY;
    failure_set(&execution->outcome->failure, reason, "%s", error.message);
    execution->outcome->failure.code = error.code;
    return NULL;
}

static int64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* SQLite asks now and then whether to stop. */
static int look_up(void *context) {
    struct execution *execution = context;
    if (cpu_ns() >= execution->cpu_end_ns)
        execution->exceeded = "Query exceeded resource limits: it used more processor time than "
                              "the local BigQuery gives one statement";
    else if (sqlite3_memory_used() > execution->memory_limit)
        execution->exceeded = "Resources exceeded during query execution: the query could not be "
                              "executed in the memory that the local BigQuery gives one statement";
    return execution->exceeded || atomic_load(execution->cancel) ||
           (execution->deadline_ns > 0 && clock_boot_ns(clock_system()) >= execution->deadline_ns);
}

/* SQLite does not take the statement: it is too much for SQLite, or nobody foresaw it. */
static void fail_prepare(struct execution *execution, const char *message) {
    static const char *const bounds[] = {"too many", "too large", "too big",
                                         "at most",  "overflow",  "out of memory"};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (strstr(message, bounds[i])) {
            failure_set(&execution->outcome->failure, EMULATOR_REASON_RESOURCES_EXCEEDED,
                        "Resources exceeded during query execution: the query is too complex for "
                        "the local BigQuery (%s)",
                        message);
            return;
        }
    failure_set(&execution->outcome->failure, EMULATOR_REASON_NOT_IMPLEMENTED,
                "The statement is not supported by the local BigQuery: %s", message);
}

sqlite3_stmt *execution_prepare(struct execution *execution, sqlite3 *database,
                                const struct sql_statement *statement) {
    sqlite3_stmt *prepared = NULL;
    execution->cpu_end_ns = cpu_ns() + execution->executor->statement_ms * 1000000;
    execution->memory_limit = sqlite3_memory_used() + MEMORY_LIMIT;
    sqlite3_progress_handler(database, STEPS_PER_LOOK, look_up, execution);
    if (sqlite3_prepare_v2(database, statement->sqlite, -1, &prepared, NULL) == SQLITE_OK &&
        sql_bind(statement, prepared))
        return prepared;
    sqlite3_progress_handler(database, 0, NULL, NULL);
    fail_prepare(execution, sqlite3_errmsg(database));
    sqlite3_finalize(prepared);
    return NULL;
}

void execution_fail(struct execution *execution, sqlite3 *database) {
    struct emulator_failure *failure = &execution->outcome->failure;
    sqlite3_progress_handler(database, 0, NULL, NULL);
    static const char not_null[] = "NOT NULL constraint failed: ";
    const char *message = sqlite3_errmsg(database);
    int code = sqlite3_errcode(database);
    if (atomic_load(execution->cancel))
        failure_set(failure, EMULATOR_REASON_STOPPED, EXECUTION_CANCELLED);
    else if (execution->exceeded)
        failure_set(failure, EMULATOR_REASON_RESOURCES_EXCEEDED, "%s", execution->exceeded);
    else if (code == SQLITE_NOMEM || code == SQLITE_TOOBIG)
        failure_set(failure, EMULATOR_REASON_RESOURCES_EXCEEDED,
                    "Resources exceeded during query execution: %s", message);
    else if (code == SQLITE_INTERRUPT)
        failure_set(failure, EMULATOR_REASON_TIMEOUT,
                    "Job exceeded its time limit of %" PRId64 " ms",
                    execution->request->timeout_ms);
    else if (strncmp(message, not_null, sizeof not_null - 1) == 0 && strrchr(message, '.'))
        failure_set(failure, EMULATOR_REASON_INVALID_QUERY, "Required field %s cannot be null",
                    strrchr(message, '.') + 1);
    else
        failure_set(failure, EMULATOR_REASON_INVALID_QUERY, "%s", message);
}

static bool is_view(const struct sql_reference *reference) {
    return strncasecmp(reference->table, VIEW_PREFIX, sizeof VIEW_PREFIX - 1) == 0;
}

bool execution_information(struct execution *execution, sqlite3 *database,
                           const struct sql_statement *statement) {
    struct emulator_catalog *catalog = storage_catalog(execution->executor->storage);
    for (size_t i = 0; i < statement->reference_count; i++) {
        const struct sql_reference *reference = &statement->references[i];
        if (!is_view(reference))
            continue;
        const struct emulator_dataset *dataset =
            catalog_dataset(catalog, reference->project, reference->dataset);
        if (!dataset ||
            !information_make(database, dataset, reference->table + sizeof VIEW_PREFIX - 1,
                              &execution->outcome->failure))
            return false;
    }
    return true;
}

void execution_information_end(struct execution *execution, sqlite3 *database,
                               const struct sql_statement *statement) {
    struct emulator_catalog *catalog = storage_catalog(execution->executor->storage);
    for (size_t i = 0; i < statement->reference_count; i++) {
        const struct sql_reference *reference = &statement->references[i];
        const struct emulator_dataset *dataset =
            catalog_dataset(catalog, reference->project, reference->dataset);
        if (dataset && is_view(reference))
            information_drop(database, dataset, reference->table + sizeof VIEW_PREFIX - 1);
    }
}

/* The bytes of the columns a statement reads of one table. */
static int64_t reference_bytes(struct execution *execution, sqlite3 *database,
                               const struct sql_reference *reference) {
    struct storage *storage = execution->executor->storage;
    struct emulator_table *table = catalog_table(storage_catalog(storage), reference->project,
                                                 reference->dataset, reference->table);
    if (!table)
        return 0;
    int64_t bytes = 0;
    for (size_t i = 0; i < reference->column_count; i++) {
        size_t place;
        if (emulator_field_find(table->fields, table->field_count, reference->columns[i], &place))
            bytes += storage_column_bytes(storage, database, table, place);
    }
    double share = reference->partition_filtered
                       ? storage_partition_share(database, table, reference->partition)
                       : 1;
    return (int64_t)((double)bytes * share);
}

bool execution_price(struct execution *execution, sqlite3 *database,
                     const struct sql_statement *statement) {
    struct outcome *outcome = execution->outcome;
    for (size_t i = 0; i < statement->reference_count; i++) {
        const struct sql_reference *reference = &statement->references[i];
        int64_t bytes =
            is_view(reference) ? 10 * MEBIBYTE : reference_bytes(execution, database, reference);
        outcome->bytes_processed += bytes;
        outcome->bytes_billed += execute_billed_bytes(bytes);
    }
    int64_t limit = execution->request->maximum_bytes_billed;
    if (limit < 0 || outcome->bytes_billed <= limit || execution->request->dry_run)
        return true;
    failure_set(&outcome->failure, EMULATOR_REASON_BYTES_BILLED_LIMIT_EXCEEDED,
                "Query exceeded limit for bytes billed: %" PRId64 ". %" PRId64
                " or higher required.",
                limit, outcome->bytes_billed);
    outcome->bytes_processed = 0;
    outcome->bytes_billed = 0;
    return false;
}

/* What jobs.get tells about the statement, whether it runs or not. */
static void describe(struct outcome *outcome, const struct sql_statement *statement) {
    outcome->statement_type = statement->word;
    outcome->references = json_array();
    for (size_t i = 0; i < statement->reference_count; i++) {
        const struct sql_reference *reference = &statement->references[i];
        json_array_append_new(
            outcome->references,
            resource_table_reference(reference->project, reference->dataset, reference->table));
    }
    if (statement->kind == SQL_SELECT)
        outcome->schema = schema_json(statement->fields, statement->field_count);
    if (statement->target_table)
        outcome->target = resource_table_reference(
            statement->target_project, statement->target_dataset, statement->target_table);
    if (statement->undeclared_count == 0)
        return;
    outcome->undeclared = json_array();
    for (size_t i = 0; i < statement->undeclared_count; i++) {
        const struct sql_parameter *parameter = &statement->undeclared[i];
        json_array_append_new(outcome->undeclared,
                              json_pack("{s:s, s:{s:s}}", "name", parameter->name, "parameterType",
                                        "type", parameter->type));
    }
}

/* The cache's key: the request and the version of every table it reads; NULL when the result must
 * not be cached. */
static char *cache_key(const struct execution *execution, const struct sql_statement *statement) {
    if (!execution->request->use_cache || !cache_accepts(execution->request->query))
        return NULL;
    struct text_buffer key = {0};
    char *asked = request_key(execution->request);
    text_buffer_add(&key, asked);
    free(asked);
    for (size_t i = 0; i < statement->reference_count; i++) {
        const struct emulator_table *table = statement->references[i].definition;
        struct resource_state state = {0};
        if (table)
            state = resource_table_state(table, execution->now_ms, execution->executor->buffer_ms);
        if (!table || state.buffered_rows > 0) {
            text_buffer_free(&key);
            return NULL;
        }
        text_buffer_format(&key, "\n%" PRIu64, table->version);
    }
    return text_buffer_take(&key);
}

/* An array may hold NULL within a query, and not in what comes of it. */
static bool check_arrays(struct execution *execution, const struct sql_statement *statement,
                         sqlite3_stmt *prepared) {
    bool good = true;
    for (size_t i = 0; i < statement->field_count && good; i++) {
        const struct emulator_field *field = &statement->fields[i];
        const char *text =
            field->repeated ? (const char *)sqlite3_column_text(prepared, (int)i) : NULL;
        if (!text || !strstr(text, "null"))
            continue;
        json_t *array = json_loads(text, JSON_DECODE_ANY, NULL);
        size_t at;
        const json_t *element;
        json_array_foreach(array, at, element) good = good && !json_is_null(element);
        json_decref(array);
        if (!good)
            failure_set(&execution->outcome->failure, EMULATOR_REASON_INVALID_QUERY,
                        "Array cannot have a null element; error in writing field %s", field->name);
    }
    return good;
}

/* Steps to the end, keeping the rows. */
static bool fetch(struct execution *execution, sqlite3 *database,
                  const struct sql_statement *statement, sqlite3_stmt *prepared) {
    struct result *result = execution->outcome->result;
    int step;
    while ((step = sqlite3_step(prepared)) == SQLITE_ROW) {
        if (!check_arrays(execution, statement, prepared))
            return false;
        result_add(result, prepared);
        if (result_bytes(result) > RESULT_LIMIT)
            return failure_set(&execution->outcome->failure, EMULATOR_REASON_RESPONSE_TOO_LARGE,
                               "Response too large to return. Consider specifying a destination "
                               "table in your job configuration.");
    }
    if (step == SQLITE_DONE)
        return true;
    execution_fail(execution, database);
    return false;
}

static void select_rows(struct execution *execution, sqlite3 *database,
                        const struct sql_statement *statement) {
    struct outcome *outcome = execution->outcome;
    if (!execution_information(execution, database, statement))
        return;
    sqlite3_stmt *prepared = execution_prepare(execution, database, statement);
    if (prepared) {
        outcome->result = result_new(statement->fields, statement->field_count);
        (void)fetch(execution, database, statement, prepared);
        sqlite3_finalize(prepared);
        sqlite3_progress_handler(database, 0, NULL, NULL);
    }
    if (outcome_failed(outcome)) {
        result_release(outcome->result);
        outcome->result = NULL;
    }
}

static void run_select(struct execution *execution, sqlite3 *database,
                       const struct sql_statement *statement) {
    struct outcome *outcome = execution->outcome;
    struct cache *cache = execution->executor->cache;
    char *key = cache_key(execution, statement);
    outcome->result = key ? cache_find(cache, key, execution->now_ms) : NULL;
    outcome->cache_hit = outcome->result != NULL;
    if (!outcome->cache_hit && execution_price(execution, database, statement)) {
        select_rows(execution, database, statement);
        execution_information_end(execution, database, statement);
        if (key && !outcome_failed(outcome))
            cache_put(cache, key, outcome->result, execution->now_ms);
    }
    free(key);
}

/* The half under the reader's lock; true when the statement must go on under the writer's. */
static bool read_half(struct execution *execution, sqlite3 *database) {
    struct sql_statement *statement = execution_compile(execution);
    if (!statement)
        return false;
    bool write = false;
    describe(execution->outcome, statement);
    if (execution->request->dry_run)
        (void)execution_price(execution, database, statement);
    else if (statement->kind == SQL_SELECT)
        run_select(execution, database, statement);
    else
        write = true;
    sql_free(statement);
    return write;
}

void execute_query(const struct executor *executor, const struct query_request *request,
                   const atomic_bool *cancel, struct outcome *outcome) {
    struct execution execution = {
        .executor = executor,
        .request = request,
        .cancel = cancel,
        .now_ms = clock_wall_ms(clock_system()),
        .outcome = outcome,
    };
    outcome->affected_rows = -1;
    if (request->timeout_ms > 0)
        execution.deadline_ns = clock_boot_ns(clock_system()) + request->timeout_ms * 1000000;
    if (atomic_load(cancel)) {
        failure_set(&outcome->failure, EMULATOR_REASON_STOPPED, EXECUTION_CANCELLED);
        return;
    }
    sqlite3 *database = storage_read(executor->storage);
    bool write = read_half(&execution, database);
    storage_read_end(executor->storage, database);
    if (write)
        execution_write(&execution);
    if (outcome_failed(outcome)) {
        outcome->bytes_processed = 0;
        outcome->bytes_billed = 0;
    }
}
