/* Merge: the lines of several logs as one, in the order in which they arrived.
 *
 * A log's own order is kept; between logs the arrival times noted beside them decide (times.h), and
 * where two are equal the order of the logs. Bytes that nobody noted count as arrived when the file
 * was written last. A place is a line of one log; from it the places of all others follow by binary
 * search, so that nothing is read but what is asked for and memory does not grow with the logs. A
 * merge of one log is that log. One thread at a time. */
#ifndef PHASEGATE_LOGS_MERGE_H
#define PHASEGATE_LOGS_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "logs/index.h"

struct log_merge;

/* A line: the log it is in, and its first byte there. */
struct log_merge_place {
    size_t part;
    uint64_t offset;
};

/* Opens the logs. Of several, one that is not there yet is empty and looked for at each refresh;
 * one alone that is not there is an error (EXIT_NO_INPUT). The caller frees it. */
struct log_merge *log_merge_open(const char *const *paths, size_t count, struct error *error);
void log_merge_free(struct log_merge *merge); /* NULL is fine */

/* Looks whether the logs changed: the worst of what log_index_refresh says of any of them. */
enum log_index_change log_merge_refresh(struct log_merge *merge);

size_t log_merge_count(const struct log_merge *merge);
uint64_t log_merge_size(const struct log_merge *merge); /* bytes of all logs */

/* The index of one log (borrowed), or NULL while it is not there. */
struct log_index *log_merge_index(struct log_merge *merge, size_t part);

/* The first and the last line of all; false when there is none. */
bool log_merge_first(struct log_merge *merge, struct log_merge_place *place);
bool log_merge_last(struct log_merge *merge, struct log_merge_place *place);

/* The line after or before one; false, and `place` unchanged, when there is none. */
bool log_merge_next(struct log_merge *merge, struct log_merge_place *place);
bool log_merge_previous(struct log_merge *merge, struct log_merge_place *place);

/* Negative, 0 or positive as `a` comes before `b`, is it, or comes after it. */
int log_merge_compare(struct log_merge *merge, struct log_merge_place a, struct log_merge_place b);

/* Where, in log `part`, the first line begins that is not before `place`; its size when all are. */
uint64_t log_merge_head(struct log_merge *merge, struct log_merge_place place, size_t part);

/* The first line that arrived at or after `wall_ms`, or the last of all; false when no arrival is
 * noted in any of the logs, or there is no line. */
bool log_merge_at(struct log_merge *merge, int64_t wall_ms, struct log_merge_place *place);

/* When a line arrived, in wall ms: as noted, or at the latest. */
int64_t log_merge_arrival(struct log_merge *merge, struct log_merge_place place);

/* Where, in log `part`, the first line begins that arrived at or after `wall_ms`; its size when all
 * came before. */
uint64_t log_merge_part_at(struct log_merge *merge, size_t part, int64_t wall_ms);

#endif
