/* What an incident is replayed on: the scene with an agent's hands on it, logs as the processors
 * write them, and the situation as an operator would see it. Times are wall milliseconds. */
#ifndef PHASEGATE_TESTS_FAULT_INCIDENTS_NIGHT_OF_H
#define PHASEGATE_TESTS_FAULT_INCIDENTS_NIGHT_OF_H

#include <criterion/criterion.h>
#include <string.h>

#include "situation/situation.h"
#include "tests/support/scene.h"

enum { DATES = 10 };

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

extern struct scene scene;

/* The scene with these changes (scene_open), and the agent's lease. */
void night_of(const char *const *changes);
void night_over(void);

/* Stores rows of a table on its ten dates (0: none) as read at `at`; `streaming` rows are in its
 * streaming buffer (-1: none). */
void night_measure(const char *table, const int64_t rows[DATES], int64_t streaming, int64_t at);

/* A run of a processor of the scene over its ten dates, begun at `at`. */
void night_run(const char *run, const char *processor, int64_t at);

/* Its end: an outcome with an exit code (-1: nobody knows). */
void night_end(const char *run, enum state_outcome outcome, int exit_code, int64_t at);

/* Its log grows by these lines, ending with NULL; the first arrives at `at`, each other `each`
 * later. The agent takes note after every line. */
void night_log(const char *run, const char *const *lines, int64_t at, int64_t each);

/* The same for `count` dates from the scene's first on, `each` apart: the position of the date
 * (`what`: "day", "game date"), then its outcome, in which @ stands for the date. */
void night_log_dates(const char *run, const char *what, const char *outcome, size_t count,
                     int64_t at, int64_t each);

/* What an operator sees at `at`, after the agent has judged; it lives until the next call. */
const struct situation *night_look(int64_t at);

/* The run of what was seen last. */
const struct situation_run *night_seen(const char *run);

/* The text of the run's alarm of that rule, or "". */
const char *night_alarm(const char *run, const char *rule);

/* How many events of a kind the journal has about a run. */
size_t night_events(const char *run, const char *kind);

/* The stored run; it lives until the next call. */
const struct state_run *night_stored(const char *run);

#define expect_contains(text, part)                                                                \
    cr_expect(strstr(text, part) != NULL, "\"%s\" does not say \"%s\"", text, part)

#endif
