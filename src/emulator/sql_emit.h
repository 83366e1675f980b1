/* The emitter: a resolved tree as SQLite text. It cannot fail. */
#ifndef PHASEGATE_EMULATOR_SQL_EMIT_H
#define PHASEGATE_EMULATOR_SQL_EMIT_H

#include "emulator/sql_tree.h"

struct sql_emitter {
    struct sql_compilation *compilation;
    struct text_buffer out;
};

void sql_emit_expression(struct sql_emitter *emitter, const struct sql_expression *node);
void sql_emit_list(struct sql_emitter *emitter, const struct sql_list *list, size_t from);
void sql_emit_query(struct sql_emitter *emitter, const struct sql_query *query);
void sql_emit_from(struct sql_emitter *emitter, const struct sql_source *source);

/* ORDER BY, FLOAT64 by keys where asked for; `items` are the select's, or NULL where there is none
 * and its columns are called c1, c2, …. */
void sql_emit_order(struct sql_emitter *emitter, const struct sql_list *order, bool keys,
                    const struct sql_list *items);
void sql_emit_text(struct sql_emitter *emitter, const char *text); /* '…' */
void sql_emit_name(struct sql_emitter *emitter, const char *name); /* "…" */
void sql_emit_table(struct sql_emitter *emitter, const char *project, const char *dataset,
                    const char *table); /* "p.d.t" */

/* The whole statement, or NULL when the catalog alone does it; the caller frees it. */
char *sql_emit_statement(struct sql_compilation *compilation, const struct sql_tree *tree);

#endif
