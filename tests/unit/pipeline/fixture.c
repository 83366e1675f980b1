#include "fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const char fixture_text[] =
    "pipeline: small\n"
    "project: my-project\n"
    "range: {from: 2024-01-01, to: yesterday}\n"
    "seasons:\n"
    "  - {name: \"2024\", from: 2024-01-01, to: 2024-06-30, playoffs_from: 2024-05-01}\n"
    "  - {name: \"2025\", from: 2025-01-01, to: 2025-06-30}\n"
    "bootstrap_days: 14\n"
    "expected: {query: expected_dates.sql}\n"
    "tables:\n"
    "  - name: games\n"
    "    phase: first\n"
    "    table: stats.games\n"
    "    date: game_date\n"
    "    entity: game_id\n"
    "    rows: {at_least: 2, per: game}\n"
    "  - name: players\n"
    "    phase: second\n"
    "    table: stats.players\n"
    "    date: day\n"
    "    needs: [games]\n"
    "processors:\n"
    "  - name: players\n"
    "    fills: [players]\n"
    "    command: [run, --start, \"{from}\", --end, \"{to}\", --workers, \"{workers}\"]\n"
    "    dates_argument: [--dates, \"{dates}\"]\n"
    "    workers: 4\n"
    "    timeout: 6h\n"
    "groups:\n"
    "  - {name: night, behind: ready, runs: [players]}\n"
    "gates:\n"
    "  - name: ready\n"
    "    checks:\n"
    "      - {coverage: {phase: first, at_least: 95%}}\n"
    "  - name: done\n"
    "    checks:\n"
    "      - {runs: {group: night}}\n";

char *fixture_edit(const char *text, const char *find, const char *replace) {
    const char *at = strstr(text, find);
    cr_assert_not_null(at, "the fixture does not hold: %s", find);
    return memory_format("%.*s%s%s", (int)(at - text), text, replace, at + strlen(find));
}

struct pipeline *fixture_load(const char *text, struct error *error) {
    return pipeline_load_text(text_of(text), FIXTURE_PATH, error);
}

struct pipeline *fixture_load_edited(const char *find, const char *replace) {
    struct error error = {0};
    char *text = fixture_edit(fixture_text, find, replace);
    struct pipeline *pipeline = fixture_load(text, &error);
    cr_assert_not_null(pipeline, "%s", error.text);
    free(text);
    return pipeline;
}

/* The expected lines with the path in front of each. */
static char *with_path(const char *lines) {
    struct text_buffer out = {0};
    struct text rest = text_of(lines);
    while (rest.size > 0) {
        struct text line = text_cut(&rest, '\n');
        text_buffer_format(&out, "%s%s:%.*s", out.size == 0 ? "" : "\n", FIXTURE_PATH,
                           (int)line.size, line.data);
    }
    return text_buffer_take(&out);
}

void fixture_check(const struct fixture_mistake *mistakes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct error error = {0};
        char *text = fixture_edit(fixture_text, mistakes[i].find, mistakes[i].replace);
        char *expected = with_path(mistakes[i].expected);
        struct pipeline *pipeline = fixture_load(text, &error);
        cr_expect_null(pipeline, "%s was accepted", mistakes[i].what);
        cr_expect_str_eq(error.text, expected, "%s:\n  said:     %s\n  expected: %s",
                         mistakes[i].what, error.text, expected);
        cr_expect_eq(error.code, EXIT_CONFIG);
        pipeline_free(pipeline);
        free(expected);
        free(text);
    }
}
