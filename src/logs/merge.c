#include "logs/merge.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "logs/times.h"

struct part {
    char *path;
    struct log_index *index; /* NULL while there is no such file */
    struct log_times *times;
    struct log_times_span span; /* the last one that was found */
    int64_t noted_ms;           /* of the last record */
    uint64_t noted;             /* bytes whose arrival was noted; 0 when none was */
    int64_t tail_ms;            /* when the rest arrived at the latest */
    uint64_t head;              /* the first line not before merge->at */
};

struct log_merge {
    struct part *parts;
    size_t count;
    int64_t wall_ms, real_ms; /* both clocks at one moment */
    struct log_merge_place at;
    bool placed; /* the heads belong to `at` */
};

static uint64_t size_of(const struct part *part) {
    return part->index != NULL ? log_index_size(part->index) : 0;
}

static int64_t milliseconds(const struct timespec *time) {
    return (int64_t)time->tv_sec * 1000 + time->tv_nsec / 1000000;
}

/* When the file was written last, by the clock that the notes were made with. */
static int64_t written_ms(const struct log_merge *merge, const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) {
        return merge->wall_ms;
    }
    int64_t age = merge->real_ms - milliseconds(&status.st_mtim);
    return merge->wall_ms - (int64_t)((double)age * clock_scale());
}

static void look_at_times(const struct log_merge *merge, struct part *part) {
    struct log_times_span last;
    log_times_refresh(part->times);
    bool any = log_times_last(part->times, &last);
    int64_t written = written_ms(merge, part->path);
    part->noted = any ? last.to : 0;
    part->noted_ms = any ? last.wall_ms : 0;
    part->tail_ms = any && last.wall_ms > written ? last.wall_ms : written;
    part->span = (struct log_times_span){0};
}

struct log_merge *log_merge_open(const char *const *paths, size_t count, struct error *error) {
    struct log_merge *merge = memory_new(1, sizeof *merge);
    merge->parts = memory_new(count, sizeof *merge->parts);
    merge->count = count;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    merge->real_ms = milliseconds(&now);
    merge->wall_ms = clock_wall_ms(clock_system());
    for (size_t i = 0; i < count; i++) {
        struct part *part = &merge->parts[i];
        part->path = memory_copy_string(paths[i]);
        part->times = log_times_open(paths[i]);
        part->index = log_index_open(paths[i], count == 1 ? error : NULL);
        look_at_times(merge, part);
    }
    if (count == 1 && merge->parts[0].index == NULL) {
        log_merge_free(merge);
        return NULL;
    }
    return merge;
}

void log_merge_free(struct log_merge *merge) {
    if (merge == NULL) {
        return;
    }
    for (size_t i = 0; i < merge->count; i++) {
        log_index_free(merge->parts[i].index);
        log_times_free(merge->parts[i].times);
        free(merge->parts[i].path);
    }
    free(merge->parts);
    free(merge);
}

static enum log_index_change refresh_part(struct part *part) {
    if (part->index != NULL) {
        return log_index_refresh(part->index);
    }
    part->index = log_index_open(part->path, NULL);
    return part->index != NULL ? LOG_INDEX_GREW : LOG_INDEX_SAME;
}

enum log_index_change log_merge_refresh(struct log_merge *merge) {
    static const int weights[] = {[LOG_INDEX_SAME] = 0,
                                  [LOG_INDEX_GONE] = 1,
                                  [LOG_INDEX_GREW] = 2,
                                  [LOG_INDEX_RESTARTED] = 3};
    enum log_index_change worst = LOG_INDEX_SAME;
    for (size_t i = 0; i < merge->count; i++) {
        enum log_index_change change = refresh_part(&merge->parts[i]);
        if (change == LOG_INDEX_GREW || change == LOG_INDEX_RESTARTED) {
            look_at_times(merge, &merge->parts[i]);
            merge->placed = false;
        }
        worst = weights[change] > weights[worst] ? change : worst;
    }
    return worst;
}

size_t log_merge_count(const struct log_merge *merge) {
    return merge->count;
}

uint64_t log_merge_size(const struct log_merge *merge) {
    uint64_t size = 0;
    for (size_t i = 0; i < merge->count; i++) {
        size += size_of(&merge->parts[i]);
    }
    return size;
}

struct log_index *log_merge_index(struct log_merge *merge, size_t part) {
    return merge->parts[part].index;
}

/* Notes that contradict each other are not believed any more. */
static void distrust(struct part *part) {
    part->noted = 0;
    part->noted_ms = 0;
}

static int64_t arrival(struct part *part, uint64_t offset) {
    if (offset < part->noted && (offset < part->span.from || offset >= part->span.to) &&
        !log_times_find(part->times, offset, &part->span)) {
        distrust(part);
    }
    return offset < part->noted ? part->span.wall_ms : part->tail_ms;
}

