/* The resolver: names to columns, calls to functions, a type for every expression, and the rules of
 * grouping. It annotates the tree; nothing is written yet. */
#ifndef PHASEGATE_EMULATOR_SQL_RESOLVE_H
#define PHASEGATE_EMULATOR_SQL_RESOLVE_H

#include "emulator/sql_tree.h"

/* What an expression can see. */
struct sql_scope {
    struct sql_list columns;        /* struct sql_column */
    const struct sql_list *items;   /* struct sql_item, where their aliases can be used; or NULL */
    const struct sql_scope *parent; /* of the query around it */
    const char *clause;             /* where no aggregate may stand: "WHERE clause"; else NULL */
    const char *no_window;          /* where aggregates may stand and window functions not */
    struct sql_select *select;      /* told when an aggregate is seen */
    bool in_aggregate;
};

bool sql_resolve(struct sql_compilation *compilation, struct sql_tree *tree);

/* The parts of it, shared by its files; each returns false once the compilation has failed. */
bool sql_resolve_expression(struct sql_compilation *compilation, struct sql_scope *scope,
                            struct sql_expression *node);
bool sql_resolve_list(struct sql_compilation *compilation, struct sql_scope *scope,
                      struct sql_list *list);
bool sql_resolve_name(struct sql_compilation *compilation, struct sql_scope *scope,
                      struct sql_expression *node);
bool sql_resolve_operator(struct sql_compilation *compilation, struct sql_expression *node);
bool sql_resolve_source(struct sql_compilation *compilation, struct sql_scope *scope,
                        struct sql_source *source);
bool sql_resolve_query(struct sql_compilation *compilation, const struct sql_scope *parent,
                       struct sql_query *query);
/* The OVER clause of a call whose arguments are resolved. */
bool sql_resolve_window(struct sql_compilation *compilation, struct sql_scope *scope,
                        struct sql_expression *node);

/* Fails where an argument must be known beforehand, and is not or is too small. */
bool sql_check_constants(struct sql_compilation *compilation, const struct sql_expression *node);
bool sql_resolve_condition(struct sql_compilation *compilation, struct sql_scope *scope,
                           struct sql_expression *node, const char *clause);

/* The table a path names, from the catalog; NULL with the error filled. */
const struct emulator_table *sql_resolve_table(struct sql_compilation *compilation,
                                               const struct sql_list *path,
                                               struct googlesql_place place, bool exists);

/* The three names of a path that is not a CTE's, the defaults put in. */
bool sql_resolve_path(struct sql_compilation *compilation, const struct sql_list *path,
                      struct googlesql_place place, const char *names[3]);

/* Fails where a select that groups uses a column that is neither grouped nor aggregated. */
bool sql_check_grouping(struct sql_compilation *compilation, const struct sql_select *select,
                        const struct sql_query *query);

/* Fails where ORDER BY uses what SELECT DISTINCT dropped. */
bool sql_check_distinct(struct sql_compilation *compilation, const struct sql_select *select,
                        const struct sql_query *query);

/* Judges which tables below `source` the condition constrains by their partition column. */
void sql_judge_partitions(struct sql_compilation *compilation, struct sql_source *source,
                          const struct sql_expression *where);

/* Fails when a table that requires a partition filter got none. */
bool sql_check_partitions(struct sql_compilation *compilation);

/* A new name for SQLite: t1, w2, … */
const char *sql_fresh(struct sql_compilation *compilation, char letter);

#endif
