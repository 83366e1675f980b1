/* The arena of a statement's tree, and how a compilation fails. */
#include "emulator/sql_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

void sql_adopt(struct sql_arena *arena, void *block) {
    arena->blocks =
        memory_grow(arena->blocks, arena->count, &arena->capacity, sizeof *arena->blocks);
    arena->blocks[arena->count++] = block;
}

void *sql_new(struct sql_arena *arena, size_t size) {
    void *block = memory_new(1, size);
    sql_adopt(arena, block);
    return block;
}

char *sql_copy(struct sql_arena *arena, const char *data, size_t size) {
    char *copy = sql_new(arena, size + 1);
    memcpy(copy, data, size);
    return copy;
}

char *sql_print(struct sql_arena *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = sql_new(arena, (size_t)size + 1);
    (void)vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

void sql_arena_free(struct sql_arena *arena) {
    for (size_t i = 0; i < arena->count; i++)
        free(arena->blocks[i]);
    free(arena->blocks);
    *arena = (struct sql_arena){0};
}

void sql_add(struct sql_arena *arena, struct sql_list *list, void *item) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 4;
        void **items = sql_new(arena, capacity * sizeof *items);
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
}

void sql_add_name(struct sql_arena *arena, struct sql_list *list, const char *name) {
    sql_add(arena, list, sql_copy(arena, name, strlen(name)));
}

bool sql_same(const char *a, const char *b) {
    return a && b && strcasecmp(a, b) == 0;
}

__attribute__((format(printf, 5, 0))) static void fill(struct sql_compilation *compilation,
                                                       const char *reason, int code,
                                                       struct googlesql_place place,
                                                       const char *format, va_list arguments) {
    struct sql_error *error = compilation->error;
    *error = (struct sql_error){
        .reason = reason, .code = code, .line = place.line, .column = place.column};
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    compilation->failed = true;
}

bool sql_fail(struct sql_compilation *compilation, struct googlesql_place place, const char *format,
              ...) {
    if (compilation->failed)
        return false;
    va_list arguments;
    va_start(arguments, format);
    fill(compilation, "invalidQuery", 400, place, format, arguments);
    va_end(arguments);
    char where[48];
    int size = snprintf(where, sizeof where, " at [%d:%d]", place.line, place.column);
    char *message = compilation->error->message;
    size_t room = SQL_MESSAGE_SIZE - 1 - (size_t)size;
    size_t end = strlen(message) < room ? strlen(message) : room;
    while (end && ((unsigned char)message[end] & 0xC0) == 0x80)
        end--;
    memcpy(message + end, where, (size_t)size + 1);
    return false;
}

bool sql_fail_as(struct sql_compilation *compilation, const char *reason, int code,
                 struct googlesql_place place, const char *format, ...) {
    if (compilation->failed)
        return false;
    va_list arguments;
    va_start(arguments, format);
    fill(compilation, reason, code, place, format, arguments);
    va_end(arguments);
    return false;
}
