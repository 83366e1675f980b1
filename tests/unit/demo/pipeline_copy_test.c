/* The demo's pipeline file is the shipped one but for the few values that make it a demo. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "demo/pipeline_copy.h"
#include "pipeline/pipeline.h"
#include "tests/support/program.h"

static char *directory;

static void make_directory(void) {
    directory = program_directory();
}

static void remove_directory(void) {
    program_remove_directory(directory);
}

TestSuite(pipeline_copy, .init = make_directory, .fini = remove_directory);

static struct pipeline *load(const char *path) {
    struct error error = {0};
    struct pipeline *pipeline = pipeline_load(path, &error);
    cr_assert_not_null(pipeline, "%s", error.text);
    return pipeline;
}

/* A copy of a shipped file, loaded; `*original` is the shipped one. */
static struct pipeline *copy_of(const char *name, bool fast, struct pipeline **original) {
    struct error error = {0};
    char *source = pipeline_shipped(name, &error);
    cr_assert_not_null(source, "%s", error.text);
    char *destination = file_join(directory, "pipeline.yaml");
    struct pipeline_copy copy = {.source = source,
                                 .destination = destination,
                                 .endpoint = "http://127.0.0.1:9050",
                                 .from = "2022-01-01",
                                 .to = "2022-02-03",
                                 .program = "/opt/a place/phasegate",
                                 .fast = fast};
    cr_assert(pipeline_copy_write(&copy, &error), "%s", error.text);
    *original = load(source);
    struct pipeline *made = load(destination);
    free(source);
    free(destination);
    return made;
}

static void expect_text(const char *a, const char *b, const char *what) {
    cr_expect(a == NULL || b == NULL ? a == b : strcmp(a, b) == 0, "%s: %s, %s", what,
              a != NULL ? a : "NULL", b != NULL ? b : "NULL");
}

static void expect_indices(struct pipeline_indices a, struct pipeline_indices b, const char *what) {
    cr_assert_eq(a.count, b.count, "%s", what);
    for (size_t i = 0; i < a.count; i++) {
        cr_expect_eq(a.items[i], b.items[i], "%s", what);
    }
}

static void expect_strings(struct pipeline_strings a, struct pipeline_strings b, const char *what) {
    cr_assert_eq(a.count, b.count, "%s", what);
    for (size_t i = 0; i < a.count; i++) {
        expect_text(a.items[i], b.items[i], what);
    }
}

static void expect_same_tables(const struct pipeline *a, const struct pipeline *b) {
    cr_assert_eq(a->table_count, b->table_count);
    for (size_t i = 0; i < a->table_count; i++) {
        const struct pipeline_table *x = &a->tables[i];
        const struct pipeline_table *y = &b->tables[i];
        expect_text(x->name, y->name, "table");
        expect_text(x->coverage_sql, y->coverage_sql, x->name);
        cr_expect_eq(x->phase, y->phase);
        cr_expect_eq(x->expected, y->expected);
        cr_expect_eq(x->bootstrap_days, y->bootstrap_days);
        cr_expect_eq(x->rows.kind, y->rows.kind);
        cr_expect_float_eq(x->rows.value, y->rows.value, 1e-9);
        cr_expect_eq(x->duplicates_above.kind, y->duplicates_above.kind);
        cr_expect_eq(x->null_rate_at_most, y->null_rate_at_most);
        expect_indices(x->needs, y->needs, x->name);
        expect_indices(x->wants, y->wants, x->name);
    }
    cr_assert_eq(a->expected_count, b->expected_count);
    for (size_t i = 0; i < a->expected_count; i++) {
        expect_text(a->expected[i].sql, b->expected[i].sql, "expected dates");
    }
    cr_assert_eq(a->season_count, b->season_count);
    for (size_t i = 0; i < a->season_count; i++) {
        expect_text(a->seasons[i].name, b->seasons[i].name, "season");
        cr_expect_eq(a->seasons[i].range.from, b->seasons[i].range.from);
        cr_expect_eq(a->seasons[i].range.to, b->seasons[i].range.to);
    }
}

static void expect_same_gates(const struct pipeline *a, const struct pipeline *b) {
    cr_assert_eq(a->group_count, b->group_count);
    for (size_t i = 0; i < a->group_count; i++) {
        expect_text(a->groups[i].name, b->groups[i].name, "group");
        cr_expect_eq(a->groups[i].behind, b->groups[i].behind);
        expect_indices(a->groups[i].runs, b->groups[i].runs, a->groups[i].name);
    }
    cr_assert_eq(a->gate_count, b->gate_count);
    for (size_t i = 0; i < a->gate_count; i++) {
        expect_text(a->gates[i].name, b->gates[i].name, "gate");
        cr_assert_eq(a->gates[i].check_count, b->gates[i].check_count);
        for (size_t j = 0; j < a->gates[i].check_count; j++) {
            const struct pipeline_check *x = &a->gates[i].checks[j];
            const struct pipeline_check *y = &b->gates[i].checks[j];
            expect_text(x->name, y->name, "check");
            cr_expect_eq(x->kind, y->kind);
            cr_expect_eq(x->minimum, y->minimum);
            cr_expect_eq(x->maximum, y->maximum);
            cr_expect_eq(x->each_season, y->each_season);
        }
    }
}

