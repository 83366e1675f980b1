#include "logs/progress.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "logs/bar.h"
#include "logs/progress_private.h"
#include "logs/sanitise.h"

#define RATE_WINDOW_MS    INT64_C(1800000) /* half an hour */
#define RATE_DATES        8 /* measured over at least so many dates, however long they took */
#define MS_A_MINUTE       60000.0
#define CHECKPOINT_VOIDED 3
#define DAY_LENGTH        (DAY_TEXT_SIZE - 1)

_Static_assert(LOG_KIND_COUNT <= 64, "the marks of a record are bits of one word");

struct log_progress *log_progress_new(void) {
    struct log_progress *progress = memory_new(1, sizeof *progress);
    progress->private = memory_new(1, sizeof *progress->private);
    progress->position = LOG_NOT_SAID;
    progress->total = LOG_NOT_SAID;
    progress->bar_position = LOG_NOT_SAID;
    progress->bar_total = LOG_NOT_SAID;
    progress->current = DAY_NONE;
    progress->last_ok = DAY_NONE;
    progress->private->cause_day = DAY_NONE;
    for (size_t i = 0; i < LOG_OUTCOME_COUNT; i++) {
        progress->reported[i] = LOG_NOT_SAID;
    }
    return progress;
}

void log_progress_free(struct log_progress *progress) {
    if (progress == NULL) {
        return;
    }
    for (size_t i = 0; i < progress->date_count; i++) {
        free(progress->dates[i].reason);
    }
    for (size_t i = 0; i < progress->group_count; i++) {
        free(progress->groups[i].signature);
        free(progress->groups[i].example);
    }
    free(progress->dates);
    free(progress->groups);
    free(progress->refused);
    free(progress->streak_signature);
    free(progress->private);
    free(progress);
}

static void forget_cause(struct log_progress *progress) {
    progress->private->cause_worth = PROGRESS_CAUSE_NONE;
    progress->private->cause_day = DAY_NONE;
    progress->private->cause[0] = '\0';
}

static void remember_cause(struct log_progress *progress, enum progress_cause worth, day_number day,
                           struct text text) {
    struct log_progress_private *private = progress->private;
    text = text_trim(text);
    if (worth >= private->cause_worth && text.size > 0) {
        private->cause_worth = worth;
        private->cause_day = day;
        sanitise_string(text, private->cause, sizeof private->cause);
    }
}

/* What was remembered, if it is about `day`; among parallel dates only a dated cause is. */
static struct text cause_for(const struct log_progress *progress, day_number day,
                             enum progress_cause worth) {
    const struct log_progress_private *private = progress->private;
    bool dated = private->cause_day != DAY_NONE;
    bool fits = dated ? private->cause_day == day : !progress->parallel;
    return fits && private->cause_worth >= worth ? text_of(private->cause) : TEXT("");
}

static bool is_vague(struct text reason) {
    static const char *const vague[] = {"",       "Unknown", "unknown",          "Unknown error",
                                        "Failed", "failed",  "Processing failed"};
    for (size_t i = 0; i < sizeof vague / sizeof vague[0]; i++) {
        if (text_is(reason, vague[i])) {
            return true;
        }
    }
    return false;
}

static void sample_rate(struct log_progress *progress, int64_t arrival_ms) {
    struct log_progress_private *private = progress->private;
    if (arrival_ms <= 0) {
        return;
    }
    if (private->sample_count == PROGRESS_SAMPLES) {
        private->sample_count--;
        memmove(private->samples, private->samples + 1,
                private->sample_count * sizeof private->samples[0]);
    }
    private->samples[private->sample_count++] = arrival_ms;
}

static void set_refused(struct log_progress *progress, struct text reason) {
    char out[LOG_TEXT_SIZE];
    free(progress->refused);
    progress->refused = memory_copy_string(sanitise_string(text_trim(reason), out, sizeof out));
}

/* It works after all: whatever said it would not has been overruled, or a new attempt began. */
static void note_work(struct log_progress *progress) {
    free(progress->refused);
    progress->refused = NULL;
    progress->finished = false;
}

