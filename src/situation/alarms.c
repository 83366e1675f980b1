/* What of a run should alarm an operator: computed from how it ended, what its log says and what
 * coverage says, the same whoever looks. Each names the incident it was learned from (nba.md C). */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/print.h"
#include "logs/progress_judge.h"
#include "runs/runs_verdict.h"
#include "situation/parts.h"

enum {
    FIRST_DATES = 5,      /* so many, all bad, are no accident */
    FAST_DATES = 10,      /* without rows, at FAST_PER_HOUR */
    FAST_PER_HOUR = 1200, /* a date that is computed takes longer than 3 s */
    SLOW_FACTOR = 5,      /* a date may take so many times the usual */
    COLLAPSE_FACTOR = 4,
    COLLAPSE_INTERVALS = 3 * LOG_PACE_RECENT,
};
static const int64_t early_ms = INT64_C(15) * 60 * 1000;
static const int64_t slow_ms = INT64_C(10) * 60 * 1000; /* 5 to 10 minutes are normal for a date */
static const int64_t far_ms = INT64_C(72) * 3600 * 1000;
static const int64_t hour_ms = INT64_C(3600) * 1000;

/* All that the rules look at. */
struct facts {
    struct situation_run *run;
    const struct state_run *stored;
    const struct log_progress *progress;        /* NULL */
    const struct pipeline_processor *processor; /* NULL */
    int64_t as_of;
    bool running;
    struct log_pace pace;
};

void situation_raise_alarm(struct situation_run *run, const char *rule, bool stall, char *text) {
    run->alarms = memory_resize(run->alarms, run->alarm_count + 1, sizeof *run->alarms);
    run->alarms[run->alarm_count++] = (struct situation_alarm){rule, stall, text};
}

static void raise_alarm(struct facts *facts, const char *rule, bool stall, char *text) {
    situation_raise_alarm(facts->run, rule, stall, text);
}

static int64_t began(const struct facts *facts) {
    return facts->run->started_at != 0 ? facts->run->started_at : facts->run->created_at;
}

/* Whether some of its commands, one after the other, did their work. */
static bool has_worked(const struct state_notices *notices) {
    return notices->steps > 1 && notices->steps_failed + notices->steps_left < notices->steps;
}

static void find_early_death(struct facts *facts) {
    const struct situation_run *run = facts->run;
    char span[CLOCK_SPAN_SIZE];
    bool died = facts->stored->outcome == STATE_OUTCOME_FAILED ||
                facts->stored->outcome == STATE_OUTCOME_SPAWN_ERROR ||
                facts->stored->outcome == STATE_OUTCOME_LOST;
    /* Of an adopted command it is not known when it began, nor how it ended; of several commands
     * the verdict counts those that failed. */
    if (!died || run->adopted || has_worked(&facts->stored->notices) ||
        run->ended_at - began(facts) > early_ms) {
        return;
    }
    if (facts->stored->outcome == STATE_OUTCOME_SPAWN_ERROR && facts->stored->step == 0) {
        const char *why = facts->stored->spawn_error;
        const char *remedy = error_remedy(why);
        bool told = remedy != NULL && strstr(why, remedy) != NULL;
        raise_alarm(facts, "died-early", false,
                    memory_format("it never started: %s%s%s; then retry it",
                                  why != NULL ? why : "no reason given", told ? "" : "; ",
                                  told             ? ""
                                  : remedy != NULL ? remedy
                                                   : "mend that"));
        return;
    }
    char how[32] = "nobody saw how";
    if (run->signal > 0) {
        (void)print_into(how, sizeof how, "signal %d", run->signal);
    } else if (run->exit_code >= 0) {
        (void)print_into(how, sizeof how, "exit %d", run->exit_code);
    }
    /* Dates with too many rows are nobody's retry. */
    bool open = run->complete_now + run->excess_now < run->dates;
    raise_alarm(facts, "died-early", false,
                memory_format("died within %s of its start (%s); read its log%s",
                              clock_format_span(run->ended_at - began(facts), span), how,
                              open ? ", then retry it" : ""));
}

