/* The order of FLOAT64 values, of which SQLite would put NaN (a text) behind all others, and what
 * may come of a subquery that stands for one value. Order: GoogleSQL's reference, Data types: NULL,
 * NaN, -inf, the numbers, +inf. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "emulator/sql_runtime.h"

enum { KEY_SIZE = 8 };
#define SIGN (UINT64_C(1) << 63)

/* Eight bytes that memcmp orders as the numbers are; NaN before all. */
static void write_key(double number, unsigned char key[KEY_SIZE]) {
    uint64_t bits = 0;
    number = number == 0 ? 0 : number; /* -0 is 0 */
    if (!isnan(number)) {
        memcpy(&bits, &number, sizeof bits);
        bits = bits & SIGN ? ~bits : bits | SIGN;
    }
    for (int i = KEY_SIZE; i-- > 0; bits >>= 8)
        key[i] = (unsigned char)bits;
}

static double read_key(const unsigned char *key) {
    uint64_t bits = 0;
    double number = NAN;
    for (int i = 0; i < KEY_SIZE; i++)
        bits = bits << 8 | key[i];
    if (bits == 0)
        return number;
    bits = bits & SIGN ? bits & ~SIGN : ~bits;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static void order(sqlite3_context *context, int count, sqlite3_value **values) {
    unsigned char key[KEY_SIZE];
    if (sql_runtime_any_null(count, values))
        return;
    write_key(sql_runtime_real(values[0]), key);
    sqlite3_result_blob(context, key, KEY_SIZE, SQLITE_TRANSIENT);
}

/* The value again of a key. */
static void unorder(sqlite3_context *context, int count, sqlite3_value **values) {
    if (!sql_runtime_any_null(count, values) && sqlite3_value_bytes(values[0]) == KEY_SIZE)
        sql_runtime_give_real(context, read_key(sqlite3_value_blob(values[0])));
}

/* LEAST: NULL with a NULL, NaN with a NaN. */
static void least(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    double smallest = INFINITY;
    for (int i = 0; i < count && !isnan(smallest); i++) {
        double number = sql_runtime_real(values[i]);
        smallest = isnan(number) || number < smallest ? number : smallest;
    }
    sql_runtime_give_real(context, smallest);
}

/* number of rows, value: a scalar subquery has one row, or none. */
static void one(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    if (sqlite3_value_int64(values[0]) > 1)
        sql_runtime_fail(context, "Scalar subquery produced more than one element");
    else
        sqlite3_result_value(context, values[1]);
}

const struct sql_runtime_function sql_runtime_orders[] = {{"bq_order", 1, order},
                                                          {"bq_unorder", 1, unorder},
                                                          {"bq_least", -1, least},
                                                          {"bq_one", 2, one},
                                                          {NULL, 0, NULL}};
