#include "agent/follower.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/patterns.h"
#include "base/json.h"
#include "base/memory.h"
#include "logs/progress.h"
#include "logs/sanitise.h"
#include "logs/times.h"
#include "logs/watch.h"

enum {
    READ_BUDGET = 1 << 20, /* bytes of one log before the others have their turn */
    TIMER_MS = 1000,       /* where inotify is not to be had */
    WATCH_RETRY_MS = 2000, /* to ask again for a directory that could not be watched */
    LOOK_MS = 5000,        /* until a log is looked at though nobody was told that it grew */
    MISSING_MS = 10000,    /* that a log may take to appear */
    TIMES_MS = 1000,       /* until a noted arrival can be written */
    TOKENS = 64
};

/* One log that is followed. */
struct followed {
    char *run;
    uint64_t token;
    struct log_follow *follow;
    struct log_classifier *classifier;
    struct log_progress *progress;
    struct log_times_writer *times;
    struct log_times *noted; /* when the bytes came that were there before it was followed */
    struct log_times_span span;
    uint64_t old_to; /* they end here */
    char *path;
    const char *rule; /* of what happened to the file, until that was posted */
    bool opened;      /* it was there once */
    bool adopted;
    bool watched;
    bool behind;  /* more to read than the budget allowed */
    bool changed; /* since it was posted last */
    bool draining;
    int64_t posted_ns; /* boot time, as are these: */
    int64_t looked_ns, added_ns;
};

struct follower {
    pthread_t thread;
    const struct pipeline *pipeline;
    const struct clock *clock;
    int every_ms;
    struct agent_queue *in, *out;
    struct log_watch *watch;
    struct followed *logs;
    size_t count, capacity;
    uint64_t last_token;
};

static void free_followed(struct followed *log) {
    log_follow_free(log->follow);
    log_classifier_free(log->classifier);
    log_progress_free(log->progress);
    log_times_writer_free(log->times);
    log_times_free(log->noted);
    free(log->run);
    free(log->path);
}

static struct followed *find_log(struct follower *follower, const char *run) {
    for (size_t i = 0; i < follower->count; i++) {
        if (strcmp(follower->logs[i].run, run) == 0) {
            return &follower->logs[i];
        }
    }
    return NULL;
}

static void remove_log(struct follower *follower, struct followed *log) {
    if (log->watched) {
        log_watch_remove(follower->watch, log->token);
    }
    free_followed(log);
    follower->count--;
    size_t after = follower->count - (size_t)(log - follower->logs);
    memmove(log, log + 1, after * sizeof *log);
}

/* Rules of what can happen to a log's file; those that may pass come first. */
static const char missing[] = "log-missing";
static const char unreadable[] = "log-unreadable";
static const char no_patterns[] = "log-patterns";
static const char truncated[] = "log-truncated";
static const char replaced[] = "log-replaced";
static const char moved[] = "log-moved";

/* Something became of the file: said once, and kept with the progress. */
static void happen(struct followed *log, const char *rule, const char *text) {
    char shown[LOG_TEXT_SIZE];
    (void)sanitise_string(text_of(text), shown, sizeof shown);
    if (strcmp(shown, log->progress->happened) != 0) {
        memcpy(log->progress->happened, shown, sizeof shown);
        log->rule = rule;
        log->changed = true;
    }
}

/* It can be read (again). */
static void forget_passing(struct followed *log) {
    if (log->rule == missing || log->rule == unreadable) {
        log->progress->happened[0] = '\0';
        log->rule = NULL;
        log->changed = true;
    }
}

static void watch_log(struct follower *follower, struct followed *log) {
    struct error error = {0};
    log->watched = log_watch_add(follower->watch, log->path, log->token, &error);
    log->behind = log->behind || log->watched; /* what was written before it was watched */
}

