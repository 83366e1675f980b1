/* What a table's metadata says about what the pipeline file says of it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/online_judge.h"
#include "base/memory.h"
#include "base/text.h"
#include "pipeline/identifier.h"

#define DAY_MS INT64_C(86400000)

/* One table under judgement. */
struct subject {
    const struct online_context *context;
    const struct pipeline_table *table;
    const struct bigquery_table *found;
};

#define FIND(subject, severity, place, ...)                                                        \
    online_add((subject)->context, (severity), (subject)->context->pipeline->file, (place),        \
               (subject)->table->name, __VA_ARGS__)

/* A column as BigQuery knows it: without backquotes. The caller frees it. */
static char *bare(const char *column) {
    size_t size = strlen(column);
    return size > 1 && column[0] == '`' ? memory_copy_part(column + 1, size - 2)
                                        : memory_copy_string(column);
}

static const struct bigquery_field *find_field(const struct bigquery_table *table,
                                               const char *name) {
    for (size_t i = 0; i < table->field_count; i++) {
        if (strcasecmp(table->fields[i].name, name) == 0) {
            return &table->fields[i];
        }
    }
    return NULL;
}

/* The column that was probably meant: one that is written alike. */
static const char *nearest_field(const struct bigquery_table *table, const char *wrong) {
    const char **names = memory_new(table->field_count, sizeof *names);
    for (size_t i = 0; i < table->field_count; i++) {
        names[i] = table->fields[i].name;
    }
    const char *meant = text_nearest(wrong, names, table->field_count);
    free((void *)names);
    return meant;
}

static void tell_missing_column(const struct subject *subject, struct pipeline_place place,
                                const char *name, bool is_date) {
    const char *meant = nearest_field(subject->found, name);
    const char *partition = subject->found->partition_field;
    if (meant != NULL) {
        FIND(subject, ONLINE_MISTAKE, place, "no column %s; did you mean %s?", name, meant);
    } else if (is_date && partition != NULL) {
        FIND(subject, ONLINE_MISTAKE, place, "no column %s; the table is partitioned by %s", name,
             partition);
    } else {
        FIND(subject, ONLINE_MISTAKE, place, "no column %s", name);
    }
}

/* The field, or NULL after telling that there is none. A view may hide its columns. */
static const struct bigquery_field *require_field(const struct subject *subject,
                                                  struct pipeline_place place, const char *name,
                                                  bool is_date) {
    const struct bigquery_field *field = find_field(subject->found, name);
    if (field == NULL && subject->found->field_count > 0) {
        tell_missing_column(subject, place, name, is_date);
    }
    return field;
}

static bool by_ingestion_time(const struct bigquery_table *table) {
    return table->partition_type != NULL && table->partition_field == NULL;
}

/* Whether the coverage query's first column came out as a DATE, whatever the table's column is: a
 * coverage.sql beside the pipeline file may convert it. */
static bool counts_by_date(const struct bigquery_result *coverage) {
    size_t day =
        coverage->status == BIGQUERY_DONE ? bigquery_rows_column(&coverage->rows, "day") : SIZE_MAX;
    return day != SIZE_MAX && coverage->rows.columns[day].type == BIGQUERY_DATE;
}

static void judge_date(const struct subject *subject, const char *date,
                       const struct bigquery_result *coverage) {
    struct pipeline_place place = subject->table->at.date;
    if (by_ingestion_time(subject->found) && strcasecmp(date, "_PARTITIONDATE") == 0) {
        return;
    }
    const struct bigquery_field *field = require_field(subject, place, date, true);
    bool repeated = field != NULL && field->mode == BIGQUERY_REPEATED;
    if (field == NULL ||
        (!repeated && (field->type == BIGQUERY_DATE || counts_by_date(coverage)))) {
        return;
    }
    bool moment = field->type == BIGQUERY_TIMESTAMP || field->type == BIGQUERY_DATETIME;
    if (repeated) {
        FIND(subject, ONLINE_MISTAKE, place, "%s is an array; coverage is counted by one DATE",
             field->name);
    } else if (moment || field->type == BIGQUERY_STRING) {
        FIND(subject, ONLINE_MISTAKE, place,
             "%s is %s; name a DATE column, or put a copy of coverage.sql beside the pipeline file "
             "that counts by %s",
             field->name, bigquery_type_name(field->type),
             moment ? "DATE({date})" : "PARSE_DATE('%Y-%m-%d', {date})");
    } else {
        FIND(subject, ONLINE_MISTAKE, place, "%s is %s; coverage is counted by a DATE column",
             field->name, bigquery_type_name(field->type));
    }
}

