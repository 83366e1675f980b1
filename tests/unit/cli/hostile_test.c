/* What other people, machines and files wrote, in every place where it is kept, through every verb
 * and format: shown, and obeyed by nobody. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "cli/cli.h"
#include "state/state_gates.h"
#include "tests/support/scene.h"

/* Clears the screen in three encodings, sets the title, turns the text round, hides, ends a line, a
 * row, a code span, a fence and an element; and is no UTF-8. */
#define HOSTILE                                                                                    \
    "x\033[2J\x9B"                                                                                 \
    "2J\xC2\x9B"                                                                                   \
    "2J\033]0;t\a\r\b\177\xE2\x80\xAE\xE2\x80\x8B\xFF\xC3\n```\n# PWNED | "                        \
    "`a` \",<b>&'\xF4\x90\x80\x80 z"

enum { WORDS = 8 };

static struct scene scene;
static char *out, *err;

/* What is compared and not shown, or is read as something else than words. */
static const char *const keys[] = {
    "session",
    "role",
    "boot_id",
    "name",
    "kind",
    "subject",
    "key",
    "query_hash",
    "signal",
    "tbl",
    "season",
    "status",
    "gate",
    "verdict",
    "chk",
    "approval",
    "plan_hash",
    "group_name",
    "decision",
    "evidence",
    "arm",
    "state",
    "launch",
    "run",
    "processor",
    "dates",
    "steps",
    "retry_of",
    "outcome",
    "recorded_by",
    "created_boot_id",
    "stop_stage",
    "before",
    "resource",
    "json",
    "data",
    "rule",
    "request",
    "version",
};

static bool is_key(const char *column) {
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i], column) == 0) {
            return true;
        }
    }
    return false;
}

static void run_sql(sqlite3 *database, const char *sql) {
    char *mistake = NULL;
    int code = sqlite3_exec(database, sql, NULL, NULL, &mistake);
    cr_assert_eq(code, SQLITE_OK, "%s: %s", sql, mistake);
}

/* Runs every statement that a query writes. */
static size_t run_written(sqlite3 *database, const char *query) {
    sqlite3_stmt *statement = NULL;
    size_t count = 0;
    char *statements[512];
    cr_assert_eq(sqlite3_prepare_v2(database, query, -1, &statement, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(database));
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *column = (const char *)sqlite3_column_text(statement, 1);
        if (column == NULL || !is_key(column)) {
            cr_assert_lt(count, 512);
            statements[count++] =
                memory_copy_string((const char *)sqlite3_column_text(statement, 0));
        }
    }
    (void)sqlite3_finalize(statement);
    for (size_t i = 0; i < count; i++) {
        run_sql(database, statements[i]);
        free(statements[i]);
    }
    return count;
}

/* Puts it into every column of words of every table, past all the rules that keep them. */
static void make_hostile(void) {
    char *path = scene_path(&scene, "state/state.db");
    sqlite3 *database = NULL;
    if (access(path, F_OK) != 0) {
        free(path);
        path = file_join(state_directory(scene.state), "state.db");
    }
    cr_assert_eq(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK, "%s",
                 path);
    run_sql(database, "BEGIN; PRAGMA ignore_check_constraints=ON");
    run_sql(database,
            "CREATE TEMP TABLE kept AS SELECT sql FROM sqlite_schema WHERE type='trigger'");
    (void)run_written(database, "SELECT 'DROP TRIGGER '||name,NULL FROM sqlite_schema "
                                "WHERE type='trigger'");
    char *hex = memory_new(2 * sizeof HOSTILE, 1);
    for (size_t i = 0; i + 1 < sizeof HOSTILE; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02X", (unsigned char)HOSTILE[i]);
    }
    char *query = memory_format(
        "SELECT 'UPDATE '||t.name||' SET '||c.name||'=CAST(x''%s'' AS TEXT) WHERE '||c.name||"
        "' IS NOT NULL',c.name FROM sqlite_schema t, pragma_table_info(t.name) c "
        "WHERE t.type='table' AND t.name NOT LIKE 'sqlite%%' AND c.type='TEXT' AND c.pk=0",
        hex);
    cr_assert_gt(run_written(database, query), 20);
    (void)run_written(database, "SELECT sql,NULL FROM temp.kept");
    run_sql(database, "DROP TABLE temp.kept; COMMIT");
    (void)sqlite3_close(database);
    free(query);
    free(hex);
    free(path);
}

static void open_scene(void) {
    cr_assert_eq(setenv("PHASEGATE_CLOCK", "2026-01-05T14:15:00Z@1*0", 1), 0);
    scene_open(&scene, NULL);
    scene_lead(&scene);
    scene_measure_all(&scene, 10, 4, SCENE_NOW - 1000);
    scene_launch(&scene, "r-one", "first", "defense", SCENE_NOW - 60000);
    scene_start(&scene, "r-one", SCENE_NOW - 50000);
    scene_end(&scene, "r-one", STATE_OUTCOME_FAILED, 256, SCENE_NOW - 40000);
    scene_launch(&scene, "r-two", "second", "zones", SCENE_NOW - 30000);
    scene_start(&scene, "r-two", SCENE_NOW - 20000);
    struct state_actor actor = {.name = "naji@ops"};
    cr_assert(state_mark_put(scene.state, &actor, "ready", true, "hold it for the night",
                             SCENE_NOW - 10000, &scene.error),
              "%s", scene.error.text);
    char *log = memory_format("%s/runs/r-one/out.log", state_directory(scene.state));
    char *end = strrchr(log, '/');
    *end = '\0';
    cr_assert(file_make_directory(log, &scene.error), "%s", scene.error.text);
    *end = '/';
    cr_assert(file_write(log, TEXT(HOSTILE "\n"), &scene.error), "%s", scene.error.text);
    free(log);
    make_hostile();
}

