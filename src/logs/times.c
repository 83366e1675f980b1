#include "logs/times.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/share.h"

static const int64_t second_ns = INT64_C(1000000000);

struct record {
    uint64_t offset; /* of the first byte that had not arrived */
    int64_t wall_ms;
};

struct log_times_writer {
    char *path;
    int descriptor; /* -1 before the first record, and after a failure */
    bool failed;    /* and then nothing more is tried */
    bool pending;
    struct record last, waiting;
    int64_t written_ns; /* boot time; 0 before the first */
};

struct log_times {
    char *path;
    int descriptor;
    size_t count;
};

char *log_times_path(const char *log_path) {
    size_t size = strlen(log_path);
    bool named = size >= 4 && strcmp(log_path + size - 4, ".log") == 0;
    return memory_format("%.*s.times", (int)(named ? size - 4 : size), log_path);
}

static void encode(const struct record *record, unsigned char bytes[LOG_TIMES_RECORD]) {
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(record->offset >> (8 * i));
        bytes[8 + i] = (unsigned char)((uint64_t)record->wall_ms >> (8 * i));
    }
}

static struct record decode(const unsigned char bytes[LOG_TIMES_RECORD]) {
    struct record record = {0};
    uint64_t wall_ms = 0;
    for (int i = 0; i < 8; i++) {
        record.offset |= (uint64_t)bytes[i] << (8 * i);
        wall_ms |= (uint64_t)bytes[8 + i] << (8 * i);
    }
    record.wall_ms = (int64_t)wall_ms;
    return record;
}

static bool read_record(int descriptor, size_t number, struct record *record) {
    unsigned char bytes[LOG_TIMES_RECORD];
    ssize_t size =
        pread(descriptor, bytes, sizeof bytes, (off_t)(number * (size_t)LOG_TIMES_RECORD));
    *record = decode(bytes);
    return size == (ssize_t)sizeof bytes && record->wall_ms > 0;
}

static size_t count_records(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)
               ? (size_t)status.st_size / LOG_TIMES_RECORD
               : 0;
}

struct log_times_writer *log_times_writer_new(const char *log_path) {
    struct log_times_writer *writer = memory_new(1, sizeof *writer);
    writer->path = log_times_path(log_path);
    writer->descriptor = -1;
    return writer;
}

/* Goes on after the last whole record of whoever wrote before. */
static void open_writer(struct log_times_writer *writer) {
    writer->descriptor = share_open(writer->path, O_RDWR | O_CREAT | O_APPEND, SHARE_WRITTEN);
    writer->failed = writer->descriptor < 0;
    size_t count = writer->failed ? 0 : count_records(writer->descriptor);
    if (count > 0 && !read_record(writer->descriptor, count - 1, &writer->last)) {
        count = 0;
        writer->last = (struct record){0};
    }
    if (!writer->failed && ftruncate(writer->descriptor, (off_t)(count * LOG_TIMES_RECORD)) != 0) {
        writer->failed = true;
    }
}

static void write_record(struct log_times_writer *writer, struct record record, int64_t boot_ns) {
    unsigned char bytes[LOG_TIMES_RECORD];
    if (record.wall_ms < writer->last.wall_ms) {
        record.wall_ms = writer->last.wall_ms; /* the clock was set back */
    }
    encode(&record, bytes);
    if (!writer->failed &&
        write(writer->descriptor, bytes, sizeof bytes) != (ssize_t)sizeof bytes) {
        writer->failed = true;
    }
    writer->last = record;
    writer->written_ns = boot_ns;
    writer->pending = false;
}

