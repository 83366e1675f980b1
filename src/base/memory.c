#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static void *require(void *pointer) {
    if (pointer == NULL) {
        (void)fputs("phasegate: out of memory\n", stderr);
        _Exit(EXIT_SOFTWARE);
    }
    return pointer;
}

void *memory_new(size_t count, size_t size) {
    return require(calloc(count != 0 ? count : 1, size != 0 ? size : 1));
}

void *memory_resize(void *old, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        return require(NULL);
    }
    return require(realloc(old, total != 0 ? total : 1));
}

void *memory_grow(void *array, size_t used, size_t *capacity, size_t size) {
    if (array != NULL && used < *capacity) {
        return array;
    }
    *capacity = *capacity < 8 ? 8 : *capacity * 2;
    return memory_resize(array, *capacity, size);
}

char *memory_copy_string(const char *string) {
    return string == NULL ? NULL : require(strdup(string));
}

char *memory_copy_part(const char *data, size_t size) {
    char *copy = memory_new(size + 1, 1);
    if (size != 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

char *memory_format(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *string = memory_format_list(format, arguments);
    va_end(arguments);
    return string;
}

char *memory_format_list(const char *format, va_list arguments) {
    char *string = NULL;
    int length = vasprintf(&string, format, arguments);
    return require(length < 0 ? NULL : string);
}
