#include "logs/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

#define EVENTS                                                                                     \
    (IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |                 \
     IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF)
#define EVENT_BYTES 16384
#define MS_A_SECOND 1000
#define NS_A_MS     1000000

/* Where something may happen to a file: in the directory of its name, in that of the file which a
 * link of that name leads to, and to the file itself, whatever its name is by then. */
enum { AT_NAME, AT_TARGET, AT_FILE, POINTS };

struct point {
    int number; /* inotify's; -1 for none, and when timed */
    char *name; /* in the directory; NULL: whatever happens to it */
};

struct entry {
    uint64_t token;
    char *path;
    bool whole; /* a directory: whatever happens in it */
    struct point points[POINTS];
    bool changed;
};

struct log_watch {
    int poller, inotify, timer; /* inotify or timer is -1 */
    int tick_ms;
    struct entry *entries;
    size_t count, capacity;
};

static bool start_timer(struct log_watch *watch, struct error *error) {
    struct timespec tick = {watch->tick_ms / MS_A_SECOND,
                            (long)(watch->tick_ms % MS_A_SECOND) * NS_A_MS};
    struct itimerspec period = {tick, tick};
    struct epoll_event wanted = {.events = EPOLLIN};
    watch->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (watch->timer < 0 || timerfd_settime(watch->timer, 0, &period, NULL) != 0 ||
        epoll_ctl(watch->poller, EPOLL_CTL_ADD, watch->timer, &wanted) != 0) {
        return error_set_errno(error, EXIT_OS, errno, "cannot set a timer to look at logs");
    }
    return true;
}

static bool start_inotify(struct log_watch *watch) {
    struct epoll_event wanted = {.events = EPOLLIN};
    watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->inotify >= 0 &&
        epoll_ctl(watch->poller, EPOLL_CTL_ADD, watch->inotify, &wanted) != 0) {
        close(watch->inotify);
        watch->inotify = -1;
    }
    return watch->inotify >= 0;
}

struct log_watch *log_watch_new(int tick_ms, bool only_timer, struct error *error) {
    struct log_watch *watch = memory_new(1, sizeof *watch);
    watch->tick_ms = tick_ms > 0 ? tick_ms : MS_A_SECOND;
    watch->inotify = -1;
    watch->timer = -1;
    watch->poller = epoll_create1(EPOLL_CLOEXEC);
    if (watch->poller < 0) {
        error_set_errno(error, EXIT_OS, errno, "cannot watch logs");
        log_watch_free(watch);
        return NULL;
    }
    if ((only_timer || !start_inotify(watch)) && !start_timer(watch, error)) {
        log_watch_free(watch);
        return NULL;
    }
    return watch;
}

static void free_entry(struct entry *entry) {
    for (size_t i = 0; i < POINTS; i++) {
        free(entry->points[i].name);
    }
    free(entry->path);
}

void log_watch_free(struct log_watch *watch) {
    if (watch == NULL) {
        return;
    }
    const int descriptors[] = {watch->inotify, watch->timer, watch->poller};
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
        if (descriptors[i] >= 0) {
            close(descriptors[i]);
        }
    }
    for (size_t i = 0; i < watch->count; i++) {
        free_entry(&watch->entries[i]);
    }
    free(watch->entries);
    free(watch);
}

int log_watch_descriptor(const struct log_watch *watch) {
    return watch->poller;
}

bool log_watch_is_timed(const struct log_watch *watch) {
    return watch->timer >= 0;
}

/* inotify has reached its limits: from now on the timer ticks for everybody. */
static bool give_up_inotify(struct log_watch *watch, struct error *error) {
    close(watch->inotify);
    watch->inotify = -1;
    for (size_t i = 0; i < watch->count; i++) {
        for (size_t j = 0; j < POINTS; j++) {
            watch->entries[i].points[j].number = -1;
        }
        watch->entries[i].changed = true;
    }
    return start_timer(watch, error);
}

static bool is_wanted(const struct log_watch *watch, int number) {
    for (size_t i = 0; i < watch->count; i++) {
        for (size_t j = 0; j < POINTS; j++) {
            if (watch->entries[i].points[j].number == number) {
                return true;
            }
        }
    }
    return false;
}

/* Watches a directory or a file in place of what the point watched; -1 where that cannot be. */
static void watch_point(struct log_watch *watch, struct point *point, const char *path) {
    int before = point->number;
    point->number = inotify_add_watch(watch->inotify, path, EVENTS);
    if (before >= 0 && before != point->number && !is_wanted(watch, before)) {
        inotify_rm_watch(watch->inotify, before);
    }
}

