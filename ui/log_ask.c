#include "ui/log_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/print.h"
#include "ui/view.h"

/* The newest runs that have a log, in the order in which they were created. */
struct choice {
    const struct situation_run *runs[LOG_VIEW_SOURCES];
    size_t count;
};

static struct choice choose(const struct screen *screen) {
    struct choice choice = {0};
    for (size_t i = 0; screen->situation && i < screen->situation->run_count; i++) {
        const struct situation_run *run = &screen->situation->runs[i];
        size_t place = choice.count;
        if (!run->log_path)
            continue;
        while (place > 0 && strcmp(choice.runs[place - 1]->run, run->run) > 0)
            place--;
        if (choice.count == LOG_VIEW_SOURCES) {
            if (place == 0)
                continue; /* older than all that fit */
            memmove(choice.runs, choice.runs + 1, (place - 1) * sizeof(const void *));
            place--;
        } else {
            memmove(choice.runs + place + 1, choice.runs + place,
                    (choice.count++ - place) * sizeof(const void *));
        }
        choice.runs[place] = run;
    }
    return choice;
}

bool log_ask_is_merged(const struct screen *screen) {
    return screen->log.path && strcmp(screen->log.path, LOG_ASK_ALL) == 0;
}

const struct situation_run *log_ask_run(const struct screen *screen, const char *run) {
    for (size_t i = 0; screen->situation && i < screen->situation->run_count; i++)
        if (strcmp(screen->situation->runs[i].run, run) == 0)
            return &screen->situation->runs[i];
    return NULL;
}

static const char *run_id(const struct log_view *log, size_t source) {
    return log->page && log->page->runs ? log->page->runs[source] : log->run;
}

const struct situation_run *log_ask_run_of_line(const struct screen *screen,
                                                const struct log_view_line *line) {
    return log_ask_run(screen, run_id(&screen->log, line->source));
}

static void set_sources(const struct screen *screen, struct log_view_request *request) {
    struct choice choice = choose(screen);
    request->source_count = choice.count;
    for (size_t i = 0; i < choice.count; i++) {
        (void)print_into(request->sources[i].run, LOG_VIEW_RUN, "%s", choice.runs[i]->run);
        (void)print_into(request->sources[i].path, LOG_VIEW_PATH, "%s", choice.runs[i]->log_path);
    }
}

static void start_from(struct log_view_request *request, const struct log_view *log, size_t source,
                       uint64_t offset) {
    request->source = 0;
    request->offset = offset;
    for (size_t i = 0; i < request->source_count; i++)
        if (strcmp(request->sources[i].run, run_id(log, source)) == 0)
            request->source = i;
}

size_t log_ask_rows(const struct screen *screen) {
    int lines = screen->height - 6 - (screen->height >= 20);
    return lines > 1 ? (size_t)lines : 1;
}

struct log_view_request *log_ask(struct screen *screen, enum log_view_goal goal) {
    struct log_view *log = &screen->log;
    struct log_view_request *request = &log->request;
    *request = (struct log_view_request){.number = ++log->number, .goal = goal};
    (void)print_into(request->path, sizeof request->path, "%s", log->path ? log->path : "");
    (void)print_into(request->search, sizeof request->search, "%s", log->search);
    (void)print_into(request->filter, sizeof request->filter, "%s", log->filter);
    if (log_ask_is_merged(screen))
        set_sources(screen, request);
    request->level = log->level;
    request->rows = log_ask_rows(screen);
    log->searching[0] = '\0';
    request->follow = log->follow;
    if (log->page && log->page->count) {
        bool top =
            log->cursor >= log->page->count || goal == LOG_VIEW_MOVE || goal == LOG_VIEW_STAY;
        const struct log_view_line *line = &log->page->lines[top ? 0 : log->cursor];
        start_from(request, log, line->source, line->offset);
    }
    log->wanted = log->path != NULL;
    return request;
}

void log_ask_tail(struct screen *screen) {
    screen->log.follow = true;
    log_ask(screen, LOG_VIEW_TAIL);
}

void log_ask_for(struct screen *screen, const struct situation_run *run) {
    struct log_view *log = &screen->log;
    const char *path = !run ? LOG_ASK_ALL : run->log_path ? run->log_path : "";
    if (log->path && strcmp(log->path, path) == 0 && strcmp(log->run, run ? run->run : "") == 0)
        return;
    (void)print_into(log->run, sizeof log->run, "%s", run ? run->run : "");
    free(log->path);
    log->path = memory_copy_string(path);
    log_view_page_free(log->page);
    log->page = NULL;
    log->cursor = 0;
    log->column = 0;
    log_ask_tail(screen);
}

void log_ask_other(struct screen *screen, int step) {
    const struct situation *situation = screen->situation;
    if (!situation || situation->run_count == 0)
        return;
    size_t place = 0, count = situation->run_count + 1;
    for (size_t i = 0; i < situation->run_count; i++)
        if (strcmp(situation->runs[i].run, screen->log.run) == 0)
            place = i + 1;
    place = (place + (step > 0 ? 1 : count - 1)) % count;
    log_ask_for(screen, place ? &situation->runs[place - 1] : NULL);
}

static bool sources_changed(const struct screen *screen) {
    const struct log_view_request *request = &screen->log.request;
    struct choice choice = choose(screen);
    bool changed = choice.count != request->source_count;
    for (size_t i = 0; !changed && i < choice.count; i++)
        changed = strcmp(choice.runs[i]->run, request->sources[i].run) != 0;
    return changed;
}

void log_ask_settle(struct screen *screen) {
    const struct situation *situation = screen->situation;
    struct log_view *log = &screen->log;
    if (!log->path && situation && situation->run_count)
        log_ask_for(screen, situation->run_count > 1 ? NULL : &situation->runs[0]);
    else if (log_ask_is_merged(screen) && situation && sources_changed(screen))
        log_ask(screen, log->follow ? LOG_VIEW_TAIL : LOG_VIEW_STAY);
}
