#include "logs/sanitise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unicode.h"

#define ESCAPE '\x1b'
#define MARKS_PER_BASE                                                                             \
    4 /* more combining marks than that on one character are shown as escapes                      \
       */
#define SGR_PARAMETERS  32
#define SGR_BYTES       128
#define VARIATION_FIRST 0xFE00
#define VARIATION_LAST  0xFE0F
#define COLOUR_DIRECT   2
#define COLOUR_INDEXED  5
#define TAB_WIDTH       8
#define TAB_WIDTH_MAX   16
#define PALETTE_CUBE    16
#define PALETTE_BRIGHT  8

/* What the symbols of the logs become on a terminal without UTF-8. */
static const struct {
    uint32_t code_point;
    const char *ascii;
} ascii_twins[] = {
    {0x2713, "+"},  {0x2717, "x"},  {0x26A0, "!"},  {0x2705, "+"},  {0x274C, "x"},  {0x23ED, ">>"},
    {0x23F8, "||"}, {0x2139, "i"},  {0x2014, "--"}, {0x2013, "-"},  {0x2192, "->"}, {0x2026, "~"},
    {0x2018, "'"},  {0x2019, "'"},  {0x201C, "\""}, {0x201D, "\""}, {0x2265, ">="}, {0x2264, "<="},
    {0x2022, "*"},  {0x2500, "-"},  {0x1F4CA, "*"}, {0x1F4C2, "*"}, {0x1F4C5, "*"}, {0x1F504, "*"},
    {0x1F512, "*"}, {0x1F527, "*"}, {0x1F680, "*"},
};

struct pen {
    int16_t foreground, background;
    unsigned style;
};

static const struct pen plain = {SANITISE_COLOUR_DEFAULT, SANITISE_COLOUR_DEFAULT, 0};

struct emitter {
    struct sanitise_line *line;
    struct pen pen;
    unsigned tab_width;
    bool ascii;
    bool has_base;  /* a visible character stands to the left, for a mark to combine with */
    unsigned marks; /* on that character */
};

/* Makes sure that what is put next is drawn with `pen`. */
static void use_pen(struct sanitise_line *line, struct pen pen) {
    const struct sanitise_run *last = line->run_count > 0 ? &line->runs[line->run_count - 1] : NULL;
    struct pen now =
        last == NULL ? plain : (struct pen){last->foreground, last->background, last->style};
    if (now.foreground == pen.foreground && now.background == pen.background &&
        now.style == pen.style) {
        return;
    }
    if (last != NULL && last->offset == line->text.size) {
        line->run_count--;
        use_pen(line, pen);
        return;
    }
    line->runs = memory_grow(line->runs, line->run_count, &line->run_capacity, sizeof *line->runs);
    line->runs[line->run_count++] =
        (struct sanitise_run){line->text.size, pen.foreground, pen.background, pen.style};
}

static void put_visible(struct emitter *emitter, const char *data, size_t size, size_t columns) {
    use_pen(emitter->line, emitter->pen);
    text_buffer_put(&emitter->line->text, data, size);
    emitter->line->columns += columns;
    emitter->has_base = true;
    emitter->marks = 0;
}

/* Shows what may not be obeyed; `shown` is printable ASCII, or the cut mark. */
static void put_escaped(struct emitter *emitter, const char *shown, size_t columns) {
    struct pen pen = emitter->pen;
    pen.style |= SANITISE_ESCAPED;
    use_pen(emitter->line, pen);
    text_buffer_add(&emitter->line->text, shown);
    emitter->line->columns += columns;
    emitter->has_base = false;
}

static void put_control(struct emitter *emitter, unsigned char byte) {
    char shown[3] = {'^', (char)(byte == 0x7F ? '?' : byte + '@'), '\0'};
    put_escaped(emitter, shown, 2);
}

static void put_code(struct emitter *emitter, uint32_t code_point) {
    char shown[16];
    int size = snprintf(shown, sizeof shown, "<U+%04X>", code_point);
    put_escaped(emitter, shown, (size_t)size);
}

static void put_tab(struct emitter *emitter) {
    static const char spaces[TAB_WIDTH_MAX + 1] = "                ";
    size_t width = emitter->tab_width - emitter->line->columns % emitter->tab_width;
    put_visible(emitter, spaces, width, width);
    emitter->has_base = false;
}

static void put_wide_character(struct emitter *emitter, const char *data, size_t size,
                               uint32_t code_point) {
    int width = unicode_width(code_point);
    if (code_point >= VARIATION_FIRST && code_point <= VARIATION_LAST && emitter->has_base) {
        return;
    }
    if (!unicode_is_printable(code_point)) {
        put_code(emitter, code_point);
        return;
    }
    if (emitter->ascii) {
        for (size_t i = 0; i < sizeof ascii_twins / sizeof ascii_twins[0]; i++) {
            if (ascii_twins[i].code_point == code_point) {
                const char *twin = ascii_twins[i].ascii;
                put_visible(emitter, twin, strlen(twin), strlen(twin));
                return;
            }
        }
        put_code(emitter, code_point);
        return;
    }
    if (width > 0) {
        put_visible(emitter, data, size, (size_t)width);
    } else if (emitter->has_base && emitter->marks < MARKS_PER_BASE) {
        text_buffer_put(&emitter->line->text, data, size);
        emitter->marks++;
    } else {
        put_code(emitter, code_point);
    }
}

