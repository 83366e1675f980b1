/* A processor is killed while its query runs in BigQuery: its dates stay claimed, the console's
 * numbers say why, and they are free again when the query was cancelled. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "demo/pipeline_copy.h"
#include "tests/support/night.h"

enum { ASKS = 300, SOON_MS = 120000 };

static const char processor[] = "team_defense_game_summary";
static struct night night;

static void use_simulated_processors(void) {
    static const char variable[] = "PHASEGATE_PIPELINE=";
    struct error error = {0};
    char *file = memory_format("%s/pipeline.yaml", night.directory);
    struct pipeline_copy copy = {.source = PHASEGATE_SOURCE_DIR "/queries/nba/pipeline.yaml",
                                 .destination = file,
                                 .endpoint = night.url,
                                 .from = "2021-10-19",
                                 .to = "2026-01-03",
                                 .program = PHASEGATE_BINARY_DIR "/phasegate"};
    cr_assert(pipeline_copy_write(&copy, &error), "%s", error.text);
    for (size_t i = 0; night.environment[i] != NULL; i++) {
        if (strncmp(night.environment[i], variable, strlen(variable)) == 0) {
            free(night.environment[i]);
            night.environment[i] = memory_format("%s%s", variable, file);
        }
    }
    free(file);
}

/* The next query with the label of a run runs for ten minutes. */
static void hold_a_query(void) {
    char *url = memory_format("%s/emulator/faults", night.url);
    const char *argv[] = {
        "curl", "-sf",
        "-d",   "{\"fault\":\"hold\",\"label\":\"phasegate_run\",\"delay_ms\":600000,\"times\":1}",
        url,    NULL};
    struct program_result result =
        program_run(argv, (const char *const *)night.environment, SOON_MS);
    cr_assert_eq(result.code, 0, "%s", result.out);
    cr_assert_not_null(strstr(result.out, "hold"), "%s", result.out);
    program_result_free(&result);
    free(url);
}

static void open_night(void) {
    night_open(&night, "jan05", "2026-01-05T14:15:00Z", 1);
    use_simulated_processors();
    hold_a_query();
    night_start_agent(&night);
}

static void close_night(void) {
    night_close(&night);
}

TestSuite(server_jobs, .init = open_night, .fini = close_night, .timeout = 600);

/* Asks until the run's `member` is `value`; gives its id. */
static char *wait_for(const char *member, const json_t *value) {
    int code;
    char *last = NULL;
    for (int i = 0; i < ASKS; i++) {
        json_t *json = night_ask(&night, &code, "runs", NULL);
        const json_t *run = night_find(json, "runs", "processor", processor);
        bool there = run != NULL && json_equal(json_object_get(run, member), value) != 0;
        char *id = there ? memory_copy_string(night_word(run, "run")) : NULL;
        free(last);
        last = json_dumps(json, JSON_COMPACT);
        json_decref(json);
        if (there) {
            free(last);
            return id;
        }
    }
    cr_assert_fail("%s never became so: %s", member, last);
    return NULL;
}

static void expect(const char *words, char *said) {
    cr_expect_not_null(strstr(said, words), "no \"%s\" in:\n%s", words, said);
    free(said);
}

/* Whether the emulator has the query yet: the processor waits for it. */
static void wait_until_the_query_runs(void) {
    char *url =
        memory_format("%s/bigquery/v2/projects/nba-props-platform/jobs?projection=full", night.url);
    const char *argv[] = {"curl", "-sf", url, NULL};
    bool there = false;
    for (int i = 0; i < ASKS && !there; i++) {
        struct program_result result =
            program_run(argv, (const char *const *)night.environment, SOON_MS);
        there = strstr(result.out, "phasegate_run") != NULL;
        program_result_free(&result);
    }
    cr_assert(there, "the processor never asked");
    free(url);
}

/* Gaps are known once the agent has measured. */
static void wait_until_measured(void) {
    int code = 1;
    char *said = NULL;
    for (int i = 0; i < ASKS && code != 0; i++) {
        free(said);
        said = night_say(&night, &code, "launch", processor, "--gaps", "--dry-run", NULL);
    }
    cr_assert_eq(code, 0, "%s", said);
    free(said);
}

Test(server_jobs, keep_the_dates_of_a_killed_run_until_they_are_cancelled)
{
    int code;
    json_t *one = json_integer(1);
    json_t *none = json_integer(0);
    json_t *no = json_false();
    wait_until_measured();
    char *said = night_say(&night, &code, "launch", processor, "--gaps", "--yes", NULL);
    cr_assert_eq(code, 0, "%s", said);
    free(said);
    wait_until_the_query_runs();
    free(night_say(&night, &code, "stop", processor, "--now", "--yes", NULL));
    cr_assert_eq(code, 0);
    char *run = wait_for("server_jobs", one);
    expect("1 job still running server-side; its claims are kept",
           night_say(&night, &code, "runs", NULL));
    free(night_say(&night, &code, "launch", processor, "--gaps", "--dry-run", NULL));
    cr_expect_eq(code, 1, "the dates are claimed");
    expect("may still incur costs",
           night_say(&night, &code, "stop", run, "--cancel-jobs", "--yes", NULL));
    cr_expect_eq(code, 0);
    free(wait_for("server_hold", no));
    free(wait_for("server_jobs", none));
    char *journal = night_say(&night, &code, "journal", NULL);
    cr_expect_not_null(strstr(journal, "1 of its jobs still runs in BigQuery"), "%s", journal);
    cr_expect_not_null(strstr(journal, "BigQuery was asked to cancel"), "%s", journal);
    expect("none of its jobs runs in BigQuery; its claims are no longer held for them", journal);
    free(wait_for("unread", no)); /* what it wrote until then was read */
    free(night_say(&night, &code, "launch", processor, "--gaps", "--dry-run", NULL));
    cr_expect_eq(code, 0, "the dates are free");
    free(run);
    json_decref(one);
    json_decref(none);
}
