/* What a dry run says about a query of the pipeline, and where in which file the mistake stands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/columns.h"
#include "agent/online_judge.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

enum { SIZE_TEXT = 32 };

/* One dry run under judgement. */
struct dry {
    const struct online_context *context;
    const struct online_query *query;
    const struct bigquery_result *result;
    struct online_known known;
};

/* An SQL file beside the pipeline file is named as that is. The caller frees it. */
static char *shown_file(const struct pipeline *pipeline, const char *file) {
    size_t size = strlen(pipeline->directory);
    if (strncmp(file, pipeline->directory, size) != 0 || file[size] != '/') {
        return memory_copy_string(file);
    }
    char *directory = file_directory(pipeline->file);
    char *shown = strchr(pipeline->file, '/') == NULL ? memory_copy_string(file + size + 1)
                                                      : file_join(directory, file + size + 1);
    free(directory);
    return shown;
}

static struct pipeline_place key_place(const struct dry *dry) {
    return dry->query->table == PIPELINE_NONE
               ? dry->query->source->at
               : dry->context->pipeline->tables[dry->query->table].at.table;
}

/* Notes what is wrong with the query as a whole: at the key that gives it. */
#define FIND(dry, severity, ...)                                                                   \
    online_add((dry)->context, (severity), (dry)->context->pipeline->file, key_place(dry),         \
               (dry)->query->what, __VA_ARGS__)

/* Cuts " at [LINE:COLUMN]" off the end of a message; false when it has no such end. */
static bool cut_place(struct text *message, struct pipeline_place *place) {
    const struct text mark = TEXT(" at [");
    for (size_t i = message->size; i-- > 0;) {
        struct text tail = {message->data + i, message->size - i};
        if (!text_starts(tail, mark)) {
            continue;
        }
        struct text rest = {tail.data + mark.size, tail.size - mark.size};
        struct text line_text = text_cut(&rest, ':');
        struct text column_text = text_cut(&rest, ']');
        int64_t line, column;
        if (!text_to_int64(line_text, &line) || !text_to_int64(column_text, &column) || line < 1 ||
            column < 1) {
            return false;
        }
        message->size = i;
        *place = (struct pipeline_place){(size_t)line, (size_t)column};
        return true;
    }
    return false;
}

/* The place in a text at which a word stands first; line 0 when it does not. */
static struct pipeline_place word_place(const char *text, const char *word) {
    const char *at = text == NULL ? NULL : strstr(text, word);
    struct pipeline_place place = {0};
    if (at != NULL) {
        place = (struct pipeline_place){1, 1};
        for (const char *c = text; c < at; c++) {
            place.line += *c == '\n' ? 1 : 0;
            place.column = *c == '\n' ? 1 : place.column + 1;
        }
    }
    return place;
}

bool online_missing_table(const struct bigquery_result *dry_run, struct online_name *name) {
    const char *at = dry_run->failure.class == BIGQUERY_NOT_FOUND
                         ? strcasestr(dry_run->failure.message, "not found: table ")
                         : NULL;
    if (dry_run->status == BIGQUERY_DONE || at == NULL) {
        return false;
    }
    at += strlen("not found: table ");
    struct text whole = {at, strcspn(at, " ,;")};
    size_t dot = whole.size, colon = 0;
    while (dot > 0 && whole.data[dot - 1] != '.') {
        dot--;
    }
    for (size_t i = 0; i < dot; i++) {
        colon = whole.data[i] == ':' ? i + 1 : colon;
    }
    if (colon < 2 || dot < colon + 2 || dot >= whole.size) {
        return false;
    }
    *name = (struct online_name){memory_copy_part(at, colon - 1),
                                 memory_copy_part(at + colon, dot - colon - 1),
                                 memory_copy_part(at + dot, whole.size - dot)};
    return true;
}

void online_name_free(struct online_name *name) {
    free(name->project);
    free(name->dataset);
    free(name->table);
}

/* Whether a mistake was told already at that place. */
static bool is_told(const struct dry *dry, size_t first, const char *file,
                    struct pipeline_place place) {
    const struct online_findings *findings = dry->context->findings;
    for (size_t i = first; i < findings->count; i++) {
        const struct online_finding *finding = &findings->items[i];
        if (finding->severity == ONLINE_MISTAKE && finding->place.line == place.line &&
            finding->place.column == place.column && strcmp(finding->file, file) == 0) {
            return true;
        }
    }
    return false;
}

