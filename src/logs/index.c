#include "logs/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define BLOCK_SIZE    65536
#define MARK_DISTANCE 65536 /* bytes between marks, doubled whenever the table is full */

struct mark {
    uint64_t offset, number; /* a line's start and its number */
};

struct log_index {
    char *path;
    int descriptor;
    uint64_t device, inode, size;

    struct mark *marks; /* ascending; the first is {0, 0} */
    size_t mark_count, mark_capacity;
    uint64_t distance;
    uint64_t numbered, lines; /* bytes and newlines passed by log_index_step */
    bool open_line;           /* the last of those bytes is no newline: one more line */

    char *block; /* the last block that was read: block_size bytes from block_offset on */
    uint64_t block_offset;
    size_t block_size;
};

static bool open_file(struct log_index *index, struct error *error) {
    struct stat status;
    int descriptor = open(index->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        error_set_errno(error, EXIT_NO_INPUT, errno, "cannot open the log %s", index->path);
        if (descriptor >= 0) {
            close(descriptor);
        }
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        close(descriptor);
        return error_set(error, EXIT_NO_INPUT, "the log %s is not a regular file", index->path);
    }
    if (index->descriptor >= 0) {
        close(index->descriptor);
    }
    index->descriptor = descriptor;
    index->device = (uint64_t)status.st_dev;
    index->inode = (uint64_t)status.st_ino;
    index->size = (uint64_t)status.st_size;
    return true;
}

static void forget_all(struct log_index *index) {
    index->mark_count = 0;
    index->distance = MARK_DISTANCE;
    index->numbered = index->lines = 0;
    index->open_line = false;
    index->block_size = 0;
}

struct log_index *log_index_open(const char *path, struct error *error) {
    struct log_index *index = memory_new(1, sizeof *index);
    index->path = memory_copy_string(path);
    index->descriptor = -1;
    if (!open_file(index, error)) {
        log_index_free(index);
        return NULL;
    }
    index->block = memory_new(BLOCK_SIZE, 1);
    forget_all(index);
    return index;
}

void log_index_free(struct log_index *index) {
    if (index == NULL) {
        return;
    }
    if (index->descriptor >= 0) {
        close(index->descriptor);
    }
    free(index->path);
    free(index->marks);
    free(index->block);
    free(index);
}

enum log_index_change log_index_refresh(struct log_index *index) {
    struct stat named;
    struct stat opened;
    bool gone = stat(index->path, &named) != 0;
    bool replaced = !gone && ((uint64_t)named.st_dev != index->device ||
                              (uint64_t)named.st_ino != index->inode);
    if (replaced && open_file(index, NULL)) {
        forget_all(index);
        return LOG_INDEX_RESTARTED;
    }
    if (fstat(index->descriptor, &opened) != 0) {
        return LOG_INDEX_GONE;
    }
    uint64_t before = index->size;
    index->size = (uint64_t)opened.st_size;
    if (index->size < before) {
        forget_all(index);
        return LOG_INDEX_RESTARTED;
    }
    if (gone || replaced) {
        return LOG_INDEX_GONE;
    }
    return index->size > before ? LOG_INDEX_GREW : LOG_INDEX_SAME;
}

uint64_t log_index_size(const struct log_index *index) {
    return index->size;
}

uint64_t log_index_numbered(const struct log_index *index) {
    return index->numbered;
}

/* The bytes of the block that holds `offset`, from there to the block's end (at most to the size
 * last seen); empty at the end of the file, or when reading fails. */
static struct text read_from(struct log_index *index, uint64_t offset) {
    if (offset >= index->size) {
        return TEXT("");
    }
    uint64_t begin = offset - offset % BLOCK_SIZE;
    uint64_t left = index->size - begin;
    size_t wanted = left < BLOCK_SIZE ? (size_t)left : BLOCK_SIZE;
    if (index->block_offset != begin || index->block_size < wanted) {
        size_t got = 0;
        while (got < wanted) {
            ssize_t part =
                pread(index->descriptor, index->block + got, wanted - got, (off_t)(begin + got));
            if (part < 0 && errno == EINTR) {
                continue;
            }
            if (part <= 0) {
                break;
            }
            got += (size_t)part;
        }
        index->block_offset = begin;
        index->block_size = got;
    }
    size_t at = (size_t)(offset - begin);
    size_t end = index->block_size < wanted ? index->block_size : wanted;
    return at >= end ? TEXT("") : (struct text){index->block + at, end - at};
}

