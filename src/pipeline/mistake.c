#include "pipeline/mistake.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/print.h"
#include "base/text.h"

enum { MOST_KEPT = 200, MOST_TOLD = 10, LONGEST_TEXT = 1200, ROOM_FOR_MORE = 64 };

void mistakes_add(struct mistakes *mistakes, size_t line, size_t column, const char *format,
                  va_list arguments) {
    char text[LONGEST_TEXT];
    (void)print_list_into(text, sizeof text, format, arguments);
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct mistake *same = &mistakes->items[i];
        if (same->line == line && same->column == column && strcmp(same->text, text) == 0) {
            return;
        }
    }
    if (mistakes->count == MOST_KEPT) {
        mistakes->left_out++;
        return;
    }
    mistakes->items = memory_grow(mistakes->items, mistakes->count, &mistakes->capacity,
                                  sizeof mistakes->items[0]);
    mistakes->items[mistakes->count] =
        (struct mistake){line, column, mistakes->count, memory_copy_string(text)};
    mistakes->count++;
}

bool mistakes_full(const struct mistakes *mistakes) {
    return mistakes->count >= MOST_KEPT;
}

void mistakes_free(struct mistakes *mistakes) {
    for (size_t i = 0; i < mistakes->count; i++) {
        free(mistakes->items[i].text);
    }
    free(mistakes->items);
    *mistakes = (struct mistakes){0};
}

static int by_place(const void *left, const void *right) {
    const struct mistake *a = left, *b = right;
    if (a->line != b->line) {
        return a->line < b->line ? -1 : 1;
    }
    if (a->column != b->column) {
        return a->column < b->column ? -1 : 1;
    }
    return a->order < b->order ? -1 : 1;
}

/* Foreign text stands in messages: control characters must not reach a terminal or break a line. */
static void make_printable(char *text) {
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F) {
            *text = ' ';
        }
    }
}

void mistakes_arrange(struct mistakes *mistakes) {
    if (mistakes->count > 0) {
        qsort(mistakes->items, mistakes->count, sizeof mistakes->items[0], by_place);
    }
    for (size_t i = 0; i < mistakes->count; i++) {
        make_printable(mistakes->items[i].text);
    }
}

bool mistakes_report(const struct mistakes *mistakes, const char *file, struct error *error) {
    if (mistakes->count == 0) {
        return true;
    }
    struct text_buffer lines = {0};
    size_t told = 0;
    for (; told < mistakes->count && told < MOST_TOLD; told++) {
        const struct mistake *mistake = &mistakes->items[told];
        bool last_line = told == MOST_TOLD - 1 && mistakes->count > MOST_TOLD;
        char *line = memory_format("%s%s:%zu:%zu: %s", told == 0 ? "" : "\n", file, mistake->line,
                                   mistake->column, mistake->text);
        bool fits = lines.size + strlen(line) + ROOM_FOR_MORE < ERROR_TEXT_SIZE;
        if (fits && !last_line) {
            text_buffer_add(&lines, line);
        }
        free(line);
        if ((!fits && told > 0) || last_line) {
            break;
        }
    }
    size_t more = mistakes->count - told + mistakes->left_out;
    if (more > 0) {
        text_buffer_format(&lines, "\n… and %zu more mistake%s; `phasegate validate` lists all",
                           more, more == 1 ? "" : "s");
    }
    (void)error_set_lines(error, EXIT_CONFIG, lines.data);
    text_buffer_free(&lines);
    return false;
}
