#include "ui/log_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/print.h"
#include "ui/log_walk.h"

enum {
    SLICE = 4 << 20,   /* bytes a slice of work looks at */
    SAMPLE = 64 << 10, /* bytes of a log that a bucket of the histogram looks at */
    PATTERN_SIZE = LOG_VIEW_TEXT * 2 + 8,
};

struct log_page_source {
    struct log_walk walk;
    struct log_view_request opened; /* whose logs are open */
    struct log_merge *merge;
    struct log_line_reader reader;
    struct log_regex *search, *filter, *counted;
    char search_text[LOG_VIEW_TEXT], filter_text[LOG_VIEW_TEXT];
    struct log_search *counter; /* of the log `counting`; NULL when all are counted */
    size_t counting;
    uint64_t matches; /* in the logs before it */
    uint8_t histogram[LOG_VIEW_HISTOGRAM];
    int bucket; /* the next one to look at */
    char note[LOG_VIEW_TEXT];
};

struct log_page_source *log_page_source_new(const atomic_bool *interrupt) {
    struct log_page_source *source = memory_new(1, sizeof *source);
    source->walk.interrupt = interrupt;
    source->walk.reader = &source->reader;
    log_line_reader_init(&source->reader);
    return source;
}

void log_page_source_tell(struct log_page_source *source,
                          void (*tell)(void *context, const char *text), void *context) {
    source->walk.tell = tell;
    source->walk.context = context;
}

static void forget_counter(struct log_page_source *source) {
    log_search_free(source->counter);
    log_regex_free(source->counted);
    source->counter = NULL;
    source->counted = NULL;
    source->matches = 0;
}

static void forget_files(struct log_page_source *source) {
    forget_counter(source);
    log_merge_free(source->merge);
    source->merge = NULL;
    log_walk_forget(&source->walk);
    log_line_forget(&source->reader);
    memset(source->histogram, 0, sizeof source->histogram);
    source->bucket = 0;
}

void log_page_source_free(struct log_page_source *source) {
    if (!source)
        return;
    forget_files(source);
    log_regex_free(source->search);
    log_regex_free(source->filter);
    log_line_reader_free(&source->reader);
    free(source);
}

static bool same_files(const struct log_view_request *a, const struct log_view_request *b) {
    bool same = a->source_count == b->source_count && strcmp(a->path, b->path) == 0;
    for (size_t i = 0; same && i < a->source_count; i++)
        same = strcmp(a->sources[i].path, b->sources[i].path) == 0;
    return same;
}

/* Makes the files of a request the ones that are open, as they are now. */
static bool open_files(struct log_page_source *source, const struct log_view_request *request) {
    struct error error = {0};
    if (source->merge && same_files(request, &source->opened)) {
        if (log_merge_refresh(source->merge) != LOG_INDEX_RESTARTED)
            return true;
        (void)snprintf(source->note, sizeof source->note, "the log was started anew");
    }
    const char *paths[LOG_VIEW_SOURCES] = {request->path};
    for (size_t i = 0; i < request->source_count; i++)
        paths[i] = request->sources[i].path;
    forget_files(source);
    source->opened = *request;
    source->merge =
        log_merge_open(paths, request->source_count ? request->source_count : 1, &error);
    if (!source->merge)
        (void)print_into(source->note, sizeof source->note, "%.200s", error.text);
    return source->merge != NULL;
}

static void compile(struct log_page_source *source, struct log_regex **regex, char *have,
                    const char *wanted) {
    if (strcmp(have, wanted) == 0)
        return;
    struct error error = {0};
    log_regex_free(*regex);
    *regex = *wanted ? log_regex_new(text_of(wanted), &error) : NULL;
    (void)print_into(have, LOG_VIEW_TEXT, "%s", wanted);
    if (*wanted && !*regex) {
        (void)print_into(source->note, sizeof source->note, "%.200s", error.text);
        *have = '\0';
    }
}

/* Goes on counting in the log `part`, or in the first one after it that is there. */
static void count_in(struct log_page_source *source, size_t part) {
    log_search_free(source->counter);
    source->counter = NULL;
    for (; part < log_merge_count(source->merge) && !source->counter; part++) {
        struct log_index *index = log_merge_index(source->merge, part);
        source->counting = part;
        if (index)
            source->counter = log_search_new(index, source->counted, 0, false, false);
    }
}

static void start_counting(struct log_page_source *source) {
    forget_counter(source);
    if (!source->search)
        return;
    source->counted = log_regex_new(text_of(source->search_text), NULL);
    count_in(source, 0);
}

