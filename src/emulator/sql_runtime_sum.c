/* SUM and AVG within SQLite, with and without a moving frame: INT64 that overflows fails, decimals
 * are exact, a FLOAT64 may be NaN or infinite. */
#include <math.h>
#include <string.h>

#include "emulator/sql_runtime.h"

__extension__ typedef __int128 wide;

/* Values may leave a frame again, so those that swallow all others are counted. */
struct sum {
    int64_t count;
    uint64_t low; /* of the sum of integers in 128 bits; SQLite aligns no better than this */
    int64_t high;
    double real, lost; /* what rounding took away is kept beside the sum */
    int64_t nans, infinities, negative_infinities;
    struct decimal decimal;
    bool overflow;
};

static struct sum *sum_of(sqlite3_context *context) {
    return sqlite3_aggregate_context(context, sizeof(struct sum));
}

static wide whole_of(const struct sum *sum) {
    return ((wide)sum->high << 64) + (wide)sum->low;
}

static void take_integer(sqlite3_context *context, sqlite3_value **values, int direction) {
    struct sum *sum = sum_of(context);
    if (!sum || sqlite3_value_type(values[0]) == SQLITE_NULL)
        return;
    sum->count += direction;
    wide total = whole_of(sum) + direction * (wide)sqlite3_value_int64(values[0]);
    sum->low = (uint64_t)total;
    sum->high = (int64_t)(total >> 64);
}

static void add_integer(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    take_integer(context, values, 1);
}

static void drop_integer(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    take_integer(context, values, -1);
}

static void give_integer(sqlite3_context *context) {
    const struct sum *sum = sum_of(context);
    if (!sum || sum->count == 0)
        return;
    wide total = whole_of(sum);
    if (total > INT64_MAX || total < INT64_MIN)
        sql_runtime_fail(context, "int64 overflow: SUM");
    else
        sqlite3_result_int64(context, (int64_t)total);
}

/* Neumaier's sum: what a step rounds away is added up on its own. */
static void add_exactly(struct sum *sum, double number) {
    double total = sum->real + number;
    sum->lost += fabs(sum->real) >= fabs(number) ? (sum->real - total) + number
                                                 : (number - total) + sum->real;
    sum->real = total;
}

static void take_real(sqlite3_context *context, sqlite3_value **values, int direction) {
    struct sum *sum = sum_of(context);
    if (!sum || sqlite3_value_type(values[0]) == SQLITE_NULL)
        return;
    double number = sql_runtime_real(values[0]);
    sum->count += direction;
    if (isnan(number))
        sum->nans += direction;
    else if (isinf(number))
        *(number > 0 ? &sum->infinities : &sum->negative_infinities) += direction;
    else
        add_exactly(sum, direction * number);
}

static void add_real(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    take_real(context, values, 1);
}

static void drop_real(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    take_real(context, values, -1);
}

static void give_real(sqlite3_context *context, bool mean) {
    const struct sum *sum = sum_of(context);
    if (!sum || sum->count == 0)
        return;
    double total = isfinite(sum->real) ? sum->real + sum->lost : sum->real;
    double result = mean ? total / (double)sum->count : total;
    if (sum->nans || (sum->infinities && sum->negative_infinities))
        sql_runtime_give_real(context, (double)NAN);
    else if (sum->infinities || sum->negative_infinities)
        sql_runtime_give_real(context, sum->infinities ? INFINITY : -INFINITY);
    else if (!isfinite(result))
        sql_runtime_fail(context, "double overflow: %s", mean ? "AVG" : "SUM");
    else
        sql_runtime_give_real(context, result);
}

static void give_real_sum(sqlite3_context *context) {
    give_real(context, false);
}

static void give_real_mean(sqlite3_context *context) {
    give_real(context, true);
}

static void take_decimal(sqlite3_context *context, sqlite3_value **values, int direction) {
    struct sum *sum = sum_of(context);
    struct decimal number;
    if (!sum || sqlite3_value_type(values[0]) == SQLITE_NULL ||
        !sql_runtime_decimal(context, values[0], &number))
        return;
    sum->count += direction;
    sum->overflow |= !(direction > 0 ? decimal_add(&sum->decimal, &number, &sum->decimal)
                                     : decimal_subtract(&sum->decimal, &number, &sum->decimal));
}

static void add_decimal(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    take_decimal(context, values, 1);
}

static void drop_decimal(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    take_decimal(context, values, -1);
}

static void give_decimal(sqlite3_context *context, bool mean, enum decimal_kind kind) {
    const struct sum *sum = sum_of(context);
    if (!sum || sum->count == 0)
        return;
    struct decimal result = sum->decimal, count = decimal_of_int64(sum->count);
    bool good = !sum->overflow && (!mean || decimal_divide(&sum->decimal, &count, &result));
    if (good && decimal_fit(&result, kind))
        sql_runtime_give_decimal(context, &result);
    else
        sql_runtime_fail(context, "%s overflow: %s",
                         kind == DECIMAL_NUMERIC ? "numeric" : "BigNumeric", mean ? "AVG" : "SUM");
}

static void give_numeric_sum(sqlite3_context *context) {
    give_decimal(context, false, DECIMAL_NUMERIC);
}

static void give_numeric_mean(sqlite3_context *context) {
    give_decimal(context, true, DECIMAL_NUMERIC);
}

static void give_bignumeric_sum(sqlite3_context *context) {
    give_decimal(context, false, DECIMAL_BIGNUMERIC);
}

static void give_bignumeric_mean(sqlite3_context *context) {
    give_decimal(context, true, DECIMAL_BIGNUMERIC);
}

bool sql_runtime_sums(sqlite3 *database) {
    static const struct {
        const char *name;
        void (*add)(sqlite3_context *, int, sqlite3_value **);
        void (*give)(sqlite3_context *);
        void (*drop)(sqlite3_context *, int, sqlite3_value **);
    } sums[] = {
        {"bq_sum_i", add_integer, give_integer, drop_integer},
        {"bq_sum_f", add_real, give_real_sum, drop_real},
        {"bq_sum_d", add_decimal, give_numeric_sum, drop_decimal},
        {"bq_sum_b", add_decimal, give_bignumeric_sum, drop_decimal},
        {"bq_avg_i", add_real, give_real_mean, drop_real},
        {"bq_avg_f", add_real, give_real_mean, drop_real},
        {"bq_avg_d", add_decimal, give_numeric_mean, drop_decimal},
        {"bq_avg_b", add_decimal, give_bignumeric_mean, drop_decimal},
    };
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        if (sqlite3_create_window_function(
                database, sums[i].name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                NULL, sums[i].add, sums[i].give, sums[i].give, sums[i].drop, NULL) != SQLITE_OK)
            return false;
    return true;
}