static void add_log(struct follower *follower, const struct agent_message *message) {
    if (find_log(follower, message->follow.run) != NULL) {
        return;
    }
    struct error error = {0};
    struct followed log = {
        .run = memory_copy_string(message->follow.run),
        .path = memory_copy_string(message->follow.path),
        .times = log_times_writer_new(message->follow.path),
        .token = ++follower->last_token,
        .noted = log_times_open(message->follow.path),
        .added_ns = clock_boot_ns(follower->clock),
        .changed = true,
        .behind = true,
    };
    json_t *json = message->follow.json != NULL
                       ? json_read(text_of(message->follow.json), "stored progress", &error)
                       : NULL;
    log.progress = json != NULL ? log_progress_from_json(json, &error) : NULL;
    /* Without the progress up to a place, the place is worth nothing: the log is read from its
     * start. */
    log.follow =
        log_follow_new(message->follow.path, log.progress != NULL ? &message->follow.place : NULL);
    if (log.progress == NULL) {
        log.progress = log_progress_new();
    }
    json_decref(json);
    log.classifier = patterns_classifier(follower->pipeline, message->follow.patterns, &error);
    if (log.classifier == NULL) {
        happen(&log, no_patterns, error.text);
    }
    watch_log(follower, &log);
    follower->logs =
        memory_grow(follower->logs, follower->count, &follower->capacity, sizeof *follower->logs);
    follower->logs[follower->count++] = log;
}

/* When the byte at `offset` came: now, unless it was there before the log was followed. Of those
 * somebody may have noted it; what an adopted command wrote before came nobody knows when (0). */
static int64_t arrival_of(struct followed *log, uint64_t offset, int64_t now) {
    if (offset >= log->old_to) {
        return now;
    }
    if (offset >= log->span.from && offset < log->span.to) {
        return log->span.wall_ms;
    }
    if (log_times_find(log->noted, offset, &log->span)) {
        return log->span.wall_ms;
    }
    log->span = (struct log_times_span){0};
    return log->adopted ? 0 : now;
}

static void feed(struct followed *log, const struct log_line *line, int64_t now) {
    if (log->classifier == NULL) {
        return;
    }
    int64_t arrival = arrival_of(log, line->offset, now);
    if (line->overwritten) {
        log_progress_state(log->progress, log->classifier, line->text, true, arrival);
    } else {
        log_progress_feed(log->progress, log->classifier, line->text, arrival);
    }
    log->changed = true;
}

/* The unfinished last line is a sign of life, and shown as it stands. */
static void show_unfinished(struct followed *log, int64_t now) {
    struct log_line line;
    if (log->classifier != NULL && log_follow_peek(log->follow, &line)) {
        log_progress_state(log->progress, log->classifier, line.text, false,
                           arrival_of(log, line.offset + line.text.size - 1, now));
        log->changed = true;
    }
}

/* Notes beside the log when its bytes came. */
static void note_arrival(struct follower *follower, struct followed *log, bool anew, int64_t now) {
    int64_t boot_ns = clock_boot_ns(follower->clock);
    struct log_place place = log_follow_place(log->follow);
    if (anew) {
        log_times_note(log->times, 0, now, boot_ns);
    }
    log_times_note(log->times, place.offset + log_follow_behind(log->follow), now, boot_ns);
}

/* Says what became of the file, as the last fill found it. */
static void tell(struct follower *follower, struct followed *log, enum log_follow_status status,
                 uint64_t read_to, const struct error *error) {
    static const int64_t ns_a_ms = 1000000;
    char text[LOG_FOLLOW_NAME + 128];
    char name[LOG_FOLLOW_NAME];
    int64_t waited_ns = clock_boot_ns(follower->clock) - log->added_ns;
    if (status == LOG_FOLLOW_FAILED) {
        happen(log, unreadable, error->text);
    } else if (status == LOG_FOLLOW_MISSING) {
        if (log->draining || waited_ns > MISSING_MS * ns_a_ms) {
            happen(log, missing, "its log is not there: it was renamed or removed");
        }
    } else if (status == LOG_FOLLOW_TRUNCATED) {
        (void)snprintf(text, sizeof text,
                       "its log was truncated after %llu bytes were read; they are gone from it",
                       (unsigned long long)read_to);
        happen(log, truncated, text);
    } else if (status == LOG_FOLLOW_REPLACED) {
        happen(log, replaced, "its log was replaced by another file, which is read now");
    } else if (log_follow_moved(log->follow, name)) {
        (void)snprintf(text, sizeof text, "its log was renamed to %s and was followed there", name);
        happen(log, moved,
               name[0] != '\0' ? text
                               : "its log was removed; what is written to it is read while its "
                                 "process has it open");
    } else {
        forget_passing(log);
    }
}

