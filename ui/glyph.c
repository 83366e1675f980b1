#include "ui/glyph.h"

#include <stddef.h>

#include "base/unicode.h"

static const struct {
    uint32_t glyph;
    char ascii;
} twins[] = {
    {0x00A0, ' '},  {0x00B7, '-'},  {0x00D7, 'x'}, {0x2013, '-'}, {0x2014, '-'}, {0x2016, '|'},
    {0x2018, '\''}, {0x2019, '\''}, {0x201C, '"'}, {0x201D, '"'}, {0x2026, '~'}, {0x2190, '<'},
    {0x2191, '^'},  {0x2192, '>'},  {0x2193, 'v'}, {0x2212, '-'}, {0x2264, '<'}, {0x2265, '>'},
    {0x2500, '-'},  {0x2502, '|'},  {0x250C, '+'}, {0x2510, '+'}, {0x2514, '+'}, {0x2518, '+'},
    {0x2581, '.'},  {0x2582, '.'},  {0x2583, '-'}, {0x2584, '-'}, {0x2585, '='}, {0x2586, '='},
    {0x2587, '#'},  {0x2588, '#'},  {0x2589, '#'}, {0x258A, '#'}, {0x258B, '#'}, {0x258C, '#'},
    {0x258D, '.'},  {0x258E, '.'},  {0x258F, '.'}, {0x2591, '.'}, {0x25A0, '#'}, {0x25AA, '*'},
    {0x25B2, '^'},  {0x25B8, '>'},  {0x25CB, 'o'}, {0x25CF, '*'}, {0x2713, '+'}, {0x2717, 'x'},
};

int glyph_width(uint32_t code_point) {
    int width = unicode_width(code_point);
    return width < 0 ? 1 : width;
}

bool glyph_is_safe(uint32_t code_point) {
    return unicode_is_printable(code_point);
}

char glyph_ascii(uint32_t code_point) {
    if (code_point >= 0x20 && code_point < 0x7F)
        return (char)code_point;
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++)
        if (twins[i].glyph == code_point)
            return twins[i].ascii;
    return '?';
}
