/* An external account's own token, from a file or a program; and gcloud's, which is got the same
 * way. */
#ifndef PHASEGATE_BIGQUERY_LOGIN_SUBJECT_H
#define PHASEGATE_BIGQUERY_LOGIN_SUBJECT_H

#include "bigquery/login_legs.h"

/* A program, its arguments and what is added to its environment, both ended by NULL. */
struct program {
    char **argv;
    char **settings;
    int64_t timeout_ms;
};

/* Reads the token out of the file that the source names. Errors: EXIT_CONFIG,
 * EXIT_PERMISSION, EXIT_DATA. */
bool subject_read_file(const struct source *source, struct cargo *cargo, struct error *error);

/* The program of a leg that runs one; free it with program_free. */
struct program subject_program(const struct leg *leg);
void program_free(struct program *program);

/* Takes the token out of what it wrote. */
enum leg_end subject_read_output(const struct leg *leg, struct text output, int64_t wall_ms,
                                 struct cargo *cargo, struct error *error);

#endif
