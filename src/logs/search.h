/* Search: a regular expression over a log of any size, in slices that can be cancelled.
 *
 * Patterns are PCRE2 with smart case: all lower case finds both, one capital letter makes it exact.
 * A match lies within one line as it is shown (log_index_shown), and every line is offered once.
 * Filters ("only matching", "hide matching") are the same walk: with `invert` the lines that do not
 * match are found. */
#ifndef PHASEGATE_LOGS_SEARCH_H
#define PHASEGATE_LOGS_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "logs/index.h"

/* A compiled pattern; one thread at a time. */
struct log_regex;

/* Errors (EXIT_USAGE): the offset of the mistake and what it is, ready to be shown beside the
 * input. An empty pattern is an error. The caller frees it. */
struct log_regex *log_regex_new(struct text pattern, struct error *error);
void log_regex_free(struct log_regex *regex); /* NULL is fine */

/* Looks for the first match at or after `from`; `*start` and `*end` (NULL allowed) are its bytes.
 * An empty match counts. At most LOG_REGEX_BYTES of the line are looked at. A pattern that
 * backtracks beyond its limit on a line does not match it. */
#define LOG_REGEX_BYTES (1u << 20)
bool log_regex_find(struct log_regex *regex, struct text line, size_t from, size_t *start,
                    size_t *end);

enum log_search_status {
    LOG_SEARCH_FOUND, /* a line; step again for the next one */
    LOG_SEARCH_MORE,  /* the budget is spent: step again */
    LOG_SEARCH_END,   /* no more lines that way */
    LOG_SEARCH_CANCELLED,
};

struct log_search;

/* Begins at the line that holds `offset`; forward that line is the first one offered, backward the
 * one before it is. Index and regex are borrowed and must outlive the search. The caller frees it.
 */
struct log_search *log_search_new(struct log_index *index, struct log_regex *regex, uint64_t offset,
                                  bool backward, bool invert);
void log_search_free(struct log_search *search); /* NULL is fine */

/* Looks at about `budget` bytes; on LOG_SEARCH_FOUND `*offset` is the start of the line. */
enum log_search_status log_search_step(struct log_search *search, size_t budget, uint64_t *offset);

/* Counts on by about `budget` bytes instead of stopping at each line: LOG_SEARCH_MORE or
 * LOG_SEARCH_END (or CANCELLED). */
enum log_search_status log_search_count(struct log_search *search, size_t budget);

uint64_t log_search_found(const struct log_search *search);     /* lines found so far */
uint64_t log_search_looked_at(const struct log_search *search); /* bytes looked at so far */

/* Makes the step under way, and any later one, return LOG_SEARCH_CANCELLED. Any thread. */
void log_search_cancel(struct log_search *search);

#endif
