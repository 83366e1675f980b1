#include <stdlib.h>

#include "fixture.h"
#include "state/state_told.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(told, .init = setup, .fini = teardown);

Test(told, nothing_was_said_before_the_first_word)
{
    char *json;
    int64_t at;
    cr_assert(state_told(f.state, "bigquery", &json, &at, &f.error), "%s", f.error.text);
    cr_assert(json == NULL && at == 0);
}

Test(told, the_newest_word_replaces_the_one_before)
{
    int64_t term = fixture_lead(&f);
    char *json;
    int64_t at;
    cr_assert(state_told_put(f.state, term, "bigquery", "{\"a\":1}", NOON, &f.error));
    cr_assert(state_told_put(f.state, term, "bigquery", "{\"a\":2}", NOON + 1, &f.error));
    cr_assert(state_told(f.state, "bigquery", &json, &at, &f.error));
    cr_assert_str_eq(json, "{\"a\":2}");
    cr_assert(at == NOON + 1);
    free(json);
}

Test(told, only_the_holder_of_the_lease_speaks)
{
    int64_t term = fixture_lead(&f);
    cr_assert_not(state_told_put(f.state, term + 1, "bigquery", "{}", NOON, &f.error));
    cr_assert(f.error.code == EXIT_NO_GO);
}
