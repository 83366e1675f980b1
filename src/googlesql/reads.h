/* What a query reads, and whether anything but its tables can change its answer.
 *
 * All of it is vouched for by what is known, never by what is not: a construct or a function that
 * this file does not know leaves the answer open. Used by any thread. */
#ifndef PHASEGATE_GOOGLESQL_READS_H
#define PHASEGATE_GOOGLESQL_READS_H

#include "googlesql/token.h"

struct googlesql_reads {
    char **tables; /* "project.dataset.table", none twice, in order of appearance */
    size_t count;
    bool complete; /* it reads these tables and nothing else: no clock, no chance, no user, no
                      wildcard, no function of a dataset or a connection */
};

/* Finds the tables behind FROM, JOIN and the commas between them. A name without its project (but
 * of a WITH), with a wildcard or a decorator, of a system view, and a table function leave it
 * incomplete. The caller frees it. */
void googlesql_reads_open(struct googlesql_reads *reads, const struct googlesql_tokens *tokens);
void googlesql_reads_close(struct googlesql_reads *reads);

/* Whether the function, as it is called ("COUNT", "SAFE.SUBSTR", "NET.HOST"; case does not matter),
 * is one of GoogleSQL's own whose answer depends on its arguments only. */
bool googlesql_is_steady(const char *function);

#endif
