#include <criterion/criterion.h>

#include "ui/layout.h"

static bool inside(struct frame_rect rect, int width, int height) {
    return rect.width == 0 || rect.height == 0 ||
           (rect.x >= 0 && rect.y >= 0 && rect.width > 0 && rect.height > 0 &&
            rect.x + rect.width <= width && rect.y + rect.height <= height);
}

static bool overlap(struct frame_rect a, struct frame_rect b) {
    return a.width > 0 && a.height > 0 && b.width > 0 && b.height > 0 && a.x < b.x + b.width &&
           b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

Test(layout, every_size_is_divided_without_overlap)
{
    for (int width = 1; width <= 220; width++)
        for (int height = 1; height <= 80; height++) {
            struct layout_screen screen = layout_screen(width, height);
            const struct frame_rect parts[] = {screen.title, screen.answer, screen.tabs,
                                               screen.body, screen.footer};
            for (size_t i = 0; i < 5; i++) {
                cr_assert(inside(parts[i], width, height), "%dx%d part %zu", width, height, i);
                for (size_t k = i + 1; k < 5; k++)
                    cr_assert_not(overlap(parts[i], parts[k]), "%dx%d", width, height);
            }
            cr_assert_gt(screen.answer.width, 0, "the verdict is always shown");
            cr_assert_eq(screen.line, width < LAYOUT_MIN_WIDTH || height < LAYOUT_MIN_HEIGHT);
        }
}

static void check_columns(int width, int name, size_t seasons) {
    struct layout_columns c = layout_columns(width, name, seasons);
    int end = c.name_x + c.name_width;
    cr_assert_leq(end, width, "%d columns", width);
    cr_assert_geq(c.season_x, end);
    end = c.season_x + (int)c.seasons * c.season_width;
    cr_assert_leq(c.seasons, seasons);
    cr_assert_lt(c.bar_width, c.season_width + (c.seasons == 0));
    const int starts[] = {c.all_x, c.gaps_x, c.hour_x};
    const int widths[] = {c.all_width, c.gaps_width, c.hour_width};
    for (int i = 0; i < 3; i++) {
        if (widths[i] == 0)
            continue;
        cr_assert_geq(starts[i], end, "%d columns, %zu seasons", width, seasons);
        end = starts[i] + widths[i];
        cr_assert_leq(end, width, "%d columns, %zu seasons", width, seasons);
    }
}

Test(layout, columns_of_the_matrix_never_overlap)
{
    for (int width = LAYOUT_MIN_WIDTH; width <= 300; width++)
        for (int name = 0; name <= 40; name += 5)
            for (size_t seasons = 0; seasons <= 20; seasons++)
                check_columns(width, name, seasons);
}

Test(layout, five_seasons_have_bars_at_120_columns_and_numbers_at_80)
{
    struct layout_columns wide = layout_columns(120, 28, 5), narrow = layout_columns(80, 28, 5);
    cr_expect_eq(wide.seasons, 5);
    cr_expect_geq(wide.bar_width, 5);
    cr_expect_eq(narrow.seasons, 5);
    cr_expect_eq(narrow.bar_width, 0);
    cr_expect_gt(narrow.all_width, 0);
    cr_expect_gt(narrow.gaps_width, 0);
}

Test(layout, matrix_detail_and_panel_share_the_body)
{
    for (int height = 0; height <= 60; height++)
        for (int rows = 0; rows <= 70; rows += 3)
            for (int runs = 0; runs <= 40; runs += 2) {
                struct frame_rect body = {0, 4, 100, height};
                struct layout_split split = layout_split(body, rows, runs);
                const struct frame_rect parts[] = {split.matrix, split.panel, split.detail};
                for (size_t i = 0; i < 3; i++) {
                    cr_assert(inside(parts[i], 100, 4 + height), "%d %d %d", height, rows, runs);
                    cr_assert_geq(parts[i].height, 0);
                    for (size_t k = i + 1; k < 3; k++)
                        cr_assert_not(overlap(parts[i], parts[k]), "%d %d %d", height, rows, runs);
                }
            }
}

Test(layout, what_is_centred_lies_inside)
{
    for (int width = 0; width < 150; width += 7)
        for (int height = 0; height < 60; height += 3) {
            struct frame_rect body = {0, 0, 100, 30};
            cr_assert(inside(layout_centre(body, width, height), 100, 30));
        }
}
