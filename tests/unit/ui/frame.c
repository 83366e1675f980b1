#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "ui/frame.h"
#include "ui/snapshot.h"

static struct text_buffer text_of_frame(const struct frame *frame) {
    struct text_buffer out = {0};
    snapshot_frame(frame, SNAPSHOT_TEXT, THEME_NO_COLOUR, &out);
    return out;
}

static void expect(const struct frame *frame, const char *text) {
    struct text_buffer out = text_of_frame(frame);
    cr_expect_str_eq(out.data, text);
    text_buffer_free(&out);
}

Test(frame, cuts_text_at_its_clip)
{
    struct frame frame = frame_new(10, 2, false);
    struct frame_rect clip = {2, 0, 5, 1};
    cr_expect_eq(frame_put(&frame, clip, 2, 0, STYLE_NORMAL, "abcdefgh"), 7);
    frame_put(&frame, clip, 2, 1, STYLE_NORMAL, "outside");
    expect(&frame, "  abcd…\n\n");
    frame_free(&frame);
}

Test(frame, shows_controls_and_tricks_instead_of_obeying_them)
{
    struct frame frame = frame_new(20, 1, false);
    /* An escape, U+202E, U+200B, and two bytes that are no UTF-8. */
    static const unsigned char tricks[] = {'a',  27,  '[',  '3',  '1',  'm', 'b',  0xE2, 0x80,
                                           0xAE, 'c', 0xE2, 0x80, 0x8B, 'd', 0xFF, 'e',  0x9B};
    frame_put_text(&frame, frame_whole(&frame), 0, 0, STYLE_NORMAL,
                   (struct text){(const char *)tricks, sizeof tricks});
    expect(&frame, "a\uFFFD[31mb\uFFFDc\uFFFDd\uFFFDe\uFFFD\n");
    frame_free(&frame);
}

Test(frame, turns_every_glyph_into_its_ascii_twin)
{
    struct frame frame = frame_new(30, 1, true);
    frame_put(&frame, frame_whole(&frame), 0, 0, STYLE_NORMAL, "█▌▏✗▲● 2021 → 2022 … é");
    expect(&frame, "##.x^* 2021 > 2022 ~ ?\n");
    for (int x = 0; x < frame.width; x++)
        cr_expect_lt(frame_at(&frame, x, 0)->glyph, 0x7F);
    frame_free(&frame);
}

Test(frame, keeps_wide_characters_whole)
{
    struct frame frame = frame_new(5, 1, false);
    frame_put(&frame, frame_whole(&frame), 0, 0, STYLE_NORMAL, "日本語");
    expect(&frame, "日本…\n");
    frame_put(&frame, frame_whole(&frame), 1, 0, STYLE_NORMAL, "x");
    cr_expect_eq(frame_at(&frame, 0, 0)->glyph, ' ');
    expect(&frame, " x本…\n");
    frame_free(&frame);
}

Test(frame, joins_a_combining_mark_to_the_character_before_it)
{
    struct frame frame = frame_new(5, 1, false);
    frame_put(&frame, frame_whole(&frame), 0, 0, STYLE_NORMAL, "e\u0301x");
    cr_expect_eq(frame_at(&frame, 0, 0)->mark, 0x301);
    cr_expect_eq(frame_at(&frame, 1, 0)->glyph, 'x');
    frame_free(&frame);
}

Test(frame, fields_align_and_end_in_an_ellipsis_when_cut)
{
    struct frame frame = frame_new(12, 3, false);
    struct frame_rect whole = frame_whole(&frame);
    frame_field(&frame, whole, 0, 0, 6, false, STYLE_NORMAL, "abc");
    frame_field(&frame, whole, 0, 1, 6, true, STYLE_NORMAL, "abc");
    cr_expect_eq(frame_field(&frame, whole, 0, 2, 6, false, STYLE_NORMAL, "abcdefghij"), 6);
    expect(&frame, "abc\n   abc\nabcde…\n");
    frame_free(&frame);
}

Test(frame, survives_every_rectangle_outside_of_it)
{
    struct frame frame = frame_new(4, 3, false);
    for (int x = -6; x < 8; x++)
        for (int y = -5; y < 6; y++)
            for (int width = -2; width < 9; width++) {
                struct frame_rect rect = {x, y, width, 2};
                frame_fill(&frame, rect, STYLE_NORMAL, '#');
                frame_select(&frame, rect);
                frame_put(&frame, rect, x, y, STYLE_NORMAL, "日x本");
                frame_field(&frame, rect, x, y, width, true, STYLE_NORMAL, "abcdef");
            }
    frame_free(&frame);
}

Test(frame, a_frame_that_was_reset_equals_a_new_one)
{
    struct frame a = frame_new(7, 3, false), b = frame_new(2, 2, false);
    frame_put(&b, frame_whole(&b), 0, 0, STYLE_BAD, "x");
    frame_reset(&b, 7, 3);
    cr_expect(frame_equal(&a, &b));
    frame_free(&a);
    frame_free(&b);
}

Test(frame, sizes_are_never_less_than_one)
{
    struct frame frame = frame_new(0, -3, false);
    cr_expect_eq(frame.width, 1);
    cr_expect_eq(frame.height, 1);
    frame_free(&frame);
}