static void settle(struct log_progress *progress, const struct log_event *event, day_number day,
                   bool dated, enum log_outcome outcome, int64_t arrival_ms) {
    struct text reason = text_trim(event->reason);
    if (outcome == LOG_DATE_FAILED) {
        struct text cause = cause_for(progress, day, PROGRESS_CAUSE_RECORD);
        reason = is_vague(reason) && cause.size > 0 ? cause : reason;
    } else if (outcome != LOG_DATE_SKIPPED) {
        reason = cause_for(progress, day, PROGRESS_CAUSE_MARK);
    }
    bool is_current = day != DAY_NONE && day == progress->current;
    bool may_lift = dated || !progress->private->settled;
    bool news = progress_settle(progress, day, outcome, event->rows, reason, may_lift);
    if (news && outcome != LOG_DATE_SKIPPED) {
        sample_rate(progress, arrival_ms);
    }
    progress->private->settled = progress->private->settled || is_current;
    note_work(progress);
    forget_cause(progress);
}

static const struct {
    bool set, dated;
    enum log_outcome outcome;
} outcome_kinds[LOG_KIND_COUNT] = {
    [LOG_OK_DATED] = {true, true, LOG_DATE_OK},
    [LOG_OK_CURRENT] = {true, false, LOG_DATE_OK},
    [LOG_ZERO_DATED] = {true, true, LOG_DATE_ZERO},
    [LOG_ZERO_CURRENT] = {true, false, LOG_DATE_ZERO},
    [LOG_SKIP_DATED] = {true, true, LOG_DATE_SKIPPED},
    [LOG_SKIP_CURRENT] = {true, false, LOG_DATE_SKIPPED},
    [LOG_FAIL_DATED] = {true, true, LOG_DATE_FAILED},
    [LOG_FAIL_CURRENT] = {true, false, LOG_DATE_FAILED},
};

static void take_outcome(struct log_progress *progress, const struct log_event *event,
                         int64_t arrival_ms) {
    bool dated = outcome_kinds[event->kind].dated;
    day_number day = dated ? event->day : progress->current;
    settle(progress, event, day, dated, outcome_kinds[event->kind].outcome, arrival_ms);
}

static void set_mode(struct log_progress *progress, struct text entity) {
    static const struct {
        const char *word;
        enum log_mode mode;
    } words[] = {
        {"day", LOG_MODE_CALENDAR},         {"days", LOG_MODE_CALENDAR},
        {"game date", LOG_MODE_GAME_DATES}, {"game dates", LOG_MODE_GAME_DATES},
        {"date", LOG_MODE_DATES},           {"specific dates", LOG_MODE_DATES},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_is(entity, words[i].word)) {
            progress->mode = words[i].mode;
        }
    }
}

static void take_position(struct log_progress *progress, const struct log_event *event) {
    progress->current = progress->parallel ? DAY_NONE : event->day;
    progress->position = event->position;
    progress->total = event->total;
    progress->private->settled = false;
    set_mode(progress, event->entity);
    note_work(progress);
    forget_cause(progress);
}

static void take_progress(struct log_progress *progress, const struct log_event *event) {
    progress->position = event->position;
    progress->total = event->total;
}

static void take_expected(struct log_progress *progress, const struct log_event *event) {
    progress->total = event->total;
    set_mode(progress, event->entity);
}

static void take_reported(struct log_progress *progress, const struct log_event *event) {
    const struct {
        enum log_outcome outcome;
        int64_t count;
    } said[] = {{LOG_DATE_OK, event->ok},
                {LOG_DATE_SKIPPED, event->skipped},
                {LOG_DATE_FAILED, event->failed}};
    for (size_t i = 0; progress->finished && i < sizeof said / sizeof said[0]; i++) {
        if (said[i].count != LOG_NOT_SAID) {
            progress->reported[said[i].outcome] = said[i].count;
        }
    }
}

static void take_totals(struct log_progress *progress, const struct log_event *event) {
    progress->finished = true;
    progress->current = DAY_NONE;
    take_reported(progress, event);
}

