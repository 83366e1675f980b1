#include "logs/bar.h"

#include <string.h>

enum { DESCRIPTION = 200 }; /* bytes that may stand before the percentage */
static const double largest = 9e15;

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

/* Whether a byte may neither stand before nor behind "i/n". */
static bool is_part_of_word(char byte) {
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           byte == '/' || byte == '-' || byte == '_' || byte == '.';
}

/* Takes a number, perhaps with a fraction and one of tqdm's units, off the head of `rest`. */
static bool take_number(struct text *rest, int64_t *number) {
    static const char units[] = "kMGT";
    double value = 0;
    double place = 0; /* of the next digit of the fraction */
    size_t at = 0;
    for (; at < rest->size; at++) {
        char byte = rest->data[at];
        if (is_digit(byte)) {
            value = place > 0 ? value + (byte - '0') * place : value * 10 + (byte - '0');
            place /= 10;
        } else if (byte == '.' && place == 0 && at > 0) {
            place = 0.1;
        } else if (byte != ',' || at == 0) {
            break;
        }
    }
    if (at == 0 || !is_digit(rest->data[at - 1])) {
        return false;
    }
    const char *unit = at < rest->size ? memchr(units, rest->data[at], sizeof units - 1) : NULL;
    for (const char *step = units; unit != NULL && step <= unit; step++) {
        value *= 1000;
    }
    at += unit != NULL ? 1 : 0;
    *number = value < largest ? (int64_t)(value + 0.5) : 0;
    *rest = (struct text){rest->data + at, rest->size - at};
    return value < largest;
}

/* Takes "i/n" off the head of `rest`. */
static bool take_count(struct text *rest, struct log_bar *bar) {
    if (!take_number(rest, &bar->position) || rest->size == 0 || rest->data[0] != '/') {
        return false;
    }
    *rest = (struct text){rest->data + 1, rest->size - 1};
    return take_number(rest, &bar->total) && bar->total > 0 && bar->position <= bar->total &&
           (rest->size == 0 || !is_part_of_word(rest->data[0]));
}

/* Takes everything up to `byte` and it too; false when it is not there. */
static bool pass(struct text *rest, char byte) {
    const char *found = rest->size == 0 ? NULL : memchr(rest->data, byte, rest->size);
    if (found == NULL) {
        return false;
    }
    size_t size = (size_t)(found - rest->data) + 1;
    *rest = (struct text){rest->data + size, rest->size - size};
    return true;
}

static struct text without_blanks(struct text rest) {
    while (rest.size > 0 && rest.data[0] == ' ') {
        rest = (struct text){rest.data + 1, rest.size - 1};
    }
    return rest;
}

bool log_bar_read(struct text line, struct log_bar *bar) {
    size_t limit = line.size < DESCRIPTION ? line.size : DESCRIPTION;
    const char *percent = limit == 0 ? NULL : memchr(line.data, '%', limit);
    if (percent == NULL || percent == line.data || !is_digit(percent[-1])) {
        return false;
    }
    size_t head = (size_t)(percent - line.data) + 1;
    struct text rest = {line.data + head, line.size - head};
    if (rest.size == 0 || rest.data[0] != '|') {
        return false;
    }
    rest = (struct text){rest.data + 1, rest.size - 1};
    if (!pass(&rest, '|')) {
        return false;
    }
    rest = without_blanks(rest);
    if (!take_count(&rest, bar)) {
        return false;
    }
    struct text behind = without_blanks(rest);
    bool times = behind.size > 0 && behind.data[0] == '[' && pass(&behind, ']');
    bar->rest = without_blanks(times ? behind : rest);
    return true;
}

bool log_bar_count(struct text line, struct log_bar *bar) {
    for (size_t at = 0; at < line.size; at++) {
        bool starts = is_digit(line.data[at]) && (at == 0 || !is_part_of_word(line.data[at - 1]));
        struct text rest = {line.data + at, line.size - at};
        if (starts && take_count(&rest, bar)) {
            bar->rest = without_blanks(rest);
            return true;
        }
    }
    return false;
}
