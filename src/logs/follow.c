#include "logs/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define READ_SIZE 65536

struct log_follow {
    char *path;
    int descriptor; /* -1 while there is no file */
    struct log_place from;
    bool compare; /* `from` names the file that was read before */
    uint64_t device, inode;
    uint64_t read_to; /* offset in the file after the bytes in `buffer` */
    uint64_t size;    /* of the file at the last fill */
    char mark[64];    /* the last bytes before `read_to`, as they were read */
    size_t mark_size;

    char *buffer; /* what was read and not dropped yet; the next line begins at `taken` */
    size_t used, taken, scanned, capacity;
    size_t return_at, return_to; /* a carriage return in the buffer, or none up to return_to */
    bool skipping;               /* the rest of a line that was cut is passed over */
    bool ended;                  /* nobody will finish the last line */
    int64_t writer;              /* the process that writes it; 0: not known */
    bool moved;                  /* what is open does not have the path's name */
};

struct log_follow *log_follow_new(const char *path, const struct log_place *from) {
    struct log_follow *follow = memory_new(1, sizeof *follow);
    follow->path = memory_copy_string(path);
    follow->descriptor = -1;
    if (from != NULL) {
        follow->from = *from;
        follow->compare = from->inode != 0;
    }
    return follow;
}

void log_follow_free(struct log_follow *follow) {
    if (follow == NULL) {
        return;
    }
    if (follow->descriptor >= 0) {
        close(follow->descriptor);
    }
    free(follow->buffer);
    free(follow->path);
    free(follow);
}

static void restart(struct log_follow *follow, uint64_t offset) {
    follow->read_to = offset;
    follow->mark_size = 0;
    follow->used = follow->taken = follow->scanned = 0;
    follow->return_at = follow->return_to = 0;
    follow->skipping = false;
    follow->ended = false;
}

static void close_file(struct log_follow *follow) {
    if (follow->descriptor >= 0) {
        close(follow->descriptor);
        follow->descriptor = -1;
    }
}

void log_follow_writer(struct log_follow *follow, int64_t pid) {
    follow->writer = pid;
}

/* What the writer has open as its standard output (1) or error (2), as a path. */
static const char *output_of(const struct log_follow *follow, int number, char path[64]) {
    (void)snprintf(path, 64, "/proc/%lld/fd/%d", (long long)follow->writer, number);
    return path;
}

static bool is_open_file(const struct log_follow *follow, const struct stat *status) {
    return (uint64_t)status->st_ino == follow->inode && (uint64_t)status->st_dev == follow->device;
}

/* Whether the writer has what is read here open still. */
static bool is_written(const struct log_follow *follow) {
    struct stat status;
    char path[64];
    for (int number = 1; number <= 2 && follow->writer > 0; number++) {
        if (stat(output_of(follow, number, path), &status) == 0 && is_open_file(follow, &status)) {
            return true;
        }
    }
    return false;
}

/* Opens what has the name now, or else what its writer has open. */
static int open_name(const struct log_follow *follow) {
    static const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    struct stat status;
    char path[64];
    int descriptor = open(follow->path, flags);
    if (descriptor < 0 && errno == ENOENT && follow->writer > 0 &&
        stat(output_of(follow, 1, path), &status) == 0 && S_ISREG(status.st_mode)) {
        descriptor = open(path, flags);
        errno = descriptor < 0 ? ENOENT : 0;
    }
    return descriptor;
}

static enum log_follow_status open_file(struct log_follow *follow, struct error *error) {
    struct stat status;
    int descriptor = open_name(follow);
    if (descriptor < 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return LOG_FOLLOW_MISSING;
        }
        error_set_errno(error, EXIT_NO_INPUT, errno, "cannot open the log %s", follow->path);
        return LOG_FOLLOW_FAILED;
    }
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(descriptor);
        error_set(error, EXIT_NO_INPUT, "the log %s is not a regular file", follow->path);
        return LOG_FOLLOW_FAILED;
    }
    follow->descriptor = descriptor;
    follow->device = (uint64_t)status.st_dev;
    follow->inode = (uint64_t)status.st_ino;
    follow->size = (uint64_t)status.st_size;
    bool other = follow->compare &&
                 (follow->device != follow->from.device || follow->inode != follow->from.inode);
    bool shorter = !other && follow->size < follow->from.offset;
    restart(follow, other || shorter ? 0 : follow->from.offset);
    follow->skipping = !other && !shorter && follow->from.inside_line;
    follow->compare = false;
    follow->from = (struct log_place){0};
    return other ? LOG_FOLLOW_REPLACED : shorter ? LOG_FOLLOW_TRUNCATED : LOG_FOLLOW_IDLE;
}

/* Whether the name now means another file than the one that is open. A name that is gone does not,
 * nor one that the writer's file has lost: what is open may still be written to. */
static bool was_replaced(struct log_follow *follow) {
    struct stat status;
    bool named = stat(follow->path, &status) == 0;
    follow->moved = !named || !is_open_file(follow, &status);
    return named && follow->moved && !is_written(follow);
}

