/* What the console says of a byte budget that runs out, and of what measuring costs. */
#include "play.h"

Test(play, a_budget_that_is_used_up_is_an_alarm_on_every_view)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    struct situation_header *header = &play.fixture.situation->header;
    header->bytes_billed = INT64_C(50) << 30;
    header->budget = SITUATION_BUDGET_USED_UP;
    for (uint32_t i = 0; i < VIEW_TABS; i++) {
        press(&play, '1' + i);
        expect_shown(&play, "byte budget used up: paid polls stopped");
    }
    header->bytes_billed = INT64_C(42) << 30;
    header->budget = SITUATION_BUDGET_NEAR;
    press(&play, '1');
    expect_shown(&play, "84 % of the night's byte budget");
    end(&play);
}

Test(play, a_sum_that_is_only_the_least_is_marked)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    play.fixture.situation->header.bills_unknown = 1;
    press(&play, '1');
    expect_shown(&play, "≥ 0.03 GiB · ≥ $0.00");
    end(&play);
}