static void close_scene(void) {
    free(out);
    free(err);
    scene_close(&scene);
}

TestSuite(hostile, .init = open_scene, .fini = close_scene);

static int run(const char *const *words) {
    char *path = scene_path(&scene, "pipeline.yaml");
    char *argv[WORDS + 4] = {memory_copy_string("phasegate")};
    char *kept[WORDS + 4];
    int argc = 1;
    for (size_t i = 0; i < WORDS && words[i] != NULL; i++) {
        argv[argc++] = memory_copy_string(words[i]);
    }
    argv[argc++] = memory_copy_string("--pipeline");
    argv[argc++] = path;
    memcpy(kept, argv, sizeof kept);
    size_t size;
    free(out);
    free(err);
    FILE *answers = open_memstream(&out, &size);
    FILE *errors = open_memstream(&err, &size);
    int code = cli_run(argc, argv, answers, errors);
    (void)fclose(answers);
    (void)fclose(errors);
    for (int i = 0; i < argc; i++) {
        free(kept[i]);
    }
    return code;
}

static void expect_shown(const char *what, const char *text) {
    struct text rest = text_of(text);
    cr_expect_eq(unicode_valid_size(rest), rest.size, "%s: no UTF-8 at byte %zu", what,
                 unicode_valid_size(rest));
    while (rest.size > 0) {
        uint32_t code_point = 0;
        size_t length = text_decode(rest.data, rest.size, &code_point);
        cr_expect(code_point == '\n' || code_point == '\t' || unicode_is_printable(code_point),
                  "%s: U+%04X before \"%.40s\"", what, code_point, rest.data);
        rest = (struct text){rest.data + length, rest.size - length};
    }
    cr_expect_null(strstr(text, "\n# PWNED"), "%s: a value ends its line:\n%s", what, text);
    cr_expect_null(strstr(text, "\n```\n#"), "%s: a value ends its fence", what);
}

static void expect_json(const char *what) {
    json_error_t mistake;
    json_t *json = json_loads(out, 0, &mistake);
    cr_expect_not_null(json, "%s: %s in %s", what, mistake.text, out);
    json_decref(json);
}

static const struct {
    const char *words[WORDS];
    bool json;
} cases[] = {
    {{"check"}, false},
    {{"check", "ready"}, false},
    {{"check", "--format", "json"}, true},
    {{"coverage"}, false},
    {{"coverage", "--format", "csv"}, false},
    {{"coverage", "--format", "json"}, true},
    {{"gaps"}, false},
    {{"gaps", "zones", "--format", "csv"}, false},
    {{"gaps", "--format", "json"}, true},
    {{"runs"}, false},
    {{"runs", "--format", "json"}, true},
    {{"journal"}, false},
    {{"journal", "--format", "json"}, true},
    {{"brief"}, false},
    {{"review"}, false},
    {{"review", "--format", "json"}, true},
    {{"cost"}, false},
    {{"cost", "--format", "json"}, true},
    {{"agent", "--status"}, false},
    {{"logs", "r-one"}, false},
    {{"launch", "first", "--dry-run"}, false},
    {{"launch", "first", "--dry-run", "--rewrite", "--format", "json"}, true},
    {{"launch", "second", "--yes"}, false},
    {{"retry", "r-one", "--dry-run"}, false},
    {{"stop", "x\033[2J\xFF"}, false},
    {{"check", "x\033[2J\n# PWNED"}, false},
    {{"check", "x\033[2J\xFF", "--format", "json"}, true},
    {{"snapshot", "coverage"}, false},
    {{"snapshot", "gates"}, false},
    {{"snapshot", "runs"}, false},
    {{"snapshot", "review"}, false},
    {{"snapshot", "journal"}, false},
    {{"snapshot", "journal", "--as", "svg"}, false},
    {{"snapshot", "runs", "--as", "svg"}, false},
};

Test(hostile, words_are_shown_by_every_verb_in_every_format)
{
    size_t reached = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char what[128] = "";
        for (size_t j = 0; j < WORDS && cases[i].words[j] != NULL; j++) {
            size_t size = strlen(what);
            (void)snprintf(what + size, sizeof what - size, " %s", cases[i].words[j]);
        }
        int code = run(cases[i].words);
        cr_expect_neq(code, EXIT_SOFTWARE, "%s: %s", what, err);
        cr_expect(*out != '\0' || *err != '\0', "%s says nothing", what);
        expect_shown(what, out);
        expect_shown(what, err);
        reached += strstr(out, "PWNED") != NULL;
        if (cases[i].json) {
            expect_json(what);
        }
    }
    cr_expect_geq(reached, 10, "they came into %zu answers only", reached);
}

Test(hostile, words_take_no_event_out_of_the_journal)
{
    cr_assert_eq(run((const char *const[WORDS]){"journal"}), 0);
    size_t lines = 0;
    for (const char *at = out; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    cr_assert_eq(run((const char *const[WORDS]){"journal", "--format", "json"}), 0);
    json_t *json = json_loads(out, 0, NULL);
    const json_t *events = json_object_get(json, "events");
    cr_expect_eq(json_array_size(events) + 1, lines, "one line names the zone");
    cr_expect_geq(lines, 5);
    for (size_t i = 0; i < json_array_size(events); i++) {
        cr_expect(json_is_string(json_object_get(json_array_get(events, i), "text")));
    }
    json_decref(json);
}
