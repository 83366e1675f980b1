/* Private to src/state: sets of days as text that a person can read in the file:
 * "2021-11-03..2021-11-05,2021-11-09". */
#ifndef PHASEGATE_STATE_DAYS_H
#define PHASEGATE_STATE_DAYS_H

#include "base/day.h"
#include "base/text.h"

char *days_to_text(const struct dayset *set); /* the caller frees it */

/* The set over the range from its first to its last day; the caller frees it. False when the text
 * is malformed. */
bool days_from_text(struct text text, struct dayset *set);

#endif
