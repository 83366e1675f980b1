#include "state/counts.h"

#include <stdlib.h>

#include "base/memory.h"

static void put_number(struct text_buffer *blob, uint64_t value) {
    char bytes[10];
    size_t size = 0;
    do {
        unsigned low = (unsigned)(value & 0x7F);
        value >>= 7;
        bytes[size++] = (char)(value != 0 ? low | 0x80 : low);
    } while (value != 0);
    text_buffer_put(blob, bytes, size);
}

/* Small for small numbers of either sign. */
static uint64_t fold_sign(int64_t value) {
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static int64_t unfold_sign(uint64_t value) {
    return (int64_t)(value >> 1 ^ ((value & 1) != 0 ? UINT64_MAX : 0));
}

static bool get_number(struct text *rest, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64 && rest->size > 0; shift += 7) {
        unsigned char byte = (unsigned char)rest->data[0];
        rest->data++;
        rest->size--;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) {
            return true;
        }
    }
    return false;
}

bool counts_encode(const struct state_count *counts, size_t count, struct text_buffer *blob) {
    int64_t day = 0;
    int64_t second = 0;
    for (size_t i = 0; i < count; i++) {
        const struct state_count *one = &counts[i];
        if ((i > 0 && one->day <= counts[i - 1].day) || one->rows < 0 || one->entities < -1 ||
            one->nulls < -1 || one->fallbacks < -1) {
            return false;
        }
        put_number(blob, fold_sign(one->day - day));
        put_number(blob, (uint64_t)one->rows);
        put_number(blob, (uint64_t)(one->entities + 1));
        put_number(blob, (uint64_t)(one->nulls + 1));
        put_number(blob, (uint64_t)(one->fallbacks + 1));
        put_number(blob, fold_sign(one->changed_at / 1000 - second));
        day = one->day;
        second = one->changed_at / 1000;
    }
    return true;
}

static bool decode_one(struct text *rest, int64_t *day, int64_t *second,
                       struct state_count *count) {
    uint64_t step;
    uint64_t rows;
    uint64_t entities;
    uint64_t nulls;
    uint64_t fallbacks;
    uint64_t seconds;
    if (!get_number(rest, &step) || !get_number(rest, &rows) || !get_number(rest, &entities) ||
        !get_number(rest, &nulls) || !get_number(rest, &fallbacks) || !get_number(rest, &seconds) ||
        rows > INT64_MAX || entities > INT64_MAX || nulls > INT64_MAX || fallbacks > INT64_MAX ||
        __builtin_add_overflow(*day, unfold_sign(step), day) ||
        __builtin_add_overflow(*second, unfold_sign(seconds), second) || *day < INT32_MIN ||
        *day > INT32_MAX || *second < INT64_MIN / 1000 || *second > INT64_MAX / 1000) {
        return false;
    }
    *count = (struct state_count){.day = (day_number)*day,
                                  .rows = (int64_t)rows,
                                  .entities = (int64_t)entities - 1,
                                  .nulls = (int64_t)nulls - 1,
                                  .fallbacks = (int64_t)fallbacks - 1,
                                  .changed_at = *second * 1000};
    return true;
}

struct state_count *counts_decode(struct text blob, size_t *count) {
    /* Six numbers of at least one byte a day. */
    struct state_count *counts = memory_new(blob.size / 6 + 1, sizeof *counts);
    int64_t day = 0;
    int64_t second = 0;
    *count = 0;
    while (blob.size > 0) {
        if (!decode_one(&blob, &day, &second, &counts[*count]) ||
            (*count > 0 && counts[*count].day <= counts[*count - 1].day)) {
            free(counts);
            *count = 0;
            return NULL;
        }
        (*count)++;
    }
    return counts;
}

void counts_date(struct state_count *now, size_t now_count, const struct state_count *before,
                 size_t before_count, int64_t at) {
    size_t old = 0;
    for (size_t i = 0; i < now_count; i++) {
        while (old < before_count && before[old].day < now[i].day) {
            old++;
        }
        const struct state_count *same =
            old < before_count && before[old].day == now[i].day ? &before[old] : NULL;
        bool unchanged = same != NULL && same->rows == now[i].rows &&
                         same->entities == now[i].entities && same->nulls == now[i].nulls &&
                         same->fallbacks == now[i].fallbacks;
        now[i].changed_at = unchanged ? same->changed_at : at;
    }
}