/* The nearest of the palette's 6 × 6 × 6 cube. */
static int16_t colour_of_rgb(const int *rgb) {
    int index = 0;
    for (int i = 0; i < 3; i++) {
        int value = rgb[i] < 0 ? 0 : rgb[i] > 255 ? 255 : rgb[i];
        int step = value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
        index = index * 6 + step;
    }
    return (int16_t)(PALETTE_CUBE + index);
}

/* Reads what follows 38 or 48 from parameter `at` on; returns how many parameters that took. */
static size_t read_colour(const int *parameters, size_t count, size_t at, int16_t *colour) {
    if (at < count && parameters[at] == COLOUR_INDEXED && at + 1 < count) {
        int index = parameters[at + 1];
        if (index >= 0 && index <= 255) {
            *colour = (int16_t)index;
        }
        return 2;
    }
    if (at < count && parameters[at] == COLOUR_DIRECT && at + 3 < count) {
        *colour = colour_of_rgb(parameters + at + 1);
        return 4;
    }
    return count - at;
}

static const struct {
    int parameter;
    unsigned set, clear;
} styles[] = {
    {1, SANITISE_BOLD, 0},      {2, SANITISE_DIM, 0},        {3, SANITISE_ITALIC, 0},
    {4, SANITISE_UNDERLINE, 0}, {7, SANITISE_REVERSE, 0},    {22, 0, SANITISE_BOLD | SANITISE_DIM},
    {23, 0, SANITISE_ITALIC},   {24, 0, SANITISE_UNDERLINE}, {27, 0, SANITISE_REVERSE},
};

static void apply_plain_parameter(struct pen *pen, int parameter) {
    if (parameter == 0) {
        *pen = plain;
    } else if (parameter >= 30 && parameter <= 37) {
        pen->foreground = (int16_t)(parameter - 30);
    } else if (parameter == 39) {
        pen->foreground = SANITISE_COLOUR_DEFAULT;
    } else if (parameter >= 40 && parameter <= 47) {
        pen->background = (int16_t)(parameter - 40);
    } else if (parameter == 49) {
        pen->background = SANITISE_COLOUR_DEFAULT;
    } else if (parameter >= 90 && parameter <= 97) {
        pen->foreground = (int16_t)(parameter - 90 + PALETTE_BRIGHT);
    } else if (parameter >= 100 && parameter <= 107) {
        pen->background = (int16_t)(parameter - 100 + PALETTE_BRIGHT);
    }
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        if (styles[i].parameter == parameter) {
            pen->style = (pen->style | styles[i].set) & ~styles[i].clear;
        }
    }
}

static void apply_sgr(struct pen *pen, const int *parameters, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (parameters[i] == 38) {
            i += read_colour(parameters, count, i + 1, &pen->foreground);
        } else if (parameters[i] == 48) {
            i += read_colour(parameters, count, i + 1, &pen->background);
        } else {
            apply_plain_parameter(pen, parameters[i]);
        }
    }
}

/* The length of the complete SGR sequence at `data`, or 0 when there is none. */
static size_t take_sgr(struct emitter *emitter, const char *data, size_t size) {
    int parameters[SGR_PARAMETERS] = {0};
    size_t count = 1;
    if (size < 3 || data[1] != '[') {
        return 0;
    }
    for (size_t at = 2; at < size && at < SGR_BYTES; at++) {
        char byte = data[at];
        if (byte == 'm') {
            apply_sgr(&emitter->pen, parameters, count);
            return at + 1;
        }
        if (byte >= '0' && byte <= '9') {
            int value = parameters[count - 1] * 10 + (byte - '0');
            parameters[count - 1] = value > 9999 ? 9999 : value;
        } else if ((byte == ';' || byte == ':') && count < SGR_PARAMETERS) {
            count++;
        } else {
            return 0;
        }
    }
    return 0;
}

/* Shows the character at `data` (size > 0) and returns how many bytes it took. */
static size_t put_next(struct emitter *emitter, const char *data, size_t size) {
    unsigned char byte = (unsigned char)data[0];
    if (byte >= 0x20 && byte < 0x7F) {
        size_t length = 1;
        while (length < size && data[length] >= 0x20 && data[length] < 0x7F) {
            length++;
        }
        put_visible(emitter, data, length, length);
        return length;
    }
    if (byte == '\t') {
        put_tab(emitter);
        return 1;
    }
    if (byte < 0x80) {
        size_t length = byte == ESCAPE ? take_sgr(emitter, data, size) : 0;
        if (length == 0) {
            put_control(emitter, byte);
            length = 1;
        }
        return length;
    }
    uint32_t code_point = 0;
    size_t length = text_decode(data, size, &code_point);
    if (code_point == UINT32_MAX) {
        char shown[8];
        snprintf(shown, sizeof shown, "<%02X>", byte);
        put_escaped(emitter, shown, 4);
        return 1;
    }
    put_wide_character(emitter, data, length, code_point);
    return length;
}

