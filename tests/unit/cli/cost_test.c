/* phasegate cost: a night's bill in text and JSON, and what a night would cost. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/cli.h"
#include "situation/situation.h"
#include "state/state_spend.h"
#include "tests/support/scene.h"

static struct scene scene;
static char *out;

static void open_scene(void) {
    const char *changes[] = {"bytes_per_query: 1GiB, bytes_per_night: 50GiB",
                             "bytes_per_query: 1GiB, bytes_per_night: 4GiB, price_per_tib: 8",
                             NULL};
    scene_open(&scene, changes);
    scene_lead(&scene);
}

static void close_scene(void) {
    free(out);
    scene_close(&scene);
}

TestSuite(cost, .init = open_scene, .fini = close_scene);

static int run(const char *first, const char *second, const char *third, const char *fourth) {
    char *path = scene_path(&scene, "pipeline.yaml");
    const char *words[] = {"phasegate", "cost", "--pipeline", path, first, second, third, fourth};
    char *argv[9] = {0};
    char *kept[8] = {0};
    int argc = 0;
    for (; argc < 8 && words[argc] != NULL; argc++) {
        argv[argc] = kept[argc] = memory_copy_string(words[argc]);
    }
    size_t size;
    free(out);
    FILE *to = open_memstream(&out, &size);
    int code = cli_run(argc, argv, to, to);
    (void)fclose(to);
    for (int i = 0; i < argc; i++) {
        free(kept[i]);
    }
    free(path);
    return code;
}

/* On the night of 2026-01-04: 3 GiB for zones, 1 GiB for due.sql, one query of zones lost. */
static day_number spend_a_night(void) {
    day_number night = situation_night(SCENE_NOW) - 1;
    char zones[] = "zones";
    char due[] = "due.sql";
    char old[] = "gone_table";
    struct state_spend spends[] = {
        {.key = zones,
         .queries = 5,
         .cached = 1,
         .failed = 1,
         .free_checks = 40,
         .bytes_billed = INT64_C(3) << 30,
         .unknown = 1,
         .dollars = 0.0234375},
        {.key = due,
         .queries = 2,
         .bytes_billed = INT64_C(1) << 30,
         .estimated = 1,
         .bytes_estimated = 10485760,
         .dollars = 0.0078125},
        {.key = old, .queries = 1},
    };
    for (size_t i = 0; i < 3; i++) {
        cr_assert(state_spend_add(scene.state, scene.term, night, &spends[i], &scene.error), "%s",
                  scene.error.text);
    }
    return night;
}

static json_t *answer(void) {
    json_t *json = json_loads(out, 0, NULL);
    cr_assert_not_null(json, "%s", out);
    cr_expect_eq(json_integer_value(json_object_get(json, "schema")), 1);
    return json;
}

Test(cost, tells_a_nights_bill_by_what_it_was_for)
{
    (void)spend_a_night();
    cr_assert_eq(run("--night", "2026-01-04", NULL, NULL), EXIT_GO, "%s", out);
    static const char *const words[] = {
        "night of 2026-01-04",
        " Tables\n  zones ",
        " Expected dates\n  due.sql ",
        " No longer in the pipeline file\n  gone_table ",
        "≥  3.00 GiB  ≥  $0.0234   75.0 %",
        "1.00 GiB     $0.0078   25.0 %  estimated",
        "≥  4.00 GiB  ≥  $0.0312  100.0 %",
        "1 of the bills were not told and are estimated: 10 MiB",
        "1 query was given up and perhaps billed: up to 1.00 GiB each",
        "$8.00 per TiB",
        "100.0 % of the night's budget of 4.00 GiB"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        cr_expect_not_null(strstr(out, words[i]), "\"%s\" is missing:\n%s", words[i], out);
    }
    cr_expect_null(strstr(out, "until noon"), "that night is over:\n%s", out);
}

Test(cost, gives_the_same_as_numbers)
{
    (void)spend_a_night();
    cr_assert_eq(run("--night", "2026-01-04", "--format", "json"), EXIT_GO, "%s", out);
    json_t *json = answer();
    json_t *night = json_array_get(json_object_get(json, "nights"), 0);
    json_t *total = json_object_get(night, "total");
    json_t *zones = json_array_get(json_object_get(night, "items"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(night, "night")), "2026-01-04");
    cr_expect_str_eq(json_string_value(json_object_get(night, "budget")), "used up");
    cr_expect_eq(json_integer_value(json_object_get(total, "bytes_billed")), INT64_C(4) << 30);
    cr_expect_eq(json_integer_value(json_object_get(total, "queries")), 8);
    cr_expect_eq(
        json_integer_value(json_object_get(json_object_get(total, "unknown"), "bytes_at_most")),
        INT64_C(1) << 30);
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(total, "estimated"), "bytes")),
                 10485760);
    cr_expect_str_eq(json_string_value(json_object_get(zones, "kind")), "table");
    cr_expect_float_eq(json_number_value(json_object_get(zones, "share")), 75.0, 1e-9);
    cr_expect_float_eq(json_number_value(json_object_get(json, "price_per_tib")), 8.0, 1e-9);
    json_decref(json);
}

Test(cost, lists_nights_and_a_night_without_questions)
{
    (void)spend_a_night();
    cr_assert_eq(run("--night", "2026-01-05", "--nights", "2"), EXIT_GO, "%s", out);
    cr_expect_not_null(strstr(out, "  2026-01-04 "), "%s", out);
    cr_expect_not_null(strstr(out, "  2026-01-05 "), "%s", out);
    cr_expect_not_null(strstr(out, "≥  4.00 GiB"), "%s", out);
}

Test(cost, refuses_a_night_that_is_none)
{
    cr_expect_eq(run("--night", "yesterday", NULL, NULL), EXIT_USAGE);
    cr_expect_not_null(strstr(out, "is not a date"), "%s", out);
    cr_expect_eq(run("--nights", "0", NULL, NULL), EXIT_USAGE);
}
