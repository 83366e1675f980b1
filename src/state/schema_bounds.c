/* Of schema 3: how long what a person writes may be. It stands in every list, and in every copy of
 * the state. */
#include "state/schema.h"

#define BOUNDED_ON(table, column, when, on, what, most)                                            \
    "CREATE TRIGGER " table "_" column "_bounded_" when " BEFORE " on " ON " table                 \
    " WHEN length(NEW." column ")>" most " BEGIN SELECT RAISE(ABORT,'" what                        \
    " may have at most " most " characters'); END;"
#define BOUNDED(table, column, what, most)                                                         \
    BOUNDED_ON(table, column, "insert", "INSERT", what, most)                                      \
    BOUNDED_ON(table, column, "update", "UPDATE OF " column, what, most)
#define REASON(table, column) BOUNDED(table, column, "a reason", "2000")
#define NAME(table, column)   BOUNDED(table, column, "the name of who acts", "200")

const char schema_bounded_reasons[] = REASON("marks", "reason") REASON("marks", "end_reason")
    REASON("waivers", "reason") REASON("approvals", "reason") REASON("arms", "why")
        REASON("runs", "stop_reason") REASON("runs", "server_forget_reason")
            BOUNDED("events", "text", "what the journal keeps", "16384");

const char schema_bounded_names[] = NAME("marks", "by_whom") NAME("marks", "ended_by")
    NAME("waivers", "by_whom") NAME("waivers", "ended_by") NAME("approvals", "by_whom")
        NAME("arms", "by_whom") NAME("answers", "by_whom");

const char schema_bounded_actors[] = NAME("requests", "by_whom") NAME("sessions", "owner")
    NAME("runs", "owner") NAME("runs", "stop_by") NAME("runs", "server_cancel_by")
        NAME("runs", "server_forget_by") NAME("events", "actor");

const char schema_bounded_releases[] =
    REASON("runs", "coverage_forget_reason") NAME("runs", "coverage_forget_by");
