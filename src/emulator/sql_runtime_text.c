/* Text within SQLite as GoogleSQL counts and folds it: characters are code points of Unicode. */
#include <locale.h>
#include <string.h>
#include <wctype.h>

#include "emulator/sql_runtime.h"

/* The character at `text` and its size in bytes. */
static size_t decode(const char *text, size_t size, uint32_t *code) {
    size_t used = text_decode(text, size, code);
    return used ? used : 1;
}

static struct text text_of_value(sqlite3_value *value) {
    const char *data = sqlite3_value_type(value) == SQLITE_BLOB
                           ? sqlite3_value_blob(value)
                           : (const char *)sqlite3_value_text(value);
    return (struct text){data ? data : "", (size_t)sqlite3_value_bytes(value)};
}

static void give(sqlite3_context *context, sqlite3_value *like, struct text text) {
    if (sqlite3_value_type(like) == SQLITE_BLOB)
        sqlite3_result_blob64(context, text.data, text.size, SQLITE_TRANSIENT);
    else
        sqlite3_result_text64(context, text.data, text.size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/* How many characters (bytes of BYTES) there are, and where the one numbered `index` starts. */
static int64_t count_characters(struct text text, bool bytes) {
    if (bytes)
        return (int64_t)text.size;
    int64_t count = 0;
    uint32_t code;
    for (size_t at = 0; at < text.size; count++)
        at += decode(text.data + at, text.size - at, &code);
    return count;
}

static size_t offset_of(struct text text, int64_t index, bool bytes) {
    size_t at = 0;
    uint32_t code;
    if (bytes)
        return index > (int64_t)text.size ? text.size : (size_t)index;
    while (index-- > 0 && at < text.size)
        at += decode(text.data + at, text.size - at, &code);
    return at < text.size ? at : text.size;
}

static void cut(sqlite3_context *context, sqlite3_value *value, int64_t from, int64_t count) {
    struct text text = text_of_value(value);
    bool bytes = sqlite3_value_type(value) == SQLITE_BLOB;
    size_t start = offset_of(text, from, bytes);
    struct text rest = {text.data + start, text.size - start};
    rest.size = offset_of(rest, count, bytes);
    give(context, value, rest);
}

/* value, position [, length] */
static void substr(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    int64_t position = sqlite3_value_int64(values[1]);
    int64_t length = count > 2 ? sqlite3_value_int64(values[2]) : INT64_MAX;
    if (length < 0) {
        sql_runtime_fail(context, "Third argument in SUBSTR() cannot be negative");
        return;
    }
    int64_t size =
        count_characters(text_of_value(values[0]), sqlite3_value_type(values[0]) == SQLITE_BLOB);
    int64_t from = position > 0                        ? position - 1
                   : position < -size || position == 0 ? 0
                                                       : size + position;
    cut(context, values[0], from, length);
}

/* value, length, whether from the right */
static void side(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    int64_t length = sqlite3_value_int64(values[1]);
    bool right = sqlite3_value_int(values[2]) != 0;
    if (length < 0) {
        sql_runtime_fail(context, "Second argument in %s() cannot be negative",
                         right ? "RIGHT" : "LEFT");
        return;
    }
    int64_t size =
        count_characters(text_of_value(values[0]), sqlite3_value_type(values[0]) == SQLITE_BLOB);
    cut(context, values[0], right && length < size ? size - length : 0, length);
}

/* The characters from `index` on (from 1) start with `wanted`. */
static bool stands_at(struct text text, struct text wanted, int64_t index, bool bytes) {
    size_t at = offset_of(text, index - 1, bytes);
    return text.size - at >= wanted.size && memcmp(text.data + at, wanted.data, wanted.size) == 0;
}

/* value, subvalue, position, occurrence: INSTR. A negative position counts from the end, and the
 * search goes backwards from there. */
static void find_occurrence(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    struct text text = text_of_value(values[0]), wanted = text_of_value(values[1]);
    int64_t position = sqlite3_value_int64(values[2]), left = sqlite3_value_int64(values[3]);
    bool bytes = sqlite3_value_type(values[0]) == SQLITE_BLOB;
    int64_t size = count_characters(text, bytes), step = position < 0 ? -1 : 1;
    if (position == 0 || left <= 0) {
        sql_runtime_fail(context, "INSTR: the %s must be %s", position ? "occurrence" : "position",
                         position ? "positive" : "other than 0");
        return;
    }
    int64_t found = 0, at = position < -size ? 0 : position < 0 ? size + position + 1 : position;
    for (; wanted.size && left && at >= 1 && at <= size; at += step) {
        if (stands_at(text, wanted, at, bytes) && --left == 0)
            found = at;
    }
    sqlite3_result_int64(context, found);
}

/* White space of Unicode, as TRIM without a second argument takes it. */
static bool is_space(uint32_t code) {
    static const uint32_t others[] = {0x20,   0x85,   0xA0,   0x1680, 0x2028,
                                      0x2029, 0x202F, 0x205F, 0x3000};
    if ((code >= 0x09 && code <= 0x0D) || (code >= 0x2000 && code <= 0x200A))
        return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i] == code)
            return true;
    return false;
}

