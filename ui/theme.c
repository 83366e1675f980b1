#include "ui/theme.h"

struct entry {
    const char *name;
    int16_t many, sixteen, eight;
    unsigned attributes, mono;
};

static const struct entry entries[STYLE_COUNT] = {
#define ENTRY(id, name, many, sixteen, eight, attributes, mono)                                    \
    [STYLE_##id] = {name, many, sixteen, eight, attributes, mono},
    THEME_STYLES(ENTRY)
#undef ENTRY
};

/* The selected cell: a pair that reads on any background, where the palette has one to spare. */
enum { SELECTED_FOREGROUND = 255, SELECTED_BACKGROUND = 238 };

struct theme_look theme_look(enum theme_style style, bool selected, enum theme_depth depth) {
    const struct entry *entry = &entries[style];
    struct theme_look look = {-1, -1, entry->attributes};
    switch (depth) {
    case THEME_NO_COLOUR:
        look.attributes = entry->mono;
        break;
    case THEME_8_COLOURS:
        look.foreground = entry->eight;
        if (entry->eight < 0)
            look.attributes = entry->mono | entry->attributes;
        break;
    case THEME_16_COLOURS:
        look.foreground = entry->sixteen;
        break;
    case THEME_256_COLOURS:
        look.foreground = entry->many;
        break;
    }
    if (!selected)
        return look;
    if (depth == THEME_256_COLOURS && !(look.attributes & THEME_REVERSE)) {
        look.background = SELECTED_BACKGROUND;
        if (look.foreground < 0 || look.foreground == 240 || look.foreground >= 244)
            look.foreground = SELECTED_FOREGROUND;
    } else {
        look.attributes ^= THEME_REVERSE;
        look.attributes &= ~(unsigned)THEME_DIM;
    }
    return look;
}

const char *theme_style_name(enum theme_style style) {
    return entries[style].name;
}

uint32_t theme_rgb(int colour) {
    static const uint32_t base[16] = {0x000000, 0xCD3131, 0x0DBC79, 0xC19C00, 0x2472C8, 0xBC3FBC,
                                      0x11A8CD, 0xE5E5E5, 0x767676, 0xF14C4C, 0x23D18B, 0xF5F543,
                                      0x3B8EEA, 0xD670D6, 0x29B8DB, 0xFFFFFF};
    static const uint32_t steps[6] = {0x00, 0x5F, 0x87, 0xAF, 0xD7, 0xFF};
    if (colour < 16)
        return base[colour < 0 ? 7 : colour];
    if (colour < 232) {
        int cube = colour - 16;
        return steps[cube / 36] << 16 | steps[cube / 6 % 6] << 8 | steps[cube % 6];
    }
    uint32_t grey = 8 + 10 * (uint32_t)(colour - 232);
    return grey << 16 | grey << 8 | grey;
}
