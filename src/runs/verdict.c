#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "runs/runs_verdict.h"

const char *runs_verdict_word(enum runs_verdict verdict) {
    static const char *const words[] = {
        [RUNS_UNDECIDED] = NULL,
        [RUNS_VERIFIED] = "verified",
        [RUNS_ENDED_WITH_GAPS] = "ended with gaps",
        [RUNS_NO_EFFECT] = "no effect",
        [RUNS_FAILED] = "failed",
        [RUNS_STOPPED] = "stopped",
        [RUNS_LOST] = "lost",
    };
    return words[verdict];
}

bool runs_stopped_by_rule(const char *stop_by) {
    return stop_by != NULL && strchr(stop_by, '@') == NULL;
}

/* Of the run's dates, those that are complete in every table, by `before` or by `after`. */
static struct dayset complete_dates(const struct runs_witnesses *witnesses, bool before) {
    struct dayset dates = dayset_copy(witnesses->dates);
    for (size_t i = 0; i < witnesses->table_count; i++) {
        const struct runs_table_witness *table = &witnesses->tables[i];
        dayset_intersect(&dates, before ? table->before : table->after);
    }
    return dates;
}

static size_t count_excess(const struct runs_witnesses *witnesses) {
    struct dayset dates = dayset_new(witnesses->dates->range);
    for (size_t i = 0; i < witnesses->table_count; i++) {
        if (witnesses->tables[i].excess != NULL) {
            dayset_unite(&dates, witnesses->tables[i].excess);
        }
    }
    dayset_intersect(&dates, witnesses->dates);
    size_t count = dayset_count(&dates);
    dayset_free(&dates);
    return count;
}

static void compare(const struct runs_witnesses *witnesses, struct runs_judgement *judgement) {
    bool before_known = true;
    judgement->measured = witnesses->table_count > 0;
    for (size_t i = 0; i < witnesses->table_count; i++) {
        const struct runs_table_witness *table = &witnesses->tables[i];
        judgement->measured =
            judgement->measured && table->after != NULL && table->measured_at > witnesses->ended_at;
        before_known = before_known && table->before != NULL;
    }
    judgement->dates = dayset_count(witnesses->dates);
    if (!judgement->measured) {
        return;
    }
    struct dayset now = complete_dates(witnesses, false);
    judgement->complete = dayset_count(&now);
    judgement->excess = count_excess(witnesses);
    judgement->missing = dayset_copy(witnesses->dates);
    dayset_subtract(&judgement->missing, &now);
    if (before_known) {
        struct dayset then = complete_dates(witnesses, true);
        dayset_subtract(&now, &then);
        judgement->gained = dayset_count(&now);
        dayset_free(&then);
    }
    dayset_free(&now);
}

static bool knows_before(const struct runs_witnesses *witnesses) {
    for (size_t i = 0; i < witnesses->table_count; i++) {
        if (witnesses->tables[i].before == NULL) {
            return false;
        }
    }
    return true;
}

static enum runs_verdict verdict_of_ok(const struct runs_witnesses *witnesses,
                                       const struct runs_judgement *judgement) {
    if (!judgement->measured) {
        return RUNS_UNDECIDED;
    }
    if (judgement->dates > 0 && judgement->complete == judgement->dates) {
        return RUNS_VERIFIED;
    }
    bool still = judgement->complete == 0 || (knows_before(witnesses) && judgement->gained == 0);
    if (still && judgement->excess == 0) {
        return RUNS_NO_EFFECT;
    }
    return RUNS_ENDED_WITH_GAPS;
}

static enum runs_verdict verdict_of(const struct runs_witnesses *witnesses,
                                    const struct runs_judgement *judgement) {
    switch (witnesses->outcome) {
    case STATE_OUTCOME_NONE:
        return RUNS_UNDECIDED;
    case STATE_OUTCOME_OK:
        return verdict_of_ok(witnesses, judgement);
    case STATE_OUTCOME_FAILED:
    case STATE_OUTCOME_SPAWN_ERROR:
        return RUNS_FAILED;
    case STATE_OUTCOME_STOPPED:
        return runs_stopped_by_rule(witnesses->stop_by) ? RUNS_FAILED : RUNS_STOPPED;
    case STATE_OUTCOME_LOST:
        return witnesses->adopted ? verdict_of_ok(witnesses, judgement) : RUNS_LOST;
    }
    return RUNS_UNDECIDED;
}

/* How it ended, without coverage. */
static void add_end(const struct runs_witnesses *witnesses, struct text_buffer *text) {
    int64_t ran = witnesses->steps - witnesses->steps_left - 1;
    if (witnesses->spawn_error != NULL && witnesses->steps > 1 && ran > 0) {
        text_buffer_format(text, "%lld of %lld commands ran; command %lld could not be started: %s",
                           (long long)ran, (long long)witnesses->steps, (long long)ran + 1,
                           witnesses->spawn_error);
    } else if (witnesses->spawn_error != NULL) {
        text_buffer_format(text, "did not start: %s", witnesses->spawn_error);
    } else if (witnesses->outcome == STATE_OUTCOME_STOPPED) {
        text_buffer_format(text, "stopped by %s",
                           witnesses->stop_by == NULL ? "somebody" : witnesses->stop_by);
        if (runs_stopped_by_rule(witnesses->stop_by) && witnesses->stop_reason != NULL) {
            text_buffer_format(text, ": %s", witnesses->stop_reason);
        }
    } else if (witnesses->outcome == STATE_OUTCOME_LOST) {
        text_buffer_add(text, witnesses->adopted ? "its exit status cannot be known"
                                                 : "nobody saw it end");
    } else if (witnesses->signal == SIGKILL && witnesses->out_of_memory) {
        text_buffer_add(text, "killed (SIGKILL), probably for want of memory");
    } else if (witnesses->signal > 0) {
        const char *name = sigabbrev_np(witnesses->signal);
        text_buffer_format(text, "killed by SIG%s", name == NULL ? "?" : name);
    } else if (witnesses->outcome == STATE_OUTCOME_FAILED && witnesses->exit_code == 0) {
        /* of several commands, whose last exit status alone is known */
        text_buffer_add(text, "the last command that ran ended well, but not all did");
    } else {
        text_buffer_format(text, "exit %d", witnesses->exit_code);
    }
}