/* Keeps every second mark when there is no room for more. */
static void thin_marks(struct log_index *index) {
    size_t kept = 0;
    for (size_t i = 0; i < index->mark_count; i += 2) {
        index->marks[kept++] = index->marks[i];
    }
    index->mark_count = kept;
    index->distance *= 2;
}

static void put_mark(struct log_index *index, uint64_t offset, uint64_t number) {
    if (index->mark_count == LOG_INDEX_MARKS) {
        thin_marks(index);
    }
    index->marks =
        memory_grow(index->marks, index->mark_count, &index->mark_capacity, sizeof *index->marks);
    index->marks[index->mark_count++] = (struct mark){offset, number};
}

bool log_index_step(struct log_index *index, size_t budget) {
    if (index->mark_count == 0) {
        put_mark(index, 0, 0);
    }
    while (budget > 0 && index->numbered < index->size) {
        struct text block = read_from(index, index->numbered);
        if (block.size == 0) {
            return false;
        }
        const char *at = block.data;
        const char *end = block.data + block.size;
        while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
            at++;
            index->lines++;
            uint64_t start = index->numbered + (uint64_t)(at - block.data);
            if (start - index->marks[index->mark_count - 1].offset >= index->distance) {
                put_mark(index, start, index->lines);
            }
        }
        index->numbered += block.size;
        index->open_line = block.data[block.size - 1] != '\n';
        budget -= block.size < budget ? block.size : budget;
    }
    return index->numbered < index->size;
}

uint64_t log_index_lines(const struct log_index *index) {
    return index->lines + (index->open_line ? 1 : 0);
}

/* Passes `lines` newlines from `offset` on; false when there are not as many before `end`. */
static bool pass_newlines(struct log_index *index, uint64_t *offset, uint64_t lines, uint64_t end) {
    while (lines > 0 && *offset < end) {
        struct text block = read_from(index, *offset);
        const char *newline = block.size == 0 ? NULL : memchr(block.data, '\n', block.size);
        if (block.size == 0) {
            return false;
        }
        *offset += newline == NULL ? block.size : (size_t)(newline - block.data) + 1;
        lines -= newline == NULL ? 0 : 1;
    }
    return lines == 0;
}

static uint64_t count_newlines(struct log_index *index, uint64_t from, uint64_t to) {
    uint64_t count = 0;
    while (from < to) {
        struct text block = read_from(index, from);
        if (block.size == 0) {
            break;
        }
        if (block.size > to - from) {
            block.size = (size_t)(to - from);
        }
        const char *end = block.data + block.size;
        for (const char *at = block.data; (at = memchr(at, '\n', (size_t)(end - at))) != NULL;
             at++) {
            count++;
        }
        from += block.size;
    }
    return count;
}

/* The last mark that is not beyond what is sought, by line number or by offset. */
static const struct mark *find_mark(const struct log_index *index, uint64_t sought, bool number) {
    size_t low = 0;
    size_t high = index->mark_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        const struct mark *mark = &index->marks[middle];
        if ((number ? mark->number : mark->offset) <= sought) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &index->marks[low];
}

bool log_index_line_at(struct log_index *index, uint64_t number, uint64_t *offset) {
    if (number >= log_index_lines(index)) {
        return false;
    }
    const struct mark *mark = find_mark(index, number, true);
    *offset = mark->offset;
    return pass_newlines(index, offset, number - mark->number, index->numbered) &&
           *offset < index->size;
}

bool log_index_number_of(struct log_index *index, uint64_t offset, uint64_t *number) {
    if (index->mark_count == 0 || offset >= index->numbered) {
        return false;
    }
    const struct mark *mark = find_mark(index, offset, false);
    *number = mark->number + count_newlines(index, mark->offset, offset);
    return true;
}

uint64_t log_index_line_start(struct log_index *index, uint64_t offset) {
    if (index->size == 0) {
        return 0;
    }
    uint64_t at = offset < index->size ? offset : index->size - 1;
    uint64_t limit = at > LOG_INDEX_LINE_MAX ? at - LOG_INDEX_LINE_MAX : 0;
    while (at > limit) {
        uint64_t begin = (at - 1) - (at - 1) % BLOCK_SIZE;
        struct text block = read_from(index, begin);
        size_t size = (size_t)(at - begin) < block.size ? (size_t)(at - begin) : block.size;
        const char *newline = size == 0 ? NULL : memrchr(block.data, '\n', size);
        if (newline != NULL) {
            return begin + (uint64_t)(newline - block.data) + 1;
        }
        at = begin;
    }
    return limit;
}

