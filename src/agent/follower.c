#include "agent/follower.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agent/patterns.h"
#include "base/json.h"
#include "base/memory.h"
#include "logs/progress.h"
#include "logs/times.h"
#include "logs/watch.h"

enum {
    READ_BUDGET = 1 << 20, /* bytes of one log before the others have their turn */
    TIMER_MS = 1000,       /* where inotify is not to be had */
    WATCH_RETRY_MS = 2000, /* to ask again for a directory that could not be watched */
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
    char *path;
    char *trouble;
    bool watched;
    bool behind;  /* more to read than the budget allowed */
    bool changed; /* since it was posted last */
    bool draining;
    int64_t posted_ns; /* boot time */
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
    free(log->run);
    free(log->path);
    free(log->trouble);
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

static void set_trouble(struct followed *log, const char *text) {
    bool same = (text == NULL && log->trouble == NULL) ||
                (text != NULL && log->trouble != NULL && strcmp(text, log->trouble) == 0);
    if (!same) {
        free(log->trouble);
        log->trouble = memory_copy_string(text);
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
        set_trouble(&log, error.text);
    }
    watch_log(follower, &log);
    follower->logs =
        memory_grow(follower->logs, follower->count, &follower->capacity, sizeof *follower->logs);
    follower->logs[follower->count++] = log;
}

static void feed(struct followed *log, const struct log_line *line, int64_t arrival) {
    if (log->classifier != NULL) {
        log_progress_feed(log->progress, log->classifier, line->text, arrival);
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

/* Reads what is new, up to the budget. */
static void read_log(struct follower *follower, struct followed *log) {
    struct error error = {0};
    struct log_line line;
    int64_t now = clock_wall_ms(follower->clock);
    enum log_follow_status status = log_follow_fill(log->follow, READ_BUDGET, &error);
    switch (status) {
    case LOG_FOLLOW_FAILED:
        set_trouble(log, error.text);
        break;
    case LOG_FOLLOW_TRUNCATED:
        set_trouble(log, "the log was truncated: what it said before is lost");
        break;
    case LOG_FOLLOW_REPLACED:
        set_trouble(log, "the log was replaced by another file");
        break;
    case LOG_FOLLOW_MISSING:
    case LOG_FOLLOW_NEW:
    case LOG_FOLLOW_IDLE:
        break;
    }
    if (status != LOG_FOLLOW_FAILED && status != LOG_FOLLOW_MISSING) {
        note_arrival(follower, log, status == LOG_FOLLOW_TRUNCATED || status == LOG_FOLLOW_REPLACED,
                     now);
    }
    while (log_follow_line(log->follow, &line)) {
        feed(log, &line, now);
    }
    log->behind =
        status == LOG_FOLLOW_NEW || status == LOG_FOLLOW_TRUNCATED || status == LOG_FOLLOW_REPLACED;
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
        .trouble = memory_copy_string(log->trouble),
    };
    json_decref(json);
    agent_queue_post(follower->out, &message);
    log->changed = false;
    log->posted_ns = clock_boot_ns(follower->clock);
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
        if (log->behind) {
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
                                                   : -1;
        wait = next >= 0 && (wait < 0 || next < wait) ? next : wait;
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
