/* Whether the pipeline file, with the SQL it names, is still the one that was loaded: what is
 * decided by a pipeline in memory is compared with the plan on disk. One thread at a time. */
#ifndef PHASEGATE_PIPELINE_WATCH_H
#define PHASEGATE_PIPELINE_WATCH_H

#include "pipeline/pipeline.h"

enum pipeline_disk_kind {
    PIPELINE_DISK_SAME,    /* its plan hash is that of the pipeline */
    PIPELINE_DISK_CHANGED, /* it is another plan */
    PIPELINE_DISK_INVALID, /* it cannot be loaded any more */
    PIPELINE_DISK_GONE,    /* it is not there any more */
};

struct pipeline_disk {
    enum pipeline_disk_kind kind;
    char hash[65];  /* of the plan on disk; "" when it cannot be loaded */
    char why[1024]; /* the first mistake, of an invalid one */
};

/* The word for a kind: "same", "changed", "invalid", "gone". */
const char *pipeline_disk_word(enum pipeline_disk_kind kind);

struct pipeline_watch;

/* `pipeline` must outlive it. `check_pattern` as in struct pipeline_help; may be NULL. */
struct pipeline_watch *pipeline_watch_new(const struct pipeline *pipeline,
                                          pipeline_pattern_checker *check_pattern);
void pipeline_watch_free(struct pipeline_watch *watch); /* NULL is fine */

/* What stands on disk now. The files are read again when one of them changed since the last look
 * (size, times, inode), and in any case with `thorough`: before a decision. */
const struct pipeline_disk *pipeline_watch_look(struct pipeline_watch *watch, bool thorough);

/* The absolute path of the file a pipeline was loaded from, its directory without links; the caller
 * frees it. */
char *pipeline_path(const struct pipeline *pipeline);

#endif
