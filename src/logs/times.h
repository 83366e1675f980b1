/* Times: when the bytes of a log arrived.
 *
 * Logs rarely say at what time a line was written. Whoever follows one notes beside it (out.log →
 * out.times) up to which byte had arrived when: fixed records of 16 bytes, offset and wall time,
 * little-endian, both ascending, at most one a second. The notes are a help and never more: they
 * are not synced, a failure to write them disturbs nobody, and where they are missing, short or
 * garbled the answer is "not known". */
#ifndef PHASEGATE_LOGS_TIMES_H
#define PHASEGATE_LOGS_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_TIMES_RECORD 16

/* "…/out.log" → "…/out.times"; the caller frees it. */
char *log_times_path(const char *log_path);

/* Writing, by the one who follows the log. One thread. */
struct log_times_writer;

/* The file is opened (append) with the first note. The caller frees it. */
struct log_times_writer *log_times_writer_new(const char *log_path);

/* Writes what is pending, and frees it; NULL is fine. */
void log_times_writer_free(struct log_times_writer *writer);

/* The log had `size` bytes at `wall_ms`. A size below the last one says that the log began anew;
 * then all earlier notes are dropped. Within a second (of `boot_ns`) of the last record the note
 * waits for log_times_flush or for the next one. */
void log_times_note(struct log_times_writer *writer, uint64_t size, int64_t wall_ms,
                    int64_t boot_ns);

/* Whether a note waits to be written. */
bool log_times_pending(const struct log_times_writer *writer);

/* Writes the note that waits, once its second is over. */
void log_times_flush(struct log_times_writer *writer, int64_t boot_ns);

/* Reading. Nothing is kept in memory but the last answer; one thread at a time. */
struct log_times;

/* Never NULL: a file that is not there is looked for again at each refresh. The caller frees it. */
struct log_times *log_times_open(const char *log_path);
void log_times_free(struct log_times *times); /* NULL is fine */

/* Looks how many records there are now. */
void log_times_refresh(struct log_times *times);

/* Bytes from `from` to before `to` arrived together. */
struct log_times_span {
    uint64_t from, to;
    int64_t wall_ms;
};

/* Which bytes arrived together with the one at `offset`, and when; false when that is not known (it
 * is beyond the last record, or the records are garbled). */
bool log_times_find(struct log_times *times, uint64_t offset, struct log_times_span *span);

/* The last record; false when there is none. */
bool log_times_last(struct log_times *times, struct log_times_span *span);

/* Where the bytes begin that arrived at or after `wall_ms`: after the last record when all that are
 * recorded came earlier. False when nothing is known. */
bool log_times_offset(struct log_times *times, int64_t wall_ms, uint64_t *offset);

#endif
