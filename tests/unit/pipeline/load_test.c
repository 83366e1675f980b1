/* Loading as a whole: several mistakes at once, limits, what is kept, the hash. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "pipeline/unit.h"

/* A text of `count` times `piece`. */
static char *repeat(const char *piece, size_t count) {
    struct text_buffer text = {0};
    for (size_t i = 0; i < count; i++) {
        text_buffer_add(&text, piece);
    }
    return text_buffer_take(&text);
}

Test(load, tells_several_mistakes_in_the_files_order)
{
    static const struct fixture_mistake mistakes[] = {
        {"three mistakes",
         "    date: day\n    needs: [games]\nprocessors:\n  - name: players\n    fills: [players]",
         "    date: a*day\n    needs: [gamse]\nprocessors:\n  - name: players\n    fills: [plyers]",
         "19:11: \"a*day\" cannot be a column: BigQuery takes letters, digits, spaces and "
         "_-&%=+:'<>#|, at most 300 of them\n"
         "20:13: there is no table \"gamse\"; did you mean \"games\"?\n"
         "23:13: there is no table \"plyers\"; did you mean \"players\"?"},
    };
    FIXTURE_CHECK(mistakes);
}

Test(load, tells_at_most_ten_lines_and_how_many_more)
{
    static const struct fixture_mistake mistakes[] = {
        {"fourteen mistakes", "needs: [games]",
         "needs: [qa, qb, qc, qd, qe, qf, qg, qh, qi, qj, qk, ql, qm, qn]",
         "20:13: there is no table \"qa\"\n20:17: there is no table \"qb\"\n"
         "20:21: there is no table \"qc\"\n20:25: there is no table \"qd\"\n"
         "20:29: there is no table \"qe\"\n20:33: there is no table \"qf\"\n"
         "20:37: there is no table \"qg\"\n20:41: there is no table \"qh\"\n"
         "20:45: there is no table \"qi\""},
    };
    struct error error = {0};
    char *text = fixture_edit(fixture_text, mistakes[0].find, mistakes[0].replace);
    cr_expect_null(fixture_load(text, &error));
    char *last = strrchr(error.text, '\n');
    cr_assert_not_null(last);
    cr_expect_str_eq(last, "\n… and 5 more mistakes; `phasegate validate` lists all");
    *last = '\0';
    size_t lines = 1;
    for (const char *c = error.text; *c != '\0'; c++) {
        lines += *c == '\n';
    }
    cr_expect_eq(lines, 9);
    free(text);
}

Test(load, shows_no_control_character_of_the_file)
{
    static const struct fixture_mistake mistakes[] = {
        {"an escape", "needs: [games]", "needs: [\"\\e[2J\\ngame\"]",
         "20:13: there is no table \"^[[2J^Jgame\""},
    };
    FIXTURE_CHECK(mistakes);
}

Test(load, what_libcyaml_refuses_becomes_a_sentence_too)
{
    char *word = repeat("x", 9000);
    char *list = repeat("games, ", 10001);
    char *long_value = memory_format("timezone: %s\nseasons:\n", word);
    char *long_list = memory_format("needs: [%s]", list);
    const struct fixture_mistake mistakes[] = {
        {"a value of 9000 bytes", "seasons:\n", long_value,
         "4:11: this text is longer than a value can be (8192 bytes)"},
        {"a list of 10001 items", "needs: [games]", long_list,
         "20:70013: this list is longer than a list can be (10000 items)"},
    };
    FIXTURE_CHECK(mistakes);
    free(word);
    free(list);
    free(long_value);
    free(long_list);
}

Test(load, aliases_are_followed_but_not_without_end)
{
    struct pipeline *pipeline = fixture_load_edited(
        "    entity: game_id\n    rows: {at_least: 2, per: game}\n  - name: players",
        "    entity: &id game_id\n    rows: &rows {at_least: 2, per: game}\n"
        "  - name: players\n    entity: *id\n    rows: *rows");
    cr_expect_str_eq(pipeline->tables[1].entity, "game_id");
    cr_expect_eq(pipeline->tables[1].rows.kind, PIPELINE_ROWS_PER_GAME);
    pipeline_free(pipeline);

    static const struct fixture_mistake mistakes[] = {
        {"a billion laughs", "pipeline: small",
         "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
         "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
         "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
         "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
         "e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n"
         "f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n"
         "pipeline: small",
         "1:1: the file nests too deeply, or its aliases repeat too much"},
    };
    FIXTURE_CHECK(mistakes);
}