static enum log_level level_at(struct log_page_source *source, struct log_merge_place place) {
    return log_line_level(&source->reader, log_merge_index(source->merge, place.part),
                          place.offset);
}

static bool find_in(struct log_page_source *source, struct log_regex *regex, size_t part,
                    uint64_t from, bool backward, uint64_t *found) {
    struct log_index *index = log_merge_index(source->merge, part);
    if (!index || (!backward && from >= log_index_size(index)))
        return false;
    struct log_search *search = log_search_new(index, regex, from, backward, false);
    enum log_search_status status = LOG_SEARCH_MORE;
    while (status == LOG_SEARCH_MORE && !log_walk_interrupted(&source->walk)) {
        status = log_search_step(search, SLICE, found);
        uint64_t far = log_search_looked_at(search);
        uint64_t at = !backward ? from + far : from < log_index_size(index) ? from - far : 0;
        log_walk_tell(&source->walk, (struct log_merge_place){part, at});
    }
    log_search_free(search);
    return status == LOG_SEARCH_FOUND;
}

/* The first match at or after `from`, or the last before it; `from` NULL is the start or the end.
 */
static bool find(struct log_page_source *source, struct log_regex *regex,
                 const struct log_merge_place *from, bool backward, struct log_merge_place *found) {
    bool any = false;
    for (size_t i = 0; i < log_merge_count(source->merge); i++) {
        struct log_merge_place match = {.part = i};
        uint64_t head = from ? log_merge_head(source->merge, *from, i) : backward ? UINT64_MAX : 0;
        if (!find_in(source, regex, i, head, backward, &match.offset))
            continue;
        int order = any ? log_merge_compare(source->merge, match, *found) : 0;
        if (!any || (backward ? order > 0 : order < 0))
            *found = match;
        any = true;
    }
    return any;
}

static bool find_match(struct log_page_source *source, const struct log_view_request *request,
                       struct log_merge_place *place) {
    bool backward = request->lines < 0;
    struct log_merge_place from = *place;
    if (!source->search)
        return false;
    bool there =
        request->offset != LOG_VIEW_END && (backward || log_merge_next(source->merge, &from));
    if (there && find(source, source->search, &from, backward, place))
        return true;
    /* Around the end, as pagers do. */
    return find(source, source->search, NULL, backward, place);
}

static bool find_text(struct log_page_source *source, const struct log_view_request *request,
                      struct log_merge_place *place) {
    char pattern[PATTERN_SIZE];
    (void)print_into(pattern, sizeof pattern, "\\Q%s\\E", request->text);
    struct log_regex *regex = log_regex_new(text_of(pattern), NULL);
    bool done = regex && find(source, regex, NULL, false, place);
    log_regex_free(regex);
    return done;
}

static bool find_line(struct log_page_source *source, const struct log_view_request *request,
                      struct log_merge_place *place) {
    uint64_t number = request->lines > 1 ? (uint64_t)request->lines - 1 : 0;
    if (log_merge_count(source->merge) > 1)
        return false;
    struct log_index *index = log_merge_index(source->merge, 0);
    while (!log_index_line_at(index, number, &place->offset))
        if (log_walk_interrupted(&source->walk) || !log_index_step(index, SLICE)) {
            place->offset = log_index_line_start(index, log_index_size(index));
            return false;
        }
    return true;
}

/* The time that the logs cover. */
static void cover(struct log_page_source *source, int64_t *from, int64_t *to) {
    struct log_merge_place place = {0};
    *from = *to = 0;
    if (log_merge_first(source->merge, &place))
        *from = log_merge_arrival(source->merge, place);
    if (log_merge_last(source->merge, &place))
        *to = log_merge_arrival(source->merge, place) + 1;
}

static void go_to_percent(struct log_page_source *source, int64_t percent,
                          struct log_merge_place *place) {
    uint64_t share = percent < 0 ? 0 : percent > 100 ? 100 : (uint64_t)percent;
    if (log_merge_count(source->merge) == 1) {
        struct log_index *index = log_merge_index(source->merge, 0);
        place->offset = log_index_line_start(index, log_index_size(index) / 100 * share);
    } else if (share == 0) {
        (void)log_merge_first(source->merge, place);
    } else {
        int64_t from, to;
        cover(source, &from, &to);
        if (!log_merge_at(source->merge, from + (to - from) / 100 * (int64_t)share, place))
            (void)log_merge_last(source->merge, place);
    }
}

static void go_to_end(struct log_page_source *source, struct log_merge_place *place) {
    *place = (struct log_merge_place){0};
    (void)log_merge_last(source->merge, place);
}

