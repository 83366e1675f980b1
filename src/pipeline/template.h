/* SQL with placeholders, {name}, for what cannot be a parameter: names of tables and columns.
 *
 * A placeholder counts where SQL has its words and its names, backticks included; within a literal
 * or a comment it is text like any other. All else is sent as it was written, byte for byte. */
#ifndef PHASEGATE_PIPELINE_TEMPLATE_H
#define PHASEGATE_PIPELINE_TEMPLATE_H

#include "googlesql/token.h"
#include "pipeline/placeholder.h"

struct template {
    struct text text; /* borrowed */
    struct googlesql_tokens tokens;
};

/* Reads the text, which must outlive the template; the caller frees it. False after filling `error`
 * when it cannot be told apart into words, literals and comments. */
bool template_open(struct template *template, const char *text, struct googlesql_error *error);
void template_close(struct template *template);

/* The first placeholder that is not among the values, or the empty slice. */
struct text template_unknown(const struct template *template,
                             const struct placeholder_value *values, size_t count);

/* Whether it holds the placeholder. */
bool template_has(const struct template *template, const char *name);

/* The text with its placeholders replaced; the caller frees it. A line that asks for a value which
 * is NULL is left out. Within backticks the backticks around a value are left out. */
char *template_fill(const struct template *template, const struct placeholder_value *values,
                    size_t count);

/* Where in the template (lines and characters from 1) the place `sent` of template_fill's text
 * comes from, and the name of the placeholder whose value stands there (empty for the template's
 * own words). False when the text has no such line. */
bool template_origin(const struct template *template, const struct placeholder_value *values,
                     size_t count, struct googlesql_place sent, size_t *line, size_t *column,
                     struct text *name);

#endif
