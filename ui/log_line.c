#include "ui/log_line.h"

#include <string.h>

#include "base/memory.h"
#include "ui/theme.h"

enum {
    LOOK_BACK = 20,  /* lines to the one that says which date is worked on */
    TRACE_BACK = 64, /* lines to the head of a trace */
};

void log_line_reader_init(struct log_line_reader *reader) {
    *reader = (struct log_line_reader){0};
}

void log_line_reader_free(struct log_line_reader *reader) {
    log_classifier_free(reader->classifier);
    text_buffer_free(&reader->raw);
    sanitise_free(&reader->shown);
}

static void classify(struct log_line_reader *reader, struct log_index *index, uint64_t offset,
                     struct log_event *event) {
    (void)log_index_read(index, offset, LOG_LINE_BYTES, &reader->raw, NULL);
    if (!reader->classifier) /* a console whose logs nobody opens does without its patterns */
        reader->classifier = log_classifier_builtin("python-backfill", NULL);
    log_classify(reader->classifier, (struct text){reader->raw.data, reader->raw.size}, event);
}

void log_line_forget(struct log_line_reader *reader) {
    reader->known_count = 0;
    reader->index = NULL;
}

/* Takes the line at `offset`, which follows those that are known. */
static const struct log_line_known *know(struct log_line_reader *reader, uint64_t offset,
                                         const struct log_event *event) {
    enum log_trace_part part = log_trace_next(&reader->trace, event);
    bool own = part == LOG_TRACE_HEAD && (event->prefixed || reader->record < LOG_LEVEL_ERROR);
    reader->prefixed = reader->prefixed || event->prefixed;
    if (event->prefixed || own || (!reader->prefixed && part == LOG_TRACE_NONE))
        reader->record = event->level;
    if (reader->known_count == LOG_LINE_KNOWN) {
        reader->known_count /= 2;
        memmove(reader->known, reader->known + LOG_LINE_KNOWN - reader->known_count,
                reader->known_count * sizeof *reader->known);
    }
    bool error = event->level >= LOG_LEVEL_ERROR;
    struct log_line_known *known = &reader->known[reader->known_count++];
    *known = (struct log_line_known){offset, error || part != LOG_TRACE_NONE,
                                     own || (error && part == LOG_TRACE_NONE)};
    if (!log_index_next(reader->index, offset, &reader->known_next))
        reader->known_next = UINT64_MAX;
    return known;
}

/* Walks from the record before `offset` to it. */
static const struct log_line_known *walk_to(struct log_line_reader *reader, struct log_index *index,
                                            uint64_t offset) {
    struct log_event event = {.prefixed = false};
    const struct log_line_known *known = NULL;
    uint64_t at = offset;
    for (int i = 0; i < TRACE_BACK && !event.prefixed && log_index_previous(index, at, &at); i++)
        classify(reader, index, at, &event);
    reader->index = index;
    reader->known_count = 0;
    reader->trace = (struct log_trace){LOG_TRACE_OUTSIDE, false};
    reader->record = LOG_LEVEL_NONE;
    reader->prefixed = false;
    do {
        classify(reader, index, at, &event);
        known = know(reader, at, &event);
        at = reader->known_next;
    } while (known->offset < offset && at <= offset);
    return known;
}

/* What is known of the line at `offset`, which was just classified as `event`. */
static const struct log_line_known *known_of(struct log_line_reader *reader,
                                             struct log_index *index, uint64_t offset,
                                             const struct log_event *event) {
    if (reader->index == index && reader->known_count > 0) {
        if (offset == reader->known_next)
            return know(reader, offset, event);
        size_t low = 0, high = reader->known_count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (reader->known[middle].offset < offset)
                low = middle + 1;
            else
                high = middle;
        }
        /* The last line of all may have grown since. */
        bool grows = low + 1 == reader->known_count && reader->known_next == UINT64_MAX;
        if (low < reader->known_count && reader->known[low].offset == offset && !grows)
            return &reader->known[low];
    }
    return walk_to(reader, index, offset);
}

