/* What the console offers for dates of a run that were not read since its end. */
#include "play.h"

Test(play, unread_dates_of_an_ended_run_are_released_for_their_number_and_a_reason)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    struct situation_run *run = &play.fixture.situation->runs[0];
    run->unread = true;
    run->dates = 7;
    press(&play, '3');
    press(&play, 'u');
    expect_shown(&play, "Release the dates of");
    expect_shown(&play, "What it wrote was not read");
    wait(&play);
    press(&play, 'y');
    type(&play, "7");
    press(&play, KEYCODE_ENTER);
    type(&play, "short");
    press(&play, KEYCODE_ENTER);
    cr_expect_null(screen_take_commands(&play.screen), "not for such a reason");
    type(&play, " of quota, and looked at by hand");
    press(&play, KEYCODE_ENTER);
    struct command *command = decided(&play, COMMAND_FORGET_COVERAGE);
    cr_expect_str_eq(command->run, run->run);
    cr_expect_str_eq(command->reason, "short of quota, and looked at by hand");
    cr_expect_eq(command->affected, 7);
    command_free(command);
    end(&play);
}

Test(play, dates_that_are_not_held_are_not_released)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    press(&play, '3');
    press(&play, 'u');
    expect_shown(&play, "its dates are not held for a reading");
    cr_expect_not(play.screen.dialog_open);
    end(&play);
}
