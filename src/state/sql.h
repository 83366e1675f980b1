/* Private to src/state: one connection, and statements on it without the ceremony.
 *
 * Values are bound by type; a statement that fails fills the error once, with an exit code that
 * says whose fault it is. A trigger's message is a sentence for people and is passed on as it is.
 */
#ifndef PHASEGATE_STATE_SQL_H
#define PHASEGATE_STATE_SQL_H

#include <sqlite3.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/day.h"
#include "state/state.h"

/* Of a connection that reads a copy: which it has open. Of one that publishes them: what the last
 * held, and when the next may be made. */
struct state_copy {
    dev_t device;
    ino_t inode;
    int64_t at_ms; /* 0: the state itself is open */
    int64_t version, changes, next_ns;
};

struct state {
    sqlite3 *database;
    char *directory, *path;
    char boot_id[CLOCK_BOOT_ID_SIZE];
    int schema;
    bool writable;
    int patience_ms;
    int64_t waiting_since;              /* boot ns, of the wait that goes on */
    int64_t looked_ns;                  /* boot ns, at who holds the lock */
    int64_t ended_pid;                  /* a frozen agent that was ended; 0: none, or told */
    int64_t seen_version, seen_changes; /* of state_changed; -1 before the first */
    struct state_copy copy;
};

enum sql_type { SQL_NULL, SQL_INTEGER, SQL_REAL, SQL_TEXT, SQL_BLOB };
struct sql_value {
    enum sql_type type;
    int64_t integer;
    double real;
    const char *data;
    size_t size;
};

static inline struct sql_value sql_int(int64_t value) {
    return (struct sql_value){.type = SQL_INTEGER, .integer = value};
}
/* NULL in place of `none`. */
static inline struct sql_value sql_int_unless(int64_t value, int64_t none) {
    return value == none ? (struct sql_value){.type = SQL_NULL} : sql_int(value);
}
static inline struct sql_value sql_size(size_t value) {
    return sql_int((int64_t)value);
}
static inline struct sql_value sql_real(double value) {
    return (struct sql_value){.type = SQL_REAL, .real = value};
}
/* NULL for NULL; borrowed until the statement is done, like the next. */
static inline struct sql_value sql_text(const char *value) {
    return (struct sql_value){.type = value == NULL ? SQL_NULL : SQL_TEXT, .data = value};
}
static inline struct sql_value sql_blob(const char *data, size_t size) {
    return (struct sql_value){.type = SQL_BLOB, .data = data, .size = size};
}

/* Fills the error from the connection's last failure; returns false. */
bool sql_failed(struct state *state, struct error *error);

/* Why a connection that may only read writes nothing; returns false. */
bool state_refuse(const struct state *state, struct error *error);

/* Says of a file that cannot be right what to do about it (EXIT_DATA); returns false. */
bool state_refuse_damage(const struct state *state, const char *what, struct error *error);

/* A transaction that writes. sql_end commits when `done`, else rolls back; returns whether it was
 * committed. */
bool sql_begin(struct state *state, struct error *error);
bool sql_end(struct state *state, bool done, struct error *error);

/* One statement to its end. SQL_RUN(state, error, "UPDATE … WHERE a=?", sql_int(7)). */
bool sql_run(struct state *state, struct error *error, const char *sql,
             const struct sql_value *values, size_t count);
#define SQL_RUN(state, error, sql, ...)                                                            \
    sql_run(state, error, sql, (const struct sql_value[]){__VA_ARGS__},                            \
            sizeof((const struct sql_value[]){__VA_ARGS__}) / sizeof(struct sql_value))

/* Several statements without values. */
bool sql_script(struct state *state, const char *sql, struct error *error);

/* Inside a transaction: EXIT_NO_GO unless the lease is held under this term. Whether it has expired
 * is the holder's to know (it steps down before), and whoever takes it over raises the term. */
bool sql_fence(struct state *state, int64_t term, struct error *error);

/* Rows that the last statement changed. */
int64_t sql_changes(const struct state *state);

/* A query: sql_next steps to a row until it returns false; then `failed` tells whether that was an
 * error. It ends by itself there; before that, with sql_finish. */
struct sql_rows {
    struct state *state;
    struct error *error;
    sqlite3_stmt *statement;
    bool failed;
};
struct sql_rows sql_rows_of(struct state *state, struct error *error, const char *sql,
                            const struct sql_value *values, size_t count);
#define SQL_ROWS(state, error, sql, ...)                                                           \
    sql_rows_of(state, error, sql, (const struct sql_value[]){__VA_ARGS__},                        \
                sizeof((const struct sql_value[]){__VA_ARGS__}) / sizeof(struct sql_value))
#define SQL_ALL(state, error, sql) sql_rows_of(state, error, sql, NULL, 0)
bool sql_next(struct sql_rows *rows);
void sql_finish(struct sql_rows *rows);

/* Columns of the row; NULL gives `none`, or a NULL string. */
int64_t sql_get_int(const struct sql_rows *rows, int column, int64_t none);
double sql_get_real(const struct sql_rows *rows, int column);
char *sql_get_text(const struct sql_rows *rows, int column);        /* the caller frees it */
const char *sql_peek_text(const struct sql_rows *rows, int column); /* until the next row; "" */
struct text sql_peek_blob(const struct sql_rows *rows, int column);

/* The single integer of a query, or `none` without a row. False on an error. */
bool sql_one(struct state *state, struct error *error, const char *sql,
             const struct sql_value *values, size_t count, int64_t none, int64_t *value);
#define SQL_ONE(state, error, none, value, sql, ...)                                               \
    sql_one(state, error, sql, (const struct sql_value[]){__VA_ARGS__},                            \
            sizeof((const struct sql_value[]){__VA_ARGS__}) / sizeof(struct sql_value), none,      \
            value)

#endif
