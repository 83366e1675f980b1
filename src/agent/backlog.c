#include "agent/backlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Waiting would not help an answer that confirms what is not there. */
static bool store_answer(const struct backlog *backlog, const struct measure_answer *answer,
                         struct error *error) {
    if (record_answer(backlog->recorder, answer, error)) {
        return true;
    }
    if (answer->outcome != MEASURE_CONFIRMED || error->code != EXIT_UNAVAILABLE) {
        return false;
    }
    schedule_force(backlog->schedule, answer->target);
    return true;
}

static bool store(const struct backlog *backlog, const struct agent_message *message,
                  struct error *error) {
    switch (message->kind) {
    case AGENT_ANSWER:
        return store_answer(backlog, &message->answer, error);
    case AGENT_PROGRESS:
        return run_watch_progress(backlog->runs, &message->progress, error);
    case AGENT_JOBS_ANSWER:
        return server_watch_answer(backlog->server, &message->jobs_answer, error);
    case AGENT_TROUBLE:
    case AGENT_ACCESS:
    case AGENT_START:
    case AGENT_FOLLOW:
    case AGENT_FACTS:
    case AGENT_DRAIN:
    case AGENT_JOBS:
    case AGENT_QUIT:
        break;
    }
    return true;
}

/* The progress of a log that goes on is told whole each time, and so is what became of it. */
static bool is_said_again(const struct agent_message *message) {
    return message->kind == AGENT_PROGRESS && !message->progress.drained;
}

bool backlog_take(struct backlog *backlog, struct agent_message *message, struct error *error) {
    bool waits = backlog->count > 0;
    bool stored = !waits && store(backlog, message, error);
    if (stored || is_said_again(message)) {
        agent_message_free(message);
        return stored || waits;
    }
    backlog->messages = memory_grow(backlog->messages, backlog->count, &backlog->capacity,
                                    sizeof *backlog->messages);
    backlog->messages[backlog->count++] = *message;
    return waits;
}

bool backlog_store(struct backlog *backlog, struct error *error) {
    size_t done = 0;
    while (done < backlog->count && store(backlog, &backlog->messages[done], error)) {
        agent_message_free(&backlog->messages[done++]);
    }
    backlog->count -= done;
    if (done > 0 && backlog->count > 0) {
        memmove(backlog->messages, backlog->messages + done,
                backlog->count * sizeof *backlog->messages);
    }
    return backlog->count == 0;
}

void backlog_close(struct backlog *backlog) {
    for (size_t i = 0; i < backlog->count; i++) {
        agent_message_free(&backlog->messages[i]);
    }
    free(backlog->messages);
    *backlog = (struct backlog){0};
}
