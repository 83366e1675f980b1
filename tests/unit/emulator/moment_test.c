/* Dates, times and doubles as text. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "emulator/moment.h"

Test(moment, timestamps_are_read_in_every_form_bigquery_takes)
{
    const struct {
        const char *text;
        int64_t micros;
    } good[] = {
        {"1970-01-01", 0},
        {"1970-01-01 00:00:01", 1000000},
        {"1970-01-01T00:00:01Z", 1000000},
        {"1970-01-01 00:00:01 UTC", 1000000},
        {"1970-01-01 02:00:01+02:00", 1000000},
        {"1969-12-31 19:00:01-05", 1000000},
        {"1970-01-01 00:00:00.123456789Z", 123456},
        {"1969-12-31 23:59:59.5", -500000},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t micros = 0;
        cr_expect(moment_parse_timestamp(text_of(good[i].text), &micros), "%s", good[i].text);
        cr_expect_eq(micros, good[i].micros, "%s", good[i].text);
    }
    const char *const bad[] = {"",
                               "1970",
                               "1970-13-01",
                               "1970-01-01 24:00:00",
                               "1970-01-01 1",
                               "1970-01-01 00:00:00.",
                               "1970-01-01 00:00:00 CET",
                               "now"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t micros;
        cr_expect_not(moment_parse_timestamp(text_of(bad[i]), &micros), "%s", bad[i]);
    }
}

Test(moment, an_instant_before_1970_is_written_in_its_own_day)
{
    char out[MOMENT_SIZE];
    cr_assert_str_eq(moment_format_iso(-1, out), "1969-12-31T23:59:59.999999Z");
    cr_assert_str_eq(moment_format_iso(INT64_C(1700000000000000), out), "2023-11-14T22:13:20Z");
}

Test(moment, doubles_are_the_shortest_text_that_reads_back)
{
    const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {0.1, "0.1"},
        {-2.5, "-2.5"},
        {1234567, "1234567.0"},
        {1e7, "1.0E7"},
        {1.7e9, "1.7E9"},
        {0.001, "0.001"},
        {0.0001, "1.0E-4"},
        {1200, "1200.0"},
        {100.25, "100.25"},
        {NAN, "NaN"},
        {INFINITY, "Infinity"},
        {-INFINITY, "-Infinity"},
        {0.1 + 0.2, "0.30000000000000004"},
        {0.05, "0.05"},
        {1.15, "1.15"},
        {12.3456, "12.3456"},
        {12.34567, "12.34567"},
        {0.1234, "0.1234"},
        {9.9999, "9.9999"},
        {0.99999, "0.99999"},
        {1230.5, "1230.5"},
        {9007199254740993.0, "9.007199254740992E15"},
        {123456789.25, "1.2345678925E8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[MOMENT_SIZE];
        cr_expect_str_eq(moment_format_double(cases[i].value, out), cases[i].text, "%s is not %s",
                         out, cases[i].text);
    }
}

/* Hundredths, of which tables are full, as they would be written by hand. */
Test(moment, hundredths_have_the_digits_they_were_made_of)
{
    for (int hundredths = 1; hundredths < 30000; hundredths++) {
        char out[MOMENT_SIZE];
        char hand[MOMENT_SIZE];
        if (hundredths % 10 != 0) {
            (void)snprintf(hand, sizeof hand, "%d.%02d", hundredths / 100, hundredths % 100);
        } else {
            (void)snprintf(hand, sizeof hand, "%d.%d", hundredths / 100, hundredths / 10 % 10);
        }
        cr_assert_str_eq(moment_format_double(hundredths / 100.0, out), hand);
    }
}
