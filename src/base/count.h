/* Sums of numbers that came from outside, which no number can make undefined. */
#ifndef PHASEGATE_BASE_COUNT_H
#define PHASEGATE_BASE_COUNT_H

#include <stdint.h>

/* The sum, or the nearest number that there is: a sum of counts or bytes that stands at the limit
 * means "at least that". */
static inline int64_t count_add(int64_t a, int64_t b) {
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        return b < 0 ? INT64_MIN : INT64_MAX;
    }
    return sum;
}

#endif
