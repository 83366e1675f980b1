#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static int64_t parsed(const char *text) {
    int64_t value = -1;
    cr_assert(clock_parse_utc(text_of(text), &value), "%s", text);
    return value;
}

Test(clock, moments_are_written_and_read_in_utc)
{
    char out[CLOCK_UTC_SIZE];
    cr_assert_eq(parsed("1970-01-01T00:00:00Z"), 0);
    cr_assert_eq(parsed("2026-01-05T14:15:00Z"), INT64_C(1767622500000));
    cr_assert_str_eq(clock_format_utc(INT64_C(1767622500999), out), "2026-01-05T14:15:00Z");
    cr_assert_str_eq(clock_format_utc(-1, out), "1969-12-31T23:59:59Z");
}

Test(clock, offsets_and_fractions_are_read)
{
    cr_assert_eq(parsed("2026-01-05T06:15:00-08:00"), INT64_C(1767622500000));
    cr_assert_eq(parsed("2026-01-05T19:45:00+05:30"), INT64_C(1767622500000));
    cr_assert_eq(parsed("2026-01-05 14:15:00.25Z"), INT64_C(1767622500250));
    cr_assert_eq(parsed("2026-01-05t14:15:00.123456789z"), INT64_C(1767622500123));
}

Test(clock, what_is_no_moment_is_refused)
{
    static const char *const wrong[] = {"",
                                        "2026-01-05",
                                        "2026-01-05T14:15:00",
                                        "2026-01-05T14:15:00+0800",
                                        "2026-01-05T24:15:00Z",
                                        "2026-01-05T14:60:00Z",
                                        "2026-02-30T14:15:00Z",
                                        "2026-01-05T14:15:00.Z",
                                        "2026-01-05T14:15:00.5",
                                        "2026-01-05T1a:15:00Z",
                                        "2026-01-05T14:15:00Zx",
                                        "2026-01-05T14:15:00+24:00"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t value;
        cr_assert_not(clock_parse_utc(text_of(wrong[i]), &value), "%s", wrong[i]);
    }
}

Test(clock, spans_read_as_a_person_says_them)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{-5, "0 s"},
                 {14999, "14 s"},
                 {60000, "1 min"},
                 {3599999, "59 min"},
                 {7500000, "2 h 05"},
                 {INT64_C(99) * 3600000, "99 h 00"},
                 {INT64_C(100) * 3600000, "4 d"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[CLOCK_SPAN_SIZE];
        cr_assert_str_eq(clock_format_span(cases[i].ms, out), cases[i].text);
    }
}

Test(clock, the_local_day_is_that_of_the_zone)
{
    struct error error = {0};
    int second;
    char day[DAY_TEXT_SIZE];
    cr_assert(clock_setup("America/Los_Angeles", &error), "%s", error.text);
    day_number local = clock_local_day(parsed("2026-01-05T07:59:59Z"), &second);
    cr_assert_str_eq(day_format(local, day), "2026-01-04");
    cr_assert_eq(second, 86399);
    cr_assert_eq(clock_local_day(parsed("2026-01-05T08:00:00Z"), &second), local + 1);
    cr_assert_eq(second, 0);
    cr_assert_eq(clock_local_day(parsed("2025-07-05T07:00:00Z"), NULL),
                 clock_local_day(parsed("2025-07-05T12:00:00Z"), NULL), "summer time");
}

Test(clock, an_unknown_zone_is_refused_by_name)
{
    static const char *const wrong[] = {"", "Mars/Olympus", "../etc/passwd", "/etc/localtime"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {0};
        cr_assert_not(clock_setup(wrong[i], &error));
        cr_assert_eq(error.code, EXIT_CONFIG);
        cr_assert_not_null(strstr(error.text, "zoneinfo"));
    }
}

Test(clock, can_be_shifted_and_stopped_for_a_family_of_processes)
{
    struct error error = {0};
    cr_assert_eq(setenv("PHASEGATE_CLOCK", "2026-01-05T14:15:00Z@1000*0", 1), 0);
    cr_assert(clock_setup(NULL, &error), "%s", error.text);
    cr_assert_eq(clock_wall_ms(clock_system()), INT64_C(1767622500000));
    cr_assert_float_eq(clock_scale(), 0, 1e-12);
    cr_assert_eq(clock_real_ms(60000), 60000);
}

Test(clock, can_run_faster)
{
    struct error error = {0};
    cr_assert_eq(setenv("PHASEGATE_CLOCK", "2026-01-05T14:15:00Z@1767622500000*150", 1), 0);
    cr_assert(clock_setup(NULL, &error), "%s", error.text);
    cr_assert_eq(clock_real_ms(60000), 400);
    cr_assert_eq(clock_real_ms(1), 1);
    cr_assert_geq(clock_wall_ms(clock_system()), INT64_C(1767622500000));
}

Test(clock, a_malformed_shift_is_refused)
{
    static const char *const wrong[] = {"now", "2026-01-05T14:15:00Z", "2026-01-05T14:15:00Z@1*-1",
                                        "2026-01-05T14:15:00Z@1*fast", "2026-01-05T14:15:00Z@x*1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {0};
        cr_assert_eq(setenv("PHASEGATE_CLOCK", wrong[i], 1), 0);
        cr_assert_not(clock_setup(NULL, &error), "%s", wrong[i]);
        cr_assert_eq(error.code, EXIT_CONFIG);
    }
}

Test(clock, boot_time_advances_and_the_boot_has_a_name)
{
    char id[CLOCK_BOOT_ID_SIZE];
    int64_t before = clock_boot_ns(clock_system());
    cr_assert_geq(clock_boot_ns(clock_system()), before);
    size_t length = strlen(clock_boot_id(id));
    cr_assert(length == 36 || strcmp(id, "unknown") == 0, "%s", id);
}