/* value, sides: 1 the left, 2 the right, 3 both */
static void trim(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    struct text text = text_of_value(values[0]);
    int sides = sqlite3_value_int(values[1]);
    size_t start = text.size, end = 0;
    uint32_t code;
    for (size_t at = 0; at < text.size;) {
        size_t size = decode(text.data + at, text.size - at, &code);
        if (!is_space(code)) {
            start = start < at ? start : at;
            end = at + size;
        }
        at += size;
    }
    if (!(sides & 1))
        start = 0;
    if (!(sides & 2))
        end = text.size;
    give(context, values[0], (struct text){text.data + start, end > start ? end - start : 0});
}

static void put_code(struct text_buffer *out, uint32_t code) {
    char bytes[4];
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size; i-- > 1; code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(leads[size] | code);
    text_buffer_put(out, bytes, size);
}

static void free_fold(void *locale) {
    freelocale((locale_t)locale);
}

/* value, whether to upper case. The rules are those of the C library's C.UTF-8. */
static void fold(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    locale_t rules = sqlite3_get_auxdata(context, 1);
    locale_t made = rules ? (locale_t)0 : newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    rules = rules ? rules : made;
    bool upper = sqlite3_value_int(values[1]) != 0;
    struct text text = text_of_value(values[0]);
    struct text_buffer out = {0};
    bool good = true;
    text_buffer_add(&out, "");
    for (size_t at = 0; at < text.size && good;) {
        uint32_t code;
        size_t size = decode(text.data + at, text.size - at, &code);
        good = rules || code < 0x80;
        if (code == UINT32_MAX)
            text_buffer_put(&out, text.data + at, size);
        else if (rules)
            put_code(&out, (uint32_t)(upper ? towupper_l(code, rules) : towlower_l(code, rules)));
        else
            put_code(&out, upper && code >= 'a' && code <= 'z'    ? code - 32
                           : !upper && code >= 'A' && code <= 'Z' ? code + 32
                                                                  : code);
        at += size;
    }
    if (good)
        give(context, values[0], (struct text){out.data, out.size});
    else
        sql_runtime_fail(context, "The case of letters beyond ASCII is not supported by the local "
                                  "BigQuery on this system: it has no locale C.UTF-8");
    text_buffer_free(&out);
    if (made)
        sqlite3_set_auxdata(context, 1, made, free_fold);
}

const struct sql_runtime_function sql_runtime_texts[] = {
    {"bq_substr", 2, substr}, {"bq_substr", 3, substr}, {"bq_side", 3, side},
    {"bq_trim", 2, trim},     {"bq_fold", 2, fold},     {"bq_instr", 4, find_occurrence},
    {NULL, 0, NULL}};