static void judge_entity(const struct subject *subject) {
    if (subject->table->entity == NULL) {
        return;
    }
    char *name = bare(subject->table->entity);
    struct pipeline_place place = subject->table->at.entity;
    const struct bigquery_field *field = require_field(subject, place, name, false);
    free(name);
    if (field == NULL) {
        return;
    }
    if (field->mode == BIGQUERY_REPEATED) {
        FIND(subject, ONLINE_MISTAKE, place, "%s is an array, which cannot be counted DISTINCT",
             field->name);
    } else if (field->type == BIGQUERY_RECORD || field->type == BIGQUERY_JSON ||
               field->type == BIGQUERY_GEOGRAPHY) {
        FIND(subject, ONLINE_MISTAKE, place, "%s is %s, which cannot be counted DISTINCT",
             field->name, bigquery_type_name(field->type));
    }
}

static void judge_null_of(const struct subject *subject) {
    if (subject->table->null_of == NULL) {
        return;
    }
    char *name = bare(subject->table->null_of);
    struct pipeline_place place = subject->table->at.null_of;
    const struct bigquery_field *field = require_field(subject, place, name, false);
    free(name);
    if (field != NULL && field->mode != BIGQUERY_NULLABLE) {
        FIND(subject, ONLINE_WARNING, place,
             "%s is %s and never NULL, so its NULL rate says nothing", field->name,
             field->mode == BIGQUERY_REPEATED ? "an array" : "REQUIRED");
    }
}

/* A condition is for the dry run; a column alone can be told more clearly. */
static void judge_fallback(const struct subject *subject) {
    const char *fallback = subject->table->fallback;
    if (fallback == NULL) {
        return;
    }
    char *name = bare(fallback);
    struct pipeline_place place = subject->table->at.fallback;
    if ((fallback[0] == '`' || identifier_is_word(text_of(name))) &&
        strcasecmp(name, "true") != 0 && strcasecmp(name, "false") != 0) {
        const struct bigquery_field *field = require_field(subject, place, name, false);
        if (field != NULL && (field->type != BIGQUERY_BOOL || field->mode == BIGQUERY_REPEATED)) {
            FIND(subject, ONLINE_MISTAKE, place,
                 "%s is %s%s, not BOOL; write a condition, such as fallback: %s = …", field->name,
                 field->mode == BIGQUERY_REPEATED ? "an array of " : "",
                 bigquery_type_name(field->type), field->name);
        }
    }
    free(name);
}

/* Whether the table insists on a filter that the coverage query has not. */
static bool judge_partition_filter(const struct subject *subject, const char *date) {
    const struct bigquery_table *found = subject->found;
    const char *column = by_ingestion_time(found) ? "_PARTITIONDATE" : found->partition_field;
    if (column == NULL || strcasecmp(column, date) == 0) {
        return false;
    }
    if (found->partition_filter_required) {
        FIND(subject, ONLINE_MISTAKE, subject->table->at.date,
             "the table takes only queries with a filter on its partition column %s, and coverage "
             "filters on %s; write date: %s, or lift the requirement from the table",
             column, date, column);
        return true;
    }
    if (find_field(found, date) != NULL && found->partition_type != NULL &&
        strcmp(found->partition_type, "RANGE") != 0) {
        FIND(subject, ONLINE_WARNING, subject->table->at.date,
             "the table is partitioned by %s, not by %s: every query reads the whole table", column,
             date);
    }
    return false;
}

/* The first day whose partition is still there: partitions begin at midnight UTC. */
static day_number first_kept(const struct bigquery_table *found, struct day_range range,
                             int64_t now_ms) {
    for (day_number day = range.from; day <= range.to; day++) {
        int year, month, day_of_month;
        day_to_civil(day, &year, &month, &day_of_month);
        day_number begin = day;
        if (strcmp(found->partition_type, "MONTH") == 0) {
            begin = day_from_civil(year, month, 1);
        } else if (strcmp(found->partition_type, "YEAR") == 0) {
            begin = day_from_civil(year, 1, 1);
        }
        if ((int64_t)begin * DAY_MS > now_ms - found->partition_expiration_ms) {
            return day;
        }
    }
    return range.to + 1;
}