static void tell_missing_table(const struct dry *dry, const struct online_name *name,
                               const struct bigquery_result *tables) {
    const struct pipeline_source *source = dry->query->source;
    const char *meant = tables != NULL && tables->status == BIGQUERY_DONE
                            ? text_nearest(name->table, tables->tables, tables->table_count)
                            : NULL;
    struct pipeline_place place = word_place(source->text, name->table);
    bool in_file = source->file != NULL && place.line > 0;
    char *file =
        shown_file(dry->context->pipeline, in_file ? source->file : dry->context->pipeline->file);
    online_add(dry->context, ONLINE_MISTAKE, file, in_file ? place : key_place(dry),
               dry->query->what, "dataset %s has no table %s%s%s%s", name->dataset, name->table,
               meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "",
               meant != NULL ? "?" : "");
    free(file);
}

/* Whether only the local BigQuery refuses, for it does not know what BigQuery may well take. */
static bool is_beyond_local(const struct bigquery_failure *failure) {
    return strcmp(failure->reason, "notImplemented") == 0 ||
           strstr(failure->message, "not supported by the local BigQuery") != NULL;
}

/* A query that BigQuery refuses, at the place that its message names. */
static void tell_refusal(const struct dry *dry, size_t first) {
    const struct pipeline *pipeline = dry->context->pipeline;
    struct text message = text_of(dry->result->failure.message);
    struct pipeline_place sent;
    struct pipeline_origin origin = {0};
    bool placed = cut_place(&message, &sent) &&
                  pipeline_origin(pipeline, dry->query->source, dry->query->table, sent, &origin);
    char *file = shown_file(pipeline, placed ? origin.file : pipeline->file);
    struct pipeline_place place = placed ? origin.place : key_place(dry);
    bool local = is_beyond_local(&dry->result->failure);
    const char *kind = dry->query->kind == ONLINE_QUERY_COVERAGE ? "coverage " : "";
    if (local) {
        online_add(dry->context, ONLINE_UNKNOWN, file, place, dry->query->what,
                   "the %squery cannot be tried locally: %.*s", kind, (int)message.size,
                   message.data);
    } else if (!is_told(dry, first, file, place)) {
        online_add(dry->context, ONLINE_MISTAKE, file, place, dry->query->what,
                   "BigQuery refuses the %squery: %.*s", kind, (int)message.size, message.data);
    }
    free(file);
}

static bool speaks_of_filter(const struct bigquery_result *result) {
    return strcasestr(result->failure.message, "partition elimination") != NULL;
}

static void judge_failure(const struct dry *dry, const struct bigquery_result *tables,
                          struct online_known known) {
    struct online_name name;
    switch (dry->result->failure.class) {
    case BIGQUERY_NOT_FOUND:
        if (known.missing) {
            return;
        }
        if (online_missing_table(dry->result, &name)) {
            tell_missing_table(dry, &name, tables);
            online_name_free(&name);
            return;
        }
        tell_refusal(dry, known.first);
        return;
    case BIGQUERY_QUERY:
    case BIGQUERY_BYTES_LIMIT:
        if (!known.unfiltered || !speaks_of_filter(dry->result)) {
            tell_refusal(dry, known.first);
        }
        return;
    default:
        break;
    }
    if (!known.unknown) {
        char *why = online_failure_text(dry->result);
        FIND(dry, ONLINE_UNKNOWN, "the dry run was not answered: %s", why);
        free(why);
    }
}

/* The columns that measuring reads. A table's date column of another type was told already. */
static void judge_columns(const struct dry *dry, size_t first) {
    static const enum columns_of kinds[] = {[ONLINE_QUERY_COVERAGE] = COLUMNS_OF_COVERAGE,
                                            [ONLINE_QUERY_EXPECTED] = COLUMNS_OF_EXPECTED,
                                            [ONLINE_QUERY_CHECK] = COLUMNS_OF_CHECK};
    const struct pipeline *pipeline = dry->context->pipeline;
    bool told = dry->query->kind == ONLINE_QUERY_COVERAGE &&
                is_told(dry, first, pipeline->file, pipeline->tables[dry->query->table].at.date);
    char text[COLUMNS_TEXT_SIZE];
    for (size_t at = 0; columns_mistake(kinds[dry->query->kind], &dry->result->rows, &at, text);) {
        if (!told || at > 1) { /* the first rule is the day's */
            FIND(dry, ONLINE_MISTAKE, "%s", text);
        }
    }
}

