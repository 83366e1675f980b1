/* Who besides the owner may read, or write, what phasegate keeps: the mode bits of the state
 * directory say it, and everything that is made below takes its own from the directory it is in.
 *
 * There is no other record of it, so that nothing can disagree: a directory that its group may
 * enter and read is watched, one that it may also write, or that has the sticky bit, is acted in.
 * That bit keeps each account's runs its own, and in a run's directory nobody but its account
 * writes. The set-group-ID bit hands the group on to what is made later;
 * the umask has no say. Who only watches can open nothing that he could lock. Specs of runs are
 * secrets and stay 0600 whatever the directory says. Others than owner and group get nothing. */
#ifndef PHASEGATE_BASE_SHARE_H
#define PHASEGATE_BASE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum share_reach { SHARE_NONE, SHARE_WATCH, SHARE_ACT };

/* What a thing is for, which decides its mode. */
enum share_kind {
    SHARE_ROOT,    /* the state directory: 0700, 2750, 2770 */
    SHARE_RUNS,    /* the directory of all runs: 0700, 2750, 3770 */
    SHARE_RUN,     /* one run's directory: 0700, 2750, 3750 */
    SHARE_FILE,    /* read by the group: 0600, 0640, 0640 */
    SHARE_STATE,   /* the state file, which a reader would lock: 0600, 0600, 0660 */
    SHARE_LOCK,    /* looked at by those who act: 0600, 0600, 0640 */
    SHARE_WRITTEN, /* also written by those who act: 0600, 0640, 0660 */
    SHARE_POKED,   /* a FIFO that those who act write to: 0600, 0600, 0620 */
    SHARE_SECRET,  /* 0600 */
};

/* How a directory is shared with its group; SHARE_NONE for one that cannot be looked at. */
enum share_reach share_of(const char *directory);

mode_t share_mode(enum share_kind kind, enum share_reach reach);

/* open(2) with O_CLOEXEC and O_NOFOLLOW; a file of one's own gets the mode that fits its
 * directory. */
int share_open(const char *path, int flags, enum share_kind kind);

/* Gives `path`, which is one's own, the mode that fits the directory it is in; errno tells why
 * not. */
bool share_adopt(const char *path, enum share_kind kind);

/* Makes the directory of all runs as its parent is shared, when it is not there. */
bool share_make_directory(const char *path, struct error *error);

struct share_change {
    enum share_reach reach;
    gid_t group;    /* -1: as it is */
    size_t changed; /* out: files and directories that now fit */
    size_t left;    /* out: those of other accounts, which only they can change */
};

/* Gives `directory` and all below it group and modes; follows no link and opens no file. Errors:
 * EXIT_PERMISSION when the directory is another's, or one is not in the group. */
bool share_change(const char *directory, struct share_change *change, struct error *error);

/* The first directory on the way to `directory` that the group cannot pass; NULL when there is
 * none. The caller frees it. */
char *share_closed_parent(const char *directory);

#endif
