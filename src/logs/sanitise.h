/* Sanitise: the bytes of a log turned into text that is safe to put on a terminal.
 *
 * Nothing is obeyed and nothing vanishes: control characters become "^[", invalid bytes "<9B>",
 * direction overrides, zero-width and other invisible characters "<U+202E>", tabs spaces. The only
 * escape sequence that is understood is SGR (colours), and it becomes attribute runs, never output.
 * Variation selectors after a visible character are dropped, because terminals disagree about the
 * width they give. Any thread; no state is shared. */
#ifndef PHASEGATE_LOGS_SANITISE_H
#define PHASEGATE_LOGS_SANITISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define SANITISE_COLOUR_DEFAULT (-1)
#define SANITISE_BYTES_DEFAULT  65536

enum sanitise_style {
    SANITISE_BOLD = 1,
    SANITISE_DIM = 2,
    SANITISE_ITALIC = 4,
    SANITISE_UNDERLINE = 8,
    SANITISE_REVERSE = 16,
    SANITISE_ESCAPED = 32, /* stands for bytes that were not safe to show, or for the cut */
};

/* From byte `offset` of the text on, up to the next run. */
struct sanitise_run {
    size_t offset;
    int16_t foreground; /* 0 to 255 of the xterm palette, or SANITISE_COLOUR_DEFAULT */
    int16_t background;
    unsigned style; /* enum sanitise_style, or-ed */
};

struct sanitise_options {
    size_t max_bytes;   /* how many bytes of the line are examined; 0 is SANITISE_BYTES_DEFAULT */
    unsigned tab_width; /* 1 to 16; 0 is 8 */
    bool ascii;         /* for a terminal without UTF-8: symbols become letters, the rest <U+…> */
};

/* A line ready to be drawn; zero-initialise, use it again and again, then sanitise_free. */
struct sanitise_line {
    struct text_buffer text; /* valid UTF-8 of printable characters, no newline */
    struct sanitise_run *runs;
    size_t run_count; /* 0 when all of the line is plain */
    size_t run_capacity;
    size_t columns;
    size_t examined; /* bytes of the raw line that were looked at */
    bool cut;        /* the raw line was longer: the text ends in "…" ("~" in ASCII) */
};

/* Fills `line` from raw bytes without their newline; a carriage return at the end is dropped.
 * `options` may be NULL. Memory is bounded by 8 × max_bytes (a tab is at most 16). */
void sanitise_line(struct text raw, const struct sanitise_options *options,
                   struct sanitise_line *line);
void sanitise_free(struct sanitise_line *line);

/* The same as one plain string of at most size - 1 bytes, cut at a character; returns `out`. For
 * reasons, table cells and messages. size >= 4. */
char *sanitise_string(struct text raw, char *out, size_t size);

/* The bytes without escape sequences (CSI, OSC and two-byte ones) and without a carriage return at
 * the end: what patterns are matched against. Returns `raw` itself, shortened, when there is
 * nothing to take out; else a slice of `scratch`. */
struct text sanitise_strip(struct text raw, struct text_buffer *scratch);

#endif