/* What it would do besides answering, and what it lacks. */
static void judge_statistics(const struct dry *dry) {
    const struct bigquery_rows *rows = &dry->result->rows;
    for (size_t i = 0; i < rows->undeclared_count; i++) {
        FIND(dry, ONLINE_MISTAKE,
             "parameter %s is not one that phasegate gives; it gives @from "
             "and @to",
             rows->undeclared[i]);
    }
    for (size_t i = 0; i < rows->routine_count; i++) {
        FIND(dry, ONLINE_WARNING,
             "it calls %s, whose body may read anything: nothing free vouches for its answer, so "
             "that every poll is a paid query",
             rows->routines[i]);
    }
    if (rows->warned) {
        FIND(dry, ONLINE_WARNING, "BigQuery warns: %s",
             rows->warning != NULL ? rows->warning : "no reason given");
    }
}

/* Whether the query of a table's coverage reads that table. The list of a view's query names what
 * the view reads, and one of more than fifty tables is cut. */
static void judge_tables_read(const struct dry *dry) {
    enum { LISTED = 50 };
    const struct bigquery_rows *rows = &dry->result->rows;
    if (dry->query->table == PIPELINE_NONE || rows->table_names == NULL ||
        rows->referenced_tables == 0 || rows->referenced_tables >= LISTED || !dry->known.plain) {
        return;
    }
    const struct pipeline_table *table = &dry->context->pipeline->tables[dry->query->table];
    char *name = memory_format("%s.%s.%s", table->project, table->dataset, table->table);
    bool reads = false;
    for (size_t i = 0; i < rows->referenced_tables; i++) {
        reads = reads || strcmp(rows->table_names[i], name) == 0;
    }
    if (!reads) {
        FIND(dry, ONLINE_MISTAKE, "its coverage query does not read %s, but %s", name,
             rows->table_names[0]);
    }
    free(name);
}

static const char *size_text(int64_t bytes, char text[SIZE_TEXT]) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(text, SIZE_TEXT, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return text;
}

static void judge_bytes(const struct dry *dry) {
    const struct bigquery_rows *rows = &dry->result->rows;
    int64_t billed = bigquery_billed_estimate(rows->bytes_processed, rows->referenced_tables);
    int64_t limit = dry->context->pipeline->poll.bytes_per_query;
    char reads[SIZE_TEXT], allowed[SIZE_TEXT];
    if (billed > limit) {
        FIND(dry, ONLINE_MISTAKE,
             "the query is billed %s, more than poll.bytes_per_query (%s) allows, and would be "
             "refused every time",
             size_text(billed, reads), size_text(limit, allowed));
    }
}

void online_judge_dry_run(const struct online_context *context, const struct online_query *query,
                          const struct bigquery_result *dry_run,
                          const struct bigquery_result *tables, struct online_known known) {
    const struct dry dry = {context, query, dry_run, known};
    if (dry_run->status != BIGQUERY_DONE) {
        judge_failure(&dry, tables, known);
        return;
    }
    const char *type = dry_run->rows.statement_type;
    if (type == NULL) {
        FIND(&dry, ONLINE_UNKNOWN, "BigQuery did not say what kind of statement the query is");
        return;
    }
    if (strcmp(type, "SELECT") != 0) {
        FIND(&dry, ONLINE_MISTAKE, "the query is a %s; only a SELECT is ever sent", type);
        return;
    }
    judge_columns(&dry, known.first);
    judge_statistics(&dry);
    judge_tables_read(&dry);
    judge_bytes(&dry);
}

void online_judge_query(const struct online_context *context, const struct online_query *query,
                        const struct bigquery_result *dry_run,
                        const struct bigquery_result *tables) {
    online_judge_dry_run(context, query, dry_run, tables,
                         (struct online_known){.first = context->findings->count});
}
