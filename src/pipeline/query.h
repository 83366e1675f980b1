/* SQL files: where they are found, what they must be. */
#ifndef PHASEGATE_PIPELINE_QUERY_H
#define PHASEGATE_PIPELINE_QUERY_H

#include "pipeline/loader.h"

/* Reads the SQL file that the pipeline file names: beside it, in the directory above, or as it
 * ships with the program. An empty source after noting that it is not there; the caller frees its
 * members. */
struct pipeline_source query_read(struct loader *loader, const struct place *place,
                                  const char *name);

/* The query with {project} filled in, ready to send; NULL after noting a placeholder or a parameter
 * that is not known, or what is not one query that only reads. With `ranged`, the query must use
 * @from and @to. `name` names it in messages. */
char *query_fill(struct loader *loader, const struct place *place, const char *name,
                 const char *text, bool ranged);

/* One table's coverage query from the template, NULL when there is no template. */
char *query_coverage(const struct loader *loader, const struct pipeline_table *table);

/* Reads coverage.sql into pipeline->coverage. */
void query_load_template(struct loader *loader);

/* Notes a condition that could reach beyond its place in the coverage query. */
bool query_is_condition(struct loader *loader, const struct place *place, const char *condition);

#endif
