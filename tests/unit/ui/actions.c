#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "ui/actions.h"
#include "ui/key.h"

static const uint32_t all_keys[] = {
    KEYCODE_UP,        KEYCODE_DOWN,      KEYCODE_LEFT,    KEYCODE_RIGHT,
    KEYCODE_PAGE_UP,   KEYCODE_PAGE_DOWN, KEYCODE_HOME,    KEYCODE_END,
    KEYCODE_ENTER,     KEYCODE_ESCAPE,    KEYCODE_TAB,     KEYCODE_BACK_TAB,
    KEYCODE_BACKSPACE, KEYCODE_DELETE,    KEYCODE_REPAINT, KEYCODE_CLEAR,
};

static int meanings(enum actions_view view, uint32_t key) {
    int count = 0;
    for (int i = 0; i < ACTION_COUNT; i++)
        count += actions_in_view((enum action)i, view) &&
                 key_in(key, actions_entry((enum action)i)->keys);
    return count;
}

Test(actions, no_key_means_two_things_in_a_view)
{
    for (int view = 0; view < VIEW_COUNT; view++) {
        for (uint32_t key = ' '; key < 0x7F; key++)
            cr_expect_leq(meanings((enum actions_view)view, key), 1, "%c in %s", (char)key,
                          actions_view_name((enum actions_view)view));
        for (size_t i = 0; i < sizeof all_keys / sizeof *all_keys; i++)
            cr_expect_leq(meanings((enum actions_view)view, all_keys[i]), 1);
    }
}

Test(actions, every_action_has_a_name_a_key_a_view_and_help)
{
    for (int i = 0; i < ACTION_COUNT; i++) {
        const struct actions_entry *entry = actions_entry((enum action)i);
        cr_expect_gt(strlen(entry->name), 1);
        cr_expect_gt(strlen(entry->keys), 0, "%s", entry->name);
        cr_expect_gt(strlen(entry->help), 1, "%s", entry->name);
        cr_expect_neq(entry->views, 0, "%s", entry->name);
        for (int k = 0; k < i; k++)
            cr_expect_str_neq(entry->name, actions_entry((enum action)k)->name);
    }
}

Test(actions, every_key_of_the_table_is_a_key_that_exists)
{
    for (int i = 0; i < ACTION_COUNT; i++) {
        struct text rest = text_of(actions_entry((enum action)i)->keys);
        while (rest.size) {
            struct text name = text_cut(&rest, ' ');
            bool known = name.size == 1;
            for (size_t k = 0; k < sizeof all_keys / sizeof *all_keys; k++) {
                char out[KEY_NAME_SIZE];
                known = known || text_is(name, key_text(all_keys[k], out));
            }
            known = known || text_is(name, "Space");
            cr_expect(known, "%.*s", (int)name.size, name.data);
        }
    }
}

Test(actions, what_changes_something_asks_first)
{
    for (int i = 0; i < ACTION_COUNT; i++) {
        const struct actions_entry *entry = actions_entry((enum action)i);
        /* A poll harms nobody, and a no must not wait for a question. */
        if (entry->mutates && i != ACTION_POLL && i != ACTION_DISARM)
            cr_expect_neq(entry->confirm, CONFIRM_NONE, "%s", entry->name);
        if (!entry->mutates)
            cr_expect_eq(entry->confirm, CONFIRM_NONE, "%s", entry->name);
    }
    cr_expect_eq(actions_entry(ACTION_OVERRIDE)->confirm, CONFIRM_REASON);
    cr_expect_eq(actions_entry(ACTION_WAIVE)->confirm, CONFIRM_REASON);
}

Test(actions, the_confirming_key_moves_nothing_anywhere)
{
    for (int view = 0; view < VIEW_DIALOG; view++)
        cr_expect_eq(actions_of_key((enum actions_view)view, 'y'), ACTION_NONE);
    cr_expect_eq(actions_of_key(VIEW_DIALOG, 'y'), ACTION_CONFIRM);
    cr_expect_eq(actions_of_key(VIEW_DIALOG, KEYCODE_ENTER), ACTION_CANCEL);
}

Test(actions, nothing_that_ends_a_run_lies_on_a_scrolling_key)
{
    static const enum action dangerous[] = {ACTION_STOP, ACTION_KILL, ACTION_LAUNCH};
    static const enum action moving[] = {ACTION_UP,    ACTION_DOWN,    ACTION_LEFT,
                                         ACTION_RIGHT, ACTION_PAGE_UP, ACTION_PAGE_DOWN,
                                         ACTION_TOP,   ACTION_BOTTOM};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 8; k++)
            for (uint32_t key = ' '; key < 0x7F; key++)
                cr_expect_not(key_in(key, actions_entry(dangerous[i])->keys) &&
                              key_in(key, actions_entry(moving[k])->keys));
}

Test(actions, stop_help_and_quit_are_reached_from_every_tab)
{
    for (int view = 0; view < VIEW_TABS; view++) {
        cr_expect_eq(actions_of_key((enum actions_view)view, 's'), ACTION_STOP);
        cr_expect_eq(actions_of_key((enum actions_view)view, '?'), ACTION_HELP);
        cr_expect_eq(actions_of_key((enum actions_view)view, 'q'), ACTION_QUIT);
    }
}

Test(actions, names_are_found_by_an_unambiguous_prefix)
{
    cr_expect_eq(actions_of_name(VIEW_RUNS, "retry"), ACTION_RETRY);
    cr_expect_eq(actions_of_name(VIEW_RUNS, "ret"), ACTION_RETRY);
    cr_expect_eq(actions_of_name(VIEW_RUNS, "re"), ACTION_NONE);
    cr_expect_eq(actions_of_name(VIEW_RUNS, "waive"), ACTION_NONE);
    cr_expect_eq(actions_of_name(VIEW_RUNS, ""), ACTION_NONE);
}

Test(key, controls_become_keys_and_text_stays_itself)
{
    cr_expect_eq(key_of_character('\r'), KEYCODE_ENTER);
    cr_expect_eq(key_of_character(0x1B), KEYCODE_ESCAPE);
    cr_expect_eq(key_of_character(0x7F), KEYCODE_BACKSPACE);
    cr_expect_eq(key_of_character(0x0C), KEYCODE_REPAINT);
    cr_expect_eq(key_of_character(0x02), KEYCODE_NONE);
    cr_expect_eq(key_of_character('a'), 'a');
    cr_expect_eq(key_of_character(0x65E5), 0x65E5);
}

Test(key, names_are_matched_whole)
{
    cr_expect(key_in(KEYCODE_UP, "Up k"));
    cr_expect(key_in('k', "Up k"));
    cr_expect_not(key_in('U', "Up k"));
    cr_expect_not(key_in(KEYCODE_NONE, "Up k"));
    cr_expect(key_in(' ', "Space"));
}
