#include "pipeline/identifier.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    LONGEST_PROJECT = 63,
    LONGEST_TABLE = 1024,
    LONGEST_COLUMN = 300,
    LONGEST_NAME = 100,
    LONGEST_HOST = 255
};

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Whether all of the name is letters, digits and characters of `more`, and not longer than `most`.
 */
static bool made_of(struct text name, const char *more, size_t most) {
    if (name.size == 0 || name.size > most) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!is_letter(c) && !is_digit(c) && (c == '\0' || strchr(more, c) == NULL)) {
            return false;
        }
    }
    return true;
}

bool identifier_is_project(struct text name) {
    struct text rest = name;
    struct text domain = text_cut(&rest, ':');
    if (domain.size < name.size) {
        if (!made_of(domain, ".-", LONGEST_PROJECT) || !is_letter(domain.data[0])) {
            return false;
        }
    } else {
        rest = name;
    }
    if (!made_of(rest, "-", LONGEST_PROJECT) || rest.data[0] < 'a' || rest.data[0] > 'z' ||
        rest.data[rest.size - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < rest.size; i++) {
        if (rest.data[i] >= 'A' && rest.data[i] <= 'Z') {
            return false;
        }
    }
    return true;
}

bool identifier_is_dataset(struct text name) {
    return made_of(name, "_", LONGEST_TABLE);
}

/* Characters beyond ASCII that a name may hold: not what controls a terminal or the direction of a
 * text, nor what cannot be seen. */
static bool is_foreign(uint32_t point) {
    static const struct {
        uint32_t from, to;
    } hidden[] = {{0x80, 0xA0},     {0xAD, 0xAD},     {0x200B, 0x200F}, {0x2028, 0x202E},
                  {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFF}, {0xE0000, 0x10FFFF}};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        if (point >= hidden[i].from && point <= hidden[i].to) {
            return false;
        }
    }
    return point >= 0x80;
}

/* Whether all of the name is letters and digits of any language and characters of `more`, with no
 * space at its ends; `*count` tells how many characters it has. */
static bool flexible(struct text name, const char *more, size_t *count) {
    *count = 0;
    for (size_t i = 0; i < name.size; (*count)++) {
        uint32_t point;
        i += text_decode(name.data + i, name.size - i, &point);
        bool plain = point < 0x80 && (is_letter((char)point) || is_digit((char)point) ||
                                      (point != 0 && strchr(more, (int)point) != NULL));
        if (!plain && (point == UINT32_MAX || !is_foreign(point))) {
            return false;
        }
    }
    return name.size > 0 && name.data[0] != ' ' && name.data[name.size - 1] != ' ';
}

bool identifier_is_table(struct text name) {
    size_t count;
    return flexible(name, "_- ", &count) && name.size <= LONGEST_TABLE;
}

bool identifier_is_column(struct text name) {
    size_t count;
    return flexible(name, IDENTIFIER_COLUMN_SIGNS " ", &count) && count <= LONGEST_COLUMN;
}

bool identifier_is_word(struct text name) {
    return made_of(name, "_", LONGEST_COLUMN) && !is_digit(name.data[0]);
}

bool identifier_is_name(struct text name) {
    return made_of(name, "._-", LONGEST_NAME) &&
           (is_letter(name.data[0]) || is_digit(name.data[0]));
}

bool identifier_is_host(struct text name) {
    return made_of(name, "._-:@%", LONGEST_HOST) &&
           (is_letter(name.data[0]) || is_digit(name.data[0]));
}