bool log_index_next(struct log_index *index, uint64_t offset, uint64_t *next) {
    uint64_t at = offset;
    while (at < index->size) {
        struct text block = read_from(index, at);
        const char *newline = block.size == 0 ? NULL : memchr(block.data, '\n', block.size);
        if (block.size == 0) {
            return false;
        }
        at += newline == NULL ? block.size : (size_t)(newline - block.data) + 1;
        if (newline != NULL || at - offset >= LOG_INDEX_LINE_MAX) {
            *next = at;
            return at < index->size;
        }
    }
    return false;
}

bool log_index_previous(struct log_index *index, uint64_t offset, uint64_t *previous) {
    if (offset == 0 || index->size == 0) {
        return false;
    }
    *previous = log_index_line_start(index, offset - 1);
    return true;
}

uint64_t log_index_move(struct log_index *index, uint64_t offset, int64_t lines, int64_t *moved) {
    int64_t done = 0;
    while (done != lines) {
        uint64_t to = 0;
        bool there =
            lines > 0 ? log_index_next(index, offset, &to) : log_index_previous(index, offset, &to);
        if (!there) {
            break;
        }
        offset = to;
        done += lines > 0 ? 1 : -1;
    }
    if (moved != NULL) {
        *moved = done;
    }
    return offset;
}

uint64_t log_index_tail(struct log_index *index, uint64_t lines) {
    uint64_t last = log_index_line_start(index, index->size);
    int64_t up = lines > INT64_MAX ? INT64_MAX : (int64_t)lines;
    return up <= 1 ? last : log_index_move(index, last, 1 - up, NULL);
}

static bool is_blank(struct text text) {
    return text_trim(text).size == 0;
}

struct text log_index_shown(struct text line) {
    if (line.size == 0 || memchr(line.data, '\r', line.size) == NULL) {
        return line;
    }
    struct text rest = line;
    for (;;) {
        const char *at = rest.size == 0 ? NULL : memrchr(rest.data, '\r', rest.size);
        size_t start = at == NULL ? 0 : (size_t)(at - line.data) + 1;
        struct text shown = {line.data + start, rest.size - start};
        if (at == NULL || !is_blank(shown)) {
            return shown;
        }
        rest.size = start - 1;
    }
}

/* Reads from `offset` up to a newline. */
static bool read_line(struct log_index *index, uint64_t offset, size_t limit,
                      struct text_buffer *line) {
    bool longer = false;
    while (!longer) {
        struct text block = read_from(index, offset);
        const char *newline = block.size == 0 ? NULL : memchr(block.data, '\n', block.size);
        size_t size = newline == NULL ? block.size : (size_t)(newline - block.data);
        size_t room = limit - line->size;
        longer = size > room;
        text_buffer_put(line, block.data, longer ? room : size);
        offset += size;
        if (newline != NULL || block.size == 0) {
            break;
        }
    }
    return longer;
}

/* Reads the end of a long line that is drawn over and over. */
static void read_end(struct log_index *index, uint64_t offset, size_t limit,
                     struct text_buffer *line) {
    uint64_t end = index->size;
    uint64_t next;
    if (log_index_next(index, offset, &next)) {
        end = next - 1;
    }
    text_buffer_clear(line);
    (void)read_line(index, end > offset + limit ? end - limit : offset, limit, line);
}

bool log_index_read(struct log_index *index, uint64_t offset, size_t limit,
                    struct text_buffer *line, bool *cut) {
    text_buffer_clear(line);
    if (offset >= index->size) {
        return false;
    }
    bool longer = read_line(index, offset, limit, line);
    if (line->size > 0 && memchr(line->data, '\r', line->size) != NULL) {
        if (longer) {
            read_end(index, offset, limit, line);
            longer = false;
        }
        struct text shown = log_index_shown((struct text){line->data, line->size});
        memmove(line->data, shown.data, shown.size);
        line->size = shown.size;
    }
    if (cut != NULL) {
        *cut = longer;
    }
    return true;
}

bool log_index_block(struct log_index *index, uint64_t offset, struct text *bytes) {
    *bytes = read_from(index, offset);
    return bytes->size > 0;
}
