#include "ui/log_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "logs/classify.h"
#include "logs/index.h"
#include "logs/sanitise.h"
#include "logs/search.h"

enum {
    LINE_BYTES = 8192,   /* of a line that are shown */
    SLICE = 4 << 20,     /* bytes a slice of work looks at */
    WALK_LIMIT = 200000, /* lines looked at for one page behind a filter */
    SAMPLE = 64 << 10,   /* bytes a bucket of the histogram looks at */
    PATTERN_SIZE = LOG_VIEW_TEXT * 2 + 8,
};

struct log_page_source {
    const atomic_bool *interrupt;
    char path[sizeof((struct log_view_request *)0)->path];
    struct log_index *index;
    struct log_classifier *classifier;
    struct log_regex *search, *filter, *counted;
    char search_text[LOG_VIEW_TEXT], filter_text[LOG_VIEW_TEXT];
    struct log_search *counter;
    bool counting;
    uint64_t matches;
    struct text_buffer line;
    struct sanitise_line shown;
    uint8_t histogram[LOG_VIEW_HISTOGRAM];
    int bucket; /* the next one to look at */
    char note[LOG_VIEW_TEXT];
};

struct log_page_source *log_page_source_new(const atomic_bool *interrupt) {
    struct log_page_source *source = memory_new(1, sizeof *source);
    source->interrupt = interrupt;
    source->classifier = log_classifier_builtin("python-backfill", NULL);
    return source;
}

static void forget_counter(struct log_page_source *source) {
    log_search_free(source->counter);
    log_regex_free(source->counted);
    source->counter = NULL;
    source->counted = NULL;
    source->counting = false;
    source->matches = 0;
}

static void forget_file(struct log_page_source *source) {
    forget_counter(source);
    log_index_free(source->index);
    source->index = NULL;
    memset(source->histogram, 0, sizeof source->histogram);
    source->bucket = 0;
}

void log_page_source_free(struct log_page_source *source) {
    if (!source)
        return;
    forget_file(source);
    log_regex_free(source->search);
    log_regex_free(source->filter);
    log_classifier_free(source->classifier);
    text_buffer_free(&source->line);
    sanitise_free(&source->shown);
    free(source);
}

static bool interrupted(const struct log_page_source *source) {
    return source->interrupt && atomic_load(source->interrupt);
}

/* Makes the file of a request the one that is open, as it is now. */
static bool open_file(struct log_page_source *source, const char *path) {
    struct error error = {0};
    if (source->index && strcmp(path, source->path) == 0) {
        enum log_index_change change = log_index_refresh(source->index);
        if (change != LOG_INDEX_RESTARTED)
            return true;
        (void)snprintf(source->note, sizeof source->note, "the log was started anew");
    }
    forget_file(source);
    (void)snprintf(source->path, sizeof source->path, "%s", path);
    source->index = log_index_open(path, &error);
    if (!source->index)
        (void)snprintf(source->note, sizeof source->note, "%.200s", error.text);
    return source->index != NULL;
}

static void compile(struct log_page_source *source, struct log_regex **regex, char *have,
                    const char *wanted) {
    if (strcmp(have, wanted) == 0)
        return;
    struct error error = {0};
    log_regex_free(*regex);
    *regex = *wanted ? log_regex_new(text_of(wanted), &error) : NULL;
    (void)snprintf(have, LOG_VIEW_TEXT, "%s", wanted);
    if (*wanted && !*regex) {
        (void)snprintf(source->note, sizeof source->note, "%.200s", error.text);
        *have = '\0';
    }
}

static void start_counting(struct log_page_source *source) {
    forget_counter(source);
    if (!source->search)
        return;
    source->counted = log_regex_new(text_of(source->search_text), NULL);
    source->counter = log_search_new(source->index, source->counted, 0, false, false);
    source->counting = true;
}

static enum log_level level_at(struct log_page_source *source, uint64_t offset) {
    struct log_event event;
    if (!log_index_read(source->index, offset, LINE_BYTES, &source->line, NULL))
        return LOG_LEVEL_NONE;
    log_classify(source->classifier, (struct text){source->line.data, source->line.size}, &event);
    return event.level;
}

/* Whether a line is among those asked for; leaves it in source->line. */
static bool passes(struct log_page_source *source, const struct log_view_request *request,
                   uint64_t offset) {
    if (request->level == LOG_VIEW_ALL && !source->filter)
        return true;
    enum log_level level = level_at(source, offset);
    if (request->level == LOG_VIEW_ERRORS && level < LOG_LEVEL_ERROR)
        return false;
    if (request->level == LOG_VIEW_WARNINGS && level < LOG_LEVEL_WARNING)
        return false;
    if (!source->filter)
        return true;
    struct text line = {source->line.data, source->line.size};
    return log_regex_find(source->filter, line, 0, NULL, NULL) != (*request->filter == '!');
}

