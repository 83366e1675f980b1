/* Bar: what a progress bar says, as a log meets it: tqdm's "load:  25%|##  | 15/60 [00:15<00:45,
 * 1.00it/s]", and the "15/60" of any other line that is drawn over again and again. What it counts
 * is the program's affair: dates, files or rows. */
#ifndef PHASEGATE_LOGS_BAR_H
#define PHASEGATE_LOGS_BAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct log_bar {
    int64_t position, total; /* 0 to total; total at least 1. "1.5k/3k" is 1500 of 3000 */
    struct text rest; /* what was printed behind it on the same line, without blanks before */
};

/* Reads a bar of tqdm's shape at the head of `line`. */
bool log_bar_read(struct text line, struct log_bar *bar);

/* Reads the first "i/n" of a line that was drawn over: i at most n, no part of a date or path. */
bool log_bar_count(struct text line, struct log_bar *bar);

#endif