Test(load, a_file_has_at_most_1_mib)
{
    struct error error = {0};
    char *comment = repeat("# 34567890123456789012345678901\n", 32768);
    char *text = memory_format("%s%s", comment, fixture_text);
    cr_expect_null(fixture_load(text, &error));
    cr_expect_str_eq(error.text, FIXTURE_PATH ":1:1: a pipeline file has at most 1 MiB");
    free(text);
    free(comment);
}

Test(load, a_file_that_is_empty_or_not_there_is_told)
{
    struct error error = {0};
    cr_expect_null(fixture_load("# nothing\n", &error));
    cr_expect_str_eq(error.text, FIXTURE_PATH ":1:1: the file is empty");
    cr_expect_null(pipeline_load("/nonexistent/pipeline.yaml", &error));
    cr_expect_eq(error.code, EXIT_NO_INPUT);
    cr_expect_not_null(strstr(error.text, "/nonexistent/pipeline.yaml"));
}

static char *knows(const char *endpoint) {
    return endpoint == NULL ? memory_copy_string("their-project") : NULL;
}

static char *knows_nonsense(const char *endpoint) {
    (void)endpoint;
    return memory_copy_string("No Project");
}

/* Loads the fixture without its project from a file beside its query, and removes both. */
static struct pipeline *load_without_project(const char *instead, pipeline_project_finder *finder,
                                             struct error *error) {
    char directory[] = "/tmp/phasegate-XXXXXX";
    cr_assert_not_null(mkdtemp(directory));
    char *path = memory_format("%s/pipeline.yaml", directory);
    char *query = memory_format("%s/expected_dates.sql", directory);
    char *text = fixture_edit(fixture_text, "project: my-project\n", instead);
    cr_assert_eq(symlink(PHASEGATE_SOURCE_DIR "/queries/nba/expected_dates.sql", query), 0);
    cr_assert(file_write(path, text_of(text), error), "%s", error->text);
    const struct pipeline_help help = {.find_project = finder};
    struct pipeline *pipeline = pipeline_load_for(path, &help, NULL, error);
    (void)unlink(path);
    (void)unlink(query);
    (void)rmdir(directory);
    free(text);
    free(query);
    free(path);
    return pipeline;
}

Test(load, asks_for_the_project_when_the_file_names_none)
{
    struct error error = {0};
    struct pipeline *pipeline = load_without_project("", knows, &error);
    cr_assert_not_null(pipeline, "%s", error.text);
    cr_expect_str_eq(pipeline->project, "their-project");
    cr_expect_str_eq(pipeline->tables[0].project, "their-project");
    cr_expect_not_null(strstr(pipeline->tables[0].coverage_sql, "`their-project.stats.games`"));
    pipeline_free(pipeline);
}

Test(load, keeps_the_project_of_the_file_whatever_others_know)
{
    struct error error = {0};
    struct pipeline *pipeline = load_without_project("project: ours\n", knows, &error);
    cr_assert_not_null(pipeline, "%s", error.text);
    cr_expect_str_eq(pipeline->project, "ours");
    pipeline_free(pipeline);
}

Test(load, says_in_one_sentence_that_nobody_names_a_project)
{
    struct error error = {0};
    cr_expect_null(load_without_project("endpoint: localhost:9050\n", knows, &error));
    cr_expect_eq(error.code, EXIT_CONFIG);
    cr_expect_not_null(strstr(error.text, ":1:1: nobody names the project"), "%s", error.text);
    cr_expect_null(strchr(error.text, '\n'), "%s", error.text);
    cr_expect_null(load_without_project("", NULL, &error));
    cr_expect_null(load_without_project("", knows_nonsense, &error));
    cr_expect_not_null(strstr(error.text, "\"No Project\" cannot be a project"), "%s", error.text);
}

