/* Runs that have ended and whose tables were not read since. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_unread.h"

bool state_unread_release(struct state *state, const struct state_actor *actor, const char *run,
                          int64_t at, struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state,
                   sql_fence(state, actor->term, error) &&
                       SQL_RUN(state, error,
                               "UPDATE runs SET coverage_hold=0,coverage_hold_ended_at=?2"
                               " WHERE run=?1 AND coverage_hold=1",
                               sql_text(run), sql_int(at)),
                   error);
}

static bool forget(struct state *state, const struct state_actor *actor, const char *run,
                   const char *reason, int64_t at, struct error *error) {
    if (!SQL_RUN(state, error,
                 "UPDATE runs SET coverage_hold=0,coverage_hold_ended_at=?2,coverage_forget_by=?3,"
                 "coverage_forget_reason=?4 WHERE run=?1 AND coverage_hold=1",
                 sql_text(run), sql_int(at), sql_text(actor->name), sql_text(reason))) {
        return false;
    }
    if (sql_changes(state) == 0) {
        return error_set(error, EXIT_NO_GO,
                         "the claims of %s do not wait for its coverage to be read: there is "
                         "nothing to forget",
                         run);
    }
    char *text = memory_format("its claims are released although its tables were not read since "
                               "its end: %s",
                               reason);
    bool done = journal_add(state, actor, at, STATE_EVENT_UNREAD, run, text, NULL, error);
    free(text);
    return done;
}

bool state_unread_forget(struct state *state, const struct state_actor *actor, const char *run,
                         const char *reason, int64_t at, struct error *error) {
    if (text_count_characters(text_trim(text_of(reason != NULL ? reason : ""))) <
        STATE_UNREAD_REASON_MIN) {
        return error_set(error, EXIT_USAGE,
                         "to release dates that were not read takes a reason of at least %d "
                         "characters",
                         STATE_UNREAD_REASON_MIN);
    }
    return sql_begin(state, error) &&
           sql_end(state, forget(state, actor, run, reason, at, error), error);
}

struct state_write *state_writes(struct state *state, size_t *count, struct error *error) {
    struct state_write *writes = NULL;
    size_t capacity = 0;
    *count = 0;
    if (state->schema < 3) {
        return memory_new(1, sizeof *writes);
    }
    struct sql_rows rows = SQL_ALL(state, error,
                                   "SELECT w.resource,w.run,r.processor,w.sequence,r.ended_at"
                                   " FROM writes w JOIN runs r ON r.run=w.run");
    while (sql_next(&rows)) {
        writes = memory_grow(writes, *count, &capacity, sizeof *writes);
        writes[(*count)++] = (struct state_write){.resource = sql_get_text(&rows, 0),
                                                  .run = sql_get_text(&rows, 1),
                                                  .processor = sql_get_text(&rows, 2),
                                                  .sequence = sql_get_int(&rows, 3, 0),
                                                  .ended_at = sql_get_int(&rows, 4, 0)};
    }
    if (rows.failed) {
        state_writes_free(writes, *count);
        *count = 0;
        return NULL;
    }
    return writes != NULL ? writes : memory_new(1, sizeof *writes);
}

void state_writes_free(struct state_write *writes, size_t count) {
    for (size_t i = 0; i < count && writes != NULL; i++) {
        free(writes[i].resource);
        free(writes[i].run);
        free(writes[i].processor);
    }
    free(writes);
}
