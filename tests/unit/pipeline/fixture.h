/* A small pipeline file that every test of mistakes starts from, and edits of it. */
#ifndef PHASEGATE_TESTS_PIPELINE_FIXTURE_H
#define PHASEGATE_TESTS_PIPELINE_FIXTURE_H

#include "pipeline/pipeline.h"

/* The path that the fixture is loaded under: beside the NBA pipeline's queries. */
#define FIXTURE_PATH PHASEGATE_SOURCE_DIR "/queries/nba/small.yaml"

/* The whole text; static. */
extern const char fixture_text[];

/* The text with the first `find` replaced; fails the test when it is not there. The caller frees
 * it. */
char *fixture_edit(const char *text, const char *find, const char *replace);

/* Loads a text as if it stood at FIXTURE_PATH. */
struct pipeline *fixture_load(const char *text, struct error *error);

/* Loads the fixture after one edit, which must be right. The caller frees it. */
struct pipeline *fixture_load_edited(const char *find, const char *replace);

/* A mistake: an edit of the fixture, and what must be said of it, "line:column: text" a line. */
struct fixture_mistake {
    const char *what, *find, *replace, *expected;
};

/* Checks that each edit is refused with exactly those words. */
void fixture_check(const struct fixture_mistake *mistakes, size_t count);
#define FIXTURE_CHECK(mistakes) fixture_check(mistakes, sizeof(mistakes) / sizeof((mistakes)[0]))

#endif