/* Where the page begins, and which line it is about. */
static struct log_merge_place aim(struct log_page_source *source,
                                  const struct log_view_request *request,
                                  struct log_merge_place *about) {
    bool ok = true;
    const char *trouble = "no further match";
    *about = (struct log_merge_place){request->source, request->offset};
    if (about->part >= log_merge_count(source->merge) ||
        !log_merge_index(source->merge, about->part))
        go_to_end(source, about);
    switch (request->goal) {
    case LOG_VIEW_STAY:
        return *about;
    case LOG_VIEW_MOVE:
        return *about = log_walk_by(&source->walk, *about, request->lines);
    case LOG_VIEW_PERCENT:
        go_to_percent(source, request->lines, about);
        return *about;
    case LOG_VIEW_TAIL: {
        go_to_end(source, about);
        struct log_merge_place last = *about;
        if (!log_walk_passes(&source->walk, last))
            (void)log_walk_to(&source->walk, true, &last);
        return log_walk_by(&source->walk, last, -(int64_t)request->rows + 1);
    }
    case LOG_VIEW_MATCH:
        ok = find_match(source, request, about);
        break;
    case LOG_VIEW_PROBLEM:
        ok = log_walk_to_error(&source->walk, request->lines < 0, about);
        trouble = "no further error";
        break;
    case LOG_VIEW_LINE:
        ok = find_line(source, request, about);
        trouble = log_merge_count(source->merge) > 1 ? "lines have no numbers across logs"
                                                     : "the log is shorter";
        break;
    case LOG_VIEW_TEXT_AT:
        ok = find_text(source, request, about);
        trouble = "no line holds that";
        break;
    case LOG_VIEW_TIME:
        ok = log_merge_at(source->merge, request->wall_ms, about);
        trouble = "nobody noted when these lines arrived";
        break;
    }
    if (!ok && !*source->note)
        (void)print_into(source->note, sizeof source->note, "%s", trouble);
    return ok ? log_walk_by(&source->walk, *about, -((int64_t)request->rows / 3)) : *about;
}

static void collect(struct log_page_source *source, const struct log_view_request *request,
                    struct log_view_page *page, struct log_merge_place place,
                    struct log_merge_place about) {
    struct log_merge_place first = {0};
    bool more = true;
    page->at_start = log_merge_count(source->merge) == 1
                         ? place.offset == 0
                         : log_merge_first(source->merge, &first) && first.part == place.part &&
                               first.offset == place.offset;
    while (more && page->count < request->rows) {
        struct log_view_line *line = &page->lines[page->count];
        if (log_merge_compare(source->merge, place, about) <= 0)
            page->cursor = page->count;
        log_line_fill(&source->reader, log_merge_index(source->merge, place.part), place.offset,
                      request->ascii, source->search, line);
        line->source = place.part;
        page->count++;
        more = log_walk_to(&source->walk, false, &place);
    }
    page->at_end = !more;
}

static void discard_lines(struct log_view_page *page) {
    for (size_t i = 0; i < page->count; i++) {
        free(page->lines[i].text);
        free(page->lines[i].spans);
    }
    memset(page->lines, 0, page->count * sizeof *page->lines);
    page->count = 0;
}

/* Near the end of the file the page begins earlier, so that it is full. */
static void fill(struct log_page_source *source, const struct log_view_request *request,
                 struct log_view_page *page) {
    uint64_t number;
    struct log_merge_place about, place;
    if (log_merge_size(source->merge) == 0)
        return;
    place = aim(source, request, &about);
    if (!log_walk_passes(&source->walk, place) && !log_walk_to(&source->walk, false, &place) &&
        !log_walk_to(&source->walk, true, &place))
        return;
    collect(source, request, page, place, about);
    if (page->count < request->rows) {
        struct log_merge_place earlier =
            log_walk_by(&source->walk, place, -(int64_t)(request->rows - page->count));
        if (log_merge_compare(source->merge, earlier, place) < 0) {
            discard_lines(page);
            collect(source, request, page, place = earlier, about);
        }
    }
    if (log_merge_count(source->merge) == 1 &&
        log_index_number_of(log_merge_index(source->merge, 0), place.offset, &number))
        page->line = number + 1;
}

static void copy_runs(const struct log_view_request *request, struct log_view_page *page) {
    if (request->source_count == 0)
        return;
    page->runs = memory_new(request->source_count, sizeof *page->runs);
    for (size_t i = 0; i < request->source_count; i++)
        memcpy(page->runs[i], request->sources[i].run, sizeof page->runs[i]);
}

