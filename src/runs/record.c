#include "runs/record.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/share.h"
#include "base/trust.h"

enum { LARGEST_RECORD = 65536, MOST_STEPS = 1000000, LONGEST_REASON = 4000 };

static const int64_t LATEST_MS = INT64_C(253402300799999); /* of the year 9999 */

static json_t *to_json(const char *run, const struct record *record) {
    bool has = record->has_wait_status;
    int status = record->wait_status;
    json_t *json = json_object();
    (void)json_object_set_new(json, "schema", json_integer(1));
    (void)json_object_set_new(json, "run", json_words(run));
    (void)json_object_set_new(json, "outcome",
                              json_string_or_null(state_outcome_word(record->outcome)));
    (void)json_object_set_new(json, "wait_status", has ? json_integer(status) : json_null());
    (void)json_object_set_new(json, "exit_code",
                              has && WIFEXITED(status) ? json_integer(WEXITSTATUS(status))
                                                       : json_null());
    (void)json_object_set_new(
        json, "signal", has && WIFSIGNALED(status) ? json_integer(WTERMSIG(status)) : json_null());
    (void)json_object_set_new(json, "step", json_integer((json_int_t)record->step));
    (void)json_object_set_new(json, "steps_failed", json_integer(record->steps_failed));
    (void)json_object_set_new(json, "stragglers", json_integer(record->stragglers));
    (void)json_object_set_new(json, "out_of_memory", json_boolean(record->out_of_memory));
    (void)json_object_set_new(json, "spawn_error", json_string_or_null(record->spawn_error));
    (void)json_object_set_new(json, "ended_at", json_time(record->ended_at));
    (void)json_object_set_new(json, "ended_ms", json_integer(record->ended_at));
    return json;
}

bool record_write(const char *run_directory, const char *name, const char *run,
                  const struct record *record, struct error *error) {
    json_t *json = to_json(run, record);
    char *text = json_text(json);
    char *path = file_join(run_directory, name);
    bool done = file_write(path, text_of(text), error);
    /* Best effort: for the eyes of the group, where there is one. */
    (void)share_adopt(path, SHARE_FILE);
    free(path);
    free(text);
    json_decref(json);
    return done;
}

static enum state_outcome outcome_of(const char *word) {
    for (unsigned i = STATE_OUTCOME_OK; word != NULL && i <= STATE_OUTCOME_LOST; i++) {
        if (strcmp(state_outcome_word((enum state_outcome)i), word) == 0) {
            return (enum state_outcome)i;
        }
    }
    return STATE_OUTCOME_NONE;
}

/* What the state file takes: a time that clocks show, no count below nothing, no status of waitpid
 * that is none, and an outcome that fits it. */
static bool can_be(const json_t *json, const struct record *record) {
    const char *word = json_get_string(json, "outcome", NULL);
    int64_t step = json_get_integer(json, "step", 0);
    int64_t status = json_get_integer(json, "wait_status", 0);
    bool ended = WIFEXITED(record->wait_status) || WIFSIGNALED(record->wait_status);
    bool is_ok = record->outcome == STATE_OUTCOME_OK;
    bool is_failed = record->outcome == STATE_OUTCOME_FAILED;
    bool is_spawn = record->outcome == STATE_OUTCOME_SPAWN_ERROR;
    bool is_lost = record->outcome == STATE_OUTCOME_LOST;
    return (word == NULL || record->outcome != STATE_OUTCOME_NONE) && step >= 0 &&
           step <= MOST_STEPS && status >= 0 && status <= UINT16_MAX &&
           (!record->has_wait_status || ended) && record->stragglers >= 0 &&
           record->steps_failed >= 0 && record->steps_failed <= step + 1 && record->ended_at >= 0 &&
           record->ended_at <= LATEST_MS &&
           (!is_ok || (record->has_wait_status && record->wait_status == 0)) &&
           (!is_failed || record->has_wait_status) &&
           (!is_spawn || (!record->has_wait_status && record->spawn_error != NULL)) &&
           (!is_lost || !record->has_wait_status);
}

/* As much of it as a sentence has room for, whole characters. */
static char *copy_reason(const char *reason) {
    size_t size = reason == NULL ? 0 : strlen(reason);
    while (size > LONGEST_REASON || (size > 0 && ((unsigned char)reason[size] & 0xC0) == 0x80)) {
        size--;
    }
    return reason == NULL ? NULL : memory_copy_part(reason, size);
}

