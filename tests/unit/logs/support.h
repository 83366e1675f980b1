/* What the tests of the logs share: fixtures, and files in a directory that goes away. */
#ifndef PHASEGATE_TESTS_LOGS_SUPPORT_H
#define PHASEGATE_TESTS_LOGS_SUPPORT_H

#include "base/text.h"
#include "logs/progress.h"

#define FIXTURE_ARRIVAL INT64_C(1767600000000) /* of a fixture's first line; one line a second */

/* The whole of tests/fixtures/logs/NAME.log; the caller frees it. */
struct text_buffer support_fixture(const char *name);

struct log_classifier *support_classifier(void);

/* Feeds `content` line by line, the first at `arrival`, then one a second; 0: nobody saw them. */
void support_feed(struct log_progress *progress, struct log_classifier *classifier,
                  struct text content, int64_t arrival);

/* What the log of a fixture says; the caller frees it. */
struct log_progress *support_progress(const char *fixture);

/* A new directory below the system's, and a path within it; the caller frees both. */
char *support_directory(void);
void support_write(const char *path, struct text content, const char *mode);

#endif
