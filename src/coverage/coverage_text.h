/* Coverage as plain text and CSV, as `phasegate coverage` and `phasegate gaps` print it. No colour,
 * no cursor movement; UTF-8. Each returns false (errno) when the stream does not take it. */
#ifndef PHASEGATE_COVERAGE_COVERAGE_TEXT_H
#define PHASEGATE_COVERAGE_COVERAGE_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "coverage/coverage.h"

/* The table × season matrix: percent of attainable dates, over all, dates that are not complete,
 * status and age on each table's line. `width` is in columns; when the seasons do not fit, the
 * oldest are left out and a last line says how many. 0: no limit. */
bool coverage_write_matrix(FILE *stream, const struct coverage_report *report, size_t width);

/* One line for each table and season, and one for each table over all (season "all"), with a
 * header; RFC 4180 with \n. What is not known is empty. */
bool coverage_write_csv(FILE *stream, const struct coverage_report *report);

/* The gaps of one table, as coverage_gaps takes them but for dates with too many rows, which RANGES
 * and CSV tell apart. RANGES: a heading and one range a line for people; LIST: one date a line;
 * CSV: from,to,dates,kind (gap, excess) with a header. For a table that was not measured RANGES
 * says so, LIST and CSV hold no line: ask tables[].all.known first. */
enum coverage_gaps_format { COVERAGE_GAPS_RANGES, COVERAGE_GAPS_LIST, COVERAGE_GAPS_CSV };
bool coverage_write_gaps(FILE *stream, const struct coverage_report *report, size_t table,
                         struct day_range range, bool missing_only,
                         enum coverage_gaps_format format);

#endif