Test(load, a_name_for_several_checks_is_refused)
{
    static const struct fixture_mistake mistakes[] = {
        {"one name for two checks",
         "phase: second\n    table: stats.players\n    date: day\n    needs: [games]\n",
         "phase: first\n    table: stats.players\n    date: day\n", ""},
    };
    struct error error = {0};
    char *held = fixture_edit(fixture_text, "behind: ready, ", "");
    char *first = fixture_edit(held, mistakes[0].find, mistakes[0].replace);
    char *text =
        fixture_edit(first, "{coverage: {phase: first", "{name: both, coverage: {phase: first");
    cr_expect_null(fixture_load(text, &error));
    cr_expect_str_eq(error.text,
                     FIXTURE_PATH ":32:16: this item is 2 checks, one a table; leave \"name\" out");
    free(held);
    free(first);
    free(text);
}

Test(load, gives_what_is_left_out_its_default)
{
    struct pipeline *small = fixture_load_edited("workers: 4", "workers: 4");
    cr_expect_null(small->location); /* BigQuery finds it */
    cr_expect_str_eq(small->timezone, "UTC");
    cr_expect_null(small->endpoint);
    cr_expect_eq(small->poll.every_ms, 60000);
    cr_expect_eq(small->poll.recheck_ms, 1800000);
    cr_expect_eq(small->poll.stale_after_ms, 300000);
    cr_expect_eq(small->poll.changing_ms, 285000, "stale_after less a quarter of every");
    cr_expect_eq(small->poll.bytes_per_query, INT64_C(1) << 30);
    cr_expect_eq(small->seasons[1].playoffs_from, DAY_NONE);
    cr_expect_eq(small->tables[1].rows.kind, PIPELINE_ROWS_ANY);
    cr_expect_null(small->tables[1].entity);
    cr_expect_null(small->tables[1].fallback);
    cr_expect_str_eq(small->processors[0].directory, PHASEGATE_SOURCE_DIR "/queries/nba");
    cr_expect_str_eq(small->processors[0].log, "python-backfill");
    cr_expect_eq(small->processors[0].quiet_after_ms, 0);
    cr_expect_eq(small->processors[0].stop_grace_ms, 60000);
    cr_expect_eq(small->processors[0].log_limit, INT64_C(2) << 30);
    cr_expect(small->processors[0].labels_jobs);
    cr_expect_eq(small->processors[0].timeout_ms, INT64_C(6) * 3600000);
    cr_expect_null(small->alerts[PIPELINE_CHANNEL_SLACK].url_file);
    pipeline_free(small);
}

Test(load, a_night_may_have_no_limit)
{
    struct pipeline *pipeline =
        fixture_load_edited("seasons:\n", "poll: {bytes_per_night: none}\nseasons:\n");
    cr_expect_eq(pipeline->poll.bytes_per_night, 0);
    cr_expect_float_eq(pipeline->poll.price_per_tib, 6.25, 1e-9);
    pipeline_free(pipeline);
}

Test(load, a_region_has_its_price)
{
    struct pipeline *pipeline =
        fixture_load_edited("seasons:\n", "poll: {price_per_tib: 8.6}\nseasons:\n");
    cr_expect_float_eq(pipeline->poll.price_per_tib, 8.6, 1e-9);
    pipeline_free(pipeline);
}

Test(load, keeps_exceptions_and_shares_a_source_that_is_the_same)
{
    struct pipeline *pipeline = fixture_load_edited(
        "    date: day\n",
        "    date: day\n    expected: {query: expected_dates.sql, except: [2024-02-16..2024-02-21, "
        "2024-03-01]}\n");
    cr_assert_eq(pipeline->expected_count, 2);
    cr_expect_eq(pipeline->tables[0].expected, 0);
    cr_expect_eq(pipeline->tables[1].expected, 1);
    cr_expect_str_eq(pipeline->expected[1].name, "expected_dates.sql#2");
    cr_assert_eq(pipeline->expected[1].except_count, 2);
    cr_expect_eq(day_range_count(pipeline->expected[1].except[0]), 6);
    cr_expect_eq(day_range_count(pipeline->expected[1].except[1]), 1);
    pipeline_free(pipeline);

    pipeline = fixture_load_edited("    date: day\n",
                                   "    date: day\n    expected: {query: expected_dates.sql}\n");
    cr_expect_eq(pipeline->expected_count, 1);
    cr_expect_eq(pipeline->tables[1].expected, 0);
    pipeline_free(pipeline);
}

