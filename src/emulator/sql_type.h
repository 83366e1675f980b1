/* Types of GoogleSQL expressions: names, what turns into what, what several have in common. */
#ifndef PHASEGATE_EMULATOR_SQL_TYPE_H
#define PHASEGATE_EMULATOR_SQL_TYPE_H

#include "emulator/sql_tree.h"

struct sql_type sql_scalar(enum emulator_type base);
struct sql_type sql_array(struct sql_type element);
struct sql_type sql_element(struct sql_type array);
struct sql_type sql_type_of_field(const struct emulator_field *field);

/* "INT64", "ARRAY<DATE>", "STRUCT<k STRING>"; "NULL" where unknown; lives in the arena or is
 * static. */
const char *sql_type_name(struct sql_arena *arena, struct sql_type type);

/* "INT64", "ARRAY", "STRUCT": the kind without what is in it; static. */
const char *sql_type_kind(struct sql_type type);

bool sql_type_equal(struct sql_type a, struct sql_type b); /* both known */
bool sql_type_numeric(struct sql_type type);
bool sql_type_decimal(struct sql_type type);                     /* NUMERIC, BIGNUMERIC */
bool sql_type_moment(struct sql_type type);                      /* DATE, DATETIME, TIMESTAMP */
bool sql_type_is(struct sql_type type, enum emulator_type base); /* known, and no ARRAY */

/* Whether values of the type (an unknown one can do everything) may be compared by = and <>; may
 * stand in GROUP BY, DISTINCT and set operations; in ORDER BY, < and MAX; in a window's PARTITION
 * BY. */
bool sql_type_has_equality(struct sql_type type);
bool sql_type_groups(struct sql_type type);
bool sql_type_orders(struct sql_type type);
bool sql_type_partitions(struct sql_type type);

/* A value of type `from` can stand where `to` is wanted without being a literal. */
bool sql_type_widens(struct sql_type from, struct sql_type to);

/* CAST from one to the other exists. */
bool sql_type_casts(struct sql_type from, struct sql_type to);

/* `node` as an expression of type `to`: itself, another literal, or a cast around it; NULL when
 * that cannot be (the compilation has failed only if a literal is malformed: Could not cast literal
 * "x" to type DATE). */
struct sql_expression *sql_coerce(struct sql_compilation *compilation, struct sql_expression *node,
                                  struct sql_type to);

/* Brings the expressions at the places from `first`, every `step`, of a list to one common type and
 * returns it; `*good` is false when they have none. NULLs in the list are passed over. */
struct sql_type sql_unify(struct sql_compilation *compilation, struct sql_list *list, size_t first,
                          size_t step, bool *good);

#endif
