/* From stored measurements to coverage. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/moment.h"
#include "situation/parts.h"
#include "state/state_coverage.h"
#include "state/state_unread.h"

/* Takes a stored measurement over, as coverage reads it. */
static struct coverage_measurement convert(struct state_measurement *stored) {
    struct coverage_measurement made = {
        .measured = stored->measured,
        .measured_at = stored->measured_at,
        .confirmed_at = stored->confirmed_at,
        .range = stored->range,
        .error = stored->error,
        .failed_at = stored->failed_at,
        .bytes_billed = stored->bytes_billed,
        .count = stored->count,
        .counts = memory_new(stored->count, sizeof *made.counts),
    };
    stored->error = NULL;
    for (size_t i = 0; i < stored->count; i++) {
        const struct state_count *count = &stored->counts[i];
        made.counts[i] = (struct coverage_count){count->day, count->rows, count->entities,
                                                 count->nulls, count->fallbacks};
    }
    return made;
}

/* The newest poll that failed and was not made good stands for all. */
static void note_failure(struct situation_header *header, const struct state_measurement *stored) {
    if (header->bigquery != NULL && header->bigquery->since >= stored->failed_at) {
        return;
    }
    situation_trouble_free(header->bigquery);
    header->bigquery = memory_new(1, sizeof *header->bigquery);
    header->bigquery->sentence = memory_format("%s: %s", stored->key, stored->error);
    header->bigquery->since = stored->failed_at;
    header->bigquery->names = memory_new(1, sizeof *header->bigquery->names);
    header->bigquery->names[header->bigquery->name_count++] = memory_copy_string(stored->key);
}

static void take(struct situation *situation, struct state_measurement *stored,
                 struct coverage_measurement *into) {
    struct situation_header *header = &situation->header;
    if (stored->error != NULL && stored->failed_at > stored->confirmed_at) {
        note_failure(header, stored);
    }
    if (stored->confirmed_at > header->polled_at) {
        header->polled_at = stored->confirmed_at;
    }
    coverage_measurement_free(into);
    *into = convert(stored);
}

/* Keeps which run wrote last of all. */
static void note_last_write(struct situation *situation, const struct state_write *write) {
    if (write->ended_at > situation->written_at) {
        situation->written_at = write->ended_at;
        free(situation->written_by);
        situation->written_by = memory_copy_string(write->run);
    }
}

/* Marks the measurement of a table when a run has written it since it was asked for. */
static void mark_table(struct situation *situation, size_t index, const struct state_write *writes,
                       size_t count, struct coverage_measurement *measurement) {
    const struct pipeline_table *table = &situation->pipeline->tables[index];
    char *resource = memory_format("%s.%s.%s", table->project, table->dataset, table->table);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(writes[i].resource, resource) == 0 &&
            writes[i].sequence > situation->tables[index].seen) {
            situation->tables[index].overtaken = true;
            char until[MOMENT_SIZE];
            measurement->overtaken = memory_format(
                "not read since run %s (%s) wrote it, until %s", writes[i].run, writes[i].processor,
                moment_format(writes[i].ended_at, situation->as_of, until));
        }
    }
    free(resource);
}

static bool mark_overtaken(struct situation *situation, struct state *state,
                           struct coverage_measurement *tables, struct error *error) {
    size_t count;
    struct state_write *writes = state_writes(state, &count, error);
    if (writes == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        note_last_write(situation, &writes[i]);
    }
    for (size_t i = 0; i < situation->pipeline->table_count && count > 0; i++) {
        mark_table(situation, i, writes, count, &tables[i]);
    }
    state_writes_free(writes, count);
    return true;
}

static size_t find_expected(const struct pipeline *pipeline, const char *name) {
    for (size_t i = 0; i < pipeline->expected_count; i++) {
        if (strcmp(pipeline->expected[i].name, name) == 0) {
            return i;
        }
    }
    return PIPELINE_NONE;
}

static struct coverage_waiver *load_waivers(const struct situation *situation, struct state *state,
                                            size_t *count, struct error *error) {
    size_t stored_count;
    struct state_waiver *stored =
        state_waivers(state, situation->as_of, situation->until != 0, &stored_count, error);
    if (stored == NULL) {
        return NULL;
    }
    struct coverage_waiver *waivers = memory_new(stored_count, sizeof *waivers);
    *count = 0;
    for (size_t i = 0; i < stored_count; i++) {
        size_t table = pipeline_find_table(situation->pipeline, stored[i].table);
        if (table != PIPELINE_NONE) {
            waivers[(*count)++] =
                (struct coverage_waiver){table, stored[i].range, stored[i].written_by};
            stored[i].written_by = NULL; /* taken over */
        }
    }
    state_waivers_free(stored, stored_count);
    return waivers;
}

static void free_waivers(struct coverage_waiver *waivers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(waivers[i].written_by);
    }
    free(waivers);
}

static void sort_in(struct situation *situation, struct state_measurement *stored, size_t count,
                    struct coverage_measurement *tables, struct coverage_measurement *expected) {
    for (size_t i = 0; i < count; i++) {
        bool table = stored[i].subject == STATE_SUBJECT_TABLE;
        size_t index = table ? pipeline_find_table(situation->pipeline, stored[i].key)
                             : find_expected(situation->pipeline, stored[i].key);
        if (index != PIPELINE_NONE) {
            if (table) {
                situation->tables[index].seen = stored[i].seen;
            }
            take(situation, &stored[i], table ? &tables[index] : &expected[index]);
        }
    }
}

bool situation_load_coverage(struct situation *situation, struct state *state,
                             struct error *error) {
    const struct pipeline *pipeline = situation->pipeline;
    size_t waiver_count = 0;
    size_t stored_count = 0;
    struct coverage_waiver *waivers = load_waivers(situation, state, &waiver_count, error);
    struct state_measurement *stored =
        waivers != NULL ? state_coverage_load(state, &stored_count, error) : NULL;
    if (stored == NULL) {
        free_waivers(waivers, waiver_count);
        return false;
    }
    struct coverage_measurement *tables = memory_new(pipeline->table_count, sizeof *tables);
    struct coverage_measurement *expected = memory_new(pipeline->expected_count, sizeof *expected);
    situation->tables = memory_new(pipeline->table_count, sizeof *situation->tables);
    sort_in(situation, stored, stored_count, tables, expected);
    bool good = mark_overtaken(situation, state, tables, error);
    situation->coverage = coverage_compute(pipeline, situation->as_of, situation->range, tables,
                                           expected, waivers, waiver_count);
    for (size_t i = 0; i < pipeline->table_count; i++) {
        coverage_measurement_free(&tables[i]);
    }
    for (size_t i = 0; i < pipeline->expected_count; i++) {
        coverage_measurement_free(&expected[i]);
    }
    free(tables);
    free(expected);
    free_waivers(waivers, waiver_count);
    state_measurements_free(stored, stored_count);
    return good;
}