/* Remembers which bytes were there before anybody looked. */
static void note_old(struct followed *log, enum log_follow_status status) {
    if (!log->opened) {
        log->opened = true;
        log_times_refresh(log->noted);
        log->old_to = log_follow_place(log->follow).offset + log_follow_behind(log->follow);
    } else if (status == LOG_FOLLOW_TRUNCATED || status == LOG_FOLLOW_REPLACED) {
        log->old_to = 0;
    }
}

/* Reads what is new, up to the budget. */
static void read_log(struct follower *follower, struct followed *log) {
    struct error error = {0};
    struct log_line line;
    int64_t now = clock_wall_ms(follower->clock);
    uint64_t read_to = log_follow_place(log->follow).offset + log_follow_behind(log->follow);
    enum log_follow_status status = log_follow_fill(log->follow, READ_BUDGET, &error);
    log->looked_ns = clock_boot_ns(follower->clock);
    tell(follower, log, status, read_to, &error);
    if (status != LOG_FOLLOW_FAILED && status != LOG_FOLLOW_MISSING) {
        note_old(log, status);
        note_arrival(follower, log, status == LOG_FOLLOW_TRUNCATED || status == LOG_FOLLOW_REPLACED,
                     now);
    }
    while (log_follow_line(log->follow, &line)) {
        feed(log, &line, now);
    }
    log->behind =
        status == LOG_FOLLOW_NEW || status == LOG_FOLLOW_TRUNCATED || status == LOG_FOLLOW_REPLACED;
    if (status == LOG_FOLLOW_NEW) {
        show_unfinished(log, now);
    }
    if (log->draining && !log->behind && log_follow_rest(log->follow, &line)) {
        feed(log, &line, now);
    }
}

static void post(struct follower *follower, struct followed *log) {
    const struct log_progress *progress = log->progress;
    json_t *json = log_progress_to_json(progress);
    struct agent_message message = {.kind = AGENT_PROGRESS};
    message.progress = (struct agent_progress){
        .run = memory_copy_string(log->run),
        .place = log_follow_place(log->follow),
        .json = json_text(json),
        .last_line = memory_copy_string(progress->last_line),
        .last_output_at = progress->last_output_ms,
        .ok = progress->outcomes[LOG_DATE_OK],
        .failed = progress->outcomes[LOG_DATE_FAILED],
        .skipped = progress->outcomes[LOG_DATE_SKIPPED],
        .zero = progress->outcomes[LOG_DATE_ZERO],
        .warnings = progress->warnings,
        .errors = progress->errors,
        .position = progress->position,
        .total = progress->total,
        .dates_per_minute = log_progress_rate(progress, clock_wall_ms(follower->clock)),
        .finished = progress->finished,
        .drained = log->draining && !log->behind,
        .streak_signature = memory_copy_string(progress->streak_signature),
        .streak = progress->streak,
        .trouble = progress->happened[0] != '\0' ? memory_copy_string(progress->happened) : NULL,
        .rule = log->rule,
        .understood = progress->understood,
    };
    json_decref(json);
    agent_queue_post(follower->out, &message);
    log->changed = false;
    log->posted_ns = clock_boot_ns(follower->clock);
}

static void take_facts(struct followed *log, const struct agent_message *message) {
    log_follow_writer(log->follow, message->facts.writer);
    log->adopted = message->facts.adopted;
    const char *happened = message->facts.happened;
    if (log->progress->happened[0] == '\0' && happened != NULL) {
        (void)sanitise_string(text_of(happened), log->progress->happened,
                              sizeof log->progress->happened);
    }
}

static bool take_orders(struct follower *follower) {
    struct agent_message message;
    bool going = true;
    while (agent_queue_take(follower->in, &message)) {
        struct followed *log;
        if (message.kind == AGENT_QUIT) {
            going = false;
        } else if (message.kind == AGENT_FOLLOW && going) {
            add_log(follower, &message);
        } else if (message.kind == AGENT_FACTS &&
                   (log = find_log(follower, message.facts.run)) != NULL) {
            take_facts(log, &message);
        } else if (message.kind == AGENT_DRAIN && (log = find_log(follower, message.run)) != NULL) {
            log->draining = true;
            log->behind = true;
        }
        agent_message_free(&message);
    }
    return going;
}

static void take_changes(struct follower *follower) {
    uint64_t tokens[TOKENS];
    size_t count;
    do {
        count = log_watch_read(follower->watch, tokens, TOKENS);
        for (size_t i = 0; i < count; i++) {
            for (size_t j = 0; j < follower->count; j++) {
                follower->logs[j].behind =
                    follower->logs[j].behind || follower->logs[j].token == tokens[i];
            }
        }
    } while (count == TOKENS);
}

