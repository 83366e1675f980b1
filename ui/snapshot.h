/* Snapshots: one frame of any view at any size, as text, ANSI or a picture, and frames as golden
 * files. */
#ifndef PHASEGATE_UI_SNAPSHOT_H
#define PHASEGATE_UI_SNAPSHOT_H

#include "base/error.h"
#include "base/text.h"
#include "situation/situation.h"
#include "ui/frame.h"
#include "ui/screen.h"

enum snapshot_format {
    SNAPSHOT_TEXT,   /* the characters, without blanks at the ends of lines */
    SNAPSHOT_ANSI,   /* with colours, for a terminal */
    SNAPSHOT_SVG,    /* a picture on a dark ground */
    SNAPSHOT_GOLDEN, /* text and semantic styles in two layers, for tests */
};

struct snapshot_options {
    const char *view; /* "coverage" … "journal", "help", "logs:RUN", "strip:TABLE[:SEASON]"; NULL is
                         coverage */
    int width, height;
    enum snapshot_format format;
    bool ascii;
    enum theme_depth depth; /* of SNAPSHOT_ANSI */
    int64_t now;            /* wall ms, shown as the clock and the base of ages */
    const char *user;       /* "naji@ops" */
    const char *log_path;   /* shown in the log view; NULL: that of the first run */
};

/* Renders one frame of the situation (NULL: before anything was read). `out` is cleared first.
 * Errors: EXIT_USAGE for a view, table or season that is not there. */
bool snapshot_render(const struct pipeline *pipeline, const struct situation *situation,
                     const struct snapshot_options *options, struct text_buffer *out,
                     struct error *error);

/* The whole review page of a situation as Markdown, for a second person to read; the caller frees
 * it. */
char *snapshot_review(const struct pipeline *pipeline, const struct situation *situation,
                      int64_t now, const char *user);

/* Writes a frame in a format. */
void snapshot_frame(const struct frame *frame, enum snapshot_format format, enum theme_depth depth,
                    struct text_buffer *out);

/* The format with this name ("text", "ansi", "svg"); false for any other. */
bool snapshot_format_parse(const char *name, enum snapshot_format *format);

#endif
