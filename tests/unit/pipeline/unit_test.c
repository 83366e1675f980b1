/* Durations, sizes, percentages, days: what is read, and what is refused. */
#include <criterion/criterion.h>

#include "pipeline/identifier.h"
#include "pipeline/unit.h"

Test(unit, reads_durations)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"1s", 1000},     {"60s", 60000},   {"5m", 300000},
                {"6h", 21600000}, {"1d", 86400000}, {"1000d", INT64_C(86400000000)}};
    static const char *const bad[] = {"",    "s",     "5",  "5 m", "-5m", "1.5h",
                                      "5ms", "1001d", "0s", "5mm", "+5m", "99999999999999999999s"};
    char why[UNIT_WHY_SIZE];
    int64_t ms;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_expect(unit_duration(good[i].text, &ms, why), "%s", good[i].text);
        cr_expect_eq(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_not(unit_duration(bad[i], &ms, why), "%s", bad[i]);
    }
}

Test(unit, reads_sizes)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } good[] = {{"1B", 1},
                {"64KiB", 65536},
                {"10MiB", 10485760},
                {"1GiB", 1073741824},
                {"1024TiB", INT64_C(1) << 50}};
    static const char *const bad[] = {"", "1", "1GB", "1G", "1025TiB", "0B", "-1B", "1 GiB"};
    char why[UNIT_WHY_SIZE];
    int64_t bytes;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_expect(unit_size(good[i].text, &bytes, why), "%s", good[i].text);
        cr_expect_eq(bytes, good[i].bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_not(unit_size(bad[i], &bytes, why), "%s", bad[i]);
    }
}

Test(unit, reads_percentages_to_the_hundredth)
{
    static const struct {
        const char *text;
        int hundredths;
    } good[] = {{"0%", 0},        {"95%", 9500},   {"99.5%", 9950},   {"99.95%", 9995},
                {"99.05%", 9905}, {"100%", 10000}, {"100.00%", 10000}};
    static const char *const bad[] = {"",     "95",      "0.95", "95.%", "95.555%", "-1%",
                                      "101%", "100.01%", "95 %", "95%%", "%",       "9999999999%"};
    char why[UNIT_WHY_SIZE];
    int hundredths;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_expect(unit_percent(good[i].text, &hundredths, why), "%s", good[i].text);
        cr_expect_eq(hundredths, good[i].hundredths);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_not(unit_percent(bad[i], &hundredths, why), "%s", bad[i]);
    }
}

Test(unit, reads_days_and_ranges_of_days)
{
    struct day_range range;
    char why[UNIT_WHY_SIZE];
    cr_expect(unit_days("2022-02-18", &range, why));
    cr_expect_eq(day_range_count(range), 1);
    cr_expect(unit_days("2022-02-18..2022-02-23", &range, why));
    cr_expect_eq(day_range_count(range), 6);
    cr_expect_not(unit_days("2022-02-18..", &range, why));
    cr_expect_not(unit_days("..2022-02-18", &range, why));
    cr_expect_not(unit_days("2022-02-23..2022-02-18", &range, why));
    cr_expect_str_eq(why, "\"2022-02-23..2022-02-18\" ends before it begins");
}

Test(unit, reads_bounds)
{
    struct pipeline_bound bound;
    char why[UNIT_WHY_SIZE];
    cr_expect(unit_bound("today", &bound, why));
    cr_expect_eq(bound.kind, PIPELINE_BOUND_TODAY);
    cr_expect(unit_bound("yesterday", &bound, why));
    cr_expect_eq(bound.kind, PIPELINE_BOUND_YESTERDAY);
    cr_expect(unit_bound("2021-10-19", &bound, why));
    cr_expect_eq(bound.kind, PIPELINE_BOUND_DATE);
    cr_expect_eq(bound.day, 18919);
    cr_expect_not(unit_bound("tomorrow", &bound, why));
}

Test(unit, reads_numbers)
{
    static const char *const bad[] = {
        "", ".5", "1e3", "0x10", "nan", "inf", "1.", "--1", "1234567890123456"};
    double value;
    char why[UNIT_WHY_SIZE];
    cr_expect(unit_number("0.9", &value, why));
    cr_expect_float_eq(value, 0.9, 1e-12);
    cr_expect(unit_number("-3", &value, why));
    cr_expect_float_eq(value, -3, 1e-12);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_not(unit_number(bad[i], &value, why), "%s", bad[i]);
    }
}

Test(identifier, only_what_bigquery_takes_enters_sql)
{
    static const char *const bad[] = {
        "",     "a`b", "a;b",      "a.b", "a\nb", "\xC3", "a(b)", "*",       "a/*",      "a\"b",
        "a\\b", "{a}", "a\u202Eb", " a",  "a ",   "a$b",  "a@b",  "\x1b[1m", "a\xC2\x9B"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct text name = text_of(bad[i]);
        cr_expect_not(identifier_is_project(name) || identifier_is_dataset(name) ||
                          identifier_is_table(name) || identifier_is_column(name),
                      "%s", bad[i]);
    }
    cr_expect(identifier_is_project(TEXT("nba-props-platform")));
    cr_expect(identifier_is_project(TEXT("example.com:old-project")));
    cr_expect_not(identifier_is_project(TEXT("Nba")));
    cr_expect_not(identifier_is_project(TEXT("nba-")));
    cr_expect_not(identifier_is_project(TEXT(":nba")));
    cr_expect_not(identifier_is_dataset(TEXT("nba-raw")));
    cr_expect(identifier_is_table(TEXT("events-2024")));
    cr_expect(identifier_is_column(TEXT("_PARTITIONDATE")));
    cr_expect(identifier_is_column(TEXT("2nd")));
    cr_expect(identifier_is_column(TEXT("event-date")));
    cr_expect(identifier_is_column(TEXT("Datum_täglich #1")));
    cr_expect(identifier_is_table(TEXT("my table")));
    cr_expect(identifier_is_table(TEXT("ग्राहक")));
    cr_expect_not(identifier_is_table(TEXT("a'b")));
    cr_expect(identifier_is_word(TEXT("_a1")));
    cr_expect_not(identifier_is_word(TEXT("2nd")));
    cr_expect_not(identifier_is_word(TEXT("event-date")));
    char long_name[302];
    for (size_t i = 0; i < sizeof long_name; i++) {
        long_name[i] = 'a';
    }
    cr_expect(identifier_is_column((struct text){long_name, 300}));
    cr_expect_not(identifier_is_column((struct text){long_name, 301}));
}
