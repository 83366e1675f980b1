/* How far a run is: by its log where that talks of dates, else by coverage. */
#include <stdlib.h>

#include "base/memory.h"
#include "situation/parts.h"

struct situation_progress situation_progress_of(const struct situation_run *run) {
    if (!run->log_unknown) {
        /* A log that counts every day of a range counts more than are the run's. */
        bool counts = run->total > 0 && (run->dates == 0 || run->total <= run->dates);
        return (struct situation_progress){run->done, counts ? run->total : run->dates, true};
    }
    if (run->position >= 0 && run->total > 0) {
        return (struct situation_progress){(size_t)run->position, run->total, true};
    }
    return (struct situation_progress){run->complete_now, run->dates, false};
}

char *situation_progress_text(const struct situation_run *run) {
    struct situation_progress progress = situation_progress_of(run);
    if (!run->log_unknown) {
        return memory_format("%zu of %zu dates in the log, %zu failed", run->done, run->dates,
                             run->failed);
    }
    if (progress.by_log) {
        return memory_format("%zu of %zu by its log, which does not tell what failed",
                             progress.done, progress.total);
    }
    if (run->last_line == NULL) {
        return memory_format("%zu of %zu dates complete; its log says nothing yet", progress.done,
                             progress.total);
    }
    if (run->bar_total > 0) {
        return memory_format("%zu of %zu dates complete; its log is not understood but for a bar "
                             "at %lld of %lld",
                             progress.done, progress.total, (long long)run->bar_position,
                             (long long)run->bar_total);
    }
    return memory_format("%zu of %zu dates complete; its log is not understood", progress.done,
                         progress.total);
}

void situation_read_notices(struct situation_run *run, const struct log_progress *progress) {
    if (progress == NULL || progress->happened[0] == '\0') {
        return;
    }
    char *before = run->notices;
    run->log_notice = memory_copy_string(progress->happened);
    run->notices = memory_format("%s%s%s", before != NULL ? before : "", before != NULL ? "; " : "",
                                 progress->happened);
    free(before);
}
