/* Allocation that cannot fail: out of memory ends the process with a message (exit 70). Nothing
 * else aborts. */
#ifndef PHASEGATE_BASE_MEMORY_H
#define PHASEGATE_BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

/* Zeroed room for `count` objects of `size` bytes; the caller frees it. count 0 gives a pointer to
 * free all the same. */
void *memory_new(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* `old` resized to `count` objects of `size` bytes; what is new is not zeroed. Aborts when the
 * product overflows. */
void *memory_resize(void *old, size_t count, size_t size) __attribute__((returns_nonnull));

/* Makes room for one more object in an array that holds `used` of `*capacity`, doubling it when
 * full. */
void *memory_grow(void *array, size_t used, size_t *capacity, size_t size)
    __attribute__((returns_nonnull));

/* A copy of a string (NULL gives NULL), of its first `size` bytes, or of any bytes; the caller
 * frees it. */
char *memory_copy_string(const char *string);
char *memory_copy_part(const char *data, size_t size) __attribute__((malloc, returns_nonnull));

/* printf into a new string; the caller frees it. */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
char *memory_format_list(const char *format, va_list arguments)
    __attribute__((format(printf, 1, 0), returns_nonnull));

#endif