static void find_loss(struct facts *facts) {
    const struct situation_run *run = facts->run;
    char day[DAY_TEXT_SIZE];
    if (facts->stored->outcome != STATE_OUTCOME_LOST || run->adopted) {
        return;
    }
    char *resume =
        run->first_missing == DAY_NONE
            ? memory_copy_string("all its dates are complete")
            : memory_format("coverage says resume at %s", day_format(run->first_missing, day));
    raise_alarm(facts, "lost", false,
                memory_format("nobody saw it end; %zu of %zu dates are complete, %s",
                              run->complete_now, run->dates, resume));
    free(resume);
}

static void find_no_effect(struct facts *facts) {
    const struct situation_run *run = facts->run;
    if (run->verdict != NULL && strcmp(run->verdict, "no effect") == 0) {
        raise_alarm(
            facts, "no-effect", false,
            memory_format("green run, flat coverage: it ended well and %zu of its %zu dates "
                          "are still missing; read its log before it is tried again",
                          run->dates - run->complete_now, run->dates));
    }
}

static void find_rule_stop(struct facts *facts) {
    const struct situation_run *run = facts->run;
    if (facts->stored->stop_at != 0 && runs_stopped_by_rule(run->stop_by)) {
        raise_alarm(facts, "stopped", false,
                    memory_format("stopped by %s: %s", run->stop_by,
                                  run->stop_reason != NULL ? run->stop_reason : "no reason given"));
    }
}

/* Of the dates it was launched for, those without rows. */
static size_t due_without_rows(const struct facts *facts) {
    size_t count = 0;
    for (size_t i = 0; i < facts->progress->date_count; i++) {
        const struct log_date *date = &facts->progress->dates[i];
        count +=
            date->outcome == LOG_DATE_ZERO && dayset_has(&facts->stored->dates, date->day) ? 1 : 0;
    }
    return count + (size_t)facts->progress->undated[LOG_DATE_ZERO];
}

static void find_haste(struct facts *facts) {
    const struct situation_run *run = facts->run;
    int64_t until = run->last_output_at > 0 ? run->last_output_at : run->ended_at;
    int64_t span = until - began(facts);
    size_t empty = due_without_rows(facts);
    if (empty < FAST_DATES || run->ok * 10 > empty || span < 0 ||
        (int64_t)run->done * hour_ms < FAST_PER_HOUR * (span > 0 ? span : 1)) {
        return;
    }
    char text[CLOCK_SPAN_SIZE];
    raise_alarm(facts, "too-fast", false,
                memory_format("%zu dates in %s, %zu of them due and without a row: they were "
                              "skipped, not computed; do not count them as done",
                              run->done, clock_format_span(span, text), empty));
}

/* Failures of the expected classes are no alarm. */
static size_t real_failures(const struct facts *facts) {
    size_t count = (size_t)facts->progress->undated[LOG_DATE_FAILED];
    for (size_t i = 0; i < facts->progress->date_count; i++) {
        const struct log_date *date = &facts->progress->dates[i];
        bool expected = date->reason != NULL && log_reason_is_expected(text_of(date->reason));
        count += date->outcome == LOG_DATE_FAILED && !expected ? 1 : 0;
    }
    return count;
}

static void find_bad_start(struct facts *facts) {
    const struct situation_run *run = facts->run;
    if (run->ok > 0) {
        return;
    }
    size_t failed = real_failures(facts);
    size_t empty = due_without_rows(facts);
    if (failed >= FIRST_DATES && failed >= empty) {
        raise_alarm(
            facts, "first-dates", false,
            memory_format("the first %zu dates all failed: %s; %s", failed,
                          run->failure_count > 0 ? run->failures[0].reason : "no reason given",
                          facts->running ? "stop it and mend that" : "mend that, then retry it"));
    } else if (empty >= FIRST_DATES) {
        raise_alarm(facts, "first-dates", false,
                    memory_format("the first %zu dates all had no rows, though \"success\" was "
                                  "said; %sfind out why",
                                  empty, facts->running ? "stop it and " : ""));
    }
}

static bool is_silent(const struct facts *facts, int64_t longest) {
    const struct situation_run *run = facts->run;
    int64_t since = run->last_output_at > began(facts) ? run->last_output_at : began(facts);
    return longest > 0 && facts->as_of - since > longest;
}