/* "2 of 10 dates still missing, 3 hold too many rows" */
static void add_shortfall(const struct runs_judgement *judgement, struct text_buffer *text) {
    size_t missing = judgement->dates - judgement->complete - judgement->excess;
    if (missing > 0) {
        text_buffer_format(text, "%zu of %zu dates still missing%s", missing, judgement->dates,
                           judgement->excess > 0 ? ", " : "");
    }
    if (judgement->excess > 0 && missing > 0) {
        text_buffer_format(text, "%zu hold too many rows", judgement->excess);
    } else if (judgement->excess > 0) {
        text_buffer_format(text, "%zu of %zu dates hold too many rows", judgement->excess,
                           judgement->dates);
    }
}

static void add_coverage(const struct runs_judgement *judgement, struct text_buffer *text) {
    if (!judgement->measured) {
        text_buffer_add(text, ", waiting for coverage");
    } else if (judgement->verdict == RUNS_NO_EFFECT) {
        text_buffer_add(text, " but coverage did not move: ");
        add_shortfall(judgement, text);
    } else if (judgement->verdict == RUNS_ENDED_WITH_GAPS) {
        text_buffer_add(text, " but ");
        add_shortfall(judgement, text);
    } else {
        text_buffer_format(text, ", %zu of %zu dates complete", judgement->complete,
                           judgement->dates);
        if (judgement->excess > 0) {
            text_buffer_format(text, ", %zu with too many rows", judgement->excess);
        }
    }
}

static char *describe(const struct runs_witnesses *witnesses,
                      const struct runs_judgement *judgement) {
    struct text_buffer text = {0};
    if (witnesses->outcome == STATE_OUTCOME_NONE) {
        text_buffer_add(&text, "not ended");
    } else if (judgement->verdict == RUNS_UNDECIDED) {
        text_buffer_add(&text, "waiting for coverage");
    } else if (judgement->verdict == RUNS_VERIFIED) {
        text_buffer_format(&text, "%zu of %zu dates verified", judgement->complete,
                           judgement->dates);
    } else {
        add_end(witnesses, &text);
        add_coverage(judgement, &text);
    }
    bool steps = witnesses->steps > 1 && (witnesses->steps_failed > 0 || witnesses->steps_left > 0);
    if (witnesses->outcome != STATE_OUTCOME_NONE && steps &&
        (witnesses->spawn_error == NULL || witnesses->steps_failed > 0)) {
        text_buffer_format(&text, "; %lld of its %lld commands failed",
                           (long long)witnesses->steps_failed, (long long)witnesses->steps);
        if (witnesses->steps_left > 0) {
            text_buffer_format(&text, ", %lld never ran", (long long)witnesses->steps_left);
        }
    }
    if (witnesses->outcome != STATE_OUTCOME_NONE && witnesses->log_failed > 0) {
        text_buffer_format(&text, "; its log reports %lld failed, %lld skipped",
                           (long long)witnesses->log_failed,
                           (long long)(witnesses->log_skipped > 0 ? witnesses->log_skipped : 0));
    }
    return text_buffer_take(&text);
}

void runs_judge(const struct runs_witnesses *witnesses, struct runs_judgement *judgement) {
    *judgement = (struct runs_judgement){0};
    compare(witnesses, judgement);
    judgement->verdict = verdict_of(witnesses, judgement);
    judgement->text = describe(witnesses, judgement);
}

static const char taken_back[] = "\"verified\" is taken back: ";

char *runs_verdict_lost(size_t dates, size_t lost, day_number first) {
    char day[DAY_TEXT_SIZE];
    return memory_format("%s%zu of %zu dates that were complete after its end are not any more, "
                         "the first is %s; no other run has written them since",
                         taken_back, lost, dates, day_format(first, day));
}

bool runs_verdict_is_lost(const char *text) {
    return text != NULL && strncmp(text, taken_back, sizeof taken_back - 1) == 0;
}

void runs_judgement_clear(struct runs_judgement *judgement) {
    dayset_free(&judgement->missing);
    free(judgement->text);
    *judgement = (struct runs_judgement){0};
}

struct runs_witnesses runs_witnesses_of(const struct state_run *run) {
    bool log_read = run->progress.updated_at != 0;
    return (struct runs_witnesses){
        .outcome = run->outcome,
        .exit_code = run->exit_code,
        .signal = run->signal,
        .out_of_memory = run->notices.out_of_memory,
        .adopted = run->notices.adopted,
        .spawn_error = run->spawn_error,
        .stop_by = run->stop_by,
        .stop_reason = run->stop_reason,
        .ended_at = run->ended_at,
        .dates = &run->dates,
        .log_failed = log_read ? run->progress.failed : -1,
        .steps = run->notices.steps,
        .steps_failed = run->notices.steps_failed,
        .steps_left = run->notices.steps_left,
        .log_skipped = log_read ? run->progress.skipped : -1,
    };
}