enum log_level log_line_level(struct log_line_reader *reader, struct log_index *index,
                              uint64_t offset) {
    struct log_event event;
    classify(reader, index, offset, &event);
    /* A line with a prefix has a level of its own; only others can be lines of a trace. */
    if (event.level >= LOG_LEVEL_ERROR || event.prefixed)
        return event.level;
    return known_of(reader, index, offset, &event)->error ? LOG_LEVEL_ERROR : event.level;
}

bool log_line_starts_error(struct log_line_reader *reader, struct log_index *index,
                           uint64_t offset) {
    struct log_event event;
    classify(reader, index, offset, &event);
    return event.level >= LOG_LEVEL_ERROR && known_of(reader, index, offset, &event)->starts;
}

static bool is_outcome_of_current(enum log_kind kind) {
    return kind == LOG_OK_CURRENT || kind == LOG_ZERO_CURRENT || kind == LOG_SKIP_CURRENT ||
           kind == LOG_FAIL_CURRENT;
}

/* The date that was announced before the outcome at `offset`, when no other outcome stands between.
 */
static day_number current_day(struct log_line_reader *reader, struct log_index *index,
                              uint64_t offset) {
    for (int i = 0; i < LOOK_BACK && log_index_previous(index, offset, &offset); i++) {
        struct log_event event;
        classify(reader, index, offset, &event);
        if (event.kind == LOG_POSITION)
            return event.day;
        if (is_outcome_of_current(event.kind))
            return DAY_NONE;
    }
    return DAY_NONE;
}

/* The hue of a colour of the 256-colour palette. */
static enum theme_style style_of_colour(int colour) {
    static const enum theme_style hues[8] = {STYLE_LOG_GREY,   STYLE_LOG_RED,  STYLE_LOG_GREEN,
                                             STYLE_LOG_YELLOW, STYLE_LOG_BLUE, STYLE_LOG_MAGENTA,
                                             STYLE_LOG_CYAN,   STYLE_NORMAL};
    if (colour < 0)
        return STYLE_NORMAL;
    if (colour < 16)
        return colour == 8 ? STYLE_LOG_GREY : hues[colour & 7];
    uint32_t rgb = theme_rgb(colour), most = 0;
    unsigned strong = 0;
    for (int i = 0; i < 3; i++) {
        uint32_t part = rgb >> (16 - 8 * i) & 0xFF;
        most = part > most ? part : most;
    }
    for (int i = 0; i < 3; i++)
        if ((rgb >> (16 - 8 * i) & 0xFF) * 3 >= most * 2)
            strong |= 1U << i;
    return strong == 7 && most < 0xC0 ? STYLE_LOG_GREY : hues[strong];
}

static enum theme_style style_of_run(const struct sanitise_run *run) {
    enum theme_style style = style_of_colour(run->foreground);
    if (style == STYLE_NORMAL && run->style & (SANITISE_BOLD | SANITISE_REVERSE))
        return STYLE_LOG_BOLD;
    if (style == STYLE_NORMAL && run->style & SANITISE_DIM)
        return STYLE_LOG_GREY;
    return style;
}

static void add_spans(const struct sanitise_line *shown, struct log_view_line *line) {
    if (shown->run_count == 0)
        return;
    line->spans = memory_new(shown->run_count, sizeof *line->spans);
    for (size_t i = 0; i < shown->run_count; i++)
        line->spans[line->span_count++] =
            (struct log_view_span){shown->runs[i].offset, (uint8_t)style_of_run(&shown->runs[i])};
}

void log_line_fill(struct log_line_reader *reader, struct log_index *index, uint64_t offset,
                   bool ascii, struct log_regex *search, struct log_view_line *line) {
    struct log_event event;
    struct sanitise_options options = {.max_bytes = LOG_LINE_BYTES, .ascii = ascii};
    enum log_level level = log_line_level(reader, index, offset);
    classify(reader, index, offset, &event);
    sanitise_line((struct text){reader->raw.data, reader->raw.size}, &options, &reader->shown);
    const struct text_buffer *text = &reader->shown.text;
    line->offset = offset;
    line->level = (int)level;
    line->text = memory_copy_part(text->data ? text->data : "", text->size);
    add_spans(&reader->shown, line);
    struct text shown = text_of(line->text);
    line->match = search && log_regex_find(search, shown, 0, &line->match_start, &line->match_end);
    line->day = is_outcome_of_current(event.kind) ? current_day(reader, index, offset) : event.day;
}
