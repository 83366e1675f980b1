/* What is wrong with a pipeline file: mistakes with their place, told in the file's order. */
#ifndef PHASEGATE_PIPELINE_MISTAKE_H
#define PHASEGATE_PIPELINE_MISTAKE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct mistake {
    size_t line, column; /* from 1 */
    size_t order;        /* in which they were found */
    char *text;
};

/* Zero-initialise, then mistakes_free. */
struct mistakes {
    struct mistake *items;
    size_t count, capacity;
    size_t left_out; /* beyond what is worth keeping */
};

void mistakes_add(struct mistakes *mistakes, size_t line, size_t column, const char *format,
                  va_list arguments) __attribute__((format(printf, 4, 0)));

/* Whether no more are kept: what comes is only counted, and need not be worded. */
bool mistakes_full(const struct mistakes *mistakes);
void mistakes_free(struct mistakes *mistakes);

/* Puts them into the file's order, fit to be printed. */
void mistakes_arrange(struct mistakes *mistakes);

/* Writes at most ten of them (arranged) into `error` (EXIT_CONFIG), a line each, "file:line:column:
 * text"; the last line says how many more there are. True when there are none. */
bool mistakes_report(const struct mistakes *mistakes, const char *file, struct error *error);

#endif
