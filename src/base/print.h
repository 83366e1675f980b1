/* Print: how words leave the program. Everything that a person or a file is given as text goes
 * through here, because the values in it are foreign: reasons of other people, names of files,
 * answers of BigQuery, lines of logs.
 *
 * In every %s of a format, bytes that a terminal would obey or hide are shown instead: controls as
 * "^[", invalid UTF-8 as "<9B>", direction overrides, zero-width and other invisible characters as
 * "<U+202E>"; a line feed inside a value is "^J". Widths and precisions of %s count columns, not
 * bytes, and what a precision cuts ends in "…" (but %.*s takes a slice: its number is bytes, and
 * nothing is cut). The format itself is ours and is written as it is. Text that is printable
 * already stays as it is. Any thread. */
#ifndef PHASEGATE_BASE_PRINT_H
#define PHASEGATE_BASE_PRINT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/text.h"

enum print_form {
    PRINT_VALUE,    /* one line: a line feed or a tab is shown as a control */
    PRINT_LINES,    /* several lines of ours: line feeds and tabs stay */
    PRINT_CSV,      /* a field: quoted where it must be, and no formula of a spreadsheet */
    PRINT_MARKDOWN, /* inside a paragraph or a table cell: nothing in it is markup */
    PRINT_CODE,     /* a Markdown code span, with its fences */
};

/* Adds `raw` in that form. */
void print_value(struct text_buffer *buffer, enum print_form form, struct text raw);

/* Adds formatted text. Understood are the conversions of printf but n, and no positions. */
void print_to(struct text_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void print_to_list(struct text_buffer *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Writes formatted text; false (errno) when the stream does not take it. */
bool print(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes lines that were put together elsewhere; NULL is none. */
bool print_lines(FILE *stream, const char *lines);

/* Formats into `out` (size ≥ 4); what does not fit is cut at a character and ends in "…". Returns
 * `out`. */
char *print_into(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
char *print_list_into(char *out, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Copies what was put together already, in that form, and cuts it in the same way. */
char *print_copy(char *out, size_t size, enum print_form form, const char *text);

#endif
