/* Files that nobody would write by mistake: each is refused at once, in one sentence. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "fixture.h"

/* A text of `count` times `piece`, each # in it replaced by how many came before. */
static char *repeated(const char *head, const char *piece, size_t count, const char *tail) {
    struct text_buffer text = {0};
    text_buffer_add(&text, head);
    for (size_t i = 0; i < count; i++) {
        for (const char *c = piece; *c != '\0'; c++) {
            if (*c == '#') {
                text_buffer_format(&text, "%zu", i);
            } else {
                text_buffer_put(&text, c, 1);
            }
        }
    }
    text_buffer_add(&text, tail);
    return text_buffer_take(&text);
}

/* Loads a text and checks what its refusal says. */
static void refused(const char *what, char *text, const char *why) {
    struct error error = {0};
    cr_expect_null(fixture_load(text, &error), "%s", what);
    cr_expect_eq(error.code, EXIT_CONFIG, "%s", what);
    cr_expect_not_null(strstr(error.text, why), "%s: %s", what, error.text);
    free(text);
}

#define EACH_AT_ONCE                                                                               \
    .timeout = 60 /* a loaded machine's; each takes some hundredths of a second                    \
                   */

Test(bounds, nesting_ends_at_a_depth, EACH_AT_ONCE)
{
    static const char *const openers[] = {"[", "{", "- ", "? ", "[{"};
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
        refused(openers[i], repeated("", openers[i], 200000 / strlen(openers[i]), ""),
                ": this nests too deeply (over 32 levels)");
    }
    refused("indented lists", repeated("a:\n", "- - - - - - - - ", 12000, "x\n"),
            "this nests too deeply");
}

Test(bounds, names_of_nodes_and_directives_are_counted, EACH_AT_ONCE)
{
    refused("anchors", repeated("", "- &a# x\n", 70000, ""), "too many anchors");
    refused("directives", repeated("", "%TAG !#! x\n", 60000, "--- {}\n"),
            "too many lines begin with %");
    refused("aliases",
            memory_copy_string("a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
                               "c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n"
                               "e: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n"
                               "g: [*f,*f,*f,*f,*f,*f,*f,*f]\n"),
            "its aliases repeat too much");
}

Test(bounds, many_mistakes_take_no_longer_than_few, EACH_AT_ONCE)
{
    refused("unknown keys", repeated("", "key#: x\n", 80000, ""), "more mistakes");
    refused("one long key", repeated("", "abcdefgh", 100000, ": x\n"), "");
    char *missing = repeated("needs: [", "nobody#,", 9000, "]");
    refused("unknown tables", fixture_edit(fixture_text, "needs: [games]", missing),
            "more mistakes");
    free(missing);
    char *variables = repeated("workers: 4\n    environment: {", "V#: x,", 70000, "}");
    refused("variables", fixture_edit(fixture_text, "workers: 4", variables),
            "at most 1000 variables");
    free(variables);
}

Test(bounds, checks_of_a_phase_are_counted_as_they_unfold, EACH_AT_ONCE)
{
    struct text_buffer text = {0};
    text_buffer_add(&text, "pipeline: many\nproject: my-project\n"
                           "range: {from: 2024-01-01, to: yesterday}\n"
                           "expected: {query: expected_dates.sql}\ntables:\n");
    for (size_t i = 0; i < 5000; i++) {
        text_buffer_format(&text, "- {name: t%zu, phase: p, table: d.t%zu, date: day}\n", i, i);
    }
    text_buffer_add(&text, "gates:\n");
    for (size_t i = 0; i < 5000; i++) {
        text_buffer_format(&text,
                           "- {name: g%zu, checks: [{coverage: {phase: p, at_least: 9%%}}]}\n", i);
    }
    refused("gates", text_buffer_take(&text), "the gates hold more than 50000 checks");
}

Test(bounds, only_plain_files_are_read, EACH_AT_ONCE)
{
    char directory[] = "/tmp/phasegate-bounds-XXXXXX";
    struct error error = {0};
    cr_assert_not_null(mkdtemp(directory));
    char *pipe = memory_format("%s/pipe", directory);
    cr_assert_eq(mkfifo(pipe, 0600), 0);
    const struct {
        const char *path, *is;
    } cases[] = {{pipe, "is a FIFO, not a regular file"},
                 {directory, "is a directory, not a regular file"},
                 {"/dev/zero", "is a device, not a regular file"},
                 {"/dev/tty", "/dev/tty"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_null(pipeline_load(cases[i].path, &error));
        cr_expect_eq(error.code, EXIT_NO_INPUT, "%s", cases[i].path);
        cr_expect_not_null(strstr(error.text, cases[i].is), "%s", error.text);
        char *query = memory_format("expected: {query: %s}", cases[i].path);
        char *text = fixture_edit(fixture_text, "expected: {query: expected_dates.sql}", query);
        cr_expect_null(fixture_load(text, &error));
        cr_expect_not_null(strstr(error.text, cases[i].path), "%s", error.text);
        free(query);
        free(text);
    }
    cr_assert(unlink(pipe) == 0 && rmdir(directory) == 0);
    free(pipe);
}

Test(bounds, a_file_of_no_bytes_is_empty)
{
    char path[] = "/tmp/phasegate-empty-XXXXXX";
    struct error error = {0};
    int made = mkstemp(path);
    cr_assert(made >= 0 && close(made) == 0);
    cr_expect_null(pipeline_load(path, &error));
    cr_expect_eq(error.code, EXIT_CONFIG);
    cr_expect_not_null(strstr(error.text, ":1:1: the file is empty"), "%s", error.text);
    cr_assert_eq(unlink(path), 0);
}

Test(bounds, an_endpoint_is_a_host_and_nobody)
{
    static const struct fixture_mistake mistakes[] = {
        {"another scheme", "project: my-project",
         "project: my-project\nendpoint: file:///etc/passwd",
         "3:11: this cannot be an endpoint: it must begin with http:// or https://"},
        {"a password", "project: my-project",
         "project: my-project\nendpoint: http://me:hunter2@localhost:9050",
         "3:11: this cannot be an endpoint: it holds a user or a password; nothing of the kind is "
         "sent to an endpoint"},
        {"a user without a scheme", "project: my-project",
         "project: my-project\nendpoint: me@localhost:9050",
         "3:11: this cannot be an endpoint: it holds a user or a password; nothing of the kind is "
         "sent to an endpoint"},
        {"no host", "project: my-project", "project: my-project\nendpoint: http://:9050",
         "3:11: this cannot be an endpoint: it must be HOST:PORT or http(s)://HOST:PORT"},
        {"a port that is none", "project: my-project", "project: my-project\nendpoint: here:99999",
         "3:11: this cannot be an endpoint: it must be HOST:PORT or http(s)://HOST:PORT"},
        {"a query", "project: my-project",
         "project: my-project\nendpoint: 'http://localhost:9050?key=1'",
         "3:11: this cannot be an endpoint: it must be HOST:PORT or http(s)://HOST:PORT"},
    };
    FIXTURE_CHECK(mistakes);
    static const char *const good[] = {"localhost:9050", "http://localhost:9050",
                                       "https://bq.example.org/bigquery/v2", "[::1]:9050"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *given = memory_format("project: my-project\nendpoint: \"%s\"", good[i]);
        struct pipeline *pipeline = fixture_load_edited("project: my-project", given);
        cr_expect_str_eq(pipeline->endpoint, good[i]);
        pipeline_free(pipeline);
        free(given);
    }
}