/* Reads "2021-11-03" and "datetime.date(2021, 11, 3)" wherever they stand in a list. */
static bool next_listed(struct text *rest, day_number *day) {
    static const char constructor[] = "date(";
    for (; rest->size > 0; rest->data++, rest->size--) {
        size_t taken = 0;
        int numbers[3] = {0};
        if (rest->size >= DAY_LENGTH && day_parse((struct text){rest->data, DAY_LENGTH}, day)) {
            taken = DAY_LENGTH;
        } else if (text_starts(*rest, text_of(constructor))) {
            size_t at = sizeof constructor - 1;
            for (int i = 0; i < 3; i++) {
                while (at < rest->size && (rest->data[at] == ' ' || rest->data[at] == ',')) {
                    at++;
                }
                for (; at < rest->size && rest->data[at] >= '0' && rest->data[at] <= '9' &&
                       numbers[i] < 10000;
                     at++) {
                    numbers[i] = numbers[i] * 10 + (rest->data[at] - '0');
                }
            }
            bool sane = numbers[0] >= 1 && numbers[0] <= 9999 && numbers[1] >= 1 &&
                        numbers[1] <= 12 && numbers[2] >= 1 && numbers[2] <= 31;
            *day = sane ? day_from_civil(numbers[0], numbers[1], numbers[2]) : DAY_NONE;
            taken = sane ? at : 0;
        }
        if (taken > 0) {
            rest->data += taken;
            rest->size -= taken;
            return true;
        }
    }
    return false;
}

static void take_failed_list(struct log_progress *progress, const struct log_event *event) {
    struct text rest = event->reason;
    day_number day = DAY_NONE;
    bool any = false;
    while (progress->finished && next_listed(&rest, &day)) {
        progress_list_failed(progress, day);
        any = true;
    }
    progress->private->in_failed_list = progress->finished && !any;
}

static void take_parallel(struct log_progress *progress, const struct log_event *event) {
    (void)event;
    progress->parallel = true;
    progress->current = DAY_NONE;
}

static void take_flag(struct log_progress *progress, const struct log_event *event) {
    progress->dry_run = progress->dry_run || event->kind == LOG_DRY_RUN;
    progress->resumed = progress->resumed || event->kind == LOG_RESUME;
    progress->nothing_due = progress->nothing_due || event->kind == LOG_NOTHING_DUE;
    if (event->kind == LOG_CHECKPOINT_SUMMARY) {
        progress->private->void_records = CHECKPOINT_VOIDED;
    }
}

static void take_preflight(struct log_progress *progress, const struct log_event *event) {
    if (event->kind == LOG_PREFLIGHT_PASSED) {
        progress->preflight = LOG_PREFLIGHT_IS_PASSED;
    } else if (event->kind == LOG_PREFLIGHT_SKIPPED) {
        progress->preflight = LOG_PREFLIGHT_IS_SKIPPED;
    } else {
        progress->preflight = LOG_PREFLIGHT_IS_FAILED;
        set_refused(progress, event->reason.size > 0 ? event->reason : event->message);
    }
}

static void take_refused(struct log_progress *progress, const struct log_event *event) {
    set_refused(progress, event->reason.size > 0 ? event->reason : event->message);
}

static void take_cause(struct log_progress *progress, const struct log_event *event) {
    remember_cause(progress, PROGRESS_CAUSE_NAMED, event->day,
                   event->reason.size > 0 ? event->reason : event->message);
}

/* What each kind does, and whether it may do so in the continuation of a record. */
static const struct {
    void (*take)(struct log_progress *progress, const struct log_event *event);
    bool continues;
} rules[LOG_KIND_COUNT] = {
    [LOG_POSITION] = {take_position, false},
    [LOG_PROGRESS] = {take_progress, false},
    [LOG_EXPECTED] = {take_expected, false},
    [LOG_TOTALS] = {take_totals, true},
    [LOG_REPORTED] = {take_reported, false},
    [LOG_FAILED_LIST] = {take_failed_list, true},
    [LOG_PARALLEL] = {take_parallel, true},
    [LOG_DRY_RUN] = {take_flag, false},
    [LOG_RESUME] = {take_flag, true},
    [LOG_NOTHING_DUE] = {take_flag, true},
    [LOG_CHECKPOINT_SUMMARY] = {take_flag, true},
    [LOG_PREFLIGHT_PASSED] = {take_preflight, true},
    [LOG_PREFLIGHT_FAILED] = {take_preflight, true},
    [LOG_PREFLIGHT_SKIPPED] = {take_preflight, true},
    [LOG_REFUSED] = {take_refused, true},
    [LOG_CAUSE] = {take_cause, true},
};

