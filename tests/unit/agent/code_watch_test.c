/* The code that runs were launched from, watched: by a git that says what the test wants. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/code_watch.h"
#include "base/file.h"
#include "base/memory.h"
#include "state/state_journal.h"
#include "state/state_told.h"
#include "tests/support/scene.h"

#define FIRST  "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
#define SECOND "ffffffffffffffffffffffffffffffffffffffff"

static struct scene scene;
static struct recorder recorder;
static struct error error;
static int64_t boot;

static int64_t wall_ms(void *context) {
    (void)context;
    return SCENE_NOW;
}
static int64_t boot_ns(void *context) {
    return *(const int64_t *)context;
}
static const struct clock clock = {wall_ms, boot_ns, &boot};

static void put(const char *name, const char *content) {
    char *path = scene_path(&scene, name);
    cr_assert(file_write(path, text_of(content), &error), "%s", error.text);
    cr_assert(chmod(path, 0700) == 0);
    free(path);
}

/* Counts how often it is asked for a commit. */
static void open_all(void) {
    (void)setenv("TZ", "UTC", 1);
    boot = INT64_C(1) << 40;
    scene_open(&scene, NULL);
    scene_lead(&scene);
    recorder = (struct recorder){.pipeline = scene.pipeline,
                                 .state = scene.state,
                                 .actor = {.name = "agent", .term = scene.term}};
    put("git", "#!/bin/sh\nhere=${0%/*}\ncase \"$*\" in\n"
               "*rev-parse*) echo x >> $here/asked; cat $here/commit;;\n*) echo ' M a';;\nesac\n");
    put("commit", FIRST "\n");
    char *path = memory_format("%s:%s", scene.directory, getenv("PATH"));
    cr_assert(setenv("PATH", path, 1) == 0);
    free(path);
}
static void close_all(void) {
    scene_close(&scene);
}
TestSuite(code_watch, .init = open_all, .fini = close_all);

static void launch(const char *id, const char *directory) {
    struct day_range range = {SCENE_FROM, SCENE_TO};
    struct dayset dates = dayset_new(range);
    struct state_actor person = {.name = "naji@ops"};
    struct state_new_run run = {.run = id,
                                .processor = "zones",
                                .range = range,
                                .dates = &dates,
                                .steps = "[[\"/bin/true\"]]",
                                .step_count = 1,
                                .command = "/bin/true",
                                .directory = scene.directory,
                                .code_directory = directory,
                                .code_commit = FIRST,
                                .code_changed = 0};
    char *launch_id = memory_format("l-%s", id);
    struct state_launch all = {.launch = launch_id,
                               .group = "",
                               .plan_hash = "hash",
                               .owner = "naji@ops",
                               .runs = &run,
                               .run_count = 1,
                               .at = SCENE_NOW,
                               .boot_ns = 1};
    cr_assert(state_launch(scene.state, &person, &all, &error), "%s", error.text);
    scene_start(&scene, id, SCENE_NOW);
    dayset_free(&dates);
    free(launch_id);
}

static size_t events_of(const char *run) {
    struct state_journal_filter filter = {.subject = run, .kind = "code-moved"};
    size_t count;
    struct state_event *events = state_journal(scene.state, &filter, &count, &error);
    cr_assert(events != NULL, "%s", error.text);
    state_events_free(events, count);
    return count;
}

static size_t asked(void) {
    struct text_buffer content = {0};
    char *path = scene_path(&scene, "asked");
    (void)file_read(path, 4096, &content, NULL);
    size_t count = content.size / 2;
    free(path);
    text_buffer_free(&content);
    return count;
}

static void step(struct code_watch *watch, int64_t later_ns) {
    boot += later_ns;
    cr_assert(code_watch_step(watch, &error), "%s", error.text);
}

Test(code_watch, asks_once_a_minute_and_tells_what_it_heard)
{
    struct code_watch *watch = code_watch_new(&recorder, &clock);
    char *json;
    int64_t at;
    step(watch, 0);
    step(watch, INT64_C(59000000000));
    cr_assert(asked() == 1, "the processors share one directory: %zu", asked());
    step(watch, INT64_C(1000000000));
    cr_assert(asked() == 2);
    cr_assert(state_told(scene.state, SITUATION_TOLD_CODE, &json, &at, &error));
    cr_assert(json != NULL && strstr(json, "\"commit\":\"" FIRST "\",\"changed\":1") != NULL, "%s",
              json);
    free(json);
    code_watch_free(watch);
}

Test(code_watch, notices_once_that_the_commit_of_a_live_run_has_moved)
{
    struct code_watch *watch = code_watch_new(&recorder, &clock);
    launch("r-here", scene.pipeline->processors[0].directory);
    launch("r-there", "/elsewhere");
    launch("r-ended", scene.pipeline->processors[0].directory);
    scene_end(&scene, "r-ended", STATE_OUTCOME_OK, 0, SCENE_NOW);
    step(watch, 0);
    cr_assert(events_of("r-here") == 0);
    put("commit", SECOND "\n");
    step(watch, INT64_C(60000000000));
    step(watch, INT64_C(60000000000));
    cr_assert(events_of("r-here") == 1 && events_of("r-there") == 1 && events_of("r-ended") == 0);
    put("commit", "fatal: not a git repository\n");
    step(watch, INT64_C(60000000000));
    cr_assert(events_of("r-here") == 1, "not known is not moved");
    code_watch_free(watch);
}
