/* What is valid and cannot mean anything is told as a warning, by its place. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"

static const char base[] =
    "pipeline: v\nproject: p-x\nlocation: US\n"
    "range: {from: 2026-01-01, to: 2026-02-28}\n"
    "seasons: [{name: s, from: 2026-01-01, to: 2026-02-28}]\n"
    "expected: {query: days.sql}\n"
    "tables:\n"
    "  - {name: a, phase: x, table: m.a, date: d, entity: k, rows: {at_least: 2, per: day}, "
    "quality: {null_of: v, null_rate_at_most: 1%}}\n"
    "  - {name: b, phase: y, table: m.b, date: d, entity: k, needs: [a]}\n"
    "processors:\n"
    "  - {name: pb, fills: [b], command: [\"true\", \"{from}\", \"{to}\"]}\n"
    "groups:\n  - {name: gb, behind: ready, runs: [pb]}\n"
    "gates:\n  - name: ready\n    checks:\n      - {coverage: {table: a, at_least: 95%}}\n";

static char directory[] = "/tmp/phasegate-sense-XXXXXX";

static void write_beside(const char *name, const char *text) {
    struct error error = {0};
    char *path = file_join(directory, name);
    cr_assert(file_write(path, text_of(text), &error), "%s", error.text);
    free(path);
}

static void begin(void) {
    cr_assert_not_null(mkdtemp(directory));
    write_beside("days.sql", "SELECT day, 1 AS games FROM m.c WHERE day BETWEEN @from AND @to");
}

static void end(void) {
    struct error error = {0};
    cr_assert(file_remove_tree(directory, &error), "%s", error.text);
}

TestSuite(sense, .init = begin, .fini = end);

struct edit {
    const char *find, *replace, *warning; /* NULL: none */
};

static void expect(const struct edit *edit) {
    struct error error = {0};
    struct pipeline_findings findings = {0};
    char *text = fixture_edit(base, edit->find, edit->replace);
    write_beside("pipeline.yaml", text);
    char *path = file_join(directory, "pipeline.yaml");
    struct pipeline *pipeline = pipeline_load_for(path, NULL, &findings, &error);
    cr_assert_not_null(pipeline, "%s: %s", edit->replace, error.text);
    bool told = false;
    for (size_t i = 0; i < findings.count; i++)
        told |= edit->warning != NULL && strstr(findings.items[i].text, edit->warning) != NULL;
    cr_expect_eq(findings.count, edit->warning == NULL ? 0 : 1, "%s: %zu: %s", edit->replace,
                 findings.count, findings.count ? findings.items[0].text : "");
    cr_expect(edit->warning == NULL || told, "%s", edit->replace);
    pipeline_findings_free(&findings);
    pipeline_free(pipeline);
    free(path);
    free(text);
}

Test(sense, what_cannot_mean_anything_is_told)
{
    static const struct edit edits[] = {
        {"95%", "95%", NULL},
        {"at_least: 95%", "at_least: 0%",
         "\"a coverage\" passes whatever is measured: at_least is"},
        {"at_least: 95%", "at_least: 0%, each_season: true", NULL},
        {"at_least: 95%", "missing_at_most: 59",
         "passes whatever is measured: missing_at_most is not less than all dates there are"},
        {"at_least: 95%", "missing_at_most: 58", NULL},
        {"{coverage: {table: a, at_least: 95%}}", "{null_rate: {table: a, at_most: 100%}}",
         "passes whatever is measured: at_most is 100 %"},
        {"table: m.b", "table: m.a", "\"b\" counts the very rows of \"a\": both are m.a by \"d\""},
        {"table: m.b, date: d", "table: m.a, date: other", NULL},
        {"seasons: [", "seasons: [{name: old, from: 2025-01-01, to: 2025-02-01}, ",
         "season \"old\" lies outside the range: nothing of it is ever looked at"},
        {"seasons: [{name: s, from: 2026-01-01", "seasons: [{name: s, from: 2025-12-01", NULL},
        {"needs: [a]", "needs: [a], bootstrap_days: 59", "nothing is ever due in \"b\""},
        {"needs: [a]", "needs: [a], bootstrap_days: 58", NULL},
        {"rows: {at_least: 2, per: day}",
         "rows: {at_least: 2, per: day}, duplicates_above: {rows: 1, per: day}",
         "every complete date of \"a\" would be in excess"},
        {"rows: {at_least: 2, per: day}",
         "rows: {at_least: 2, per: day}, duplicates_above: {rows: 2, per: day}", NULL},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++)
        expect(&edits[i]);
}

Test(sense, a_mistake_is_told_alone)
{
    struct error error = {0};
    struct pipeline_findings findings = {0};
    char *text = fixture_edit(base, "at_least: 95%", "at_least: 101%");
    write_beside("pipeline.yaml", text);
    char *path = file_join(directory, "pipeline.yaml");
    cr_assert_null(pipeline_load_for(path, NULL, &findings, &error));
    cr_assert_eq(findings.count, 1);
    cr_expect_not(findings.items[0].warning);
    cr_expect_str_eq(findings.items[0].text, "\"101%\" is more than 100%");
    pipeline_findings_free(&findings);
    free(path);
    free(text);
}
