/* Values: as SQLite holds them, and how foreign JSON (tabledata.insertAll) becomes one. */
#ifndef PHASEGATE_EMULATOR_VALUE_H
#define PHASEGATE_EMULATOR_VALUE_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "emulator/catalog.h"

enum emulator_value_kind { VALUE_NULL, VALUE_INTEGER, VALUE_REAL, VALUE_TEXT, VALUE_BLOB };

/* One value in the storage form of its field's type (catalog.h). Text and blob are borrowed. */
struct emulator_value {
    enum emulator_value_kind kind;
    int64_t integer;
    double real;
    struct text text;
};

/* How value_read is to read, and why it did not. */
struct value_reader {
    bool ignore_unknown;                 /* members that the schema does not know are passed over */
    char message[EMULATOR_MESSAGE_SIZE]; /* as BigQuery words it */
    char location[EMULATOR_MESSAGE_SIZE]; /* the field, "a.b" */
};

/* Reads a JSON value into the storage form of `field`, as a new JSON reference: numbers and
 * booleans where the type has them, BYTES still as base64, RECORD and repeated as objects and
 * arrays. JSON null (and NULL) gives JSON null. NULL when it does not fit, with the reason in the
 * reader. A whole row is read as a RECORD. */
json_t *value_read(struct value_reader *reader, json_t *json, const struct emulator_field *field);

/* Binds what value_read gave to a parameter of a statement; false when SQLite refuses. */
bool value_bind_json(sqlite3_stmt *statement, int index, const struct emulator_field *field,
                     json_t *json);

/* Binds a value; text and blob are copied; false when SQLite refuses. */
bool value_bind(sqlite3_stmt *statement, int index, const struct emulator_value *value);

/* The same into a field, whose storage form a decimal gets whatever it comes as; false also when it
 * is none. A text is not copied: it lives until the statement has stepped, and the parameter is
 * bound anew before it steps again. */
bool value_bind_field(sqlite3_stmt *statement, int index, const struct emulator_field *field,
                      const struct emulator_value *value);

/* The value of a result's column, borrowed until the statement steps. */
struct emulator_value value_column(sqlite3_stmt *statement, int index);

/* Base64 with padding, into a buffer. */
void value_put_base64(struct text_buffer *buffer, struct text bytes);

/* Undoes base64, the URL alphabet and missing padding included; false when it is none. */
bool value_take_base64(struct text text, struct text_buffer *bytes);

#endif
