#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/day.h"
#include "base/json.h"
#include "base/percent.h"

static void expect_text(json_t *value, const char *expected) {
    char *text = json_text(value);
    cr_assert_str_eq(text, expected);
    free(text);
    json_decref(value);
}

Test(json, numbers_stay_what_they_are)
{
    expect_text(json_real(91.5), "91.5");
    expect_text(json_real(0.1 + 0.2), "0.3");
    expect_text(json_real(-5.3), "-5.3");
    expect_text(json_percent(915), "91.5");
    expect_text(json_percent(1000), "100.0");
}

Test(json, what_is_not_known_is_null)
{
    expect_text(json_percent(PERCENT_UNKNOWN), "null");
    expect_text(json_time(0), "null");
    expect_text(json_day(DAY_NONE), "null");
    expect_text(json_string_or_null(NULL), "null");
}

Test(json, times_and_days_are_text)
{
    expect_text(json_time(INT64_C(1767622500000)), "\"2026-01-05T14:15:00Z\"");
    expect_text(json_day(18919), "\"2021-10-19\"");
}

Test(json, is_written_on_one_line)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    json_t *value = json_pack("{s:i,s:[i]}", "schema", 1, "runs", 2);
    cr_assert(json_write(stream, value));
    (void)fclose(stream);
    cr_assert_str_eq(text, "{\"schema\":1,\"runs\":[2]}\n");
    free(text);
    json_decref(value);
}

Test(json, a_full_disk_is_noticed)
{
    FILE *stream = fopen("/dev/full", "we");
    json_t *value = json_true();
    cr_assert_not(json_write(stream, value));
    (void)fclose(stream);
}

Test(json, a_mistake_is_named_by_line_and_column)
{
    struct error error = {0};
    cr_assert_null(json_read(TEXT("{\n \"a\": ]"), "answer", &error));
    cr_assert_eq(error.code, EXIT_DATA);
    cr_assert_eq(strncmp(error.text, "answer:2:", 9), 0, "%s", error.text);
    cr_assert_null(json_read(text_of(NULL), "answer", &error));
    cr_assert_null(json_read(TEXT("{} x"), "answer", &error));
}

Test(json, members_of_another_type_are_not_taken)
{
    struct error error = {0};
    json_t *object = json_read(TEXT("{\"s\":\"x\",\"i\":7,\"b\":true}"), "test", &error);
    cr_assert_not_null(object, "%s", error.text);
    cr_assert_str_eq(json_get_string(object, "s", ""), "x");
    cr_assert_str_eq(json_get_string(object, "i", "none"), "none");
    cr_assert_eq(json_get_integer(object, "i", -1), 7);
    cr_assert_eq(json_get_integer(object, "s", -1), -1);
    cr_assert(json_get_bool(object, "b", false));
    cr_assert_not(json_get_bool(object, "i", false));
    cr_assert_eq(json_get_integer(object, "absent", 3), 3);
    json_decref(object);
}
