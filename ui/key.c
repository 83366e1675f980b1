#include "ui/key.h"

#include <stddef.h>
#include <stdio.h>

#include "base/print.h"
#include "base/text.h"

static const struct {
    uint32_t key;
    const char *name;
} names[] = {
    {KEYCODE_UP, "Up"},
    {KEYCODE_DOWN, "Down"},
    {KEYCODE_LEFT, "Left"},
    {KEYCODE_RIGHT, "Right"},
    {KEYCODE_PAGE_UP, "PgUp"},
    {KEYCODE_PAGE_DOWN, "PgDn"},
    {KEYCODE_HOME, "Home"},
    {KEYCODE_END, "End"},
    {KEYCODE_ENTER, "Enter"},
    {KEYCODE_ESCAPE, "Esc"},
    {KEYCODE_TAB, "Tab"},
    {KEYCODE_BACK_TAB, "S-Tab"},
    {KEYCODE_BACKSPACE, "Backspace"},
    {KEYCODE_DELETE, "Delete"},
    {KEYCODE_REPAINT, "Ctrl-L"},
    {KEYCODE_CLEAR, "Ctrl-U"},
    {' ', "Space"},
};

char *key_text(uint32_t key, char out[KEY_NAME_SIZE]) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].key == key) {
            (void)print_into(out, KEY_NAME_SIZE, "%s", names[i].name);
            return out;
        }
    size_t size = 0;
    if (key > ' ' && key < KEYCODE_NONE && key != 0x7F)
        size = text_encode(key, out);
    out[size] = '\0';
    return out;
}

bool key_in(uint32_t key, const char *keys) {
    char name[KEY_NAME_SIZE];
    key_text(key, name);
    if (!*name)
        return false;
    struct text rest = text_of(keys);
    while (rest.size)
        if (text_is(text_cut(&rest, ' '), name))
            return true;
    return false;
}

uint32_t key_of_character(uint32_t character) {
    switch (character) {
    case '\r':
    case '\n':
        return KEYCODE_ENTER;
    case '\t':
        return KEYCODE_TAB;
    case 0x1B:
        return KEYCODE_ESCAPE;
    case 0x08:
    case 0x7F:
        return KEYCODE_BACKSPACE;
    case 0x0C:
        return KEYCODE_REPAINT;
    case 0x15:
        return KEYCODE_CLEAR;
    default:
        return character < 0x20 ? KEYCODE_NONE : character;
    }
}
