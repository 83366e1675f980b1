#include "base/json.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/day.h"
#include "base/memory.h"

#define WRITE_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12))

enum { LARGEST_TEXT = 64 * 1024 * 1024 };

bool json_write(FILE *stream, const json_t *value) {
    return json_dumpf(value, stream, WRITE_FLAGS) == 0 && fputc('\n', stream) != EOF &&
           fflush(stream) == 0;
}

char *json_text(const json_t *value) {
    char *text = json_dumps(value, WRITE_FLAGS);
    return text != NULL ? text : memory_copy_string("null");
}

json_t *json_read(struct text text, const char *what, struct error *error) {
    json_error_t mistake;
    if (text.size > LARGEST_TEXT) {
        (void)error_set(error, EXIT_DATA, "%s: JSON of %zu bytes is over the limit of 64 MiB", what,
                        text.size);
        return NULL;
    }
    json_t *value =
        json_loadb(text.data != NULL ? text.data : "", text.size, JSON_DECODE_ANY, &mistake);
    if (value == NULL) {
        (void)error_set(error, EXIT_DATA, "%s:%d:%d: not JSON: %s", what, mistake.line,
                        mistake.column, mistake.text);
    }
    return value;
}

json_t *json_time(int64_t wall_ms) {
    char text[CLOCK_UTC_SIZE];
    return wall_ms == 0 ? json_null() : json_string(clock_format_utc(wall_ms, text));
}

json_t *json_percent(int tenths) {
    return tenths < 0 ? json_null() : json_real((double)tenths / 10.0);
}

json_t *json_day(int32_t day) {
    char text[DAY_TEXT_SIZE];
    return day == DAY_NONE ? json_null() : json_string(day_format(day, text));
}

json_t *json_string_or_null(const char *string) {
    return string == NULL ? json_null() : json_string(string);
}

const char *json_get_string(const json_t *object, const char *key, const char *fallback) {
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_string_value(value) : fallback;
}

int64_t json_get_integer(const json_t *object, const char *key, int64_t fallback) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : fallback;
}

bool json_get_bool(const json_t *object, const char *key, bool fallback) {
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}
