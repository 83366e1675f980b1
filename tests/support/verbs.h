/* Verbs of phasegate as a person types them, run in this process, and what they said. They have an
 * empty TMPDIR, a place for files and states, and, where a test opens one, a night of the demo. */
#ifndef PHASEGATE_TESTS_SUPPORT_VERBS_H
#define PHASEGATE_TESTS_SUPPORT_VERBS_H

#include <jansson.h>
#include <stdio.h>

/* What the last verb wrote to standard output and to standard error; kept here. */
extern char *verbs_out, *verbs_err;

/* Runs the words (ending with NULL, "phasegate" not among them); returns the exit code. */
int verbs_run(const char *const *words);
#define VERB(...) verbs_run((const char *const[]){__VA_ARGS__, NULL})

/* The same with standard output going to `out`. */
int verbs_run_into(FILE *out, const char *const *words);

/* The last answer as JSON of schema 1, which the caller frees; the test fails when it is none. */
json_t *verbs_json(void);

/* The element of an array whose member `key` is `name`; the test fails when there is none. */
const json_t *verbs_named(const json_t *array, const char *key, const char *name);

/* Expects a number in a member. */
void verbs_expect_number(const json_t *object, const char *key, double value);

/* The exit code and words of the sentence on standard error; nothing on standard output. */
#define EXPECT_REFUSED(code, words, ...)                                                           \
    do {                                                                                           \
        cr_expect_eq(VERB(__VA_ARGS__), code, "%s", verbs_err);                                    \
        cr_expect_not_null(strstr(verbs_err, words), "%s", verbs_err);                             \
        cr_expect_eq(strncmp(verbs_err, "phasegate: ", 11), 0, "%s", verbs_err);                   \
        cr_expect_str_eq(verbs_out, "");                                                           \
    } while (0)

/* No pipeline and no BigQuery is named by the environment. */
void verbs_open(void);
/* Ends the night, frees what is kept, and expects that nothing was left in TMPDIR. */
void verbs_close(void);

/* The demo's stage with this scenario, its clock as fast as the real one, for all verbs that
 * follow; filling its BigQuery takes seconds, so that a test asks much of one night. */
void verbs_open_night(const char *scenario);

/* The directory of the test's files. */
const char *verbs_place(void);
/* A file in it; the caller frees its path. */
char *verbs_write(const char *name, const char *text);
/* A copy of the shipped queries/nba in a directory of this name; returns the path of its
 * pipeline.yaml, which the caller frees. */
char *verbs_copy_pipeline(const char *name);

#endif