void sanitise_line(struct text raw, const struct sanitise_options *options,
                   struct sanitise_line *line) {
    struct sanitise_options o = options == NULL ? (struct sanitise_options){0} : *options;
    size_t limit = o.max_bytes == 0 ? SANITISE_BYTES_DEFAULT : o.max_bytes;
    struct emitter emitter = {
        .line = line,
        .pen = plain,
        .tab_width = o.tab_width == 0              ? TAB_WIDTH
                     : o.tab_width > TAB_WIDTH_MAX ? TAB_WIDTH_MAX
                                                   : o.tab_width,
        .ascii = o.ascii,
    };
    text_buffer_clear(&line->text);
    line->run_count = 0;
    line->columns = 0;
    if (raw.size > 0 && raw.data[raw.size - 1] == '\r') {
        raw.size--;
    }
    size_t at = 0;
    while (at < raw.size && at < limit) {
        /* A run of ASCII stops at the limit; a character or sequence that begins before is whole.
         */
        size_t room = raw.size - at;
        bool ascii = raw.data[at] >= 0x20 && raw.data[at] < 0x7F;
        at += put_next(&emitter, raw.data + at, ascii && room > limit - at ? limit - at : room);
    }
    line->examined = at;
    line->cut = at < raw.size;
    if (line->cut) {
        put_escaped(&emitter, o.ascii ? "~" : "…", 1);
    }
    text_buffer_put(&line->text, "", 0);
}

void sanitise_free(struct sanitise_line *line) {
    text_buffer_free(&line->text);
    free(line->runs);
    *line = (struct sanitise_line){0};
}

static bool is_printable_ascii(struct text raw) {
    for (size_t i = 0; i < raw.size; i++) {
        if (raw.data[i] < 0x20 || raw.data[i] >= 0x7F) {
            return false;
        }
    }
    return true;
}

char *sanitise_string(struct text raw, char *out, size_t size) {
    if (raw.size < size && is_printable_ascii(raw)) {
        if (raw.size > 0) {
            memcpy(out, raw.data, raw.size);
        }
        out[raw.size] = '\0';
        return out;
    }
    struct sanitise_line line = {0};
    sanitise_line(raw, &(struct sanitise_options){.max_bytes = size}, &line);
    size_t length = line.text.size;
    if (length >= size) {
        /* Cut at a character, with room for the mark. */
        length = size - 1 - strlen("…");
        while (length > 0 && ((unsigned char)line.text.data[length] & 0xC0) == 0x80) {
            length--;
        }
        memcpy(out, line.text.data, length);
        memcpy(out + length, "…", strlen("…") + 1);
    } else {
        memcpy(out, line.text.data, length + 1);
    }
    sanitise_free(&line);
    return out;
}

/* The end of the escape sequence that begins at `at` (an ESC). */
static size_t skip_sequence(struct text raw, size_t at) {
    size_t next = at + 1;
    if (next >= raw.size) {
        return raw.size;
    }
    unsigned char kind = (unsigned char)raw.data[next++];
    if (kind == '[') {
        while (next < raw.size && (unsigned char)raw.data[next] >= 0x20 &&
               (unsigned char)raw.data[next] < 0x40) {
            next++;
        }
        return next < raw.size ? next + 1 : next;
    }
    if (kind == ']') {
        while (next < raw.size && raw.data[next] != '\a' && raw.data[next] != ESCAPE) {
            next++;
        }
        if (next < raw.size && raw.data[next] == ESCAPE) {
            return next + 1 < raw.size && raw.data[next + 1] == '\\' ? next + 2 : next;
        }
        return next < raw.size ? next + 1 : next;
    }
    while (kind >= 0x20 && kind < 0x30 && next < raw.size) {
        kind = (unsigned char)raw.data[next++];
    }
    return next;
}

struct text sanitise_strip(struct text raw, struct text_buffer *scratch) {
    if (raw.size > 0 && raw.data[raw.size - 1] == '\r') {
        raw.size--;
    }
    const char *escape = raw.size == 0 ? NULL : memchr(raw.data, ESCAPE, raw.size);
    if (escape == NULL) {
        return raw;
    }
    text_buffer_clear(scratch);
    size_t at = 0;
    while (escape != NULL) {
        size_t begin = (size_t)(escape - raw.data);
        text_buffer_put(scratch, raw.data + at, begin - at);
        at = skip_sequence(raw, begin);
        escape = at >= raw.size ? NULL : memchr(raw.data + at, ESCAPE, raw.size - at);
    }
    text_buffer_put(scratch, raw.data + at, raw.size - at);
    return (struct text){scratch->data, scratch->size};
}
