/* The handle: the parts of the server put together, and bulk loading. */
#include "emulator/emulator.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "emulator/schema.h"
#include "emulator/server.h"

enum { DEFAULT_BUFFER_MS = 90000, DEFAULT_JOB_LIMIT = 1000, DEFAULT_STATEMENT_MS = 60000 };
#define DEFAULT_RESULT_LIMIT (INT64_C(64) << 20)

static int64_t buffer_ms(const struct emulator_options *options) {
    if (options->streaming_buffer_ms < 0)
        return 0;
    return options->streaming_buffer_ms ? options->streaming_buffer_ms : DEFAULT_BUFFER_MS;
}

static void start_jobs(struct emulator *emulator, const struct emulator_options *options) {
    int64_t results = options->result_limit ? options->result_limit : DEFAULT_RESULT_LIMIT;
    emulator->cache = cache_new(results / 2);
    const struct executor executor = {.storage = emulator->storage,
                                      .cache = emulator->cache,
                                      .buffer_ms = emulator->buffer_ms,
                                      .statement_ms = emulator->statement_ms};
    const struct jobs_options jobs = {
        .limit = options->job_limit ? (size_t)options->job_limit : DEFAULT_JOB_LIMIT,
        .result_limit = results / 2,
        .latency_ms = options->latency_ms,
    };
    emulator->jobs = jobs_new(&executor, &jobs);
}

struct emulator *emulator_start(const struct emulator_options *options, struct error *error) {
    const struct emulator_options defaults = {0};
    if (!options)
        options = &defaults;
    struct emulator *emulator = memory_new(1, sizeof *emulator);
    pthread_mutex_init(&emulator->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&emulator->stopped, &attributes);
    pthread_condattr_destroy(&attributes);
    emulator->allow_faults = options->allow_faults;
    emulator->buffer_ms = buffer_ms(options);
    emulator->statement_ms = options->statement_ms ? options->statement_ms : DEFAULT_STATEMENT_MS;
    emulator->faults = faults_new();
    emulator->dedup = dedup_new();
    emulator->storage = storage_open(options->database, error);
    if (emulator->storage)
        start_jobs(emulator, options);
    if (emulator->storage && http_start(emulator, options->port, error))
        return emulator;
    emulator_stop(emulator);
    return NULL;
}

void emulator_stop(struct emulator *emulator) {
    if (!emulator)
        return;
    pthread_mutex_lock(&emulator->lock);
    emulator->stopping = true;
    pthread_cond_broadcast(&emulator->stopped);
    pthread_mutex_unlock(&emulator->lock);
    if (emulator->jobs)
        jobs_stop(emulator->jobs);
    if (emulator->daemon)
        MHD_stop_daemon(emulator->daemon);
    jobs_free(emulator->jobs);
    cache_free(emulator->cache);
    faults_free(emulator->faults);
    dedup_free(emulator->dedup);
    storage_close(emulator->storage);
    pthread_cond_destroy(&emulator->stopped);
    pthread_mutex_destroy(&emulator->lock);
    free(emulator->url);
    free(emulator);
}

void emulator_pause(struct emulator *emulator, int milliseconds) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + (int64_t)milliseconds * 1000000;
    until.tv_sec += (time_t)(nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    pthread_mutex_lock(&emulator->lock);
    int waited = 0;
    while (!emulator->stopping && waited == 0)
        waited = pthread_cond_timedwait(&emulator->stopped, &emulator->lock, &until);
    pthread_mutex_unlock(&emulator->lock);
}

const char *emulator_url(const struct emulator *emulator) {
    return emulator->url;
}

struct emulator_usage emulator_usage(struct emulator *emulator) {
    return (struct emulator_usage){
        .jobs = jobs_count(emulator->jobs),
        .cached_results = cache_count(emulator->cache),
        .result_bytes = jobs_bytes(emulator->jobs) + cache_bytes(emulator->cache),
        .requests = atomic_load(&emulator->requests),
    };
}

bool emulator_add_fault(struct emulator *emulator, const char *json, struct error *error) {
    json_t *rule = json_read(text_of(json), "fault", error);
    bool good = rule && faults_add(emulator->faults, rule, error);
    json_decref(rule);
    return good;
}

void emulator_clear_faults(struct emulator *emulator) {
    faults_clear(emulator->faults);
}

struct emulator_load {
    struct storage *storage;
    struct emulator_table *table;
    sqlite3_stmt *statement;
    int64_t rows;
};

static bool same_fields(const struct emulator_field *a, size_t a_count,
                        const struct emulator_field *b, size_t b_count) {
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (strcasecmp(a[i].name, b[i].name) != 0 || a[i].type != b[i].type ||
            a[i].repeated != b[i].repeated ||
            !same_fields(a[i].fields, a[i].field_count, b[i].fields, b[i].field_count))
            return false;
    return true;
}

