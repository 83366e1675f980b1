#include "state/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char *const words[STATE_EVENT_KIND_COUNT] = {
#define STATE_EVENT_WORD(name, word) [STATE_EVENT_##name] = (word),
    STATE_EVENT_KINDS(STATE_EVENT_WORD)
#undef STATE_EVENT_WORD
};

const char *state_event_word(enum state_event_kind kind) {
    return words[kind];
}

enum state_event_kind state_event_kind_of(const char *word) {
    unsigned kind = 0;
    while (kind < STATE_EVENT_KIND_COUNT && strcmp(words[kind], word) != 0) {
        kind++;
    }
    return (enum state_event_kind)kind;
}

static bool add(struct state *state, const struct state_actor *actor, int64_t at,
                enum state_event_kind kind, const char *subject, const char *text, const char *data,
                struct error *error) {
    return SQL_RUN(
        state, error,
        "INSERT INTO events(at,boot_id,boot_ns,actor,session,term,kind,subject,text,data)"
        " VALUES(?,?,?,?,?,?,?,?,?,?)",
        sql_int(at), sql_text(state->boot_id), sql_int(clock_boot_ns(clock_system())),
        sql_text(actor->name), sql_text(actor->session), sql_int(actor->term),
        sql_text(words[kind]), sql_text(subject == NULL ? "" : subject), sql_text(text),
        sql_text(data == NULL ? "{}" : data));
}

/* That a frozen process was ended is told with the first thing that is told after it. */
static bool tell_ended(struct state *state, const struct state_actor *actor, int64_t at,
                       struct error *error) {
    if (state->ended_pid == 0) {
        return true;
    }
    char *text = memory_format("ended the agent with pid %lld: it was stopped (SIGSTOP) in the "
                               "middle of a write, and nobody else could write",
                               (long long)state->ended_pid);
    state->ended_pid = 0;
    bool done = add(state, actor, at, STATE_EVENT_NOTE, NULL, text, NULL, error);
    free(text);
    return done;
}

bool journal_add(struct state *state, const struct state_actor *actor, int64_t at,
                 enum state_event_kind kind, const char *subject, const char *text,
                 const char *data, struct error *error) {
    return tell_ended(state, actor, at, error) &&
           add(state, actor, at, kind, subject, text, data, error);
}

bool state_journal_append(struct state *state, const struct state_actor *actor, int64_t at,
                          enum state_event_kind kind, const char *subject, const char *text,
                          const char *data, struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state, journal_add(state, actor, at, kind, subject, text, data, error), error);
}

static struct state_event read_event(const struct sql_rows *rows) {
    return (struct state_event){
        .sequence = sql_get_int(rows, 0, 0),
        .at = sql_get_int(rows, 1, 0),
        .actor = sql_get_text(rows, 2),
        .session = sql_get_text(rows, 3),
        .term = sql_get_int(rows, 4, 0),
        .kind = sql_get_text(rows, 5),
        .subject = sql_get_text(rows, 6),
        .text = sql_get_text(rows, 7),
        .data = sql_get_text(rows, 8),
    };
}

static void reverse(struct state_event *events, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        struct state_event event = events[i];
        events[i] = events[count - 1 - i];
        events[count - 1 - i] = event;
    }
}

struct state_event *state_journal(struct state *state, const struct state_journal_filter *filter,
                                  size_t *count, struct error *error) {
    struct state_event *events = NULL;
    size_t capacity = 0;
    struct sql_rows rows =
        SQL_ROWS(state, error,
                 "SELECT sequence,at,actor,session,term,kind,subject,text,data FROM events"
                 " WHERE sequence>?1 AND at>=?2 AND (?3=0 OR at<=?3) AND (?4 IS NULL OR kind=?4)"
                 " AND (?5 IS NULL OR subject=?5) AND (?6 IS NULL OR actor=?6)"
                 " ORDER BY sequence DESC LIMIT ?7",
                 sql_int(filter->after), sql_int(filter->from), sql_int(filter->to),
                 sql_text(filter->kind), sql_text(filter->subject), sql_text(filter->actor),
                 sql_int(filter->newest == 0 ? -1 : (int64_t)filter->newest));
    *count = 0;
    while (sql_next(&rows)) {
        events = memory_grow(events, *count, &capacity, sizeof *events);
        events[(*count)++] = read_event(&rows);
    }
    if (rows.failed) {
        state_events_free(events, *count);
        *count = 0;
        return NULL;
    }
    reverse(events, *count);
    return events != NULL ? events : memory_new(1, sizeof *events);
}

void state_events_free(struct state_event *events, size_t count) {
    for (size_t i = 0; i < count && events != NULL; i++) {
        free(events[i].actor);
        free(events[i].session);
        free(events[i].kind);
        free(events[i].subject);
        free(events[i].text);
        free(events[i].data);
    }
    free(events);
}