void log_times_note(struct log_times_writer *writer, uint64_t size, int64_t wall_ms,
                    int64_t boot_ns) {
    if (writer->descriptor < 0 && !writer->failed) {
        open_writer(writer);
    }
    uint64_t known = writer->pending ? writer->waiting.offset : writer->last.offset;
    if (writer->failed || size == known) {
        return;
    }
    if (size < known) {
        writer->failed = ftruncate(writer->descriptor, 0) != 0;
        writer->last = (struct record){.wall_ms = writer->last.wall_ms};
        writer->pending = false;
        writer->written_ns = 0;
    }
    log_times_flush(writer, boot_ns);
    writer->waiting = (struct record){size, wall_ms};
    writer->pending = size > 0;
    log_times_flush(writer, boot_ns);
}

bool log_times_pending(const struct log_times_writer *writer) {
    return writer->pending;
}

void log_times_flush(struct log_times_writer *writer, int64_t boot_ns) {
    if (writer->pending && (writer->written_ns == 0 || boot_ns - writer->written_ns >= second_ns)) {
        write_record(writer, writer->waiting, boot_ns);
    }
}

void log_times_writer_free(struct log_times_writer *writer) {
    if (writer == NULL) {
        return;
    }
    if (writer->pending) {
        write_record(writer, writer->waiting, 0);
    }
    if (writer->descriptor >= 0) {
        close(writer->descriptor);
    }
    free(writer->path);
    free(writer);
}

struct log_times *log_times_open(const char *log_path) {
    struct log_times *times = memory_new(1, sizeof *times);
    times->path = log_times_path(log_path);
    times->descriptor = -1;
    log_times_refresh(times);
    return times;
}

void log_times_free(struct log_times *times) {
    if (times == NULL) {
        return;
    }
    if (times->descriptor >= 0) {
        close(times->descriptor);
    }
    free(times->path);
    free(times);
}

void log_times_refresh(struct log_times *times) {
    if (times->descriptor < 0) {
        times->descriptor =
            open(times->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    }
    times->count = times->descriptor < 0 ? 0 : count_records(times->descriptor);
}

/* The first record whose offset is beyond `sought` (or, by time, that is at or after it), with the
 * one before it; `*place` is their count when there is none. False when what is met on the way is
 * not in order. */
static bool find(const struct log_times *times, bool by_time, struct record sought, size_t *place,
                 struct record *before, struct record *at) {
    size_t low = 0;
    size_t high = times->count;
    *before = (struct record){0};
    *at = (struct record){UINT64_MAX, INT64_MAX};
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct record record;
        if (!read_record(times->descriptor, middle, &record) || record.offset <= before->offset ||
            record.offset > at->offset || record.wall_ms < before->wall_ms ||
            record.wall_ms > at->wall_ms) {
            return false;
        }
        bool beyond = by_time ? record.wall_ms >= sought.wall_ms : record.offset > sought.offset;
        if (beyond) {
            high = middle;
            *at = record;
        } else {
            low = middle + 1;
            *before = record;
        }
    }
    *place = low;
    return true;
}

bool log_times_find(struct log_times *times, uint64_t offset, struct log_times_span *span) {
    size_t place;
    struct record before;
    struct record at;
    if (times->count == 0 ||
        !find(times, false, (struct record){.offset = offset}, &place, &before, &at) ||
        place == times->count) {
        return false;
    }
    *span = (struct log_times_span){before.offset, at.offset, at.wall_ms};
    return true;
}

bool log_times_last(struct log_times *times, struct log_times_span *span) {
    struct record before = {0};
    struct record last;
    size_t count = times->count;
    if (count == 0 || !read_record(times->descriptor, count - 1, &last) ||
        (count > 1 && !read_record(times->descriptor, count - 2, &before)) ||
        last.offset <= before.offset || last.wall_ms < before.wall_ms) {
        return false;
    }
    *span = (struct log_times_span){before.offset, last.offset, last.wall_ms};
    return true;
}

bool log_times_offset(struct log_times *times, int64_t wall_ms, uint64_t *offset) {
    size_t place;
    struct record before;
    struct record at;
    if (times->count == 0 ||
        !find(times, true, (struct record){.wall_ms = wall_ms}, &place, &before, &at)) {
        return false;
    }
    *offset = before.offset;
    return true;
}
