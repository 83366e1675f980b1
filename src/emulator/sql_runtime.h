/* The functions that compiled statements call within SQLite, shared between the files that hold
 * them. */
#ifndef PHASEGATE_EMULATOR_SQL_RUNTIME_H
#define PHASEGATE_EMULATOR_SQL_RUNTIME_H

#include <sqlite3.h>
#include <stdbool.h>

#include "emulator/catalog.h"
#include "emulator/decimal.h"
#include "emulator/moment.h"
#include "emulator/sql_moment.h"

struct sql_runtime_function {
    const char *name;
    int arguments;
    void (*call)(sqlite3_context *context, int count, sqlite3_value **values);
};

/* Each ends with an entry without a name. */
extern const struct sql_runtime_function sql_runtime_moments[];
extern const struct sql_runtime_function sql_runtime_values[];
extern const struct sql_runtime_function sql_runtime_zones[];
extern const struct sql_runtime_function sql_runtime_numbers[];
extern const struct sql_runtime_function sql_runtime_texts[];
extern const struct sql_runtime_function sql_runtime_orders[];

/* SUM and AVG, and the order of decimals (collation bq_decimal); false when SQLite refuses. */
bool sql_runtime_sums(sqlite3 *database);
bool sql_runtime_collate(sqlite3 *database);

/* FLOAT64 values, of which NaN is the text 'NaN', and decimals, which are text; the reader of
 * decimals returns false after failing the call. */
double sql_runtime_real(sqlite3_value *value);
void sql_runtime_show_real(double number, char out[MOMENT_SIZE]); /* as CAST AS STRING */
void sql_runtime_give_real(sqlite3_context *context, double number);
bool sql_runtime_decimal(sqlite3_context *context, sqlite3_value *value, struct decimal *out);
void sql_runtime_give_decimal(sqlite3_context *context, const struct decimal *number);

/* Fails the call with a sentence. */
void sql_runtime_fail(sqlite3_context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A value in storage's form as a moment, and a moment as the result; false after failing the call.
 */
bool sql_runtime_moment(sqlite3_context *context, enum emulator_type type, sqlite3_value *value,
                        int64_t *moment);
void sql_runtime_give(sqlite3_context *context, enum emulator_type type, int64_t moment);

/* FORMAT_TIMESTAMP's result: the moment as clocks show it that are `offset` seconds east of UTC. */
void sql_runtime_give_format(sqlite3_context *context, int64_t local, int32_t offset,
                             sqlite3_value *format);

bool sql_runtime_any_null(int count, sqlite3_value **values);

#endif
