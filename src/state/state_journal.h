/* The journal: the append-only record of everything that happened. */
#ifndef PHASEGATE_STATE_STATE_JOURNAL_H
#define PHASEGATE_STATE_STATE_JOURNAL_H

#include "state/state.h"

/* The kinds of events: constant, word. */
#define STATE_EVENT_KINDS(X)                                                                       \
    X(AGENT_START, "agent-start")                                                                  \
    X(AGENT_STOP, "agent-stop")                                                                    \
    X(LEASE, "lease")                                                                              \
    X(POLL_FAILED, "poll-failed")                                                                  \
    X(POLL_RECOVERED, "poll-recovered")                                                            \
    X(BUDGET, "budget")                                                                            \
    X(SPEND, "spend")                                                                              \
    X(GATE, "gate")                                                                                \
    X(HOLD, "hold")                                                                                \
    X(RELEASE, "release")                                                                          \
    X(OVERRIDE, "override")                                                                        \
    X(OVERRIDE_ENDED, "override-ended")                                                            \
    X(ANSWER, "answer")                                                                            \
    X(WAIVE, "waive")                                                                              \
    X(UNWAIVE, "unwaive")                                                                          \
    X(APPROVE, "approve")                                                                          \
    X(REVOKE, "revoke")                                                                            \
    X(ARM, "arm")                                                                                  \
    X(DISARM, "disarm")                                                                            \
    X(FIRE, "fire")                                                                                \
    X(LAUNCH, "launch")                                                                            \
    X(REFUSED, "refused")                                                                          \
    X(RUN_START, "run-start")                                                                      \
    X(STOP, "stop")                                                                                \
    X(STOP_STAGE, "stop-stage")                                                                    \
    X(RUN_END, "run-end")                                                                          \
    X(REPLAY, "replay")                                                                            \
    X(ORPHAN, "orphan")                                                                            \
    X(LOST, "lost")                                                                                \
    X(LATE_EXIT, "late-exit")                                                                      \
    X(SERVER_JOBS, "server-jobs")                                                                  \
    X(UNREAD, "dates-released")                                                                    \
    X(STUCK, "stuck")                                                                              \
    X(LOG_SIZE, "log-size")                                                                        \
    X(CODE_MOVED, "code-moved")                                                                    \
    X(VERDICT, "verdict")                                                                          \
    X(STALL, "stall")                                                                              \
    X(ALERT, "alert")                                                                              \
    X(SHARE, "share")                                                                              \
    X(NOTE, "note")

enum state_event_kind {
#define STATE_EVENT_CONSTANT(name, word) STATE_EVENT_##name,
    STATE_EVENT_KINDS(STATE_EVENT_CONSTANT)
#undef STATE_EVENT_CONSTANT
        STATE_EVENT_KIND_COUNT
};

const char *state_event_word(enum state_event_kind kind);

/* The kind of a word; STATE_EVENT_KIND_COUNT for a word that is none (a newer program's). */
enum state_event_kind state_event_kind_of(const char *word);

struct state_event {
    int64_t sequence;
    int64_t at;
    char *actor;
    char *session; /* NULL */
    int64_t term;  /* 0 unless the agent wrote it */
    char *kind;    /* a word, known or not */
    char *subject; /* a run, gate, group, table, …; "" for none */
    char *text;    /* one sentence */
    char *data;    /* JSON object, compact */
};

/* Appends one event. `subject` and `data` (the text of a JSON object) may be NULL. Writes of the
 * other headers that are events append them by themselves, in their own transaction. */
bool state_journal_append(struct state *state, const struct state_actor *actor, int64_t at,
                          enum state_event_kind kind, const char *subject, const char *text,
                          const char *data, struct error *error);

/* What to list; zero-initialised it means everything. */
struct state_journal_filter {
    int64_t after;       /* sequence numbers greater than this */
    int64_t from, to;    /* wall ms, both included; to 0: no end */
    const char *kind;    /* a word; NULL: all */
    const char *subject; /* NULL: all */
    const char *actor;   /* NULL: all */
    size_t newest;       /* only the newest so many; 0: all */
};

/* Oldest first. NULL on error; free with state_events_free. */
struct state_event *state_journal(struct state *state, const struct state_journal_filter *filter,
                                  size_t *count, struct error *error);
void state_events_free(struct state_event *events, size_t count);

#endif
