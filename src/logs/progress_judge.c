#include "logs/progress_judge.h"

#include <stdlib.h>
#include <string.h>

#include "logs/progress_private.h"

static int by_size(const void *left, const void *right) {
    const int64_t *a = left;
    const int64_t *b = right;
    return (*a > *b) - (*a < *b);
}

static int64_t median(const int64_t *values, size_t count) {
    int64_t sorted[PROGRESS_SAMPLES];
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_size);
    return sorted[count / 2];
}

struct log_pace log_progress_pace(const struct log_progress *progress) {
    const struct log_progress_private *private = progress->private;
    size_t count = private->sample_count;
    int64_t intervals[PROGRESS_SAMPLES];
    struct log_pace pace = {0};
    if (count == 0) {
        return pace;
    }
    pace.last_ms = private->samples[count - 1];
    if (count == 1) { /* its start-up is in it: better than nothing */
        pace.intervals = progress->first_output_ms > 0 ? 1 : 0;
        pace.usual_ms = pace.recent_ms = pace.last_ms - progress->first_output_ms;
        return pace;
    }
    for (size_t i = 1; i < count; i++) {
        intervals[i - 1] = private->samples[i] - private->samples[i - 1];
    }
    pace.intervals = count - 1;
    size_t recent = pace.intervals < LOG_PACE_RECENT ? pace.intervals : LOG_PACE_RECENT;
    size_t earlier = pace.intervals - recent;
    pace.recent_ms = median(intervals + earlier, recent);
    pace.usual_ms = median(intervals, earlier >= LOG_PACE_RECENT ? earlier : pace.intervals);
    return pace;
}

/* Whether the text holds a word of capitals and underscores, not as a part of a longer one. */
static bool has_word(struct text text, const char *word) {
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= text.size; i++) {
        unsigned char after = i + size < text.size ? (unsigned char)text.data[i + size] : ' ';
        unsigned char before = i > 0 ? (unsigned char)text.data[i - 1] : ' ';
        bool inside = after == '_' || (after >= 'A' && after <= 'Z') || before == '_' ||
                      (before >= 'A' && before <= 'Z');
        if (!inside && memcmp(text.data + i, word, size) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_any(struct text text, const char *const *words) {
    for (; *words != NULL; words++) {
        if (has_word(text, *words)) {
            return true;
        }
    }
    return false;
}

bool log_reason_is_expected(struct text reason) {
    static const char *const expected[] = {
        "INSUFFICIENT_DATA", "INCOMPLETE_DATA",        "EXPECTED_INCOMPLETE", "NO_SHOT_ZONE",
        "STALE_DATA",        "CIRCUIT_BREAKER_ACTIVE", "MISSING_UPSTREAM",    NULL};
    static const char *const bugs[] = {"PROCESSING_ERROR", "UNKNOWN", NULL};
    return has_any(reason, expected) && !has_any(reason, bugs);
}

size_t log_progress_streak(const struct log_progress *progress, const struct dayset *due,
                           const char **reason) {
    enum log_outcome outcome = progress->streak_outcome;
    size_t count = 0;
    *reason = progress->streak_signature;
    if (progress->streak == 0 || log_reason_is_expected(text_of(progress->streak_signature))) {
        return 0;
    }
    if (progress->undated[outcome] >= progress->streak) {
        return (size_t)progress->streak;
    }
    for (size_t i = progress->date_count; i > 0 && count < progress->streak; i--) {
        const struct log_date *date = &progress->dates[i - 1];
        if (date->outcome == LOG_DATE_SKIPPED || (due != NULL && !dayset_has(due, date->day))) {
            continue;
        }
        if (date->outcome != outcome) {
            break;
        }
        if (count++ == 0 && date->reason != NULL) {
            *reason = date->reason;
        }
    }
    return count;
}
