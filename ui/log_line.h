/* One line of a log made ready to be drawn: safe text, its level, its colours, the date it is
 * about. Used by the log thread. */
#ifndef PHASEGATE_UI_LOG_LINE_H
#define PHASEGATE_UI_LOG_LINE_H

#include "logs/classify.h"
#include "logs/index.h"
#include "logs/sanitise.h"
#include "logs/search.h"
#include "ui/log_view.h"

enum { LOG_LINE_BYTES = 8192 }; /* of a line that are shown */

/* What it takes to read lines; kept from one to the next. */
struct log_line_reader {
    struct log_classifier *classifier; /* made with the first line */
    struct text_buffer raw;            /* the line that was read last */
    struct sanitise_line shown;
};

void log_line_reader_init(struct log_line_reader *reader);
void log_line_reader_free(struct log_line_reader *reader);

/* Reads the line at `offset` into reader->raw and returns its level. */
enum log_level log_line_level(struct log_line_reader *reader, struct log_index *index,
                              uint64_t offset);

/* Fills text, colours, level, date and match (`search` may be NULL) of the line at `offset`; the
 * caller owns what `line` points to. */
void log_line_fill(struct log_line_reader *reader, struct log_index *index, uint64_t offset,
                   bool ascii, struct log_regex *search, struct log_view_line *line);

#endif
