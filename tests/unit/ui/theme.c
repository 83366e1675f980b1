#include <criterion/criterion.h>
#include <string.h>

#include "ui/theme.h"

Test(theme, every_style_has_a_name_of_its_own)
{
    for (int i = 0; i < STYLE_COUNT; i++)
        for (int k = 0; k < i; k++)
            cr_expect_str_neq(theme_style_name((enum theme_style)i),
                              theme_style_name((enum theme_style)k));
}

Test(theme, without_colours_no_style_has_one)
{
    for (int i = 0; i < STYLE_COUNT; i++)
        for (int selected = 0; selected < 2; selected++) {
            struct theme_look look = theme_look((enum theme_style)i, selected, THEME_NO_COLOUR);
            cr_expect_eq(look.foreground, -1);
            cr_expect_eq(look.background, -1);
        }
}

Test(theme, no_style_asks_for_a_colour_its_depth_lacks)
{
    static const int limits[] = {
        [THEME_8_COLOURS] = 8, [THEME_16_COLOURS] = 16, [THEME_256_COLOURS] = 256};
    for (int depth = THEME_8_COLOURS; depth <= THEME_256_COLOURS; depth++)
        for (int i = 0; i < STYLE_COUNT; i++) {
            struct theme_look look = theme_look((enum theme_style)i, true, (enum theme_depth)depth);
            cr_expect_lt(look.foreground, limits[depth]);
            cr_expect_lt(look.background, limits[depth]);
        }
}

Test(theme, what_is_normal_has_the_terminals_own_colours)
{
    for (int depth = THEME_NO_COLOUR; depth <= THEME_256_COLOURS; depth++) {
        struct theme_look look = theme_look(STYLE_NORMAL, false, (enum theme_depth)depth);
        cr_expect_eq(look.foreground, -1);
        cr_expect_eq(look.background, -1);
        cr_expect_eq(look.attributes, 0);
    }
}

Test(theme, a_selection_is_seen_at_every_depth)
{
    for (int depth = THEME_NO_COLOUR; depth <= THEME_256_COLOURS; depth++)
        for (int i = 0; i < STYLE_COUNT; i++) {
            struct theme_look plain =
                theme_look((enum theme_style)i, false, (enum theme_depth)depth);
            struct theme_look selected =
                theme_look((enum theme_style)i, true, (enum theme_depth)depth);
            cr_expect(plain.background != selected.background ||
                      plain.attributes != selected.attributes);
        }
}

Test(theme, verdicts_differ_without_colours)
{
    struct theme_look go = theme_look(STYLE_GO, false, THEME_NO_COLOUR);
    struct theme_look no_go = theme_look(STYLE_NO_GO, false, THEME_NO_COLOUR);
    cr_expect_neq(go.attributes, no_go.attributes);
}
