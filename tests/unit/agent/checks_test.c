/* Checks that are answered here: what is a value, and what is not known. */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/checks.h"
#include "base/file.h"
#include "fixture.h"
#include "state/state_gates.h"

static struct recorder recorder;
static struct checks *checks;
static struct error error;

static void open_checks(const char *check) {
    const char *changes[] = {"- {coverage: {table: defense, at_least: 95%}}", check, NULL};
    scene_open(&scene, changes);
    recorder = fixture_recorder();
    checks = checks_new(scene.pipeline);
}

static void close_checks(void) {
    checks_free(checks);
    scene_close(&scene);
}

TestSuite(checks, .fini = close_checks);

static bool step_with(int64_t now, int64_t boot_ns, const struct checks_access *access) {
    bool stored = false;
    cr_assert(checks_step(checks, &recorder, now, boot_ns, access, &stored, &error), "%s",
              error.text);
    return stored;
}

static bool step(int64_t now, int64_t boot_ns, int64_t accepted_at) {
    return step_with(now, boot_ns, &(struct checks_access){.accepted_at = accepted_at});
}

/* Steps until something is stored, by a clock of its own. */
static void finish(void) {
    int64_t until = fixture_real_ms() + FIXTURE_DEADLINE_MS;
    while (!step(SCENE_NOW, 1, 0)) {
        cr_assert_lt(fixture_real_ms(), until, "the command did not end");
        (void)poll(NULL, 0, 1);
    }
    cr_expect_not(checks_busy(checks));
}

/* The answer stored last; NULL without one. The caller frees it as one. */
static struct state_answer *answer(void) {
    size_t count;
    struct state_answer *answers = state_answers(scene.state, 0, &count, &error);
    cr_assert_not_null(answers, "%s", error.text);
    if (count == 0) {
        state_answers_free(answers, 0);
        return NULL;
    }
    cr_assert_eq(count, 1);
    return answers;
}

static void expect_value(double value) {
    struct state_answer *given = answer();
    cr_assert_not_null(given);
    cr_expect(given->measured);
    cr_expect_float_eq(given->value, value, 0, "%g", given->value);
    cr_expect_null(given->error);
    cr_expect_eq(given->at, SCENE_NOW);
    state_answers_free(given, 1);
}

static void expect_unknown(const char *words) {
    struct state_answer *given = answer();
    cr_assert_not_null(given);
    cr_expect_not(given->measured);
    cr_assert_not_null(given->error);
    cr_expect_not_null(strstr(given->error, words), "%s", given->error);
    state_answers_free(given, 1);
}

Test(checks, a_disk_has_so_many_bytes_free)
{
    open_checks("- {disk: {path: /, at_least: 1MiB}}");
    cr_expect(step(SCENE_NOW, 1, 0));
    struct state_answer *given = answer();
    cr_expect(given->measured);
    cr_expect_gt(given->value, 0);
    state_answers_free(given, 1);
}

Test(checks, a_disk_that_is_not_there_is_unknown)
{
    open_checks("- {disk: {path: /no/such/place, at_least: 1MiB}}");
    cr_expect(step(SCENE_NOW, 1, 0));
    expect_unknown("cannot look at /no/such/place");
}

Test(checks, a_command_gives_its_exit_code)
{
    open_checks("- {command: {run: [/bin/true]}}");
    finish();
    expect_value(0);
}

Test(checks, a_command_that_says_no_gives_1)
{
    open_checks("- {command: {run: [/bin/false]}}");
    finish();
    expect_value(1);
}

Test(checks, a_program_that_is_not_there_is_unknown)
{
    open_checks("- {command: {run: [/no/such/program]}}");
    cr_expect(step(SCENE_NOW, 1, 0));
    expect_unknown("cannot start /no/such/program");
}

Test(checks, a_command_runs_beside_the_pipeline_file)
{
    char before[4096];
    cr_assert_not_null(getcwd(before, sizeof before));
    cr_assert_eq(chdir("/"), 0);
    open_checks("- {command: {run: [./ready, marker]}}");
    char *script = file_join(scene.pipeline->directory, "ready");
    char *marker = file_join(scene.pipeline->directory, "marker");
    cr_assert(file_write(script, TEXT("#!/bin/sh\ntest -f \"$1\" && exit 3\n"), &error), "%s",
              error.text);
    cr_assert_eq(chmod(script, 0700), 0);
    cr_assert(file_write(marker, TEXT(""), &error), "%s", error.text);
    finish();
    expect_value(3);
    free(marker);
    free(script);
    cr_assert_eq(chdir(before), 0);
}

