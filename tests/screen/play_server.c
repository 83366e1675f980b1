/* What the console offers for jobs that a run left on the server. */
#include "play.h"

Test(play, the_jobs_of_a_run_that_has_ended_are_cancelled_on_a_yes)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    fixture_hold(&play.fixture);
    press(&play, '3');
    expect_shown(&play, "2 jobs still running server-side");
    press(&play, 's');
    expect_shown(&play, "Cancel the BigQuery jobs of");
    expect_shown(&play, "Cancelled jobs may still incur");
    wait(&play);
    press(&play, 'y');
    struct command *command = decided(&play, COMMAND_CANCEL_JOBS);
    cr_expect_str_eq(command->run, play.fixture.situation->runs[0].run);
    command_free(command);
    end(&play);
}

Test(play, a_run_that_has_ended_without_jobs_has_nothing_to_cancel)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    press(&play, '3');
    press(&play, 's');
    cr_expect_not(play.screen.dialog_open);
    cr_expect_null(screen_take_commands(&play.screen));
    end(&play);
}