/* The dates on which rows of a table are due, when they were ever measured; else NULL. */
static const struct dayset *known_dates(const struct online_context *context, size_t table) {
    size_t source = context->pipeline->tables[table].expected;
    if (context->expected == NULL || source == PIPELINE_NONE ||
        dayset_count(&context->expected[source]) == 0) {
        return NULL;
    }
    return &context->expected[source];
}

/* The days of a range on which a table is to have rows: the dates that are due, or, where they are
 * not known, all of the seasons; without bootstrap days. */
static size_t due_days(const struct online_context *context, size_t table, struct day_range range) {
    const struct pipeline *pipeline = context->pipeline;
    const struct dayset *dates = known_dates(context, table);
    size_t count = 0;
    for (day_number day = range.from; day <= range.to; day++) {
        bool due = dates != NULL ? dayset_has(dates, day)
                                 : pipeline->season_count == 0 ||
                                       pipeline_season_of(pipeline, day) != PIPELINE_NONE;
        count += due && !pipeline_is_bootstrap(pipeline, table, day) ? 1 : 0;
    }
    return count;
}

static void judge_expiration(const struct subject *subject, size_t index, const char *date) {
    const struct bigquery_table *found = subject->found;
    const struct online_context *context = subject->context;
    struct day_range range = context->range;
    if (found->expires_ms > 0) {
        char text[DAY_TEXT_SIZE];
        FIND(subject, ONLINE_WARNING, subject->table->at.table,
             "the table itself is deleted on %s (its expiration time)",
             day_format((day_number)(found->expires_ms / DAY_MS), text));
    }
    const char *column = by_ingestion_time(found) ? "_PARTITIONDATE" : found->partition_field;
    if (found->partition_expiration_ms <= 0 || column == NULL || strcasecmp(column, date) != 0) {
        return;
    }
    day_number kept = first_kept(found, range, context->now_ms);
    size_t lost = due_days(context, index, (struct day_range){range.from, kept - 1});
    long long days = (long long)(found->partition_expiration_ms / DAY_MS);
    char text[DAY_TEXT_SIZE];
    if (lost > 0) {
        size_t all = due_days(context, index, range);
        FIND(subject, ONLINE_MISTAKE, subject->table->at.table,
             "partitions expire after %lld days: dates before %s are deleted, so %zu of the %zu "
             "%s can never be complete; remove partition_expiration_days, or begin the range later",
             days, day_format(kept, text), lost, all,
             known_dates(context, index) != NULL ? "expected dates"
                                                 : "days on which rows can be due");
    } else {
        FIND(subject, ONLINE_WARNING, subject->table->at.table,
             "partitions expire after %lld days: what is complete now goes missing later", days);
    }
}