Test(load, keeps_every_kind_of_check)
{
    struct pipeline *pipeline = fixture_load_edited(
        "- {runs: {group: night}}",
        "- {runs: {group: night}}\n"
        "      - {query: {sql: \"SELECT 1 FROM `{project}.a.b`;\", at_most: 0.5}}\n"
        "      - {name: late games, query: {file: expected_dates.sql, equals: -3}}\n"
        "      - {command: {run: [scripts/ready, -x], timeout: 90s}}\n"
        "      - {disk: {path: /srv, at_least: 10GiB}}\n"
        "      - {credentials: true}\n"
        "      - {manual: {question: Are the schedulers paused?}}\n"
        "      - {coverage: {table: games, missing_at_most: 3, segment: playoffs}}\n"
        "      - {rows: {table: games, season: \"2025\"}}");
    const struct pipeline_gate *gate = &pipeline->gates[1];
    cr_assert_eq(gate->check_count, 9);
    static const char *const names[] = {
        "night runs",     "query",       "late games", "command scripts/ready",
        "disk /srv",      "credentials", "manual",     "games coverage playoffs",
        "games rows 2025"};
    for (size_t i = 0; i < 9; i++) {
        cr_expect_str_eq(gate->checks[i].name, names[i]);
        cr_expect_eq(gate->checks[i].kind,
                     ((enum pipeline_check_kind[]){
                         PIPELINE_CHECK_RUNS, PIPELINE_CHECK_QUERY, PIPELINE_CHECK_QUERY,
                         PIPELINE_CHECK_COMMAND, PIPELINE_CHECK_DISK, PIPELINE_CHECK_CREDENTIALS,
                         PIPELINE_CHECK_MANUAL, PIPELINE_CHECK_COVERAGE, PIPELINE_CHECK_ROWS})[i]);
    }
    cr_expect_str_eq(gate->checks[1].sql, "SELECT 1 FROM `my-project.a.b`;");
    cr_expect_eq(gate->checks[1].comparison, PIPELINE_AT_MOST);
    cr_expect_float_eq(gate->checks[1].value, 0.5, 1e-9);
    cr_expect_eq(gate->checks[2].comparison, PIPELINE_EQUALS);
    cr_expect_float_eq(gate->checks[2].value, -3, 1e-9);
    cr_expect_str_eq(gate->checks[3].command.items[1], "-x");
    cr_expect_null(gate->checks[3].command.items[2]);
    cr_expect_eq(gate->checks[3].timeout_ms, 90000);
    cr_expect_float_eq(gate->checks[4].value, 10737418240.0, 0.5);
    cr_expect_str_eq(gate->checks[6].question, "Are the schedulers paused?");
    cr_expect_eq(gate->checks[7].missing_at_most, 3);
    cr_expect_eq(gate->checks[7].segment, PIPELINE_SEGMENT_PLAYOFFS);
    cr_expect_eq(gate->checks[8].season, 1);
    cr_expect_eq(gate->checks[8].minimum, 10000);
    pipeline_free(pipeline);
}

Test(load, keeps_alerts_and_patterns)
{
    setenv("HOME", "/home/ann", 1);
    struct pipeline *pipeline = fixture_load_edited(
        "gates:",
        "alerts:\n  slack: {url_file: ~/slack}\n  ntfy: {url_file: /etc/n, token_file: t}\n"
        "  heartbeat: {url_file: /etc/h, every: 10m}\n"
        "patterns:\n  mine:\n    - {kind: ok-dated, regex: '^done (?<day>.*)'}\n"
        "    - {regex: x, kind: totals}\n"
        "gates:");
    const struct pipeline_alert *alerts = pipeline->alerts;
    cr_expect_str_eq(alerts[PIPELINE_CHANNEL_SLACK].url_file, "/home/ann/slack");
    cr_expect_eq(alerts[PIPELINE_CHANNEL_SLACK].every_ms, 0);
    cr_expect_str_eq(alerts[PIPELINE_CHANNEL_NTFY].token_file,
                     PHASEGATE_SOURCE_DIR "/queries/nba/t");
    cr_expect_null(alerts[PIPELINE_CHANNEL_WEBHOOK].url_file);
    cr_expect_eq(alerts[PIPELINE_CHANNEL_HEARTBEAT].every_ms, 600000);
    cr_assert_eq(pipeline->pattern_set_count, 1);
    cr_expect_str_eq(pipeline->pattern_sets[0].name, "mine");
    cr_assert_eq(pipeline->pattern_sets[0].pattern_count, 2);
    cr_expect_str_eq(pipeline->pattern_sets[0].patterns[0].regex, "^done (?<day>.*)");
    cr_expect_str_eq(pipeline->pattern_sets[0].patterns[1].kind, "totals");
    pipeline_free(pipeline);
}