bool log_follow_moved(const struct log_follow *follow, char now[LOG_FOLLOW_NAME]) {
    static const char removed[] = " (deleted)";
    char link[64];
    if (follow->descriptor < 0 || !follow->moved) {
        return false;
    }
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", follow->descriptor);
    ssize_t size = readlink(link, now, LOG_FOLLOW_NAME - 1);
    now[size > 0 ? size : 0] = '\0';
    size_t tail = sizeof removed - 1;
    if (size > (ssize_t)tail && strcmp(now + size - tail, removed) == 0) {
        now[0] = '\0';
    }
    return true;
}

/* Drops the bytes that were taken and makes room for `size` more. */
static void make_room(struct log_follow *follow, size_t size) {
    if (follow->taken > 0) {
        memmove(follow->buffer, follow->buffer + follow->taken, follow->used - follow->taken);
        follow->used -= follow->taken;
        follow->scanned -= follow->taken;
        bool behind = follow->return_at >= follow->taken;
        follow->return_at = behind ? follow->return_at - follow->taken : 0;
        follow->return_to = behind ? follow->return_to - follow->taken : 0;
        follow->taken = 0;
    }
    if (follow->capacity - follow->used < size) {
        follow->capacity = follow->used + size;
        follow->buffer = memory_resize(follow->buffer, follow->capacity, 1);
    }
}

/* The first carriage return at or behind `scanned` in the buffer; `used` for none. */
static size_t find_return(struct log_follow *follow) {
    bool known = follow->return_at >= follow->scanned && follow->return_at < follow->return_to;
    size_t from = follow->return_to > follow->scanned ? follow->return_to : follow->scanned;
    if (!known && from < follow->used) {
        char *found = memchr(follow->buffer + from, '\r', follow->used - from);
        follow->return_at = found == NULL ? follow->used : (size_t)(found - follow->buffer);
        follow->return_to = follow->return_at + (found == NULL ? 0 : 1);
        known = found != NULL;
    }
    return known ? follow->return_at : follow->used;
}

/* How the line ends that begins at `taken`. */
struct line_end {
    size_t at;      /* the byte after its last */
    size_t next;    /* where the next one begins */
    bool there;     /* false: not yet */
    bool by_return; /* not by a newline */
};

static struct line_end find_end(struct log_follow *follow) {
    const char *buffer = follow->buffer;
    size_t at = find_return(follow);
    char *newline =
        at == follow->scanned ? NULL : memchr(buffer + follow->scanned, '\n', at - follow->scanned);
    if (newline != NULL) {
        size_t end = (size_t)(newline - buffer);
        return (struct line_end){end, end + 1, true, false};
    }
    size_t next = at;
    while (next < follow->used && buffer[next] == '\r') {
        next++;
    }
    if (next == follow->used) { /* what follows decides whether it is a newline */
        follow->scanned = at;
        return (struct line_end){follow->used, follow->used, false, false};
    }
    bool by_return = buffer[next] != '\n';
    return (struct line_end){at, by_return ? next : next + 1, true, by_return};
}

/* Passes over the rest of a cut line in what was just read. */
static void drop_rest_of_line(struct log_follow *follow) {
    follow->scanned = follow->taken;
    struct line_end end = find_end(follow);
    follow->taken = follow->scanned = end.next;
    follow->skipping = !end.there;
}

/* Goes over what was never written. */
static void pass_hole(struct log_follow *follow) {
    off_t data = lseek(follow->descriptor, (off_t)follow->read_to, SEEK_DATA);
    if (follow->used == follow->taken && data > (off_t)follow->read_to) {
        restart(follow, (uint64_t)data);
    }
}

static void keep_mark(struct log_follow *follow) {
    size_t size = follow->used < sizeof follow->mark ? follow->used : sizeof follow->mark;
    memcpy(follow->mark, follow->buffer + follow->used - size, size);
    follow->mark_size = size;
}

/* Whether the bytes before the new ones are others than were read: the file was truncated, and has
 * grown past that place again, between two looks. */
static bool was_rewritten(const struct log_follow *follow) {
    char now[sizeof follow->mark];
    off_t at = (off_t)(follow->read_to - follow->mark_size);
    return follow->mark_size > 0 && follow->size > follow->read_to &&
           pread(follow->descriptor, now, follow->mark_size, at) == (ssize_t)follow->mark_size &&
           memcmp(now, follow->mark, follow->mark_size) != 0;
}