static const char *name_in(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* What a link leads to, there or not; NULL for what is no link. */
static char *target_of(const char *path) {
    char link[PATH_MAX];
    ssize_t size = readlink(path, link, sizeof link);
    if (size <= 0 || size == (ssize_t)sizeof link) {
        return NULL;
    }
    char *whole = realpath(path, NULL);
    char *directory = file_directory(path);
    char *target = memory_copy_part(link, (size_t)size);
    char *beside = target[0] == '/' ? memory_copy_string(target) : file_join(directory, target);
    free(target);
    free(directory);
    if (whole == NULL) {
        return beside;
    }
    free(beside);
    return whole;
}

/* Watches what stands behind the name now. */
static void watch_file(struct log_watch *watch, struct entry *entry) {
    if (watch->inotify < 0 || entry->whole) {
        return;
    }
    watch_point(watch, &entry->points[AT_FILE], entry->path);
    char *target = target_of(entry->path);
    if (target != NULL) {
        char *directory = file_directory(target);
        free(entry->points[AT_TARGET].name);
        entry->points[AT_TARGET].name = memory_copy_string(name_in(target));
        watch_point(watch, &entry->points[AT_TARGET], directory);
        free(directory);
    }
    free(target);
}

bool log_watch_add(struct log_watch *watch, const char *path, uint64_t token, struct error *error) {
    struct stat status;
    bool whole = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    char *directory = whole ? memory_copy_string(path) : file_directory(path);
    if (stat(directory, &status) != 0 || !S_ISDIR(status.st_mode)) {
        error_set(error, EXIT_NO_INPUT, "cannot watch %s: there is no directory %s", path,
                  directory);
        free(directory);
        return false;
    }
    struct entry entry = {.token = token, .path = memory_copy_string(path), .whole = whole};
    for (size_t i = 0; i < POINTS; i++) {
        entry.points[i].number = -1;
    }
    entry.points[AT_NAME].name = whole ? NULL : memory_copy_string(name_in(path));
    entry.changed = true;
    if (watch->inotify >= 0) {
        watch_point(watch, &entry.points[AT_NAME], directory);
    }
    free(directory);
    if (watch->inotify >= 0 && entry.points[AT_NAME].number < 0 && !give_up_inotify(watch, error)) {
        free_entry(&entry);
        return false;
    }
    watch_file(watch, &entry);
    watch->entries =
        memory_grow(watch->entries, watch->count, &watch->capacity, sizeof *watch->entries);
    watch->entries[watch->count++] = entry;
    for (size_t i = 0; i + 1 < watch->count; i++) {
        if (watch->entries[i].token == token) {
            log_watch_remove(watch, token); /* the first: the one before this */
            break;
        }
    }
    return true;
}

void log_watch_remove(struct log_watch *watch, uint64_t token) {
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->entries[i].token != token) {
            continue;
        }
        struct entry entry = watch->entries[i];
        watch->entries[i] = watch->entries[--watch->count];
        for (size_t j = 0; j < POINTS; j++) {
            if (entry.points[j].number >= 0 && !is_wanted(watch, entry.points[j].number)) {
                inotify_rm_watch(watch->inotify, entry.points[j].number);
            }
        }
        free_entry(&entry);
        return;
    }
}

/* Whether an event is about a point; a number that is void now is forgotten. */
static bool is_about(struct point *point, const struct inotify_event *event) {
    bool ours = point->number == event->wd && event->wd >= 0;
    if (ours && (event->mask & IN_IGNORED) != 0) {
        point->number = -1;
    }
    return ours &&
           (event->len == 0 || point->name == NULL || strcmp(point->name, event->name) == 0);
}

static void note_event(struct log_watch *watch, const struct inotify_event *event) {
    static const uint32_t renamed = IN_CREATE | IN_MOVED_TO;
    for (size_t i = 0; i < watch->count; i++) {
        struct entry *entry = &watch->entries[i];
        bool about = (event->mask & IN_Q_OVERFLOW) != 0;
        for (size_t j = 0; j < POINTS; j++) {
            about = is_about(&entry->points[j], event) || about;
        }
        entry->changed = entry->changed || about;
        if (about && (event->mask & (renamed | IN_Q_OVERFLOW)) != 0) {
            watch_file(watch, entry);
        }
    }
}

static void read_events(struct log_watch *watch) {
    _Alignas(struct inotify_event) char bytes[EVENT_BYTES];
    ssize_t size = 0;
    while (watch->inotify >= 0 && (size = read(watch->inotify, bytes, sizeof bytes)) > 0) {
        for (size_t at = 0; at < (size_t)size;) {
            const struct inotify_event *event = (const struct inotify_event *)(void *)(bytes + at);
            note_event(watch, event);
            at += sizeof *event + event->len;
        }
    }
    uint64_t ticks = 0;
    if (watch->timer >= 0 && read(watch->timer, &ticks, sizeof ticks) > 0) {
        for (size_t i = 0; i < watch->count; i++) {
            watch->entries[i].changed = true;
        }
    }
}

size_t log_watch_read(struct log_watch *watch, uint64_t *tokens, size_t capacity) {
    size_t taken = 0;
    read_events(watch);
    for (size_t i = 0; i < watch->count && taken < capacity; i++) {
        if (watch->entries[i].changed) {
            watch->entries[i].changed = false;
            tokens[taken++] = watch->entries[i].token;
        }
    }
    return taken;
}