/* Walks over the lines that the request asks for. */
static void begin_walk(struct log_page_source *source, const struct log_view_request *request) {
    char before[LOG_VIEW_TEXT];
    struct log_walk *walk = &source->walk;
    bool hide = *request->filter == '!';
    (void)print_into(before, sizeof before, "%s", source->filter_text);
    compile(source, &source->filter, source->filter_text, request->filter + hide);
    if (strcmp(before, source->filter_text) != 0 || walk->hide != hide)
        log_walk_forget(walk);
    walk->merge = source->merge;
    walk->filter = source->filter;
    walk->hide = hide;
    walk->level = request->level;
    log_walk_begin(walk);
}

struct log_view_page *log_page_read(struct log_page_source *source,
                                    const struct log_view_request *request) {
    struct log_view_page *page = memory_new(1, sizeof *page);
    *source->note = '\0';
    page->number = request->number;
    page->path = memory_copy_string(request->path);
    copy_runs(request, page);
    if (open_files(source, request)) {
        char before[LOG_VIEW_TEXT];
        (void)print_into(before, sizeof before, "%s", source->search_text);
        compile(source, &source->search, source->search_text, request->search);
        begin_walk(source, request);
        if (strcmp(before, source->search_text) != 0 || (source->search && !source->counted))
            start_counting(source);
        page->lines = memory_new(request->rows, sizeof *page->lines);
        fill(source, request, page);
        page->size = log_merge_size(source->merge);
        struct log_index *index = log_merge_index(source->merge, 0);
        if (request->source_count == 0 && log_index_numbered(index) >= page->size)
            page->total = log_index_lines(index);
    }
    page->partial = log_walk_interrupted(&source->walk);
    page->matches = source->matches + (source->counter ? log_search_found(source->counter) : 0);
    page->counting = source->counter != NULL;
    memcpy(page->histogram, source->histogram, sizeof page->histogram);
    (void)print_into(page->note, sizeof page->note, "%s", source->note);
    return page;
}

/* The worst of the lines between two places of a log, as far as they are looked at. */
static uint8_t worst_of(struct log_page_source *source, size_t part, uint64_t start, uint64_t end) {
    struct log_index *index = log_merge_index(source->merge, part);
    uint64_t size = index ? log_index_size(index) : 0;
    uint64_t offset = start < size ? log_index_line_start(index, start) : size;
    uint8_t worst = 0;
    if (end > start + SAMPLE)
        end = start + SAMPLE;
    while (offset < end && offset < size && worst < 2) {
        enum log_level level = level_at(source, (struct log_merge_place){part, offset});
        uint8_t value = level >= LOG_LEVEL_ERROR ? 2 : level == LOG_LEVEL_WARNING;
        worst = value > worst ? value : worst;
        if (!log_index_next(index, offset, &offset))
            break;
    }
    return worst;
}

/* Looks at the head of one bucket's share of the file, or of the time that several cover. */
static void sample(struct log_page_source *source) {
    uint8_t worst = 0;
    int64_t bucket = source->bucket, from, to;
    if (log_merge_count(source->merge) == 1) {
        uint64_t share = log_merge_size(source->merge) / LOG_VIEW_HISTOGRAM + 1;
        worst = worst_of(source, 0, share * (uint64_t)bucket, share * (uint64_t)(bucket + 1));
    } else {
        cover(source, &from, &to);
        int64_t share = (to - from) / LOG_VIEW_HISTOGRAM + 1;
        for (size_t i = 0; i < log_merge_count(source->merge) && worst < 2; i++) {
            uint64_t start = log_merge_part_at(source->merge, i, from + share * bucket);
            uint64_t end = log_merge_part_at(source->merge, i, from + share * (bucket + 1));
            uint8_t here = worst_of(source, i, start, end);
            worst = here > worst ? here : worst;
        }
    }
    source->histogram[source->bucket++] = worst;
}

static void count_on(struct log_page_source *source) {
    if (log_search_count(source->counter, SLICE) == LOG_SEARCH_MORE)
        return;
    source->matches += log_search_found(source->counter);
    count_in(source, source->counting + 1);
}

bool log_page_work(struct log_page_source *source) {
    if (!source->merge)
        return false;
    if (source->counter) {
        count_on(source);
        return true;
    }
    if (source->bucket < LOG_VIEW_HISTOGRAM) {
        sample(source);
        return true;
    }
    return log_merge_count(source->merge) == 1 &&
           log_index_step(log_merge_index(source->merge, 0), SLICE);
}

bool log_page_changed(struct log_page_source *source) {
    if (!source->merge)
        return false;
    enum log_index_change change = log_merge_refresh(source->merge);
    return change == LOG_INDEX_RESTARTED || change == LOG_INDEX_GREW;
}
