/* What leaves a file valid and will not do what was meant. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"

static char directory[] = "/tmp/phasegate-warnings-XXXXXX";

static void write_beside(const char *name, const char *text, mode_t mode) {
    struct error error = {0};
    char *path = file_join(directory, name);
    cr_assert(file_write(path, text_of(text), &error), "%s", error.text);
    cr_assert_eq(chmod(path, mode), 0);
    free(path);
}

static void begin(void) {
    cr_assert_not_null(mkdtemp(directory));
    write_beside("expected_dates.sql",
                 "SELECT day, 1 AS games FROM d WHERE day BETWEEN @from AND @to", 0600);
    write_beside("run", "#!/bin/sh\n", 0700);
    write_beside("lost", "#!/nonexistent/python4\n", 0700);
}

static void end(void) {
    struct error error = {0};
    cr_assert(file_remove_tree(directory, &error), "%s", error.text);
}

TestSuite(warnings, .init = begin, .fini = end);

struct edit {
    const char *find, *replace, *expected; /* "line:column: text" a line; DIR: the directory */
};

/* The lines with each DIR replaced; the caller frees it. */
static char *with_directory(const char *lines) {
    struct text_buffer out = {0};
    const char *at;
    while ((at = strstr(lines, "DIR")) != NULL) {
        text_buffer_format(&out, "%.*s%s", (int)(at - lines), lines, directory);
        lines = at + strlen("DIR");
    }
    text_buffer_add(&out, lines);
    return text_buffer_take(&out);
}

/* The fixture with a command that is there, and then the edit, is valid with exactly these. */
static void expect(const struct edit *edit) {
    struct error error = {0};
    struct pipeline_findings findings = {0};
    char *good = fixture_edit(fixture_text, "command: [run,", "command: [./run,");
    char *text = fixture_edit(good, edit->find, edit->replace);
    write_beside("pipeline.yaml", text, 0600);
    char *path = file_join(directory, "pipeline.yaml");
    struct pipeline *pipeline = pipeline_load_for(path, NULL, &findings, &error);
    cr_assert_not_null(pipeline, "%s", error.text);
    struct text_buffer said = {0};
    for (size_t i = 0; i < findings.count; i++) {
        cr_expect(findings.items[i].warning);
        text_buffer_format(&said, "%s%zu:%zu: %s", i == 0 ? "" : "\n", findings.items[i].place.line,
                           findings.items[i].place.column, findings.items[i].text);
    }
    text_buffer_add(&said, "");
    char *expected = with_directory(edit->expected);
    cr_expect_str_eq(said.data, expected, "%s:\n  said:     %s\n  expected: %s", edit->replace,
                     said.data, expected);
    free(expected);
    text_buffer_free(&said);
    pipeline_findings_free(&findings);
    pipeline_free(pipeline);
    free(path);
    free(text);
    free(good);
}

#define EXPECT(edits)                                                                              \
    for (size_t i = 0; i < sizeof(edits) / sizeof((edits)[0]); i++) {                              \
        expect(&(edits)[i]);                                                                       \
    }

Test(warnings, name_what_a_command_lacks_on_this_machine)
{
    static const struct edit edits[] = {
        {"./run", "./run", ""},
        {"./run", "./walk",
         "24:15: on this machine \"players\" would not start: ./walk is not there"},
        {"./run", "no-such-program-of-ours",
         "24:15: on this machine \"players\" would not start: there is no program "
         "no-such-program-of-ours in PATH"},
        {"./run", "./lost",
         "24:15: on this machine \"players\" would not start: ./lost is a script, and its "
         "interpreter /nonexistent/python4 is not there"},
        {"    workers: 4\n", "    workers: 4\n    directory: jobs\n",
         "27:16: on this machine \"players\" would not start: the working directory DIR/jobs is "
         "not "
         "there"},
        {"    timeout: 6h\n",
         "    directory: jobs\n"
         "  - {name: more, fills: [games], command: [a, \"{from}\", \"{to}\"], directory: jobs}\n",
         "27:16: on this machine \"players\" (and 1 more) would not start: the working directory "
         "DIR/jobs is not there"},
        {"./run", "\"./{season}\"", ""}, /* which one, only a launch knows */
        {"    workers: 4\n", "    workers: 4\n    runner: {ssh: far}\n    directory: /far\n", ""},
        {"    workers: 4\n", "    workers: 4\n    environment: {PATH: /nonexistent}\n", ""},
        {"{runs: {group: night}}", "{command: {run: [./ready]}}",
         "36:26: on this machine the check would not start: ./ready is not there"},
        {"{runs: {group: night}}", "{command: {run: [./run]}}", ""},
    };
    EXPECT(edits);
}

Test(warnings, tell_what_nobody_fills_in)
{
    static const struct edit edits[] = {
        {"    workers: 4\n", "    workers: 4\n    environment: {DAY: \"on {from}\"}\n",
         "27:24: {from} stays as it is written: only `command` and `dates_argument` are filled in"},
        {"    workers: 4\n", "    workers: 4\n    environment: {A: \"{dates}{workers}\"}\n",
         "27:22: {workers} stays as it is written: only `command` and `dates_argument` are filled "
         "in\n"
         "27:22: {dates} stays as it is written: only `command` and `dates_argument` are filled "
         "in"},
        {"    workers: 4\n", "    workers: 4\n    environment: {PYTHONPATH: \"/a:$HOME/b\"}\n",
         "27:31: $HOME stays as it is written, for no shell reads it; write out what it stands "
         "for"},
        {"    workers: 4\n", "    workers: 4\n    environment: {PYTHONPATH: \"${HOME}/b\"}\n",
         "27:31: ${HOME} stays as it is written, for no shell reads it; write out what it stands "
         "for"},
        {"    workers: 4\n", "    workers: 4\n    environment: {PYTHONPATH: \"/a:~/b\"}\n",
         "27:31: ~ stays as it is written, for no shell reads it; write out what it stands for"},
        {"    workers: 4\n",
         "    workers: 4\n    environment: {A: \"^a$\", B: \"$5\", C: \"a~/b\", D: \"{x}\"}\n", ""},
        {"--start,", "--root, $HOME/jobs, --to=~/out, --start,",
         "24:30: $HOME stays as it is written, for no shell reads it; write out what it stands "
         "for\n"
         "24:42: ~ stays as it is written, for no shell reads it; write out what it stands for"},
        {"--start,", "-c, $COMMAND, '$field', '$a + 1', --start,",
         "24:36: $field stays as it is written, for no shell reads it; write out what it stands "
         "for"},
        {"{runs: {group: night}}", "{command: {run: [./run, ~/x]}}",
         "36:33: ~ stays as it is written, for no shell reads it; write out what it stands for"},
    };
    EXPECT(edits);
}

Test(warnings, tell_that_nobody_is_woken)
{
    static const struct edit edits[] = {
        {"gates:\n", "alerts:\n  slack: {url_file: ~/slack}\ngates:\n",
         "31:3: alerts: is kept, but this version sends nothing: nobody is woken by it"},
    };
    EXPECT(edits);
}