static uint64_t part_at(struct part *part, int64_t wall_ms) {
    uint64_t size = size_of(part);
    uint64_t offset = 0;
    if (part->noted > 0 && wall_ms <= part->noted_ms) {
        if (!log_times_offset(part->times, wall_ms, &offset)) {
            distrust(part);
        }
    } else if (wall_ms <= part->tail_ms) {
        offset = part->noted;
    } else {
        offset = size;
    }
    if (offset == 0 || offset >= size) {
        return offset == 0 ? 0 : size;
    }
    uint64_t start = log_index_line_start(part->index, offset);
    return start >= offset || log_index_next(part->index, start, &start) ? start : size;
}

/* Negative when line `a` of part i comes before line `b` of part j. */
static int compare(struct log_merge *merge, size_t i, uint64_t a, size_t j, uint64_t b) {
    if (i == j) {
        return (a > b) - (a < b);
    }
    int64_t left = arrival(&merge->parts[i], a);
    int64_t right = arrival(&merge->parts[j], b);
    return left != right ? (left > right) - (left < right) : (i > j) - (i < j);
}

static void seek(struct log_merge *merge, struct log_merge_place place) {
    if (merge->placed && merge->at.part == place.part && merge->at.offset == place.offset) {
        return;
    }
    int64_t wall_ms = arrival(&merge->parts[place.part], place.offset);
    for (size_t i = 0; i < merge->count; i++) {
        struct part *part = &merge->parts[i];
        part->head = i == place.part ? place.offset : part_at(part, wall_ms + (i < place.part));
    }
    merge->at = place;
    merge->placed = true;
}

/* The first of the heads; false when all logs are at their ends. */
static bool first_head(struct log_merge *merge, struct log_merge_place *place) {
    bool found = false;
    for (size_t i = 0; i < merge->count; i++) {
        uint64_t head = merge->parts[i].head;
        if (head < size_of(&merge->parts[i]) &&
            (!found || compare(merge, i, head, place->part, place->offset) < 0)) {
            *place = (struct log_merge_place){i, head};
            found = true;
        }
    }
    merge->placed = found;
    merge->at = *place;
    return found;
}

/* The last line before the heads. */
static bool before_heads(struct log_merge *merge, struct log_merge_place *place) {
    bool found = false;
    struct log_merge_place last = *place;
    for (size_t i = 0; i < merge->count; i++) {
        uint64_t line;
        struct part *part = &merge->parts[i];
        if (part->index != NULL && log_index_previous(part->index, part->head, &line) &&
            (!found || compare(merge, i, line, last.part, last.offset) > 0)) {
            last = (struct log_merge_place){i, line};
            found = true;
        }
    }
    if (found) {
        merge->parts[last.part].head = last.offset;
        merge->at = *place = last;
        merge->placed = true;
    }
    return found;
}

bool log_merge_first(struct log_merge *merge, struct log_merge_place *place) {
    for (size_t i = 0; i < merge->count; i++) {
        merge->parts[i].head = 0;
    }
    return first_head(merge, place);
}

bool log_merge_last(struct log_merge *merge, struct log_merge_place *place) {
    for (size_t i = 0; i < merge->count; i++) {
        merge->parts[i].head = size_of(&merge->parts[i]);
    }
    return before_heads(merge, place);
}

bool log_merge_next(struct log_merge *merge, struct log_merge_place *place) {
    struct log_index *index = merge->parts[place->part].index;
    if (index == NULL) {
        return false;
    }
    if (merge->count == 1) {
        uint64_t next;
        bool more = log_index_next(index, place->offset, &next);
        place->offset = more ? next : place->offset;
        return more;
    }
    struct log_merge_place found = *place;
    struct part *part = &merge->parts[place->part];
    seek(merge, *place);
    if (!log_index_next(index, place->offset, &part->head)) {
        part->head = size_of(part);
    }
    if (!first_head(merge, &found)) {
        return false;
    }
    *place = found;
    return true;
}

bool log_merge_previous(struct log_merge *merge, struct log_merge_place *place) {
    struct log_index *index = merge->parts[place->part].index;
    if (merge->count == 1) {
        return index != NULL && log_index_previous(index, place->offset, &place->offset);
    }
    seek(merge, *place);
    return before_heads(merge, place);
}

int log_merge_compare(struct log_merge *merge, struct log_merge_place a, struct log_merge_place b) {
    return compare(merge, a.part, a.offset, b.part, b.offset);
}

uint64_t log_merge_head(struct log_merge *merge, struct log_merge_place place, size_t part) {
    if (merge->count == 1) {
        return place.offset;
    }
    seek(merge, place);
    return merge->parts[part].head;
}

bool log_merge_at(struct log_merge *merge, int64_t wall_ms, struct log_merge_place *place) {
    bool noted = false;
    for (size_t i = 0; i < merge->count; i++) {
        noted = noted || merge->parts[i].noted > 0;
        merge->parts[i].head = part_at(&merge->parts[i], wall_ms);
    }
    return noted && (first_head(merge, place) || log_merge_last(merge, place));
}

int64_t log_merge_arrival(struct log_merge *merge, struct log_merge_place place) {
    return arrival(&merge->parts[place.part], place.offset);
}

uint64_t log_merge_part_at(struct log_merge *merge, size_t part, int64_t wall_ms) {
    return part_at(&merge->parts[part], wall_ms);
}
