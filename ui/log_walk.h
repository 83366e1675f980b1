/* Walking over the lines of a log, or of several merged, that pass a level and a filter.
 *
 * A walk looks at one line after the other, however far it is to the next that passes: what is
 * asked for meanwhile interrupts it, and somebody is told how far it got. Stretches without such a
 * line are remembered, so that a page that follows its log does not look at them again. Used by the
 * log thread. */
#ifndef PHASEGATE_UI_LOG_WALK_H
#define PHASEGATE_UI_LOG_WALK_H

#include <stdatomic.h>

#include "logs/merge.h"
#include "ui/log_line.h"

enum { LOG_WALK_GAPS = 64 };

/* Lines of one log between which none passes. */
struct log_walk_gap {
    enum log_view_level level;
    uint64_t low, high;
};

struct log_walk {
    struct log_merge *merge; /* borrowed, as all these */
    struct log_line_reader *reader;
    const atomic_bool *interrupt; /* NULL: nothing does */
    struct log_regex *filter;     /* NULL: every line passes it */
    bool hide;                    /* the lines that match it instead */
    enum log_view_level level;
    struct log_walk_gap gaps[LOG_WALK_GAPS];
    size_t gap_count, gap_next;
    /* Is told, at most every half second, how far a walk or a search is. */
    void (*tell)(void *context, const char *text);
    void *context;
    int64_t begun_ms, told_ms; /* monotonic */
    uint64_t lines;            /* looked at since it began */
};

/* Forgets what was remembered: of other files, or another filter. */
void log_walk_forget(struct log_walk *walk);

/* A request begins: times and counts are its own. */
void log_walk_begin(struct log_walk *walk);

bool log_walk_interrupted(const struct log_walk *walk);

/* Looks whether it is time to tell that the search is at `offset` of log `part`. */
void log_walk_tell(struct log_walk *walk, struct log_merge_place place);

/* Whether a line is among those asked for. */
bool log_walk_passes(struct log_walk *walk, struct log_merge_place place);

/* Goes to the nearest line that passes beyond `place`; false, and `place` unchanged, when there is
 * none that way, or it was interrupted. */
bool log_walk_to(struct log_walk *walk, bool backward, struct log_merge_place *place);

/* Goes by so many lines that pass (negative: up), as far as there are. */
struct log_merge_place log_walk_by(struct log_walk *walk, struct log_merge_place place,
                                   int64_t lines);

/* Goes to the next or previous line that starts an error and passes the filter. */
bool log_walk_to_error(struct log_walk *walk, bool backward, struct log_merge_place *place);

#endif