static bool says_something(struct text message) {
    for (size_t i = 0; i < message.size; i++) {
        unsigned char byte = (unsigned char)message.data[i];
        if (byte >= 0x80 || (byte >= '0' && byte <= '9') ||
            ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z')) {
            return true;
        }
    }
    return false;
}

/* Whether it is the first line of a trace whose last one says what it is. */
static bool is_named_later(struct text message) {
    message = text_trim(message);
    return log_trace_begins(message) && message.data[message.size - 1] == ':';
}

/* Returns whether the record is to be passed over. */
static bool begin_record(struct log_progress *progress, const struct log_event *event) {
    struct log_progress_private *private = progress->private;
    private->prefixed = private->prefixed || event->prefixed;
    private->record_marks = 0;
    private->level = event->level;
    progress->records++;
    if (private->void_records > 0) {
        private->void_records--;
        return true;
    }
    if (private->in_failed_list) {
        day_number day = DAY_NONE;
        private->in_failed_list = day_parse(text_trim(event->message), &day);
        if (private->in_failed_list) {
            progress_list_failed(progress, day);
        }
    }
    progress->warnings += event->level == LOG_LEVEL_WARNING;
    progress->errors += event->level >= LOG_LEVEL_ERROR;
    if (event->level >= LOG_LEVEL_WARNING && says_something(event->message) &&
        !is_named_later(event->message)) {
        struct text said = outcome_kinds[event->kind].set ? text_trim(event->reason) : TEXT("");
        said = event->kind == LOG_CAUSE ? event->reason : said;
        if (!outcome_kinds[event->kind].set || !is_vague(said)) {
            progress_group(progress, said.size > 0 ? said : event->message, event->level, 1, 0);
        }
    }
    return false;
}

static void count_mark(struct log_progress *progress, const struct log_event *event) {
    uint64_t bit = UINT64_C(1) << event->mark;
    if ((progress->private->record_marks & bit) == 0) {
        progress->private->record_marks |= bit;
        progress->marks[event->mark]++;
    }
    bool explains = event->mark == LOG_ROWS_LOST || event->mark == LOG_LOCKED ||
                    event->mark == LOG_NOT_SCHEDULED || event->mark == LOG_UPSTREAM;
    if (explains) {
        remember_cause(progress, PROGRESS_CAUSE_MARK, event->day, event->message);
    }
}

/* Whether a log that says such things will say what becomes of dates. */
static bool tells_of_dates(enum log_kind kind) {
    return outcome_kinds[kind].set || (rules[kind].take != NULL && kind != LOG_PROGRESS &&
                                       kind != LOG_CAUSE && kind != LOG_CHECKPOINT_SUMMARY);
}

/* What every output tells, a line or a state of one. */
static void note_output(struct log_progress *progress, const struct log_event *event,
                        int64_t arrival_ms) {
    if (arrival_ms > 0) {
        progress->last_output_ms = arrival_ms;
        progress->first_output_ms =
            progress->first_output_ms == 0 ? arrival_ms : progress->first_output_ms;
    }
    if (says_something(event->message)) {
        sanitise_string(text_trim(event->message), progress->last_line, sizeof progress->last_line);
    }
    if (event->bar_total != LOG_NOT_SAID) {
        progress->bar_position = event->bar_position;
        progress->bar_total = event->bar_total;
    }
}

/* A trace is one error: of its own, or part of the one that was logged before it. Returns whether
 * the line begins a record, as it would without (`begins`). */
