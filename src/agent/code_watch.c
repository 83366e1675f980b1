#include "agent/code_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "runs/runs_code.h"
#include "state/state_notice.h"
#include "state/state_told.h"

enum { MOST_DIRECTORIES = 8 };
static const int64_t every_ns = INT64_C(60) * 1000000000;
static const int64_t slow_ns = INT64_C(1000) * 1000000;
static const int64_t pause_ns = INT64_C(600) * 1000000000;

struct place {
    char *directory;
    struct runs_code code;
    int64_t due_ns;
};

struct code_watch {
    const struct recorder *recorder;
    const struct clock *clock;
    struct place places[MOST_DIRECTORIES];
    size_t count;
    int64_t due_ns;
};

static struct place *find(struct code_watch *watch, const char *directory) {
    for (size_t i = 0; i < watch->count; i++) {
        if (strcmp(watch->places[i].directory, directory) == 0) {
            return &watch->places[i];
        }
    }
    return NULL;
}

/* NULL when there are too many to look at. */
static struct place *find_or_add(struct code_watch *watch, const char *directory) {
    struct place *place = find(watch, directory);
    if (place == NULL && watch->count < MOST_DIRECTORIES) {
        place = &watch->places[watch->count++];
        *place =
            (struct place){.directory = memory_copy_string(directory), .code = {.changed = -1}};
        runs_code_look(directory, &place->code);
    }
    return place;
}

struct code_watch *code_watch_new(const struct recorder *recorder, const struct clock *clock) {
    struct code_watch *watch = memory_new(1, sizeof *watch);
    *watch = (struct code_watch){.recorder = recorder, .clock = clock};
    for (size_t i = 0; i < recorder->pipeline->processor_count; i++) {
        const char *directory = recorder->pipeline->processors[i].directory;
        if (directory != NULL && watch->count < MOST_DIRECTORIES &&
            find(watch, directory) == NULL) {
            watch->places[watch->count++] =
                (struct place){.directory = memory_copy_string(directory), .code = {.changed = -1}};
        }
    }
    return watch;
}

void code_watch_free(struct code_watch *watch) {
    for (size_t i = 0; watch != NULL && i < watch->count; i++) {
        runs_code_clear(&watch->places[i].code);
        free(watch->places[i].directory);
    }
    free(watch);
}

static void look_at(struct code_watch *watch, struct place *place) {
    int64_t began = clock_boot_ns(watch->clock);
    if (began < place->due_ns) {
        return;
    }
    runs_code_clear(&place->code);
    runs_code_look(place->directory, &place->code);
    int64_t now = clock_boot_ns(watch->clock);
    place->due_ns = now - began > slow_ns ? now + pause_ns : 0;
}

static bool tell(struct code_watch *watch, struct error *error) {
    json_t *directories = json_array();
    for (size_t i = 0; i < watch->count; i++) {
        const struct place *place = &watch->places[i];
        (void)json_array_append_new(directories,
                                    json_make("{s:s,s:o,s:I}", "directory", place->directory,
                                              "commit", json_string_or_null(place->code.commit),
                                              "changed", (json_int_t)place->code.changed));
    }
    json_t *json = json_make("{s:o}", "directories", directories);
    char *text = json_text(json);
    bool good = state_told_put(watch->recorder->state, watch->recorder->actor.term,
                               SITUATION_TOLD_CODE, text, clock_wall_ms(watch->clock), error);
    free(text);
    json_decref(json);
    return good;
}

static bool compare(struct code_watch *watch, const struct state_run *run, struct error *error) {
    const struct state_notices *notices = &run->notices;
    const struct place *place = notices->code_directory == NULL || notices->code_commit == NULL
                                    ? NULL
                                    : find_or_add(watch, notices->code_directory);
    return place == NULL || place->code.commit == NULL ||
           state_notice_code(watch->recorder->state, &watch->recorder->actor, run->run,
                             place->code.commit, clock_wall_ms(watch->clock), error);
}

static bool compare_all(struct code_watch *watch, struct error *error) {
    struct state_run_filter filter = {.live = true};
    size_t count;
    struct state_run *runs = state_runs(watch->recorder->state, &filter, &count, error);
    bool good = runs != NULL;
    for (size_t i = 0; good && i < count; i++) {
        good = compare(watch, &runs[i], error);
    }
    state_runs_free(runs, count);
    return good;
}

bool code_watch_step(struct code_watch *watch, struct error *error) {
    int64_t now = clock_boot_ns(watch->clock);
    if (now < watch->due_ns) {
        return true;
    }
    for (size_t i = 0; i < watch->count; i++) {
        look_at(watch, &watch->places[i]);
    }
    watch->due_ns = clock_boot_ns(watch->clock) + every_ns;
    return tell(watch, error) && compare_all(watch, error);
}