static void judge_type(const struct subject *subject) {
    const char *type = subject->found->type;
    static const struct {
        const char *type, *words;
    } kinds[] = {{"VIEW", "a view"},
                 {"MATERIALIZED_VIEW", "a materialized view"},
                 {"EXTERNAL", "an external table"},
                 {"SNAPSHOT", "a snapshot"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (type != NULL && strcmp(type, kinds[i].type) == 0) {
            FIND(subject, ONLINE_WARNING, subject->table->at.table,
                 "it is %s: its modification time says nothing of its rows, so that every poll is "
                 "a paid query",
                 kinds[i].words);
        }
    }
}

/* Whether the table lies elsewhere than the pipeline's jobs run: then no query finds it. */
static bool judge_location(const struct subject *subject, const struct bigquery_result *dataset) {
    const struct pipeline *pipeline = subject->context->pipeline;
    const char *location = subject->found->location;
    if (location == NULL && dataset->status == BIGQUERY_DONE) {
        location = dataset->dataset.location;
    }
    if (location == NULL || pipeline->location == NULL ||
        strcasecmp(location, pipeline->location) == 0) {
        return false;
    }
    online_add(subject->context, ONLINE_MISTAKE, pipeline->file, pipeline->at.location,
               subject->table->dataset,
               "the dataset is in %s, and location says %s, where nothing will find it; write "
               "location: %s",
               location, pipeline->location, location);
    return true;
}

static const char *nearest_dataset(const struct pipeline *pipeline, const char *wrong) {
    const char **names = memory_new(pipeline->table_count, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < pipeline->table_count; i++) {
        if (strcmp(pipeline->tables[i].dataset, wrong) != 0) {
            names[count++] = pipeline->tables[i].dataset;
        }
    }
    const char *meant = text_nearest(wrong, names, count);
    free((void *)names);
    return meant;
}

static void tell_missing_table(const struct subject *subject,
                               const struct online_table_answers *answers) {
    const struct pipeline_table *table = subject->table;
    const struct bigquery_result *tables = answers->tables;
    const char *meant = NULL;
    if (answers->dataset->status == BIGQUERY_DONE && !answers->dataset->dataset.exists) {
        meant = nearest_dataset(subject->context->pipeline, table->dataset);
        FIND(subject, ONLINE_MISTAKE, table->at.table, "project %s has no dataset %s%s%s%s",
             table->project, table->dataset, meant != NULL ? "; did you mean " : "",
             meant != NULL ? meant : "", meant != NULL ? "?" : "");
        return;
    }
    if (tables != NULL && tables->status == BIGQUERY_DONE) {
        meant = text_nearest(table->table, tables->tables, tables->table_count);
    }
    FIND(subject, ONLINE_MISTAKE, table->at.table, "dataset %s has no table %s%s%s%s",
         table->dataset, table->table, meant != NULL ? "; did you mean " : "",
         meant != NULL ? meant : "", meant != NULL ? "?" : "");
}

/* What metadata of a table that is there tells; `known` keeps what a dry run need not repeat. */
static void judge_metadata(const struct subject *subject, size_t index,
                           const struct online_table_answers *answers, struct online_known *known) {
    char *date = bare(subject->table->date);
    judge_type(subject);
    judge_date(subject, date, answers->coverage);
    judge_entity(subject);
    judge_null_of(subject);
    judge_fallback(subject);
    known->missing = judge_location(subject, answers->dataset);
    bool there = find_field(subject->found, date) != NULL || subject->found->field_count == 0 ||
                 by_ingestion_time(subject->found);
    known->unfiltered = there && judge_partition_filter(subject, date);
    judge_expiration(subject, index, date);
    free(date);
}

void online_judge_table(const struct online_context *context, size_t index,
                        const struct online_table_answers *answers) {
    const struct pipeline_table *table = &context->pipeline->tables[index];
    struct subject subject = {context, table, &answers->metadata->table};
    struct online_known known = {.first = context->findings->count};
    if (answers->metadata->status != BIGQUERY_DONE) {
        char *why = online_failure_text(answers->metadata);
        FIND(&subject, ONLINE_UNKNOWN, table->at.table, "the table could not be asked about: %s",
             why);
        free(why);
        known.unknown = true;
    } else if (!subject.found->exists) {
        tell_missing_table(&subject, answers);
        known.missing = true;
    } else {
        known.plain = subject.found->type != NULL && strcmp(subject.found->type, "TABLE") == 0;
        judge_metadata(&subject, index, answers, &known);
    }
    struct online_query query = {ONLINE_QUERY_COVERAGE, table->name, table->coverage_sql,
                                 &context->pipeline->coverage, index};
    online_judge_dry_run(context, &query, answers->coverage, NULL, known);
}

static void tell_default(const struct subject *subject, const char *what, int64_t ms) {
    if (ms > 0) {
        online_add(subject->context, ONLINE_WARNING, subject->context->pipeline->file,
                   subject->table->at.table, subject->table->dataset,
                   "%s made in this dataset expire after %lld days by default", what,
                   (long long)(ms / DAY_MS));
    }
}

void online_judge_dataset(const struct online_context *context, size_t table,
                          const struct bigquery_result *dataset) {
    struct subject subject = {context, &context->pipeline->tables[table], NULL};
    if (dataset->status == BIGQUERY_DONE) {
        tell_default(&subject, "tables", dataset->dataset.table_expiration_ms);
        tell_default(&subject, "partitions of tables", dataset->dataset.partition_expiration_ms);
        return;
    }
    char *why = online_failure_text(dataset);
    online_add(context, ONLINE_UNKNOWN, context->pipeline->file, subject.table->at.table,
               subject.table->dataset, "the dataset could not be asked about: %s", why);
    free(why);
}
