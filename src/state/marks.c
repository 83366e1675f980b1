/* Holds and overrides of gates, and waivers of dates: what a person decides, with a reason. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_emergency.h"
#include "state/state_gates.h"

static bool is_reason(const char *reason, const char *of_what, struct error *error) {
    return text_trim(text_of(reason)).size >= STATE_REASON_SIZE ||
           error_set(error, EXIT_USAGE, "%s needs a reason of at least %d characters", of_what,
                     (int)STATE_REASON_SIZE);
}

static const char *kind_of(bool hold) {
    return hold ? "hold" : "override";
}

static bool insert_mark(struct state *state, const struct state_actor *actor, const char *gate,
                        bool hold, const char *reason, int64_t at, struct error *error) {
    int64_t in_force;
    if (!SQL_ONE(state, error, 0, &in_force,
                 "SELECT count(*) FROM marks WHERE gate=? AND kind=? AND ended_at IS NULL",
                 sql_text(gate), sql_text(kind_of(hold)))) {
        return false;
    }
    if (in_force != 0) {
        return error_set(error, EXIT_NO_GO, "%s already has %s in force", gate,
                         hold ? "a hold" : "an override");
    }
    return SQL_RUN(state, error, "INSERT INTO marks(gate,kind,by_whom,reason,at) VALUES(?,?,?,?,?)",
                   sql_text(gate), sql_text(kind_of(hold)), sql_text(actor->name), sql_text(reason),
                   sql_int(at)) &&
           journal_add(state, actor, at, hold ? STATE_EVENT_HOLD : STATE_EVENT_OVERRIDE, gate,
                       reason, NULL, error);
}

bool state_mark_put(struct state *state, const struct state_actor *actor, const char *gate,
                    bool hold, const char *reason, int64_t at, struct error *error) {
    const char *given = reason == NULL ? "" : reason;
    return (hold || is_reason(given, "an override", error)) && sql_begin(state, error) &&
           sql_end(state, insert_mark(state, actor, gate, hold, given, at, error), error);
}

static bool end_mark(struct state *state, const struct state_actor *actor, const char *gate,
                     bool hold, const char *reason, int64_t at, struct error *error) {
    if (!SQL_RUN(state, error,
                 "UPDATE marks SET ended_at=?,ended_by=?,end_reason=?"
                 " WHERE gate=? AND kind=? AND ended_at IS NULL",
                 sql_int(at), sql_text(actor->name), sql_text(reason), sql_text(gate),
                 sql_text(kind_of(hold)))) {
        return false;
    }
    if (sql_changes(state) != 1) {
        return error_set(error, EXIT_NO_GO, "%s has no %s to end", gate, kind_of(hold));
    }
    return journal_add(state, actor, at, hold ? STATE_EVENT_RELEASE : STATE_EVENT_OVERRIDE_ENDED,
                       gate, reason == NULL ? "" : reason, NULL, error);
}

bool state_mark_end(struct state *state, const struct state_actor *actor, const char *gate,
                    bool hold, const char *reason, int64_t at, struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state, end_mark(state, actor, gate, hold, reason, at, error), error);
}

/* Holds that are not recorded yet, because the state could not be written. */
static struct state_mark *add_emergencies(struct state *state, struct state_mark *marks,
                                          size_t *count, size_t *capacity) {
    size_t found;
    struct state_emergency *markers = state_emergencies(state->directory, &found);
    for (size_t i = 0; i < found; i++) {
        bool known = markers[i].kind != STATE_EMERGENCY_HOLD;
        for (size_t j = 0; j < *count && !known; j++) {
            known = marks[j].hold && strcmp(marks[j].gate, markers[i].subject) == 0;
        }
        if (!known) {
            marks = memory_grow(marks, *count, capacity, sizeof *marks);
            marks[(*count)++] = (struct state_mark){
                .gate = memory_copy_string(markers[i].subject),
                .hold = true,
                .by = memory_copy_string(markers[i].by),
                .reason = memory_copy_string("asked for while the state could not be written"),
                .at = markers[i].at};
        }
    }
    state_emergencies_free(markers, found);
    return marks;
}

struct state_mark *state_marks(struct state *state, int64_t at, size_t *count,
                               struct error *error) {
    struct state_mark *marks = NULL;
    size_t capacity = 0;
    struct sql_rows rows =
        SQL_ROWS(state, error,
                 "SELECT id,gate,kind,by_whom,reason,at FROM marks WHERE"
                 " (?1=0 AND ended_at IS NULL) OR"
                 " (?1<>0 AND at<=?1 AND (ended_at IS NULL OR ended_at>?1)) ORDER BY id",
                 sql_int(at));
    *count = 0;
    while (sql_next(&rows)) {
        marks = memory_grow(marks, *count, &capacity, sizeof *marks);
        marks[(*count)++] = (struct state_mark){
            .id = sql_get_int(&rows, 0, 0),
            .gate = sql_get_text(&rows, 1),
            .hold = strcmp(sql_peek_text(&rows, 2), "hold") == 0,
            .by = sql_get_text(&rows, 3),
            .reason = sql_get_text(&rows, 4),
            .at = sql_get_int(&rows, 5, 0),
        };
    }
    if (rows.failed) {
        state_marks_free(marks, *count);
        *count = 0;
        return NULL;
    }
    if (at == 0) {
        marks = add_emergencies(state, marks, count, &capacity);
    }
    return marks != NULL ? marks : memory_new(1, sizeof *marks);
}

