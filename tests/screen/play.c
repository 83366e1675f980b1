/* A screen played key by key: what opens, what is asked, what is decided. */
#include "play.h"

Test(play, keys_lead_to_every_view_and_back)
{
    static const char *const signs[] = {"TABLE",       "MEASURED",  "not started",
                                        "last output", "Situation", "WHEN"};
    struct play play;
    begin(&play, FIXTURE_RED);
    for (uint32_t i = 0; i < VIEW_TABS; i++) {
        press(&play, '1' + i);
        cr_expect_eq(play.screen.tab, i);
        if (i != VIEW_LOGS)
            expect_shown(&play, signs[i]);
    }
    press(&play, KEYCODE_TAB);
    cr_expect_eq(play.screen.tab, VIEW_COVERAGE);
    press(&play, KEYCODE_BACK_TAB);
    cr_expect_eq(play.screen.tab, VIEW_JOURNAL);
    end(&play);
}

Test(play, a_launch_names_its_dates_and_is_bound_to_what_was_selected)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    select_table(&play, 2);
    press(&play, 'l');
    expect_shown(&play, "Launch team_defense_game_summary for 133 dates");
    expect_shown(&play, "team_defense_game_summary_analytics_backfill.py");
    expect_shown(&play, "Cancel");
    press(&play, KEYCODE_DOWN); /* the list behind a dialog stands still */
    wait(&play);
    press(&play, 'y');
    struct command *command = decided(&play, COMMAND_LAUNCH_PROCESSOR);
    cr_expect_str_eq(command->processor, "team_defense_game_summary");
    cr_expect_eq(command->affected, 133);
    size_t days = 0;
    for (size_t i = 0; i < command->range_count; i++)
        days += day_range_count(command->ranges[i]);
    cr_expect_eq(days, 133, "exactly those: a day between them on which nothing is due is none");
    command_free(command);
    end(&play);
}

Test(play, keys_of_the_first_quarter_second_confirm_nothing)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    select_table(&play, 2);
    type(&play, "lyyy");
    cr_expect_null(screen_take_commands(&play.screen));
    cr_expect(play.screen.dialog_open);
    wait(&play);
    press(&play, KEYCODE_ENTER); /* Cancel has the focus */
    cr_expect_not(play.screen.dialog_open);
    cr_expect_null(screen_take_commands(&play.screen));
    end(&play);
}

Test(play, no_key_but_y_confirms)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    select_table(&play, 2);
    for (uint32_t key = ' '; key < 0x7F; key++) {
        press(&play, 'l');
        cr_assert(play.screen.dialog_open);
        wait(&play);
        if (key != 'y')
            press(&play, key);
        cr_assert_null(screen_take_commands(&play.screen), "%c confirmed", (char)key);
        if (play.screen.dialog_open)
            press(&play, KEYCODE_ESCAPE);
    }
    end(&play);
}

Test(play, the_target_of_a_dialog_survives_a_new_situation)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    press(&play, '3');
    select_table(&play, 2); /* failed, stalled, running */
    press(&play, 's');
    expect_shown(&play, "Stop r-20260105-0540-01 of team_defense_game_summary");
    struct situation *next = fixture_situation(FIXTURE_GREEN, play.fixture.pipeline);
    screen_update(&play.screen, next);
    fixture_situation_free(play.fixture.situation);
    play.fixture.situation = next;
    screen_settle(&play.screen, 120, 36);
    expect_shown(&play, "Stop r-20260105-0540-01 of team_defense_game_summary");
    wait(&play);
    press(&play, 'y');
    struct command *command = decided(&play, COMMAND_STOP);
    cr_expect_str_eq(command->run, "r-20260105-0540-01");
    command_free(command);
    end(&play);
}

Test(play, stop_names_its_run_and_an_ended_one_is_not_stopped)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    press(&play, '3');
    press(&play, 's');
    cr_expect_not(play.screen.dialog_open, "the run has ended");
    press(&play, KEYCODE_DOWN);
    press(&play, 's');
    expect_shown(&play, "pid 41180");
    end(&play);
}

Test(play, stop_from_another_view_asks_which_of_several)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    press(&play, 's');
    cr_expect_not(play.screen.dialog_open);
    cr_expect_eq(play.screen.tab, VIEW_RUNS);
    expect_shown(&play, "2 runs are alive");
    end(&play);
}

