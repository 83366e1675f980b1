/* What measuring costs, in words: bytes and dollars, the night's budget, the night's estimate. */
#ifndef PHASEGATE_SITUATION_SPEND_H
#define PHASEGATE_SITUATION_SPEND_H

#include "base/text.h"
#include "situation/situation.h"

/* The least that a query of a table that has rows is billed (bigquery.md 3.1). */
#define SITUATION_LEAST_BYTES INT64_C(10485760)

enum { SITUATION_SPEND_SIZE = 192, SITUATION_BUDGET_SIZE = 384, SITUATION_NIGHT_HOURS = 10 };

/* "10 MiB", "1.25 GiB", "2.00 TiB"; "unknown" below 0. */
char *situation_spend_bytes(int64_t bytes, char out[SITUATION_SPEND_SIZE]);

/* "$0.0006" below a dollar, "$12.50" from there on. */
char *situation_spend_dollars(double dollars, char out[SITUATION_SPEND_SIZE]);

/* US dollars for so many bytes billed, at the pipeline's price. */
double situation_spend_cost(const struct pipeline *pipeline, int64_t bytes);

/* What `bytes_billed` leaves of the pipeline's budget. */
enum situation_budget situation_budget_of(const struct pipeline *pipeline, int64_t bytes_billed);

/* "fine", "near", "used up". */
const char *situation_budget_name(enum situation_budget budget);

/* One sentence on a budget that is nearly or wholly used up, what follows from it, and what to do;
 * "" while it is fine. */
char *situation_budget_text(const struct pipeline *pipeline, int64_t bytes_billed,
                            char out[SITUATION_BUDGET_SIZE]);

/* What a night of SITUATION_NIGHT_HOURS would bill at most: every target once in poll.recheck, and
 * the tables with missing dates that the busiest group fills once in poll.every, for groups run one
 * after the other. -1 when nothing was estimated; `*unknown` counts the targets that are not in the
 * sum. */
int64_t situation_night_bytes(const struct situation *situation, size_t *unknown);

/* The estimate for people: a line a target, the night's sum against the budget, and how it is
 * computed. */
void situation_estimate_describe(const struct situation *situation, struct text_buffer *out);

#endif
