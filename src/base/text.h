/* Text: slices of foreign bytes that carry their length, and a buffer that grows. */
#ifndef PHASEGATE_BASE_TEXT_H
#define PHASEGATE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A slice: borrowed bytes, not terminated. */
struct text {
    const char *data;
    size_t size;
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})

struct text text_of(const char *string); /* NULL gives the empty slice */
bool text_equal(struct text a, struct text b);
bool text_is(struct text a, const char *string);
bool text_starts(struct text a, struct text prefix);
struct text text_trim(struct text a); /* without ASCII white space at either end */

/* Splits `*rest` at the first `separator`: returns what stands before it and leaves what stands
 * behind it. */
struct text text_cut(struct text *rest, char separator);

/* A decimal number, digits and an optional sign only; false for anything else or an overflow. */
bool text_to_int64(struct text a, int64_t *value);

/* The number of single-character edits between two strings, ASCII case folded; for "did you mean".
 */
size_t text_distance(const char *a, const char *b);

/* The nearest of `count` names to `wrong`, or NULL when none is near enough to be meant. */
const char *text_nearest(const char *wrong, const char *const *names, size_t count);

/* Decodes one UTF-8 character at `data` (size > 0): returns its length and the code point; a byte
 * that is not valid UTF-8 gives length 1 and code point UINT32_MAX (overlong forms, surrogates and
 * values past U+10FFFF are not valid). */
size_t text_decode(const char *data, size_t size, uint32_t *code_point);

size_t text_count_characters(struct text a); /* code points */

/* Encodes a code point as UTF-8 into `out`; returns the number of bytes. */
size_t text_encode(uint32_t code_point, char out[4]);

/* A buffer that grows; `data` is always terminated once anything was put. Zero-initialise, then
 * text_buffer_free. */
struct text_buffer {
    char *data;
    size_t size;
    size_t capacity;
};

void text_buffer_put(struct text_buffer *buffer, const char *data, size_t size);
void text_buffer_add(struct text_buffer *buffer, const char *string);
void text_buffer_format(struct text_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_buffer_clear(struct text_buffer *buffer); /* keeps the room */
char *text_buffer_take(
    struct text_buffer *buffer); /* hands the string over; the caller frees it; never NULL */
void text_buffer_free(struct text_buffer *buffer);

#endif