static void take(const json_t *json, struct record *record) {
    record->outcome = outcome_of(json_get_string(json, "outcome", NULL));
    record->has_wait_status = json_is_integer(json_object_get(json, "wait_status"));
    record->wait_status = (int)json_get_integer(json, "wait_status", 0);
    record->step = (size_t)json_get_integer(json, "step", 0);
    record->steps_failed = json_get_integer(json, "steps_failed", 0);
    record->stragglers = json_get_integer(json, "stragglers", 0);
    record->out_of_memory = json_get_bool(json, "out_of_memory", false);
    record->spawn_error = copy_reason(json_get_string(json, "spawn_error", NULL));
    if (record->outcome == STATE_OUTCOME_SPAWN_ERROR && record->spawn_error == NULL) {
        record->spawn_error = memory_copy_string("nobody wrote why"); /* it was not UTF-8 */
    }
    record->ended_at = json_get_integer(json, "ended_ms", 0);
}

bool record_read(const char *run_directory, const char *name, const char *run,
                 struct record *record, struct error *error) {
    struct text_buffer buffer = {0};
    char *path = file_join(run_directory, name);
    json_t *json = NULL;
    bool good = false;
    *record = (struct record){0};
    if (trust_read(run_directory, name, LARGEST_RECORD, &buffer, error)) {
        json = json_read((struct text){buffer.data, buffer.size}, path, error);
    }
    if (json != NULL && strcmp(json_get_string(json, "run", ""), run) == 0) {
        take(json, record);
        good = can_be(json, record);
    }
    if (json != NULL && !good) {
        (void)error_set(error, EXIT_DATA, "%s is no record of an end of this run", path);
        record_clear(record);
    }
    json_decref(json);
    text_buffer_free(&buffer);
    free(path);
    return good;
}

void record_clear(struct record *record) {
    free(record->spawn_error);
    *record = (struct record){0};
}

char *record_describe(const struct record *record) {
    if (record->spawn_error != NULL && record->step > 0) {
        return memory_format("command %zu could not be started: %s; %zu before it ran",
                             record->step + 1, record->spawn_error, record->step);
    }
    if (record->spawn_error != NULL) {
        return memory_format("did not start: %s", record->spawn_error);
    }
    if (record->adopted) {
        return memory_copy_string("ended; it was adopted, and its exit status cannot be known");
    }
    if (record->outcome == STATE_OUTCOME_LOST) {
        return memory_copy_string("nobody saw how it ended");
    }
    if (!record->has_wait_status) {
        return memory_copy_string("never started");
    }
    if (WIFEXITED(record->wait_status)) {
        return memory_format("exit %d", WEXITSTATUS(record->wait_status));
    }
    if (record->out_of_memory && WTERMSIG(record->wait_status) == SIGKILL) {
        return memory_copy_string("killed (SIGKILL), probably for want of memory");
    }
    const char *name = sigabbrev_np(WTERMSIG(record->wait_status));
    return memory_format("killed by %s%s%s", name == NULL ? "signal" : "SIG",
                         name == NULL ? "" : name,
                         WCOREDUMP(record->wait_status) ? ", core dumped" : "");
}

bool record_store(struct state *state, const struct state_actor *actor, const char *run,
                  const struct record *record, const char *recorded_by, const char *remark,
                  bool *done, struct error *error) {
    char *how = record_describe(record);
    char *text = remark == NULL ? memory_copy_string(how) : memory_format("%s; %s", how, remark);
    struct state_end end = {
        .outcome = record->outcome,
        .never_taken = record->never_taken,
        .has_wait_status = record->has_wait_status,
        .wait_status = record->wait_status,
        .step = record->step,
        .steps_failed = record->steps_failed,
        .stragglers = record->stragglers,
        .adopted = record->adopted,
        .out_of_memory = record->out_of_memory,
        .spawn_error = record->spawn_error,
        .recorded_by = recorded_by,
        .ended_at = record->ended_at,
        .text = text,
    };
    bool stored = state_shim_end(state, actor, run, &end, done, error);
    free(text);
    free(how);
    return stored;
}
