/* Index: random access to a log of any size.
 *
 * Opening reads nothing but the file's size, so that 10 GB stand open at their end at once: lines
 * are found from any byte by looking for newlines around it. Line numbers come from a sparse table
 * of marks that log_index_step builds in slices and that never holds more than LOG_INDEX_MARKS.
 * Offsets are bytes from the start of the file; an offset that starts a line names that line.
 * A line longer than LOG_INDEX_LINE_MAX is met in pieces of about that size. The file is read with
 * pread, never mapped: one that is truncated meanwhile ends early, it kills nobody. One thread at a
 * time. */
#ifndef PHASEGATE_LOGS_INDEX_H
#define PHASEGATE_LOGS_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define LOG_INDEX_MARKS    65536
#define LOG_INDEX_LINE_MAX (16u << 20)

struct log_index;

/* Errors: EXIT_NO_INPUT with the path. The caller frees it. */
struct log_index *log_index_open(const char *path, struct error *error);
void log_index_free(struct log_index *index); /* NULL is fine */

enum log_index_change {
    LOG_INDEX_SAME,
    LOG_INDEX_GREW,
    LOG_INDEX_RESTARTED, /* truncated or replaced: all offsets and line numbers are void */
    LOG_INDEX_GONE,      /* the path names no file now; what was open stays readable */
};

/* Looks whether the file changed, and takes its new size. */
enum log_index_change log_index_refresh(struct log_index *index);

/* Bytes, as of the last refresh. */
uint64_t log_index_size(const struct log_index *index);

/* Reads on by about `budget` bytes to number lines; true while there is more to number. */
bool log_index_step(struct log_index *index, size_t budget);
uint64_t log_index_numbered(const struct log_index *index); /* bytes numbered so far */

/* Lines that begin in the numbered part; all of them once that is the size. */
uint64_t log_index_lines(const struct log_index *index);

/* The offset of line `number` (0 is the first); false when it is not numbered yet or not there. */
bool log_index_line_at(struct log_index *index, uint64_t number, uint64_t *offset);

/* The number of the line that holds `offset`; false when that is not numbered yet. */
bool log_index_number_of(struct log_index *index, uint64_t offset, uint64_t *number);

/* The start of the line that holds `offset` (of the last line, for an offset at or past the end):
 * for jumps to a percentage, or to the tail. 0 for an empty file. */
uint64_t log_index_line_start(struct log_index *index, uint64_t offset);

/* The start of the next or the previous line, given a line's start; false when there is none. */
bool log_index_next(struct log_index *index, uint64_t offset, uint64_t *next);
bool log_index_previous(struct log_index *index, uint64_t offset, uint64_t *previous);

/* Moves by `lines` (negative: up) from a line's start, as far as the file goes; `*moved` (NULL
 * allowed) is how far that was. */
uint64_t log_index_move(struct log_index *index, uint64_t offset, int64_t lines, int64_t *moved);

/* The start of the line from which `lines` lines reach to the end. */
uint64_t log_index_tail(struct log_index *index, uint64_t lines);

/* What a terminal shows of a line (without its newline) that was drawn over: what stands behind the
 * last carriage return that anything stands behind. */
struct text log_index_shown(struct text line);

/* Puts the line at `offset` into `line` (cleared first), as log_index_shown has it, without its
 * newline and at most `limit` bytes of it; `*cut` (NULL allowed) tells whether it is longer. False
 * past the end. */
bool log_index_read(struct log_index *index, uint64_t offset, size_t limit,
                    struct text_buffer *line, bool *cut);

/* Borrows the bytes from `offset` to the end of their block of the file (at most 64 KiB), for
 * walks over many lines; they hold until the next call with this index. False at the end. */
bool log_index_block(struct log_index *index, uint64_t offset, struct text *bytes);

#endif