void state_marks_free(struct state_mark *marks, size_t count) {
    for (size_t i = 0; i < count && marks != NULL; i++) {
        free(marks[i].gate);
        free(marks[i].by);
        free(marks[i].reason);
    }
    free(marks);
}

static bool insert_waiver(struct state *state, const struct state_actor *actor, const char *table,
                          struct day_range range, const char *reason, int64_t at,
                          int64_t expires_at, int64_t *id, struct error *error) {
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    int64_t number;
    if (!SQL_RUN(state, error,
                 "INSERT INTO waivers(tbl,from_day,to_day,by_whom,reason,at,expires_at)"
                 " VALUES(?,?,?,?,?,?,?)",
                 sql_text(table), sql_int(range.from), sql_int(range.to), sql_text(actor->name),
                 sql_text(reason), sql_int(at), sql_int_unless(expires_at, 0)) ||
        !sql_one(state, error, "SELECT last_insert_rowid()", NULL, 0, 0, &number)) {
        return false;
    }
    if (id != NULL) {
        *id = number;
    }
    char *text = memory_format("%s to %s: %s", day_format(range.from, from),
                               day_format(range.to, to), reason);
    bool done = journal_add(state, actor, at, STATE_EVENT_WAIVE, table, text, NULL, error);
    free(text);
    return done;
}

bool state_waiver_put(struct state *state, const struct state_actor *actor, const char *table,
                      struct day_range range, const char *reason, int64_t at, int64_t expires_at,
                      int64_t *id, struct error *error) {
    if (day_range_count(range) == 0) {
        return error_set(error, EXIT_USAGE, "a waiver needs a range of at least one day");
    }
    const char *given = reason == NULL ? "" : reason;
    return is_reason(given, "a waiver", error) && sql_begin(state, error) &&
           sql_end(state,
                   insert_waiver(state, actor, table, range, given, at, expires_at, id, error),
                   error);
}

static bool end_waiver(struct state *state, const struct state_actor *actor, int64_t id, int64_t at,
                       struct error *error) {
    char *table = NULL;
    struct sql_rows rows = SQL_ROWS(state, error,
                                    "UPDATE waivers SET ended_at=?,ended_by=?"
                                    " WHERE id=? AND ended_at IS NULL RETURNING tbl",
                                    sql_int(at), sql_text(actor->name), sql_int(id));
    while (sql_next(&rows)) {
        table = sql_get_text(&rows, 0);
    }
    bool done = !rows.failed;
    if (done && table == NULL) {
        done = error_set(error, EXIT_NO_GO, "there is no waiver %lld to end", (long long)id);
    }
    done = done && journal_add(state, actor, at, STATE_EVENT_UNWAIVE, table, "the waiver was ended",
                               NULL, error);
    free(table);
    return done;
}

bool state_waiver_end(struct state *state, const struct state_actor *actor, int64_t id, int64_t at,
                      struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state, end_waiver(state, actor, id, at, error), error);
}

/* Who wrote since. */
#define WRITTEN_BY                                                                                 \
    "(SELECT r.run FROM runs r JOIN run_tables t ON t.run=r.run AND t.tbl=w.tbl"                   \
    " JOIN claims c ON c.run=r.run AND c.from_day<=w.to_day AND c.to_day>=w.from_day"              \
    " WHERE r.ended_sequence IS NOT NULL AND r.wrote_at>w.at AND (NOT ?2 OR r.wrote_at<=?1)"       \
    " ORDER BY r.rowid DESC LIMIT 1)"
#define WAIVERS(written_by)                                                                        \
    "SELECT id,tbl,from_day,to_day,by_whom,reason,at,expires_at," written_by " FROM waivers w"     \
    " WHERE (ended_at IS NULL OR (?2 AND ended_at>?1)) AND (NOT ?2 OR at<=?1)"                     \
    " AND (expires_at IS NULL OR expires_at>?1) ORDER BY tbl,from_day,id"

struct state_waiver *state_waivers(struct state *state, int64_t at, bool past, size_t *count,
                                   struct error *error) {
    struct state_waiver *waivers = NULL;
    size_t capacity = 0;
    struct sql_rows rows =
        SQL_ROWS(state, error, state->schema < 3 ? WAIVERS("NULL") : WAIVERS(WRITTEN_BY),
                 sql_int(at), sql_int(past));
    *count = 0;
    while (sql_next(&rows)) {
        waivers = memory_grow(waivers, *count, &capacity, sizeof *waivers);
        waivers[(*count)++] = (struct state_waiver){
            .id = sql_get_int(&rows, 0, 0),
            .table = sql_get_text(&rows, 1),
            .range = {(day_number)sql_get_int(&rows, 2, 0), (day_number)sql_get_int(&rows, 3, 0)},
            .by = sql_get_text(&rows, 4),
            .reason = sql_get_text(&rows, 5),
            .at = sql_get_int(&rows, 6, 0),
            .expires_at = sql_get_int(&rows, 7, 0),
            .written_by = sql_get_text(&rows, 8),
        };
    }
    if (rows.failed) {
        state_waivers_free(waivers, *count);
        *count = 0;
        return NULL;
    }
    return waivers != NULL ? waivers : memory_new(1, sizeof *waivers);
}

void state_waivers_free(struct state_waiver *waivers, size_t count) {
    for (size_t i = 0; i < count && waivers != NULL; i++) {
        free(waivers[i].table);
        free(waivers[i].by);
        free(waivers[i].reason);
        free(waivers[i].written_by);
    }
    free(waivers);
}
