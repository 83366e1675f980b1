/* Follow: what is new in one append-only file, line by line, every byte once.
 *
 * No thread and no waiting: call log_follow_fill when the file may have grown (watch.h tells), then
 * take lines until there are none. The partial last line waits for its newline; it can be looked
 * at. A carriage return ends a line too, which is then marked as written over: that is how progress
 * bars are drawn. "\r\n" is one newline. Truncation and replacement by another file are noticed
 * when the next fill looks, and reported once; reading then goes on at the new start; an unfinished
 * last line of a file that was replaced is handed out before. A file whose name is gone, or whose
 * name another file has while the process that writes it has it open, is read on. A file that is
 * not there is not there yet, unless that process has it open. Bytes that were never written (a
 * hole, as after the truncation of a file that is not appended to) are passed over. Not shared
 * between threads. */
#ifndef PHASEGATE_LOGS_FOLLOW_H
#define PHASEGATE_LOGS_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define LOG_LINE_MAX (1 << 20) /* bytes of a line that are kept; the rest of it is passed over */

/* Where reading goes on: stored with the progress, it survives a restart. All 0: from the start of
 * whatever file is there. */
struct log_place {
    uint64_t device, inode;
    uint64_t offset;  /* of the first byte not yet handed out as part of a line */
    bool inside_line; /* of one that was cut: its rest is still to be passed over */
};

enum log_follow_status {
    LOG_FOLLOW_NEW,       /* lines are there, and the budget may have left more to read */
    LOG_FOLLOW_IDLE,      /* nothing new */
    LOG_FOLLOW_MISSING,   /* no such file yet */
    LOG_FOLLOW_TRUNCATED, /* it got shorter: what was read is gone, it goes on at its start */
    LOG_FOLLOW_REPLACED,  /* another file has its name: it goes on at that one's start */
    LOG_FOLLOW_FAILED,    /* see the error; worth trying again */
};

struct log_line {
    struct text text; /* without its newline; holds until the next call */
    uint64_t offset;  /* of its first byte in the file */
    bool cut;         /* longer than LOG_LINE_MAX */
    bool overwritten; /* a carriage return ended it: what follows was written over it */
};

struct log_follow;

/* `from` may be NULL for the start. When it names another file than the one that is there, the
 * first fill says LOG_FOLLOW_REPLACED. The caller frees it. */
struct log_follow *log_follow_new(const char *path, const struct log_place *from);
void log_follow_free(struct log_follow *follow); /* NULL is fine */

/* The process whose standard output the file is, while it is known to live; 0 for none. It decides
 * which file is meant where the name does not. */
void log_follow_writer(struct log_follow *follow, int64_t pid);

/* Reads at most about `budget` bytes. Lines not yet taken are kept. */
enum log_follow_status log_follow_fill(struct log_follow *follow, size_t budget,
                                       struct error *error);

/* Takes the next complete line; false when there is none. */
bool log_follow_line(struct log_follow *follow, struct log_line *line);

/* Takes the unfinished last line, when whoever wrote it is dead; false when there is none. */
bool log_follow_rest(struct log_follow *follow, struct log_line *line);

/* Looks at the unfinished last line, once every other was taken, and leaves it there: the newest
 * state of a progress bar is one. False when there is none. */
bool log_follow_peek(const struct log_follow *follow, struct log_line *line);

/* Whether what is read no longer has the path's name, as of the last fill that found nothing new.
 * `now` gets the name that it has, or "" when it was removed. */
#define LOG_FOLLOW_NAME 1024
bool log_follow_moved(const struct log_follow *follow, char now[LOG_FOLLOW_NAME]);

/* After the last line that was taken. */
struct log_place log_follow_place(const struct log_follow *follow);

/* Bytes of the file beyond the place, as of the last fill. */
uint64_t log_follow_behind(const struct log_follow *follow);

#endif
