#include "ui/log_walk.h"

#include <stdio.h>
#include <time.h>

enum {
    TELL_MS = 500,
    GAP_LINES = 500, /* a shorter stretch is not worth remembering */
    LOOK_LINES = 1024,
};

static int64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void log_walk_forget(struct log_walk *walk) {
    walk->gap_count = walk->gap_next = 0;
}

void log_walk_begin(struct log_walk *walk) {
    walk->begun_ms = walk->told_ms = now_ms();
    walk->lines = 0;
}

bool log_walk_interrupted(const struct log_walk *walk) {
    return walk->interrupt && atomic_load(walk->interrupt);
}

void log_walk_tell(struct log_walk *walk, struct log_merge_place place) {
    int64_t now = walk->tell ? now_ms() : 0;
    struct log_index *index = log_merge_index(walk->merge, place.part);
    if (!walk->tell || now - walk->told_ms < TELL_MS || !index)
        return;
    walk->told_ms = now;
    char text[LOG_VIEW_TEXT];
    uint64_t size = log_index_size(index);
    int percent = size ? (int)((double)place.offset * 100 / (double)size) : 0;
    if (walk->lines > 0)
        (void)snprintf(text, sizeof text, "searching: %llu lines looked at, now at %d %%",
                       (unsigned long long)walk->lines, percent);
    else
        (void)snprintf(text, sizeof text, "searching: now at %d %%", percent);
    walk->tell(walk->context, text);
}

bool log_walk_passes(struct log_walk *walk, struct log_merge_place place) {
    if (walk->level == LOG_VIEW_ALL && !walk->filter)
        return true;
    enum log_level level =
        log_line_level(walk->reader, log_merge_index(walk->merge, place.part), place.offset);
    if (walk->level == LOG_VIEW_ERRORS && level < LOG_LEVEL_ERROR)
        return false;
    if (walk->level == LOG_VIEW_WARNINGS && level < LOG_LEVEL_WARNING)
        return false;
    if (!walk->filter)
        return true;
    struct text line = {walk->reader->raw.data, walk->reader->raw.size};
    return log_regex_find(walk->filter, line, 0, NULL, NULL) != walk->hide;
}

/* Of one log only: between several, lines may come in between. */
static bool pass_gap(const struct log_walk *walk, bool backward, struct log_merge_place *at) {
    for (size_t i = 0; i < walk->gap_count; i++) {
        const struct log_walk_gap *gap = &walk->gaps[i];
        bool within = backward ? gap->low < at->offset && at->offset <= gap->high
                               : gap->low <= at->offset && at->offset < gap->high;
        if (gap->level == walk->level && within) {
            at->offset = backward ? gap->low : gap->high;
            return true;
        }
    }
    return false;
}

/* Remembers that none passes between two lines; a longer stretch takes the place of its parts. */
static void note_gap(struct log_walk *walk, uint64_t from, uint64_t to, uint64_t lines) {
    struct log_walk_gap gap = {walk->level, from < to ? from : to, from < to ? to : from};
    if (lines < GAP_LINES || log_merge_count(walk->merge) != 1)
        return;
    for (size_t i = 0; i < walk->gap_count; i++) {
        struct log_walk_gap *known = &walk->gaps[i];
        if (known->level == gap.level && known->low >= gap.low && known->high <= gap.high) {
            *known = gap;
            return;
        }
    }
    walk->gaps[walk->gap_next] = gap;
    walk->gap_next = (walk->gap_next + 1) % LOG_WALK_GAPS;
    walk->gap_count += walk->gap_count < LOG_WALK_GAPS;
}

bool log_walk_to(struct log_walk *walk, bool backward, struct log_merge_place *place) {
    struct log_merge_place at = *place;
    uint64_t lines = 0;
    bool found = false;
    bool filters = walk->level != LOG_VIEW_ALL || walk->filter;
    while (!found && !log_walk_interrupted(walk)) {
        bool passed = filters && log_merge_count(walk->merge) == 1 && pass_gap(walk, backward, &at);
        if (!passed &&
            !(backward ? log_merge_previous(walk->merge, &at) : log_merge_next(walk->merge, &at)))
            break;
        lines += passed ? GAP_LINES : 1;
        walk->lines++;
        found = log_walk_passes(walk, at);
        if (walk->lines % LOOK_LINES == 0)
            log_walk_tell(walk, at);
    }
    if (filters)
        note_gap(walk, place->offset, at.offset, lines);
    if (found)
        *place = at;
    return found;
}

struct log_merge_place log_walk_by(struct log_walk *walk, struct log_merge_place place,
                                   int64_t lines) {
    bool backward = lines < 0;
    for (int64_t i = 0; i < (backward ? -lines : lines); i++)
        if (!log_walk_to(walk, backward, &place))
            break;
    return place;
}

bool log_walk_to_error(struct log_walk *walk, bool backward, struct log_merge_place *place) {
    enum log_view_level level = walk->level;
    struct log_merge_place at = *place;
    bool found = false;
    walk->level = LOG_VIEW_ERRORS;
    while (!found && log_walk_to(walk, backward, &at))
        found =
            log_line_starts_error(walk->reader, log_merge_index(walk->merge, at.part), at.offset);
    walk->level = level;
    if (found)
        *place = at;
    return found;
}
