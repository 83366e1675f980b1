#include "logs/trace.h"

#include <string.h>

#define WORDS(words)                                                                               \
    { words, sizeof(words) - 1 }

/* How one begins: with frames to come, or with its name at once. */
static const struct {
    struct text words;
    enum log_trace_state then;
} heads[] = {
    {WORDS("Traceback (most recent call last):"), LOG_TRACE_FRAMES},
    {WORDS("Exception in thread "), LOG_TRACE_CHAINED}, /* Java; Python, before a Traceback */
    {WORDS("panic: "), LOG_TRACE_NAMED},                /* Go */
    {WORDS("fatal error: "), LOG_TRACE_NAMED},
    {WORDS("thread '"), LOG_TRACE_NAMED},  /* Rust: "thread 'main' panicked at" */
    {WORDS("Uncaught "), LOG_TRACE_NAMED}, /* Node */
};

static const struct text chains[] = {
    WORDS("During handling of the above exception"),
    WORDS("The above exception was the direct cause"),
    WORDS("Caused by: "),
};

/* Whether any of the heads begins with this byte: most lines are done with here. */
static bool may_begin(char first) {
    return first == 'T' || first == 'E' || first == 'p' || first == 'f' || first == 't' ||
           first == 'U';
}

static bool find_head(struct text message, enum log_trace_state *then) {
    if (message.size == 0 || !may_begin(message.data[0])) {
        return false;
    }
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (text_starts(message, heads[i].words)) {
            *then = heads[i].then;
            static const struct text panics = WORDS(" panicked at");
            return message.data[0] != 't' ||
                   memmem(message.data, message.size, panics.data, panics.size) != NULL;
        }
    }
    return false;
}

bool log_trace_begins(struct text message) {
    enum log_trace_state then;
    return find_head(message, &then);
}

static bool is_chain(struct text message) {
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        if (text_starts(message, chains[i])) {
            return true;
        }
    }
    return false;
}

static enum log_trace_part enter(struct log_trace *trace, enum log_trace_state state,
                                 enum log_trace_part part) {
    trace->state = state;
    return part;
}

enum log_trace_part log_trace_next(struct log_trace *trace, const struct log_event *event) {
    struct text message = event->message;
    enum log_trace_state then = LOG_TRACE_OUTSIDE;
    bool inside = trace->state != LOG_TRACE_OUTSIDE && event->prefixed == trace->prefixed;
    bool named = inside && trace->state == LOG_TRACE_NAMED;
    if (find_head(message, &then)) {
        trace->prefixed = event->prefixed;
        return enter(trace, then, inside && !named ? LOG_TRACE_INSIDE : LOG_TRACE_HEAD);
    }
    if (!inside) {
        return enter(trace, LOG_TRACE_OUTSIDE, LOG_TRACE_NONE);
    }
    bool blank = text_trim(message).size == 0;
    bool indented = !blank && (message.data[0] == ' ' || message.data[0] == '\t');
    if (is_chain(message)) {
        return enter(trace, LOG_TRACE_CHAINED, LOG_TRACE_INSIDE);
    }
    if (blank || (trace->state == LOG_TRACE_FRAMES && indented) ||
        (trace->state != LOG_TRACE_FRAMES && indented && event->kind == LOG_OTHER)) {
        return LOG_TRACE_INSIDE;
    }
    if (trace->state == LOG_TRACE_FRAMES) {
        return enter(trace, LOG_TRACE_NAMED, LOG_TRACE_LAST);
    }
    return enter(trace, LOG_TRACE_OUTSIDE, LOG_TRACE_NONE);
}