/* Reads and posts what is due; returns how long to wait for more, in ms (-1: until something
 * happens). */
static int work(struct follower *follower) {
    int wait = -1;
    int64_t now = clock_boot_ns(follower->clock);
    int64_t every_ns = (int64_t)follower->every_ms * 1000000;
    for (size_t i = follower->count; i-- > 0;) {
        struct followed *log = &follower->logs[i];
        if (log->behind || now - log->looked_ns >= (int64_t)LOOK_MS * 1000000) {
            read_log(follower, log);
        }
        log_times_flush(log->times, now);
        bool ended = log->draining && !log->behind;
        if (ended || (log->changed && now - log->posted_ns >= every_ns)) {
            post(follower, log);
        }
        if (ended) {
            remove_log(follower, log);
            continue;
        }
        if (!log->watched) {
            watch_log(follower, log);
        }
        int next = log->behind                     ? 0
                   : !log->watched                 ? WATCH_RETRY_MS
                   : log->changed                  ? follower->every_ms
                   : log_times_pending(log->times) ? TIMES_MS
                                                   : LOOK_MS;
        wait = wait < 0 || next < wait ? next : wait;
    }
    return wait;
}

static void *run(void *context) {
    struct follower *follower = context;
    (void)pthread_setname_np(pthread_self(), "logs");
    while (take_orders(follower)) {
        take_changes(follower);
        int wait = work(follower);
        struct pollfd events[] = {{agent_queue_descriptor(follower->in), POLLIN, 0},
                                  {log_watch_descriptor(follower->watch), POLLIN, 0}};
        (void)poll(events, 2, wait);
    }
    return NULL;
}

struct follower *follower_start(const struct pipeline *pipeline, const struct clock *clock,
                                int every_ms, struct agent_queue *out, struct error *error) {
    struct follower *follower = memory_new(1, sizeof *follower);
    *follower =
        (struct follower){.pipeline = pipeline, .clock = clock, .every_ms = every_ms, .out = out};
    follower->in = agent_queue_new(error);
    follower->watch = follower->in != NULL ? log_watch_new(TIMER_MS, false, error) : NULL;
    int code = follower->watch != NULL ? pthread_create(&follower->thread, NULL, run, follower) : 0;
    if (follower->watch != NULL && code == 0) {
        return follower;
    }
    if (code != 0) {
        (void)error_set_errno(error, EXIT_OS, code, "cannot start the logs thread");
    }
    log_watch_free(follower->watch);
    agent_queue_free(follower->in);
    free(follower);
    return NULL;
}

void follower_follow(struct follower *follower, const char *run_id, const char *path,
                     const char *patterns, const struct log_place *place, const char *json) {
    struct agent_message message = {.kind = AGENT_FOLLOW};
    message.follow.run = memory_copy_string(run_id);
    message.follow.path = memory_copy_string(path);
    message.follow.patterns = memory_copy_string(patterns);
    message.follow.json = memory_copy_string(json);
    message.follow.place = place != NULL ? *place : (struct log_place){0};
    agent_queue_post(follower->in, &message);
}

void follower_facts(struct follower *follower, const char *run_id, int64_t writer, bool adopted,
                    const char *happened) {
    struct agent_message message = {.kind = AGENT_FACTS};
    message.facts.run = memory_copy_string(run_id);
    message.facts.writer = writer;
    message.facts.adopted = adopted;
    message.facts.happened = memory_copy_string(happened);
    agent_queue_post(follower->in, &message);
}

void follower_drain(struct follower *follower, const char *run_id) {
    struct agent_message message = {.kind = AGENT_DRAIN, .run = memory_copy_string(run_id)};
    agent_queue_post(follower->in, &message);
}

void follower_stop(struct follower *follower) {
    if (follower == NULL) {
        return;
    }
    struct agent_message message = {.kind = AGENT_QUIT};
    agent_queue_post(follower->in, &message);
    (void)pthread_join(follower->thread, NULL);
    for (size_t i = 0; i < follower->count; i++) {
        free_followed(&follower->logs[i]);
    }
    free(follower->logs);
    log_watch_free(follower->watch);
    agent_queue_free(follower->in);
    free(follower);
}
