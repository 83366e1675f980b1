/* One line of a log made ready to be drawn: safe text, its level, its colours, the date it is
 * about. Used by the log thread. */
#ifndef PHASEGATE_UI_LOG_LINE_H
#define PHASEGATE_UI_LOG_LINE_H

#include "logs/classify.h"
#include "logs/index.h"
#include "logs/sanitise.h"
#include "logs/search.h"
#include "logs/trace.h"
#include "ui/log_view.h"

enum {
    LOG_LINE_BYTES = 8192, /* of a line that are shown */
    LOG_LINE_KNOWN = 128,  /* lines of which it is remembered whether they are part of an error */
};

struct log_line_known {
    uint64_t offset;
    bool error;  /* its level says so, or it is part of a trace */
    bool starts; /* it is the first line of an error */
};

/* What it takes to read lines; kept from one to the next. */
struct log_line_reader {
    struct log_classifier *classifier; /* made with the first line */
    struct text_buffer raw;            /* the line that was read last */
    struct sanitise_line shown;
    /* Lines of `index` one behind the other, and what the walk over them knows at their end. */
    struct log_index *index;
    struct log_line_known known[LOG_LINE_KNOWN];
    size_t known_count;
    uint64_t known_next; /* where the line behind them begins */
    struct log_trace trace;
    enum log_level record; /* of the record under way */
    bool prefixed;         /* lines with a prefix were met: others continue a record */
};

void log_line_reader_init(struct log_line_reader *reader);
void log_line_reader_free(struct log_line_reader *reader);

/* Forgets what is remembered of a log that began anew or is closed. */
void log_line_forget(struct log_line_reader *reader);

/* Reads the line at `offset` into reader->raw and returns its level: that of a line of a traceback
 * is ERROR. */
enum log_level log_line_level(struct log_line_reader *reader, struct log_index *index,
                              uint64_t offset);

/* Whether the line at `offset` is the first of an error: a traceback, with the record that it
 * belongs to, is one. */
bool log_line_starts_error(struct log_line_reader *reader, struct log_index *index,
                           uint64_t offset);

/* Fills text, colours, level, date and match (`search` may be NULL) of the line at `offset`; the
 * caller owns what `line` points to. */
void log_line_fill(struct log_line_reader *reader, struct log_index *index, uint64_t offset,
                   bool ascii, struct log_regex *search, struct log_view_line *line);

#endif