/* The table to load into, made when it is missing; a failure leaves the sentence. */
static struct emulator_table *load_target(struct storage *storage,
                                          const struct emulator_table *wanted,
                                          struct emulator_failure *failure) {
    struct emulator_catalog *catalog = storage_catalog(storage);
    int64_t now_ms = clock_wall_ms(clock_system());
    if (!catalog_dataset(catalog, wanted->project, wanted->dataset) &&
        !storage_add_dataset(storage, wanted->project, wanted->dataset,
                             json_get_string(wanted->resource, "location", NULL), NULL, now_ms,
                             failure))
        return NULL;
    struct emulator_table *table =
        catalog_table(catalog, wanted->project, wanted->dataset, wanted->table);
    if (table) {
        if (same_fields(table->fields, table->field_count, wanted->fields, wanted->field_count))
            return table;
        failure_set(failure, EMULATOR_REASON_INVALID,
                    "the table %s:%s.%s is there already with other fields", wanted->project,
                    wanted->dataset, wanted->table);
        return NULL;
    }
    table = emulator_table_new(wanted->project, wanted->dataset, wanted->table, wanted->fields,
                               wanted->field_count);
    table->partition_field = memory_copy_string(wanted->partition_field);
    table->require_partition_filter = wanted->require_partition_filter;
    table->resource = wanted->resource ? json_deep_copy(wanted->resource) : json_object();
    if (table->partition_field && !json_object_get(table->resource, "timePartitioning"))
        json_object_set_new(
            table->resource, "timePartitioning",
            json_pack("{s:s, s:s}", "type", "DAY", "field", table->partition_field));
    return storage_add_table(storage, table, false, now_ms, failure) ? table : NULL;
}

struct emulator_load *emulator_load_begin(struct emulator *emulator,
                                          const struct emulator_table *table, struct error *error) {
    struct storage *storage = emulator->storage;
    sqlite3 *database = storage_write(storage);
    struct emulator_failure failure;
    struct emulator_table *target = load_target(storage, table, &failure);
    if (!target) {
        storage_write_end(storage, false);
        error_set(error, EXIT_DATA, "%s", failure.message);
        return NULL;
    }
    struct emulator_load *load = memory_new(1, sizeof *load);
    load->storage = storage;
    load->table = target;
    char *text = storage_insert_text(target);
    if (sqlite3_prepare_v2(database, text, -1, &load->statement, NULL) != SQLITE_OK) {
        error_set(error, EXIT_DATA, "rows cannot be loaded into %s: %s", table->table,
                  sqlite3_errmsg(database));
        emulator_load_end(load, false, 0, NULL);
        load = NULL;
    }
    free(text);
    return load;
}

bool emulator_load_row(struct emulator_load *load, const struct emulator_value *values,
                       struct error *error) {
    bool good = true;
    for (size_t i = 0; i < load->table->field_count && good; i++)
        good = value_bind_field(load->statement, (int)i + 1, &load->table->fields[i], &values[i]);
    good = good && sqlite3_step(load->statement) == SQLITE_DONE;
    load->rows += good;
    if (sqlite3_reset(load->statement) == SQLITE_OK && good)
        return true;
    return error_set(error, EXIT_DATA, "row %lld of %s cannot be stored", (long long)load->rows + 1,
                     load->table->table);
}

bool emulator_load_end(struct emulator_load *load, bool commit, int64_t at_ms,
                       struct error *error) {
    struct storage *storage = load->storage;
    struct emulator_failure failure;
    sqlite3_finalize(load->statement);
    bool good = commit;
    if (commit) {
        load->table->row_count += load->rows;
        int64_t now_ms = at_ms ? at_ms : clock_wall_ms(clock_system());
        load->table->last_modified_ms = at_ms ? at_ms : load->table->last_modified_ms;
        catalog_touch(storage_catalog(storage), load->table, now_ms);
        good = storage_index_table(storage, load->table, &failure) &&
               storage_save_table(storage, load->table, &failure);
    }
    free(load);
    if (storage_write_end(storage, good) && good == commit)
        return true;
    return error_set(error, EXIT_IO, "the rows could not be committed");
}

bool emulator_schema_read(const char *json, struct emulator_field **fields, size_t *count,
                          struct error *error) {
    struct emulator_failure failure;
    json_t *schema = json_read(text_of(json), "schema", error);
    if (!schema)
        return false;
    bool good = schema_read(schema, fields, count, &failure) ||
                error_set(error, EXIT_DATA, "%s", failure.message);
    json_decref(schema);
    return good;
}
