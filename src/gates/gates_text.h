/* Verdicts as plain text, as `phasegate check` prints them: one block a gate, failing checks first.
 */
#ifndef PHASEGATE_GATES_GATES_TEXT_H
#define PHASEGATE_GATES_GATES_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "gates/gates.h"

/* One gate, or all (PIPELINE_NONE); `since` as in gates_to_json. Each check has measured, required,
 * margin and age; a failing one says why and what it blocks. No colour; UTF-8. False (errno) when
 * the stream does not take it. */
bool gates_write_text(FILE *stream, const struct gates_report *report, size_t gate,
                      const int64_t *since);

/* "91.5 %", "72", "1.2 GiB": a value or a requirement of a check in its unit; returns `out`. */
#define GATES_VALUE_SIZE 32
char *gates_format_value(double value, enum gates_unit unit, char out[GATES_VALUE_SIZE]);

/* The same of a measured value beside what it is judged by: with as many digits as it takes that it
 * never reads as the threshold without being it (11.99 GiB of 12.0 GiB). */
char *gates_format_judged(double value, double required, enum gates_unit unit,
                          char out[GATES_VALUE_SIZE]);

/* "5 of 5 tables measured", or "inputs" when not all are checks of tables; returns `out`. */
#define GATES_INPUTS_SIZE 64
char *gates_format_inputs(const struct gates_gate *gate, const struct pipeline_gate *facts,
                          char out[GATES_INPUTS_SIZE]);

#endif