static void hash_after(const char *find, const char *replace, char hash[65]) {
    struct pipeline *pipeline = fixture_load_edited(find, replace);
    memcpy(hash, pipeline->hash, 65);
    pipeline_free(pipeline);
}

Test(hash, stays_while_nothing_that_counts_changes)
{
    static const struct {
        const char *find, *replace;
    } edits[] = {
        {"workers: 4", "workers:   4   # four"},
        {"    date: day\n    needs: [games]\n", "    needs:\n      - games\n    date: day\n"},
        {"seasons:\n", "poll: {every: 90s, bytes_per_night: 2GiB, price_per_tib: 7}\nseasons:\n"},
        {"seasons:\n", "alerts: {slack: {url_file: /x}}\nseasons:\n"},
        {"timeout: 6h", "timeout: 360m"},
    };
    char before[65], after[65];
    hash_after("workers: 4", "workers: 4", before);
    cr_expect_eq(strlen(before), 64);
    cr_expect_eq(strspn(before, "0123456789abcdef"), 64);
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        hash_after(edits[i].find, edits[i].replace, after);
        cr_expect_str_eq(after, before, "%s changed it", edits[i].replace);
    }
}

Test(hash, changes_with_everything_that_would_run_or_be_judged)
{
    static const struct {
        const char *find, *replace;
    } edits[] = {
        {"pipeline: small", "pipeline: other"},
        {"my-project", "your-project"},
        {"seasons:\n", "endpoint: http://127.0.0.1:9050\nseasons:\n"},
        {"seasons:\n", "poll: {stale_after: 4m}\nseasons:\n"},
        {"to: yesterday", "to: today"},
        {"2025-06-30", "2025-06-29"},
        {"bootstrap_days: 14", "bootstrap_days: 13"},
        {"expected_dates.sql", "expected_playoffs.sql"},
        {"expected_dates.sql}", "expected_dates.sql, except: [2024-02-01]}"},
        {"    date: day\n", "    date: night\n"},
        {"at_least: 2, per: game", "at_least: 2, per: day"},
        {"at_least: 2, per: game", "at_least: 3, per: game"},
        {"needs: [games]", "wants: [games]"},
        {"[run, --start", "[run, -v, --start"},
        {"[run, --start", "[run--start, x"},
        {"    dates_argument: [--dates, \"{dates}\"]\n", ""},
        {"workers: 4", "workers: 5"},
        {"workers: 4", "workers: 4\n    directory: /srv"},
        {"workers: 4", "workers: 4\n    environment: {A: b}"},
        {"workers: 4", "workers: 4\n    stop_after_failures: 3"},
        {"workers: 4", "workers: 4\n    server_jobs: none"},
        {"workers: 4", "workers: 4\n    directory: /srv\n    runner: {ssh: far-1}"},
        {"workers: 4", "workers: 4\n    log_limit: 1GiB"},
        {"workers: 4", "workers: 4\n    retry: {times: 2, quota_workers: 2}"},
        {"timeout: 6h", "timeout: 5h"},
        {", behind: ready", ""},
        {"at_least: 95%", "at_least: 94.99%"},
        {"at_least: 95%", "at_least: 95%, each_season: true"},
        {"{runs: {group: night}}", "{manual: {question: Ready?}}"},
    };
    enum { COUNT = sizeof edits / sizeof edits[0] };
    char hashes[COUNT + 1][65];
    hash_after("workers: 4", "workers: 4", hashes[COUNT]);
    for (size_t i = 0; i < COUNT; i++) {
        hash_after(edits[i].find, edits[i].replace, hashes[i]);
        cr_expect_str_neq(hashes[i], hashes[COUNT], "%s does not change it", edits[i].replace);
        for (size_t j = 0; j < i; j++) {
            cr_expect_str_neq(hashes[i], hashes[j], "%s is as %s", edits[i].replace,
                              edits[j].replace);
        }
    }
}
