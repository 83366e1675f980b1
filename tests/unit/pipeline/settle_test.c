/* How long what a processor triggered may still write: a time of at most a day. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static int64_t settle_of(const char *line) {
    struct pipeline *pipeline = fixture_load_edited("    timeout: 6h\n", line);
    int64_t settle = pipeline->processors[0].settle_ms;
    for (size_t i = 0; i < pipeline->processor_count; i++) {
        settle =
            pipeline->processors[i].settle_ms > settle ? pipeline->processors[i].settle_ms : settle;
    }
    pipeline_free(pipeline);
    return settle;
}

Test(settle, is_none_unless_it_is_given)
{ cr_expect_eq(settle_of("    timeout: 6h\n"), 0); }

Test(settle, is_a_time_of_at_most_a_day)
{
    cr_expect_eq(settle_of("    timeout: 6h\n    settle: 10m\n"), 600000);
    cr_expect_eq(settle_of("    timeout: 6h\n    settle: 24h\n"), INT64_C(86400000));
}

static void expect_refused(const char *line, const char *words) {
    struct error error = {0};
    char *text = fixture_edit(fixture_text, "    timeout: 6h\n", line);
    cr_expect_null(fixture_load(text, &error), "%s", line);
    cr_expect_not_null(strstr(error.text, words), "%s: %s", line, error.text);
    free(text);
}

Test(settle, longer_or_no_time_at_all_is_refused)
{
    expect_refused("    timeout: 6h\n    settle: 25h\n",
                   "is at most 24h: for so long nobody launches its dates");
    expect_refused("    timeout: 6h\n    settle: soon\n", "is not a duration");
    expect_refused("    timeout: 6h\n    settle: -1m\n", "is not a duration");
}

Test(settle, another_time_is_another_plan)
{
    struct pipeline *plain = fixture_load_edited("    timeout: 6h\n", "    timeout: 6h\n");
    struct pipeline *settles =
        fixture_load_edited("    timeout: 6h\n", "    timeout: 6h\n    settle: 10m\n");
    cr_expect_str_neq(plain->hash, settles->hash);
    pipeline_free(plain);
    pipeline_free(settles);
}
