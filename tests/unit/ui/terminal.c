#include <criterion/criterion.h>

#include "ui/list.h"
#include "ui/terminal_memory.h"
#include "ui/widgets/bar.h"

struct setup {
    struct terminal terminal;
    struct terminal_memory memory;
    struct frame shown, next;
};

static void set_up(struct setup *setup) {
    terminal_open_memory(&setup->terminal, &setup->memory, 20, 4);
    setup->shown = (struct frame){0};
    setup->next = frame_new(20, 4, false);
}

static void tear_down(struct setup *setup) {
    frame_free(&setup->shown);
    frame_free(&setup->next);
    terminal_close(&setup->terminal);
}

Test(terminal, the_first_frame_is_sent_whole_and_an_equal_one_not_at_all)
{
    struct setup setup;
    set_up(&setup);
    frame_put(&setup.next, frame_whole(&setup.next), 0, 0, STYLE_NORMAL, "hello");
    cr_expect(terminal_show(&setup.terminal, &setup.shown, &setup.next));
    cr_expect(frame_equal(&setup.memory.screen, &setup.next));
    cr_expect_eq(setup.memory.repaints, 1);
    size_t calls = setup.memory.calls;
    cr_expect_not(terminal_show(&setup.terminal, &setup.shown, &setup.next));
    cr_expect_eq(setup.memory.calls, calls);
    tear_down(&setup);
}

Test(terminal, only_the_cells_from_the_first_to_the_last_change_are_sent)
{
    struct setup setup;
    set_up(&setup);
    (void)terminal_show(&setup.terminal, &setup.shown, &setup.next);
    size_t before = setup.memory.cells;
    frame_put(&setup.next, frame_whole(&setup.next), 4, 2, STYLE_NORMAL, "ab");
    (void)terminal_show(&setup.terminal, &setup.shown, &setup.next);
    cr_expect_eq(setup.memory.cells - before, 2);
    cr_expect(frame_equal(&setup.memory.screen, &setup.next));
    tear_down(&setup);
}

Test(terminal, a_change_of_style_alone_is_sent_too)
{
    struct setup setup;
    set_up(&setup);
    frame_put(&setup.next, frame_whole(&setup.next), 4, 2, STYLE_NORMAL, "ab");
    (void)terminal_show(&setup.terminal, &setup.shown, &setup.next);
    frame_put(&setup.next, frame_whole(&setup.next), 4, 2, STYLE_BAD, "ab");
    cr_expect(terminal_show(&setup.terminal, &setup.shown, &setup.next));
    tear_down(&setup);
}

Test(terminal, wide_characters_are_sent_whole)
{
    struct setup setup;
    set_up(&setup);
    frame_put(&setup.next, frame_whole(&setup.next), 0, 0, STYLE_NORMAL, "日本");
    (void)terminal_show(&setup.terminal, &setup.shown, &setup.next);
    frame_put(&setup.next, frame_whole(&setup.next), 0, 0, STYLE_NORMAL, "日語");
    (void)terminal_show(&setup.terminal, &setup.shown, &setup.next);
    cr_expect(frame_equal(&setup.memory.screen, &setup.next));
    tear_down(&setup);
}

Test(terminal, events_come_in_order)
{
    struct setup setup;
    set_up(&setup);
    cr_expect(terminal_memory_press(&setup.memory,
                                    (struct terminal_event){.kind = TERMINAL_KEY, .key = 'a'}));
    cr_expect(terminal_memory_press(&setup.memory,
                                    (struct terminal_event){.kind = TERMINAL_KEY, .key = 'b'}));
    cr_expect_eq(setup.terminal.operations->read(setup.terminal.context).key, 'a');
    cr_expect_eq(setup.terminal.operations->read(setup.terminal.context).key, 'b');
    cr_expect_eq(setup.terminal.operations->read(setup.terminal.context).kind, TERMINAL_NOTHING);
    tear_down(&setup);
}

Test(bar, nothing_short_of_all_fills_it_and_nothing_above_none_leaves_it_empty)
{
    for (int width = 1; width <= 20; width++) {
        cr_expect_eq(bar_eighths(0, width), 0);
        cr_expect_eq(bar_eighths(1000, width), width * 8);
        for (int tenths = 1; tenths < 1000; tenths++) {
            cr_expect_lt(bar_eighths(tenths, width), width * 8);
            cr_expect_gt(bar_eighths(tenths, width), 0);
        }
    }
}

static struct list_rows rows_of(size_t count, size_t headings) {
    struct list_rows rows = {0};
    for (size_t i = 0; i < count; i++)
        list_add(&rows, (struct list_row){0, i, 0, i < headings ? 0 : 100 + i});
    return rows;
}

Test(list, the_selection_stays_on_the_thing_when_rows_move)
{
    struct list_rows rows = rows_of(10, 1);
    struct list list = {0};
    list_settle(&list, &rows, 5);
    cr_expect_eq(list.selected, 1, "a heading is never selected");
    list_select(&list, &rows, 4);
    rows.items[7].identity = 104;
    rows.items[4].identity = 107;
    list_settle(&list, &rows, 5);
    cr_expect_eq(list.selected, 7);
    cr_expect_geq(list.selected, list.top);
    cr_expect_lt(list.selected, list.top + 5);
    list_rows_free(&rows);
}

Test(list, every_move_keeps_the_selection_in_sight)
{
    static const enum action moves[] = {ACTION_DOWN,      ACTION_DOWN,   ACTION_PAGE_DOWN,
                                        ACTION_UP,        ACTION_BOTTOM, ACTION_PAGE_UP,
                                        ACTION_PAGE_UP,   ACTION_TOP,    ACTION_UP,
                                        ACTION_PAGE_DOWN, ACTION_BOTTOM, ACTION_DOWN};
    for (size_t count = 1; count < 30; count++)
        for (size_t page = 1; page < 12; page++) {
            struct list_rows rows = rows_of(count, 1);
            struct list list = {0};
            list_settle(&list, &rows, page);
            for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
                cr_assert(list_act(&list, &rows, page, moves[i]));
                if (count == 1)
                    continue;
                cr_assert_gt(list.selected, 0);
                cr_assert_geq(list.selected, list.top);
                cr_assert_lt(list.selected, list.top + page);
            }
            list_rows_free(&rows);
        }
}

Test(list, a_text_scrolls_to_its_end_and_no_further)
{
    struct list_rows rows = rows_of(10, 10);
    struct list list = {0};
    cr_expect(list_act(&list, &rows, 4, ACTION_BOTTOM));
    cr_expect_eq(list.top, 6);
    cr_expect(list_act(&list, &rows, 4, ACTION_DOWN));
    cr_expect_eq(list.top, 6);
    cr_expect(list_act(&list, &rows, 4, ACTION_TOP));
    cr_expect_eq(list.top, 0);
    list_rows_free(&rows);
}

Test(list, an_empty_list_has_nothing_selected)
{
    struct list_rows rows = {0};
    struct list list = {0};
    list_settle(&list, &rows, 5);
    cr_expect(list_act(&list, &rows, 5, ACTION_DOWN));
    cr_expect_null(list_selected(&list, &rows));
}