Test(play, an_override_asks_for_the_number_of_dates_and_a_reason)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    press(&play, '2');
    press(&play, 'o');
    expect_shown(&play, "905 dates are affected");
    wait(&play);
    press(&play, 'y');
    cr_expect_null(screen_take_commands(&play.screen));
    expect_shown(&play, "number of dates affected:");
    type(&play, "905");
    press(&play, KEYCODE_ENTER);
    type(&play, "too short");
    press(&play, KEYCODE_ENTER);
    cr_expect_null(screen_take_commands(&play.screen));
    type(&play, ", no longer");
    press(&play, KEYCODE_ENTER);
    struct command *command = decided(&play, COMMAND_OVERRIDE);
    cr_expect_str_eq(command->gate, "phase3-ready");
    cr_expect_str_eq(command->reason, "too short, no longer");
    cr_expect_eq(command->affected, 905);
    command_free(command);
    end(&play);
}

Test(play, a_wrong_number_of_dates_does_nothing)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    press(&play, '2');
    press(&play, 'o');
    wait(&play);
    press(&play, 'y');
    type(&play, "848");
    press(&play, KEYCODE_ENTER);
    cr_expect_not(play.screen.dialog_open);
    cr_expect_not(play.screen.prompt.open);
    cr_expect_null(screen_take_commands(&play.screen));
    end(&play);
}

Test(play, dates_are_waived_from_the_strip_with_a_reason)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    select_table(&play, 2);
    press(&play, KEYCODE_ENTER);
    expect_shown(&play, "bootstrap");
    expect_shown(&play, "Fri 2021-11-05  missing");
    press(&play, ' ');
    for (int i = 0; i < 8; i++)
        press(&play, KEYCODE_DOWN);
    press(&play, 'w');
    expect_shown(&play, "Waive 2 dates of team_defense_game_summary");
    wait(&play);
    press(&play, 'y');
    type(&play, "2");
    press(&play, KEYCODE_ENTER);
    type(&play, "INSUFFICIENT_DATA: teams need 15 games");
    press(&play, KEYCODE_ENTER);
    struct command *command = decided(&play, COMMAND_WAIVE);
    cr_expect_str_eq(command->table, "team_defense_game_summary");
    cr_expect_eq(command->range_count, 2);
    cr_expect_eq(command->ranges[0].from, day_from_civil(2021, 11, 5));
    cr_expect_eq(command->ranges[1].to, day_from_civil(2021, 11, 13));
    command_free(command);
    end(&play);
}

Test(play, gaps_are_listed_as_ranges_and_exported)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    select_table(&play, 2);
    press(&play, 'g');
    expect_shown(&play, "Gaps of team_defense_game_summary, all seasons: 133 dates in 122 ranges");
    expect_shown(&play, "2021-11-05");
    press(&play, 'x');
    struct command *command = decided(&play, COMMAND_EXPORT);
    cr_expect_str_eq(command->path, "gaps-team_defense_game_summary.txt");
    cr_expect_not_null(strstr(command->content, "2021-11-05"));
    command_free(command);
    press(&play, KEYCODE_ESCAPE);
    cr_expect_not(play.screen.page_open);
    end(&play);
}

Test(play, a_retry_takes_only_what_is_still_missing)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    press(&play, '3');
    press(&play, 'R');
    expect_shown(&play, "Launch upcoming_team_game_context for 475 dates");
    wait(&play);
    press(&play, 'y');
    struct command *command = decided(&play, COMMAND_RETRY);
    cr_expect_str_eq(command->run, "r-20260105-0541-02");
    command_free(command);
    end(&play);
}

Test(play, a_console_that_only_shows_decides_nothing)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    play.screen.read_only = true;
    for (uint32_t tab = '1'; tab <= '6'; tab++) {
        press(&play, tab);
        for (int i = 0; i < ACTION_COUNT; i++) {
            const struct actions_entry *entry = actions_entry((enum action)i);
            if (!entry->mutates)
                continue;
            screen_act(&play.screen, (enum action)i);
            wait(&play);
            cr_expect_not(play.screen.dialog_open, "%s", entry->name);
            cr_expect_null(screen_take_commands(&play.screen), "%s", entry->name);
        }
    }
    end(&play);
}

Test(play, nothing_is_decided_before_anything_was_measured)
{
    struct play play;
    begin(&play, FIXTURE_NO_DATA);
    screen_update(&play.screen, NULL);
    for (uint32_t tab = '1'; tab <= '6'; tab++) {
        press(&play, tab);
        for (uint32_t key = ' '; key < 0x7F; key++) {
            if (key == 'q' || key == 'p' || key == 'x')
                continue;
            press(&play, key);
            wait(&play);
            (void)shown(&play);
            cr_expect_null(screen_take_commands(&play.screen));
            press(&play, KEYCODE_ESCAPE);
        }
    }
    end(&play);
}

