/* The functions that compiled statements call within SQLite, shared between the files that hold
 * them. */
#ifndef PHASEGATE_EMULATOR_SQL_RUNTIME_H
#define PHASEGATE_EMULATOR_SQL_RUNTIME_H

#include <sqlite3.h>
#include <stdbool.h>

#include "emulator/catalog.h"
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
