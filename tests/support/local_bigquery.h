/* The local BigQuery as a process of its own, and the questions a person would put to it. */
#ifndef PHASEGATE_TESTS_SUPPORT_LOCAL_BIGQUERY_H
#define PHASEGATE_TESTS_SUPPORT_LOCAL_BIGQUERY_H

#include <stddef.h>

#include "tests/support/program.h"

struct local_bigquery {
    struct program *program;
    char *url;
};

/* Starts phasegate-emulator with these arguments after its name (ending with NULL; "--port", "0"
 * for a free port) and waits until it serves. Fails the test when it does not. */
struct local_bigquery local_bigquery_start(const char *const *arguments);
void local_bigquery_stop(struct local_bigquery *emulator);

/* Runs one statement and waits for its result. Gives the rows, cells separated by "|" and each row
 * ended by a line feed ("" for none, NULL cells as "NULL"), or "REASON: MESSAGE" when it was
 * refused. The caller frees it. */
char *local_bigquery_ask(const struct local_bigquery *emulator, const char *sql);

#endif