/* A deterministic monkey: whatever is pressed in whatever order, nothing crashes and nothing is
 * decided without the confirming key. */
Test(play, a_monkey_without_y_decides_nothing)
{
    static const uint32_t special[] = {
        KEYCODE_UP,        KEYCODE_DOWN,     KEYCODE_LEFT,  KEYCODE_RIGHT,     KEYCODE_PAGE_UP,
        KEYCODE_PAGE_DOWN, KEYCODE_HOME,     KEYCODE_END,   KEYCODE_ENTER,     KEYCODE_ESCAPE,
        KEYCODE_TAB,       KEYCODE_BACK_TAB, KEYCODE_CLEAR, KEYCODE_BACKSPACE, KEYCODE_REPAINT};
    struct play play;
    begin(&play, FIXTURE_RED);
    uint64_t random = 42;
    for (int i = 0; i < 1500; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        uint32_t roll = (uint32_t)(random >> 33) % 140;
        uint32_t key = roll < 95 ? ' ' + roll : special[roll % 15];
        if (key == 'y')
            continue;
        press(&play, key);
        wait(&play);
        if (i % 20 == 0)
            (void)shown(&play);
        play.screen.quit = false;
        for (struct command *command = screen_take_commands(&play.screen); command;) {
            struct command *next = command->next;
            cr_assert(command->kind == COMMAND_EXPORT || command->kind == COMMAND_POLL);
            command_free(command);
            command = next;
        }
    }
    end(&play);
}

Test(play, an_unknown_key_gets_a_quiet_hint)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    press(&play, 'Z');
    expect_shown(&play, "Z does nothing here; ? lists the keys");
    end(&play);
}

Test(play, the_palette_completes_and_runs_commands)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    type(&play, ":jou");
    press(&play, KEYCODE_TAB);
    expect_shown(&play, ":journal");
    press(&play, KEYCODE_ENTER);
    cr_expect_eq(play.screen.tab, VIEW_JOURNAL);
    type(&play, ":dance");
    press(&play, KEYCODE_ENTER);
    expect_shown(&play, "no command “dance” here");
    end(&play);
}

Test(play, quit_leaves_what_is_on_top_first)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    type(&play, "?q");
    cr_expect_not(play.screen.quit);
    press(&play, 'q');
    cr_expect(play.screen.quit);
    end(&play);
}

Test(play, the_journal_is_filtered_both_ways_and_briefs)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    type(&play, "6fALARM");
    press(&play, KEYCODE_ENTER);
    cr_expect_eq(play.screen.rows.count, 2);
    press(&play, 'f');
    press(&play, KEYCODE_CLEAR);
    type(&play, "!alarm");
    press(&play, KEYCODE_ENTER);
    cr_expect_eq(play.screen.rows.count, 4);
    press(&play, 'b');
    expect_shown(&play, "Gates now");
    expect_shown(&play, "Tables now");
    end(&play);
}

Test(play, a_click_selects_a_second_one_opens)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    struct terminal_event click = {.kind = TERMINAL_CLICK, .x = 10, .y = 8};
    screen_event(&play.screen, click);
    screen_settle(&play.screen, 120, 36);
    cr_expect_eq(play.screen.coverage.list.selected, 3);
    cr_expect_not(play.screen.strip_open);
    screen_event(&play.screen, click);
    cr_expect(play.screen.strip_open);
    screen_event(&play.screen, (struct terminal_event){.kind = TERMINAL_CLICK, .x = 14, .y = 2});
    cr_expect_eq(play.screen.tab, VIEW_GATES);
    end(&play);
}

Test(play, a_run_that_is_killed_gets_no_grace)
{
    struct play play;
    begin(&play, FIXTURE_RED);
    press(&play, '3');
    select_table(&play, 2);
    press(&play, 'K');
    expect_shown(&play, "Kill r-20260105-0540-01 of team_defense_game_summary");
    expect_shown(&play, "SIGKILL now");
    wait(&play);
    press(&play, 'y');
    struct command *command = decided(&play, COMMAND_KILL);
    cr_expect_str_eq(command->run, "r-20260105-0540-01");
    command_free(command);
    press(&play, 'Z');
    expect_shown(&play, "Z does nothing here");
    end(&play);
}
