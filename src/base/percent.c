#include "base/percent.h"

#include <stdio.h>

bool percent_reaches(uint64_t part, uint64_t total, int threshold) {
    if (total == 0) {
        return false;
    }
    return part * 10000 >= total * (uint64_t)threshold;
}

int percent_tenths(uint64_t part, uint64_t total, int threshold) {
    if (total == 0) {
        return PERCENT_UNKNOWN;
    }
    if (part >= total) {
        return 1000;
    }
    int tenths = (int)((part * 2000 + total) / (total * 2));
    if (tenths >= 1000) {
        tenths = 999;
    }
    if (threshold != PERCENT_NO_THRESHOLD && !percent_reaches(part, total, threshold) &&
        tenths * 10 >= threshold) {
        tenths = (threshold - 1) / 10;
    }
    return tenths;
}

bool percent_within(uint64_t part, uint64_t total, int limit) {
    return total != 0 && part * 10000 <= total * (uint64_t)limit;
}

int percent_tenths_at_most(uint64_t part, uint64_t total, int limit) {
    int tenths = percent_tenths(part, total, PERCENT_NO_THRESHOLD);
    if (tenths == PERCENT_UNKNOWN) {
        return PERCENT_UNKNOWN;
    }
    bool within = percent_within(part, total, limit);
    if (within && tenths * 10 > limit) {
        return limit / 10;
    }
    return !within && tenths * 10 <= limit ? limit / 10 + 1 : tenths;
}

char *percent_format(int tenths, char out[PERCENT_TEXT_SIZE]) {
    if (tenths < 0) {
        (void)snprintf(out, PERCENT_TEXT_SIZE, "?");
    } else {
        (void)snprintf(out, PERCENT_TEXT_SIZE, "%d.%d", tenths / 10, tenths % 10);
    }
    return out;
}
