/* Trace: which lines are one uncaught error: a Python traceback from "Traceback (most recent call
 * last):" to the line that names the exception, with those that led to it, and the like of other
 * languages. */
#ifndef PHASEGATE_LOGS_TRACE_H
#define PHASEGATE_LOGS_TRACE_H

#include <stdbool.h>

#include "logs/classify.h"

enum log_trace_part {
    LOG_TRACE_NONE,
    LOG_TRACE_HEAD,   /* the first line */
    LOG_TRACE_INSIDE, /* a frame, or what leads from one exception to the next */
    LOG_TRACE_LAST,   /* names the exception and says what it was */
};

enum log_trace_state {
    LOG_TRACE_OUTSIDE,
    LOG_TRACE_FRAMES,
    LOG_TRACE_NAMED,   /* the exception was named; more about it, or another one, may follow */
    LOG_TRACE_CHAINED, /* another one follows */
    LOG_TRACE_STATE_COUNT,
};

/* Zero-initialise at the start of a log, or wherever the lines before are not known. */
struct log_trace {
    enum log_trace_state state;
    bool prefixed; /* its lines have a prefix each */
};

/* Whether a message is the first line of a trace. */
bool log_trace_begins(struct text message);

/* Takes the next line. */
enum log_trace_part log_trace_next(struct log_trace *trace, const struct log_event *event);

#endif