static void find_silence(struct facts *facts) {
    const struct situation_run *run = facts->run;
    char span[CLOCK_SPAN_SIZE];
    char limit[CLOCK_SPAN_SIZE];
    int64_t quiet = facts->processor != NULL ? facts->processor->quiet_after_ms : 0;
    if (!facts->running || !is_silent(facts, quiet)) {
        return;
    }
    int64_t since = run->last_output_at > began(facts) ? run->last_output_at : began(facts);
    raise_alarm(facts, "quiet", true,
                memory_format("no output for %s (quiet_after %s); look at its processes, or stop "
                              "it",
                              clock_format_span(facts->as_of - since, span),
                              clock_format_span(quiet, limit)));
}

/* A hang shows against the job's own pace long before it is quiet by the file. */
static void find_slow_date(struct facts *facts) {
    char span[CLOCK_SPAN_SIZE];
    char usual[CLOCK_SPAN_SIZE];
    int64_t longest = facts->pace.usual_ms * SLOW_FACTOR;
    longest = longest > slow_ms ? longest : slow_ms;
    if (!facts->running || facts->pace.intervals == 0 || facts->progress->finished ||
        facts->as_of - facts->pace.last_ms <= longest) {
        return;
    }
    raise_alarm(facts, "slow-date", is_silent(facts, longest),
                memory_format("no date finished for %s; its dates take %s; look at its log, or "
                              "stop it",
                              clock_format_span(facts->as_of - facts->pace.last_ms, span),
                              clock_format_span(facts->pace.usual_ms, usual)));
}

static void find_collapse(struct facts *facts) {
    char recent[CLOCK_SPAN_SIZE];
    char usual[CLOCK_SPAN_SIZE];
    const struct log_pace *pace = &facts->pace;
    if (!facts->running || pace->intervals < COLLAPSE_INTERVALS ||
        pace->recent_ms < pace->usual_ms * COLLAPSE_FACTOR || pace->recent_ms < 1000) {
        return;
    }
    raise_alarm(facts, "slowing", false,
                memory_format("its rate collapsed: its last dates take %s each, those before %s; "
                              "look for what else writes or queries",
                              clock_format_span(pace->recent_ms, recent),
                              clock_format_span(pace->usual_ms, usual)));
}

/* Known after the first dates, not after a day. */
static void find_far_end(struct facts *facts) {
    const struct situation_run *run = facts->run;
    char span[CLOCK_SPAN_SIZE];
    char each[CLOCK_SPAN_SIZE];
    size_t total = run->total > run->done ? run->total : run->dates;
    int64_t timeout = facts->processor != NULL ? facts->processor->timeout_ms : 0;
    int64_t spent = facts->as_of - began(facts);
    if (!facts->running || facts->pace.intervals == 0 || total <= run->done || spent < slow_ms) {
        return;
    }
    int64_t left = (int64_t)(total - run->done) * facts->pace.usual_ms;
    bool over = timeout > 0 && spent + left > timeout;
    if (left <= far_ms && !over) {
        return;
    }
    char *limit =
        over ? memory_format(", and its timeout ends it after %s", clock_format_span(timeout, each))
             : memory_copy_string("");
    char *text = memory_format("at %s a date it needs %lld more days%s",
                               clock_format_span(facts->pace.usual_ms, each),
                               (long long)((left + 12 * hour_ms) / (24 * hour_ms)), limit);
    if (left < 48 * hour_ms) {
        free(text);
        text = memory_format("at %s a date it needs %s more%s",
                             clock_format_span(facts->pace.usual_ms, each),
                             clock_format_span(left, span), limit);
    }
    free(limit);
    raise_alarm(facts, "far-end", false, text);
}

void situation_find_alarms(struct situation_run *run, const struct state_run *stored,
                           const struct log_progress *progress, const struct pipeline *pipeline,
                           int64_t as_of) {
    struct facts facts = {
        .run = run,
        .stored = stored,
        .progress = progress,
        .processor = run->processor_index != PIPELINE_NONE
                         ? &pipeline->processors[run->processor_index]
                         : NULL,
        .as_of = as_of,
        .running = stored->state == STATE_RUN_RUNNING,
    };
    find_rule_stop(&facts);
    find_loss(&facts);
    find_early_death(&facts);
    find_no_effect(&facts);
    find_silence(&facts);
    if (progress == NULL) {
        return;
    }
    facts.pace = log_progress_pace(progress);
    find_haste(&facts);
    find_bad_start(&facts);
    find_slow_date(&facts);
    find_collapse(&facts);
    find_far_end(&facts);
}