/* The same flags behind the simulated processor as behind python3, run where the demo is. */
static void expect_simulated(const struct pipeline *a, const struct pipeline *b) {
    cr_assert_eq(a->processor_count, b->processor_count);
    for (size_t i = 0; i < a->processor_count; i++) {
        const struct pipeline_processor *x = &a->processors[i];
        const struct pipeline_processor *y = &b->processors[i];
        expect_text(x->name, y->name, "processor");
        expect_text(y->directory, directory, "where it runs");
        expect_text(y->command.items[0], "/opt/a place/phasegate", "program");
        expect_text(y->command.items[1], "demo-processor", "verb");
        expect_text(x->command.items[0], "python3", "the real one's program");
        cr_assert_eq(y->command.count, x->command.count + 1);
        for (size_t j = 1; j < x->command.count; j++) {
            expect_text(x->command.items[j], y->command.items[j + 1], x->name);
        }
        expect_indices(x->fills, y->fills, x->name);
        expect_strings(x->dates_argument, y->dates_argument, x->name);
        expect_text(x->log, y->log, x->name);
        cr_assert_eq(x->environment_count, y->environment_count);
        for (size_t j = 0; j < x->environment_count; j++) {
            expect_text(x->environment[j].value, y->environment[j].value, x->name);
        }
        cr_expect_eq(x->workers, y->workers);
        cr_expect_eq(x->quiet_after_ms, y->quiet_after_ms);
        cr_expect_eq(x->timeout_ms, y->timeout_ms);
        cr_expect_eq(x->stop_grace_ms, y->stop_grace_ms);
        cr_expect_eq(x->stop_after_failures, y->stop_after_failures);
        cr_expect_eq(x->shell, y->shell);
    }
}

Test(pipeline_copy, changes_range_endpoint_and_commands_and_nothing_else)
{
    static const char *const shipped[] = {"nba/pipeline.yaml", "nba/layers.yaml",
                                          "nba/playoffs.yaml"};
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        struct pipeline *original;
        struct pipeline *made = copy_of(shipped[i], false, &original);
        char from[DAY_TEXT_SIZE];
        char to[DAY_TEXT_SIZE];
        expect_text(made->endpoint, "http://127.0.0.1:9050", "endpoint");
        expect_text(day_format(made->from.day, from), "2022-01-01", "from");
        expect_text(day_format(made->to.day, to), "2022-02-03", "to");
        cr_expect_eq(made->to.kind, PIPELINE_BOUND_DATE);
        expect_text(made->name, original->name, "name");
        expect_text(made->project, original->project, "project");
        expect_text(made->location, original->location, "location");
        expect_text(made->timezone, original->timezone, "time zone");
        cr_expect_eq(memcmp(&made->poll, &original->poll, sizeof made->poll), 0);
        expect_same_tables(original, made);
        expect_same_gates(original, made);
        expect_simulated(original, made);
        pipeline_free(original);
        pipeline_free(made);
    }
}

Test(pipeline_copy, polls_as_a_night_of_minutes_needs_when_it_is_to_be_fast)
{
    struct pipeline *original;
    struct pipeline *made = copy_of("nba/pipeline.yaml", true, &original);
    cr_expect_eq(made->poll.every_ms, 300000);
    cr_expect_eq(made->poll.stale_after_ms, 1200000);
    cr_expect_eq(made->poll.recheck_ms, 7200000);
    cr_expect_eq(made->poll.changing_ms, 300000);
    cr_expect_eq(made->poll.bytes_per_query, original->poll.bytes_per_query);
    cr_expect_eq(made->poll.bytes_per_night, original->poll.bytes_per_night);
    pipeline_free(original);
    pipeline_free(made);
}

/* What a copy of this text fails with. */
static struct error refusal_of(const char *text) {
    struct error error = {0};
    char *source = file_join(directory, "source.yaml");
    char *destination = file_join(directory, "pipeline.yaml");
    struct pipeline_copy copy = {.source = source,
                                 .destination = destination,
                                 .endpoint = "e",
                                 .from = "2022-01-01",
                                 .to = "2022-02-03",
                                 .program = "p"};
    if (text != NULL) {
        cr_assert(file_write(source, text_of(text), &error), "%s", error.text);
    }
    cr_expect_not(pipeline_copy_write(&copy, &error));
    cr_expect_not_null(strstr(error.text, "source.yaml"), "%s", error.text);
    free(source);
    free(destination);
    return error;
}

Test(pipeline_copy, refuses_what_is_no_pipeline_file)
{
    cr_expect_eq(refusal_of(NULL).code, EXIT_NO_INPUT);
    cr_expect_eq(refusal_of("").code, EXIT_CONFIG);
    cr_expect_eq(refusal_of("[1, 2]\n").code, EXIT_CONFIG);
    cr_expect_eq(refusal_of("pipeline: x\n").code, EXIT_CONFIG, "without a range");
    cr_expect_eq(refusal_of("range: {from: a, to: b}\nprocessors: {a: b}\n").code, EXIT_CONFIG);
    cr_expect_eq(refusal_of("range: {from: a, to: b}\nprocessors: [{name: a}]\n").code,
                 EXIT_CONFIG);
    struct error error = refusal_of("pipeline: [\n");
    cr_expect_eq(error.code, EXIT_CONFIG);
    cr_expect_not_null(strstr(error.text, "source.yaml:2:1:"), "%s", error.text);
}