Test(checks, a_script_without_its_interpreter_is_unknown_and_says_so)
{
    open_checks("- {command: {run: [./ready]}}");
    char *script = file_join(scene.pipeline->directory, "ready");
    cr_assert(file_write(script, TEXT("#!/no/such/shell\n"), &error), "%s", error.text);
    cr_assert_eq(chmod(script, 0700), 0);
    cr_expect(step(SCENE_NOW, 1, 0));
    expect_unknown("./ready is a script, and its interpreter /no/such/shell is not there");
    free(script);
}

Test(checks, a_command_that_was_killed_is_unknown)
{
    open_checks("- {command: {run: [/bin/sh, -c, \"kill -9 $$\"]}}");
    finish();
    expect_unknown("killed");
}

Test(checks, a_command_over_its_time_limit_is_ended_and_unknown)
{
    open_checks("- {command: {run: [/bin/sleep, \"600\"], timeout: 5s}}");
    cr_expect_not(step(SCENE_NOW, 1, 0));
    cr_expect(checks_busy(checks));
    cr_expect_not(step(SCENE_NOW, INT64_C(4900000000), 0));
    int64_t before = fixture_real_ms();
    cr_expect(step(SCENE_NOW, INT64_C(5100000000), 0));
    cr_expect_lt(fixture_real_ms() - before, FIXTURE_DEADLINE_MS, "it waited for its end");
    cr_expect_not(checks_busy(checks));
    expect_unknown("time limit");
}

Test(checks, ends_a_command_that_still_runs_when_it_is_freed)
{
    open_checks("- {command: {run: [/bin/sleep, \"600\"]}}");
    cr_expect_not(step(SCENE_NOW, 1, 0));
    cr_expect(checks_busy(checks));
}

Test(checks, credentials_were_accepted_when_bigquery_answered)
{
    open_checks("- {credentials: true}");
    cr_expect_not(step(SCENE_NOW, 1, 0));
    cr_expect_null(answer(), "BigQuery has not answered yet");
    cr_expect(step(SCENE_NOW + 60000, 1, SCENE_NOW));
    expect_value(1);
}

static void expect_refused(const char *why) {
    struct state_answer *given = answer();
    cr_assert_not_null(given);
    cr_expect(given->measured);
    cr_expect_eq(given->value, 0);
    cr_assert_not_null(given->text);
    cr_expect_not_null(strstr(given->text, why), "%s", given->text);
    state_answers_free(given, 1);
}

Test(checks, credentials_with_a_problem_are_refused_although_they_were_accepted_before)
{
    open_checks("- {credentials: true}");
    struct checks_access access = {.accepted_at = SCENE_NOW - 1000,
                                   .problem = "the login was revoked"};
    cr_expect(step_with(SCENE_NOW, 1, &access));
    expect_refused("the login was revoked");
}

Test(checks, credentials_that_end_before_the_work_under_way_are_refused)
{
    open_checks("- {credentials: true}");
    struct checks_access access = {.accepted_at = SCENE_NOW,
                                   .ends_at = SCENE_NOW + 40 * 60000,
                                   .needed_until = SCENE_NOW + 3 * 3600000};
    cr_expect(step_with(SCENE_NOW, 1, &access));
    expect_refused("log in again");
    access.needed_until = SCENE_NOW + 39 * 60000;
    cr_expect(step_with(SCENE_NOW + 60000, 1, &access));
    expect_value(1);
}

Test(checks, credentials_that_ended_are_refused_when_nothing_is_under_way_too)
{
    open_checks("- {credentials: true}");
    struct checks_access access = {.accepted_at = SCENE_NOW, .ends_at = SCENE_NOW - 1};
    cr_expect(step_with(SCENE_NOW, 1, &access));
    expect_refused("have ended");
}

Test(checks, are_answered_once_a_period_and_after_the_clock_was_put_back)
{
    open_checks("- {disk: {path: /, at_least: 1MiB}}");
    cr_expect(step(SCENE_NOW, 1, 0));
    cr_expect_not(step(SCENE_NOW + 59999, 1, 0));
    cr_expect(step(SCENE_NOW + 60000, 1, 0));
    cr_expect(step(SCENE_NOW - 3600000, 1, 0), "an hour back");
    cr_expect_not(step(SCENE_NOW - 3600000 + 1, 1, 0));
}
