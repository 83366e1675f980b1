/* What the header says while BigQuery does not answer. */
#include "play.h"

#define SECOND INT64_C(1000)

Test(trouble, is_counted_down_without_anything_new_being_stored)
{
    struct play play;
    begin(&play, FIXTURE_STALE);
    cr_expect_not_null(strstr(shown(&play), "BigQuery: 403 rateLimitExceeded, retrying in 8 s"));
    play.screen.now += 5 * SECOND;
    cr_expect_not_null(strstr(shown(&play), "403 rateLimitExceeded, retrying in 3 s"));
    play.screen.now += 5 * SECOND;
    cr_expect_not_null(strstr(shown(&play), "403 rateLimitExceeded, trying again"));
    end(&play);
}

Test(trouble, of_a_stale_gate_is_the_age_of_its_inputs_and_not_what_they_said)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    struct gates_gate *gate = &play.fixture.situation->gates->gates[0];
    cr_expect_not_null(strstr(shown(&play), "NO-GO phase3-ready  3 of 5 tables under 95 %"));
    gate->verdict = GATES_STALE;
    gate->measured = 0;
    cr_expect_not_null(strstr(shown(&play), "STALE phase3-ready  5 of 5 inputs are not fresh"),
                       "%s", play.text.data);
    end(&play);
}