/* The nearest line that passes beyond `offset`; false when there is none that way. */
static bool neighbour(struct log_page_source *source, const struct log_view_request *request,
                      uint64_t offset, bool backward, uint64_t *found) {
    for (int i = 0; i < WALK_LIMIT && !interrupted(source); i++) {
        if (!(backward ? log_index_previous(source->index, offset, &offset)
                       : log_index_next(source->index, offset, &offset)))
            return false;
        if (passes(source, request, offset)) {
            *found = offset;
            return true;
        }
    }
    return false;
}

static uint64_t move_by(struct log_page_source *source, const struct log_view_request *request,
                        uint64_t offset, int64_t lines) {
    bool backward = lines < 0;
    for (int64_t i = 0; i < (backward ? -lines : lines); i++)
        if (!neighbour(source, request, offset, backward, &offset))
            break;
    return offset;
}

static bool find(struct log_page_source *source, struct log_regex *regex, uint64_t from,
                 bool backward, uint64_t *found) {
    struct log_search *search = log_search_new(source->index, regex, from, backward, false);
    enum log_search_status status = LOG_SEARCH_MORE;
    while (status == LOG_SEARCH_MORE && !interrupted(source))
        status = log_search_step(search, SLICE, found);
    log_search_free(search);
    return status == LOG_SEARCH_FOUND;
}

static bool find_match(struct log_page_source *source, const struct log_view_request *request,
                       uint64_t *found) {
    bool backward = request->lines < 0;
    uint64_t from = request->offset;
    if (!source->search)
        return false;
    if (!backward && !log_index_next(source->index, from, &from))
        return false;
    if (find(source, source->search, from, backward, found))
        return true;
    /* Around the end, as pagers do. */
    return find(source, source->search, backward ? log_index_size(source->index) : 0, backward,
                found);
}

static bool find_problem(struct log_page_source *source, const struct log_view_request *request,
                         uint64_t *found) {
    struct log_view_request errors = *request;
    errors.level = LOG_VIEW_ERRORS;
    return neighbour(source, &errors, request->offset, request->lines < 0, found);
}

static bool find_text(struct log_page_source *source, const struct log_view_request *request,
                      uint64_t *found) {
    char pattern[PATTERN_SIZE];
    (void)snprintf(pattern, sizeof pattern, "\\Q%s\\E", request->text);
    struct log_regex *regex = log_regex_new(text_of(pattern), NULL);
    bool done = regex && find(source, regex, 0, false, found);
    log_regex_free(regex);
    return done;
}

static bool find_line(struct log_page_source *source, const struct log_view_request *request,
                      uint64_t *found) {
    uint64_t number = request->lines > 1 ? (uint64_t)request->lines - 1 : 0;
    while (!log_index_line_at(source->index, number, found))
        if (interrupted(source) || !log_index_step(source->index, SLICE)) {
            *found = log_index_line_start(source->index, log_index_size(source->index));
            return false;
        }
    return true;
}

/* Where the page begins, and which line it is about. */
static uint64_t aim(struct log_page_source *source, const struct log_view_request *request,
                    uint64_t *about) {
    uint64_t size = log_index_size(source->index), found = request->offset;
    int64_t lead = (int64_t)request->rows / 3;
    bool ok = true;
    const char *trouble = "no further match";
    switch (request->goal) {
    case LOG_VIEW_TAIL:
        found = log_index_line_start(source->index, size);
        *about = found;
        if (!passes(source, request, found))
            (void)neighbour(source, request, found, true, &found);
        return move_by(source, request, found, -(int64_t)request->rows + 1);
    case LOG_VIEW_MOVE:
        return *about = move_by(source, request, request->offset, request->lines);
    case LOG_VIEW_PERCENT: {
        uint64_t share = request->lines < 0     ? 0
                         : request->lines > 100 ? 100
                                                : (uint64_t)request->lines;
        return *about = log_index_line_start(source->index, size / 100 * share);
    }
    case LOG_VIEW_MATCH:
        ok = find_match(source, request, &found);
        break;
    case LOG_VIEW_PROBLEM:
        ok = find_problem(source, request, &found);
        trouble = "no further error";
        break;
    case LOG_VIEW_LINE:
        ok = find_line(source, request, &found);
        trouble = "the log is shorter";
        break;
    case LOG_VIEW_TEXT_AT:
        ok = find_text(source, request, &found);
        trouble = "no line holds that";
        break;
    case LOG_VIEW_STAY:
        return *about = found;
    }
    if (!ok && !*source->note)
        (void)snprintf(source->note, sizeof source->note, "%s", trouble);
    *about = found;
    return ok ? move_by(source, request, found, -lead) : found;
}

