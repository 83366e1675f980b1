/* Keys: one number for every key a person can press, and the names the action table uses.
 *
 * A key is a Unicode code point, or one of the constants below. */
#ifndef PHASEGATE_UI_KEY_H
#define PHASEGATE_UI_KEY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    KEYCODE_NONE = 0x110000,
    KEYCODE_UP,
    KEYCODE_DOWN,
    KEYCODE_LEFT,
    KEYCODE_RIGHT,
    KEYCODE_PAGE_UP,
    KEYCODE_PAGE_DOWN,
    KEYCODE_HOME,
    KEYCODE_END,
    KEYCODE_ENTER,
    KEYCODE_ESCAPE,
    KEYCODE_TAB,
    KEYCODE_BACK_TAB,
    KEYCODE_BACKSPACE,
    KEYCODE_DELETE,
    KEYCODE_REPAINT, /* Ctrl-L */
    KEYCODE_CLEAR,   /* Ctrl-U: empties a prompt */
};

#define KEY_NAME_SIZE 12

/* "Up", "Enter", "Space", "q", "/": writes the name and returns `out`. */
char *key_text(uint32_t key, char out[KEY_NAME_SIZE]);

/* Whether the space-separated names in `keys` hold this key. */
bool key_in(uint32_t key, const char *keys);

/* The key of a character that a terminal sent: controls become keys, all else is itself. */
uint32_t key_of_character(uint32_t character);

#endif
