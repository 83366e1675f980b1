/* One query on its way: what its reading half (execute.c) and its writing half (execute_write.c)
 * share. */
#ifndef PHASEGATE_EMULATOR_EXECUTION_H
#define PHASEGATE_EMULATOR_EXECUTION_H

#include "emulator/execute.h"
#include "emulator/sql.h"

struct execution {
    const struct executor *executor;
    const struct query_request *request;
    const atomic_bool *cancel;
    int64_t deadline_ns;  /* boot time; 0: none */
    int64_t cpu_end_ns;   /* of this thread's processor time */
    int64_t memory_limit; /* of SQLite's memory in the whole process, in bytes */
    const char *exceeded; /* what the statement used too much of; static; NULL: nothing */
    int64_t now_ms;
    struct outcome *outcome;
};

/* Compiles against the catalog, which the caller's lock protects; NULL with the outcome's failure.
 */
struct sql_statement *execution_compile(struct execution *execution);

/* Prepares and binds SQLite's statement, and lets the job's end interrupt it. NULL with the
 * failure. */
sqlite3_stmt *execution_prepare(struct execution *execution, sqlite3 *database,
                                const struct sql_statement *statement);

/* Takes what a step that failed left in the connection into the outcome's failure, and lets go of
 * the connection. */
void execution_fail(struct execution *execution, sqlite3 *database);

/* Fills bytes processed and billed; false when the request allows fewer. */
bool execution_price(struct execution *execution, sqlite3 *database,
                     const struct sql_statement *statement);

/* Makes the INFORMATION_SCHEMA tables that the statement reads, and drops them. */
bool execution_information(struct execution *execution, sqlite3 *database,
                           const struct sql_statement *statement);
void execution_information_end(struct execution *execution, sqlite3 *database,
                               const struct sql_statement *statement);

/* Runs anything but a SELECT, from the writer's lock to the commit. */
void execution_write(struct execution *execution);

#endif
