#include "logs/follow.h"

#include <errno.h>
#include <fcntl.h>
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

    char *buffer; /* what was read and not dropped yet; the next line begins at `taken` */
    size_t used, taken, scanned, capacity;
    bool skipping; /* the rest of a line that was cut is passed over */
    bool ended;    /* nobody will finish the last line */
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
    follow->used = follow->taken = follow->scanned = 0;
    follow->skipping = false;
    follow->ended = false;
}

static void close_file(struct log_follow *follow) {
    if (follow->descriptor >= 0) {
        close(follow->descriptor);
        follow->descriptor = -1;
    }
}

/* Opens what has the name now. */
static enum log_follow_status open_file(struct log_follow *follow, struct error *error) {
    struct stat status;
    int descriptor = open(follow->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
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

/* Whether the name now means another file than the one that is open. A name that is gone does not:
 * what is open may still be written to. */
static bool was_replaced(const struct log_follow *follow) {
    struct stat status;
    return stat(follow->path, &status) == 0 &&
           ((uint64_t)status.st_ino != follow->inode || (uint64_t)status.st_dev != follow->device);
}

/* Drops the bytes that were taken and makes room for `size` more. */
static void make_room(struct log_follow *follow, size_t size) {
    if (follow->taken > 0) {
        memmove(follow->buffer, follow->buffer + follow->taken, follow->used - follow->taken);
        follow->used -= follow->taken;
        follow->scanned -= follow->taken;
        follow->taken = 0;
    }
    if (follow->capacity - follow->used < size) {
        follow->capacity = follow->used + size;
        follow->buffer = memory_resize(follow->buffer, follow->capacity, 1);
    }
}

/* Passes over the rest of a cut line in what was just read. */
static void drop_rest_of_line(struct log_follow *follow) {
    char *newline = memchr(follow->buffer + follow->taken, '\n', follow->used - follow->taken);
    follow->taken = newline == NULL ? follow->used : (size_t)(newline - follow->buffer) + 1;
    follow->scanned = follow->taken;
    follow->skipping = newline == NULL;
}

static enum log_follow_status read_new(struct log_follow *follow, size_t budget,
                                       struct error *error) {
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
    return follow->read_to > before ? LOG_FOLLOW_NEW : LOG_FOLLOW_IDLE;
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
    if (follow->size < follow->read_to) {
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

bool log_follow_line(struct log_follow *follow, struct log_line *line) {
    if (follow->scanned == follow->used) {
        return follow->ended && log_follow_rest(follow, line);
    }
    char *start = follow->buffer + follow->taken;
    char *newline = memchr(follow->buffer + follow->scanned, '\n', follow->used - follow->scanned);
    size_t size = newline == NULL ? follow->used - follow->taken : (size_t)(newline - start);
    follow->scanned = newline == NULL ? follow->used : follow->taken + size + 1;
    if (newline == NULL && size <= LOG_LINE_MAX) {
        return follow->ended && log_follow_rest(follow, line);
    }
    *line = (struct log_line){{start, size}, offset_of(follow, follow->taken), false};
    if (size > LOG_LINE_MAX) {
        line->text.size = LOG_LINE_MAX;
        line->cut = true;
    }
    follow->skipping = newline == NULL;
    follow->taken = follow->scanned;
    return true;
}

bool log_follow_rest(struct log_follow *follow, struct log_line *line) {
    if (follow->used == follow->taken) {
        return false;
    }
    size_t size = follow->used - follow->taken;
    *line = (struct log_line){
        {follow->buffer + follow->taken, size}, offset_of(follow, follow->taken), false};
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