static bool take_trace(struct log_progress *progress, const struct log_event *event, bool begins) {
    struct log_progress_private *private = progress->private;
    switch (log_trace_next(&private->trace, event)) {
    case LOG_TRACE_HEAD:
        private
        ->own_trace = event->prefixed || private->level < LOG_LEVEL_ERROR;
        return private->own_trace;
    case LOG_TRACE_LAST:
        if (private->own_trace) {
            progress_group(progress, event->message, LOG_LEVEL_ERROR, 1, 0);
            remember_cause(progress, PROGRESS_CAUSE_RECORD, event->day, event->message);
            private->own_trace = false; /* of several exceptions the first is the cause */
        }
        /* A date may fail with the last line, where lines have no prefix. */
        return begins && outcome_kinds[event->kind].set;
    case LOG_TRACE_INSIDE:
        return false;
    case LOG_TRACE_NONE:
    default:
        return begins;
    }
}

void log_progress_event(struct log_progress *progress, const struct log_event *event,
                        int64_t arrival_ms) {
    struct log_progress_private *private = progress->private;
    progress->lines++;
    note_output(progress, event, arrival_ms);
    bool begins = event->prefixed || !private->prefixed;
    begins = take_trace(progress, event, begins);
    bool passed_over = begins ? begin_record(progress, event) : private->void_records > 0;
    if (passed_over) {
        return;
    }
    if (event->mark != LOG_OTHER) {
        count_mark(progress, event);
    }
    progress->understood = progress->understood || tells_of_dates(event->kind);
    if (outcome_kinds[event->kind].set) {
        if (begins) {
            take_outcome(progress, event, arrival_ms);
        }
    } else if (rules[event->kind].take != NULL && (begins || rules[event->kind].continues)) {
        rules[event->kind].take(progress, event);
    } else if (begins && event->level >= LOG_LEVEL_ERROR && event->kind != LOG_QUOTA_METADATA) {
        remember_cause(progress, PROGRESS_CAUSE_RECORD, event->day, event->message);
    }
}

void log_progress_feed(struct log_progress *progress, struct log_classifier *classifier,
                       struct text line, int64_t arrival_ms) {
    struct log_event event;
    log_classify(classifier, line, &event);
    log_progress_event(progress, &event, arrival_ms);
}

void log_progress_state(struct log_progress *progress, struct log_classifier *classifier,
                        struct text line, bool whole, int64_t arrival_ms) {
    struct log_event event;
    struct log_bar bar;
    log_classify(classifier, line, &event);
    bool counts = event.kind == LOG_PROGRESS || event.kind == LOG_EXPECTED;
    if (whole && !counts && (event.kind != LOG_OTHER || event.level != LOG_LEVEL_NONE)) {
        log_progress_event(progress, &event, arrival_ms);
        return;
    }
    if (event.bar_total == LOG_NOT_SAID && log_bar_count(event.message, &bar)) {
        event.bar_position = bar.position;
        event.bar_total = bar.total;
    }
    note_output(progress, &event, arrival_ms);
    if (counts) {
        progress->understood = progress->understood || tells_of_dates(event.kind);
        rules[event.kind].take(progress, &event);
    }
}

uint64_t log_progress_done(const struct log_progress *progress) {
    uint64_t done = 0;
    for (size_t i = 0; i < LOG_OUTCOME_COUNT; i++) {
        done += progress->outcomes[i];
    }
    return done;
}

double log_progress_rate(const struct log_progress *progress, int64_t now_ms) {
    const struct log_progress_private *private = progress->private;
    size_t count = private->sample_count;
    if (count < 2) {
        return LOG_RATE_UNKNOWN;
    }
    size_t first = 0;
    while (first + RATE_DATES < count && private->samples[first] < now_ms - RATE_WINDOW_MS) {
        first++;
    }
    int64_t last = private->samples[count - 1] > now_ms ? private->samples[count - 1] : now_ms;
    int64_t span = last - private->samples[first];
    return span <= 0 ? LOG_RATE_UNKNOWN : (double)(count - 1 - first) * MS_A_MINUTE / (double)span;
}

int64_t log_progress_silence(const struct log_progress *progress, int64_t now_ms) {
    if (progress->last_output_ms == 0) {
        return -1;
    }
    return now_ms > progress->last_output_ms ? now_ms - progress->last_output_ms : 0;
}
