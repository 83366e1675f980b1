/* Prefix: the level of a line and where its message begins, in the forms that programs use: ISO
 * dates, epochs and clock times, with "[LEVEL]", "LEVEL -", "| LEVEL |" or a logger between;
 * syslog; glog; logfmt; one JSON object a line. What Python's own two forms are, classify.c reads
 * itself. (Private to logs.) */
#ifndef PHASEGATE_LOGS_PREFIX_H
#define PHASEGATE_LOGS_PREFIX_H

#include <stdbool.h>

#include "base/text.h"
#include "logs/classify.h"

struct log_prefix {
    enum log_level level; /* NONE: a JSON object that has a message and no level */
    bool begins;          /* a record; false for "error: …", which may stand within one */
    struct text message;  /* in the line, or in `scratch` */
};

/* Reads a line without escape sequences; false when it has no prefix. */
bool log_prefix_read(struct text line, struct text_buffer *scratch, struct log_prefix *prefix);

/* prefix_json.c: the same of a line that is a JSON object. */
bool log_prefix_read_json(struct text line, struct text_buffer *scratch, struct log_prefix *prefix);

/* The level that a word means; NONE for any other. */
enum log_level log_prefix_level(struct text word, bool any_case);

#endif