static void add_line(struct log_page_source *source, const struct log_view_request *request,
                     struct log_view_page *page, uint64_t offset) {
    struct log_event event;
    struct log_view_line *line = &page->lines[page->count++];
    struct sanitise_options options = {.max_bytes = LINE_BYTES, .ascii = request->ascii};
    (void)log_index_read(source->index, offset, LINE_BYTES, &source->line, NULL);
    struct text raw = {source->line.data, source->line.size};
    log_classify(source->classifier, raw, &event);
    sanitise_line(raw, &options, &source->shown);
    line->offset = offset;
    line->level = (int)event.level;
    line->text = memory_copy_part(source->shown.text.data ? source->shown.text.data : "",
                                  source->shown.text.size);
    struct text shown = text_of(line->text);
    line->match = source->search &&
                  log_regex_find(source->search, shown, 0, &line->match_start, &line->match_end);
}

static void collect(struct log_page_source *source, const struct log_view_request *request,
                    struct log_view_page *page, uint64_t offset, uint64_t about) {
    bool more = true;
    while (more && page->count < request->rows) {
        if (offset <= about)
            page->cursor = page->count;
        add_line(source, request, page, offset);
        more = neighbour(source, request, offset, false, &offset);
    }
    page->at_end = !more;
}

/* Near the end of the file the page begins earlier, so that it is full. */
static void fill(struct log_page_source *source, const struct log_view_request *request,
                 struct log_view_page *page) {
    uint64_t about = 0, number;
    uint64_t offset = aim(source, request, &about);
    if (log_index_size(source->index) == 0)
        return;
    if (!passes(source, request, offset) && !neighbour(source, request, offset, false, &offset) &&
        !neighbour(source, request, offset, true, &offset))
        return;
    collect(source, request, page, offset, about);
    if (page->count < request->rows) {
        uint64_t earlier =
            move_by(source, request, offset, -(int64_t)(request->rows - page->count));
        if (earlier < offset) {
            for (size_t i = 0; i < page->count; i++)
                free(page->lines[i].text);
            page->count = 0;
            memset(page->lines, 0, request->rows * sizeof *page->lines);
            collect(source, request, page, offset = earlier, about);
        }
    }
    if (log_index_number_of(source->index, offset, &number))
        page->line = number + 1;
}

struct log_view_page *log_page_read(struct log_page_source *source,
                                    const struct log_view_request *request) {
    struct log_view_page *page = memory_new(1, sizeof *page);
    *source->note = '\0';
    page->number = request->number;
    page->path = memory_copy_string(request->path);
    if (open_file(source, request->path)) {
        char before[LOG_VIEW_TEXT];
        (void)snprintf(before, sizeof before, "%s", source->search_text);
        compile(source, &source->search, source->search_text, request->search);
        compile(source, &source->filter, source->filter_text,
                request->filter + (*request->filter == '!'));
        if (strcmp(before, source->search_text) != 0)
            start_counting(source);
        page->lines = memory_new(request->rows, sizeof *page->lines);
        fill(source, request, page);
        page->size = log_index_size(source->index);
        if (log_index_numbered(source->index) >= page->size)
            page->total = log_index_lines(source->index);
    }
    page->matches = source->matches;
    page->counting = source->counting;
    memcpy(page->histogram, source->histogram, sizeof page->histogram);
    (void)snprintf(page->note, sizeof page->note, "%s", source->note);
    return page;
}

/* Looks at the head of one bucket's share of the file. */
static void sample(struct log_page_source *source) {
    uint64_t size = log_index_size(source->index), share = size / LOG_VIEW_HISTOGRAM + 1;
    uint64_t start = share * (uint64_t)source->bucket, end = start + share;
    if (end > start + SAMPLE)
        end = start + SAMPLE;
    uint8_t worst = 0;
    uint64_t offset = start < size ? log_index_line_start(source->index, start) : size;
    while (offset < end && offset < size && worst < 2) {
        enum log_level level = level_at(source, offset);
        uint8_t value = level >= LOG_LEVEL_ERROR ? 2 : level == LOG_LEVEL_WARNING;
        worst = value > worst ? value : worst;
        if (!log_index_next(source->index, offset, &offset))
            break;
    }
    source->histogram[source->bucket++] = worst;
}

bool log_page_work(struct log_page_source *source) {
    if (!source->index)
        return false;
    if (source->counting) {
        source->counting = log_search_count(source->counter, SLICE) == LOG_SEARCH_MORE;
        source->matches = log_search_found(source->counter);
        return true;
    }
    if (source->bucket < LOG_VIEW_HISTOGRAM) {
        sample(source);
        return true;
    }
    return log_index_step(source->index, SLICE);
}

bool log_page_changed(struct log_page_source *source) {
    if (!source->index)
        return false;
    uint64_t before = log_index_size(source->index);
    enum log_index_change change = log_index_refresh(source->index);
    return change == LOG_INDEX_RESTARTED || log_index_size(source->index) != before;
}