static enum log_follow_status read_new(struct log_follow *follow, size_t budget,
                                       struct error *error) {
    pass_hole(follow);
    uint64_t before = follow->read_to;
    while (budget > 0 && follow->used - follow->taken < LOG_LINE_MAX + budget) {
        size_t wanted = budget < READ_SIZE ? budget : READ_SIZE;
        make_room(follow, wanted);
        ssize_t got = pread(follow->descriptor, follow->buffer + follow->used, wanted,
                            (off_t)follow->read_to);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            error_set_errno(error, EXIT_IO, errno, "cannot read the log %s", follow->path);
            return LOG_FOLLOW_FAILED;
        }
        if (got == 0) {
            break;
        }
        follow->used += (size_t)got;
        follow->read_to += (uint64_t)got;
        budget -= (size_t)got;
        if (follow->skipping) {
            drop_rest_of_line(follow);
        }
    }
    if (follow->read_to == before) {
        return LOG_FOLLOW_IDLE;
    }
    keep_mark(follow);
    return LOG_FOLLOW_NEW;
}

enum log_follow_status log_follow_fill(struct log_follow *follow, size_t budget,
                                       struct error *error) {
    struct stat status;
    if (follow->descriptor < 0) {
        enum log_follow_status opened = open_file(follow, error);
        if (opened != LOG_FOLLOW_IDLE) {
            return opened;
        }
    }
    if (fstat(follow->descriptor, &status) != 0) {
        error_set_errno(error, EXIT_IO, errno, "cannot read the log %s", follow->path);
        return LOG_FOLLOW_FAILED;
    }
    follow->size = (uint64_t)status.st_size;
    if (follow->size < follow->read_to || was_rewritten(follow)) {
        restart(follow, 0);
        return LOG_FOLLOW_TRUNCATED;
    }
    enum log_follow_status read = read_new(follow, budget, error);
    if (read == LOG_FOLLOW_IDLE && budget > 0 && was_replaced(follow)) {
        if (follow->used > follow->taken) {
            follow->ended = true;
            return LOG_FOLLOW_NEW;
        }
        close_file(follow);
        enum log_follow_status opened = open_file(follow, error);
        return opened == LOG_FOLLOW_IDLE ? LOG_FOLLOW_REPLACED : opened;
    }
    return read;
}

/* The offset in the file of the byte at `at` in the buffer. */
static uint64_t offset_of(const struct log_follow *follow, size_t at) {
    return follow->read_to - (follow->used - at);
}

/* The line from `taken` to `end`, without the zeros at its head that a hole leaves. */
static struct log_line line_to(const struct log_follow *follow, size_t end) {
    size_t at = follow->taken;
    while (at < end && follow->buffer[at] == '\0') {
        at++;
    }
    while (end > at && follow->buffer[end - 1] == '\r') {
        end--;
    }
    struct log_line line = {.text = {follow->buffer + at, end - at},
                            .offset = offset_of(follow, at)};
    line.cut = line.text.size > LOG_LINE_MAX;
    line.text.size = line.cut ? LOG_LINE_MAX : line.text.size;
    return line;
}

/* The usual line: a newline ends it, and no carriage return or zero is near. */
static bool take_plain(struct log_follow *follow, struct log_line *line) {
    const char *start = follow->buffer + follow->taken;
    size_t limit = find_return(follow);
    const char *newline = limit > follow->scanned ? memchr(follow->buffer + follow->scanned, '\n',
                                                           limit - follow->scanned)
                                                  : NULL;
    size_t size = newline == NULL ? 0 : (size_t)(newline - start);
    if (newline == NULL || size > LOG_LINE_MAX || start[0] == '\0') {
        return false;
    }
    *line = (struct log_line){.text = {start, size}, .offset = offset_of(follow, follow->taken)};
    follow->taken = follow->scanned = follow->taken + size + 1;
    return true;
}

bool log_follow_line(struct log_follow *follow, struct log_line *line) {
    if (follow->scanned < follow->used && take_plain(follow, line)) {
        return true;
    }
    struct line_end end = {.at = follow->used, .next = follow->used};
    if (follow->scanned < follow->used) {
        end = find_end(follow);
    }
    if (!end.there && follow->used - follow->taken <= LOG_LINE_MAX) {
        return follow->ended && log_follow_rest(follow, line);
    }
    *line = line_to(follow, end.at);
    line->overwritten = end.by_return;
    follow->skipping = !end.there;
    follow->taken = follow->scanned = end.next;
    return true;
}

bool log_follow_peek(const struct log_follow *follow, struct log_line *line) {
    if (follow->used == follow->taken || follow->skipping) {
        return false;
    }
    *line = line_to(follow, follow->used);
    return line->text.size > 0;
}

bool log_follow_rest(struct log_follow *follow, struct log_line *line) {
    if (follow->used == follow->taken) {
        return false;
    }
    *line = line_to(follow, follow->used);
    follow->taken = follow->scanned = follow->used;
    return true;
}

struct log_place log_follow_place(const struct log_follow *follow) {
    if (follow->descriptor < 0) {
        return follow->from;
    }
    return (struct log_place){follow->device, follow->inode, offset_of(follow, follow->taken),
                              follow->skipping};
}

uint64_t log_follow_behind(const struct log_follow *follow) {
    uint64_t place = log_follow_place(follow).offset;
    return follow->descriptor >= 0 && follow->size > place ? follow->size - place : 0;
}
