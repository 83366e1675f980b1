#include "base/moment.h"

#include <criterion/criterion.h>

#include "base/clock.h"

#define AT(text) at_of(text)

static int64_t at_of(const char *text) {
    int64_t at = -1;
    cr_assert(clock_parse_utc(text_of(text), &at), "%s", text);
    return at;
}

static void set_zone(void) {
    struct error error = {0};
    cr_assert(clock_setup("America/Los_Angeles", &error), "%s", error.text);
}

TestSuite(moment, .init = set_zone);

Test(moment, is_told_in_the_zone_with_its_date_when_it_is_not_today)
{
    char out[MOMENT_SIZE];
    int64_t now = AT("2026-01-05T14:15:00Z");
    cr_expect_str_eq(moment_format(now, now, out), "06:15");
    cr_expect_str_eq(moment_format(AT("2026-01-05T08:00:00Z"), now, out), "00:00");
    cr_expect_str_eq(moment_format(AT("2026-01-05T07:59:59Z"), now, out), "2026-01-04 23:59");
    cr_expect_str_eq(moment_format(AT("2026-01-06T08:00:00Z"), now, out), "2026-01-06 00:00");
    cr_expect_str_eq(moment_format(0, now, out), "never");
    cr_expect_str_eq(moment_format_dated(now, out), "2026-01-05 06:15");
    cr_expect_str_eq(moment_format_full(now + 9000, out), "2026-01-05 06:15:09");
    cr_expect_str_eq(clock_zone(), "America/Los_Angeles");
    cr_expect_str_eq(clock_abbreviation(now, out), "PST");
    cr_expect_str_eq(clock_abbreviation(AT("2026-07-05T14:15:00Z"), out), "PDT");
}

Test(moment, is_read_as_it_is_told)
{
    static const struct {
        const char *typed, *utc;
    } cases[] = {
        {"06:15", "2026-01-05T14:15:00Z"},
        {"6:15", "2026-01-05T14:15:00Z"},
        {"06:14:59", "2026-01-05T14:14:59Z"},
        {"06:16", "2026-01-04T14:16:00Z"},
        {"23:59", "2026-01-05T07:59:00Z"},
        {"2026-01-05 06:15", "2026-01-05T14:15:00Z"},
        {"2025-07-04 06:15:09", "2025-07-04T13:15:09Z"},
        {"01-05 06:15", "2026-01-05T14:15:00Z"},
        {"12-31 06:15", "2025-12-31T14:15:00Z"},
        {"02-29 06:15", "2024-02-29T14:15:00Z"},
        {"2026-01-05T14:15:00Z", "2026-01-05T14:15:00Z"},
        /* Around the changes of the clocks. */
        {"2025-03-09 01:59", "2025-03-09T09:59:00Z"},
        {"2025-03-09 03:00", "2025-03-09T10:00:00Z"},
        {"2025-11-02 00:59", "2025-11-02T07:59:00Z"},
        {"2025-11-02 02:00", "2025-11-02T10:00:00Z"},
    };
    static const char *const wrong[] = {"",
                                        "06",
                                        "06:60",
                                        "24:00",

                                        "06:15:0x",
                                        "a6:15",
                                        "2026-13-01 06:15",
                                        "13-01 06:15",
                                        "2026-01-05",
                                        "2026-01-05 ",
                                        "2025-03-09 02:30",
                                        "06:15 2026-01-05"};
    int64_t now = AT("2026-01-05T14:15:00Z");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t at = -1;
        cr_expect(moment_parse(text_of(cases[i].typed), now, &at), "%s", cases[i].typed);
        cr_expect_eq(at, AT(cases[i].utc), "%s is %lld s off", cases[i].typed,
                     (long long)(at - AT(cases[i].utc)) / 1000);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t at;
        cr_expect_not(moment_parse(text_of(wrong[i]), now, &at), "%s", wrong[i]);
    }
}
