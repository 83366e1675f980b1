#include "coverage/coverage.h"

/* Beyond this nothing moves, as far as a night is concerned: about thirty years. */
static const double longest_ms = 1e12;

/* The first sample after the last one that holds more than the end does: what was lost for good is
 * not progress undone over and over. */
static size_t start_of(const struct coverage_sample *samples, size_t count) {
    size_t start = count - 1;
    while (start > 0 && samples[start - 1].complete <= samples[count - 1].complete) {
        start--;
    }
    return start;
}

struct coverage_rate coverage_rate_of(const struct coverage_sample *samples, size_t count,
                                      size_t remaining) {
    struct coverage_rate rate = {.known = false, .left_ms = -1};
    if (count < 2) {
        return rate;
    }
    const struct coverage_sample *first = &samples[start_of(samples, count)];
    const struct coverage_sample *last = &samples[count - 1];
    int64_t span = last->at - first->at;
    if (span <= 0) {
        return rate;
    }
    double gained = (double)(last->complete - first->complete);
    rate.known = true;
    rate.dates_per_hour = gained * 3600e3 / (double)span;
    double left = gained > 0 ? (double)remaining * (double)span / gained : longest_ms;
    if (remaining == 0) {
        rate.left_ms = 0;
    } else if (left < longest_ms) {
        rate.left_ms = (int64_t)left;
    }
    return rate;
}
