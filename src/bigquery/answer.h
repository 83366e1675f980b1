/* Reading BigQuery's answers into results: columns, rows, tables, jobs. */
#ifndef PHASEGATE_BIGQUERY_ANSWER_H
#define PHASEGATE_BIGQUERY_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bigquery/arena.h"
#include "bigquery/bigquery.h"

/* A result with the memory behind it. `open` is first: a pointer to it is a pointer to the box. */
struct answer {
    struct bigquery_result open;
    struct arena arena;
    bigquery_cell *cells;
    size_t cell_capacity;
    struct bigquery_job_info *jobs;
    size_t job_capacity;
    const char **tables;
    size_t table_capacity;
    struct answer *next; /* in the client's queue of finished ones */
};

struct answer *answer_new(void);

/* An integer that came as a number or as a decimal string; BIGQUERY_UNKNOWN for anything else. */
int64_t answer_int64(const json_t *object, const char *key);

/* A copy of a member that is a string, or NULL. */
const char *answer_string(struct arena *arena, const json_t *object, const char *key);

/* The member of an object's member, {"outer": {"inner": …}}, or NULL. */
const json_t *answer_member(const json_t *object, const char *outer, const char *inner);

/* Reads {"fields": […]}; false when it is malformed. A schema that is missing has no fields. */
bool answer_read_fields(struct arena *arena, const json_t *schema,
                        const struct bigquery_field **fields, size_t *count);

/* Whether names, types and modes are the same, and in the same order. */
bool answer_same_fields(const struct bigquery_field *a, size_t a_count,
                        const struct bigquery_field *b, size_t b_count);

/* Appends rows ([{"f": [{"v": …}]}], or NULL for none); false, with no row added, when one does not
 * fit the columns. */
bool answer_add_rows(struct answer *answer, const json_t *rows);

/* Forgets rows and columns: the query is run again. */
void answer_forget_rows(struct answer *answer);

/* Takes a job reference over. */
void answer_read_job(struct answer *answer, const json_t *reference);

/* Reads a tables.get answer; false when it is malformed. */
bool answer_read_table(struct answer *answer, const json_t *body);

/* Reads a datasets.get answer; false when it is malformed. */
bool answer_read_dataset(struct answer *answer, const json_t *body);

/* Appends the names of a tables.list page. */
void answer_add_tables(struct answer *answer, const json_t *tables);

/* Appends the jobs of a jobs.list page that carry the label (value NULL takes any) and, if only
 * running ones are wanted, are not done. */
void answer_add_jobs(struct answer *answer, const json_t *jobs, const char *label_key,
                     const char *label_value, bool running_only);

#endif
