/* Arming and taking it back, key by key. */
#include "play.h"

/* To Gates, where the first gate holds group1. */
static void begin_at_gates(struct play *play, bool approved) {
    begin(play, FIXTURE_RED);
    if (approved) {
        fixture_arm(&play->fixture, false);
        play->fixture.situation->groups[1].arm = NULL;
    }
    press(play, '2');
}

Test(play, a_group_is_armed_only_on_an_approval)
{
    struct play play;
    begin_at_gates(&play, false);
    press(&play, 'm');
    expect_shown(&play, "Arm the group group1");
    expect_shown(&play, "no live approval");
    wait(&play);
    press(&play, 'y');
    cr_expect_null(screen_take_commands(&play.screen));
    end(&play);
}

Test(play, arming_is_asked_and_names_who_approved)
{
    struct play play;
    begin_at_gates(&play, true);
    press(&play, 'm');
    expect_shown(&play, "On the approval of naji@ops");
    expect_shown(&play, "countdown of 60 s");
    wait(&play);
    press(&play, 'y');
    struct command *command = decided(&play, COMMAND_ARM);
    cr_expect_str_eq(command->group, "group1");
    command_free(command);
    end(&play);
}

Test(play, the_same_key_disarms_at_once)
{
    struct play play;
    begin_at_gates(&play, false);
    fixture_arm(&play.fixture, false);
    press(&play, 'm');
    cr_expect_not(play.screen.dialog_open);
    struct command *command = decided(&play, COMMAND_DISARM);
    cr_expect_str_eq(command->group, "group1");
    command_free(command);
    end(&play);
}

Test(play, a_countdown_is_ended_by_one_key_from_every_view)
{
    for (uint32_t tab = '1'; tab <= '6'; tab++) {
        struct play play;
        begin(&play, FIXTURE_RED);
        fixture_arm(&play.fixture, true);
        press(&play, tab);
        expect_shown(&play, "group1 starts in 42 s, m says no");
        press(&play, 'm');
        struct command *command = decided(&play, COMMAND_DISARM);
        cr_expect_str_eq(command->group, "group1");
        command_free(command);
        end(&play);
    }
}

Test(play, without_a_countdown_other_views_say_where_to_arm)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    press(&play, 'm');
    expect_shown(&play, "select a group in Runs (3)");
    cr_expect_null(screen_take_commands(&play.screen));
    end(&play);
}
