#include "cli/operate.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/patterns.h"
#include "base/memory.h"
#include "base/print.h"
#include "pipeline/watch.h"

char *operate_owner(void) {
    char host[256] = "localhost";
    struct passwd entry;
    struct passwd *found = NULL;
    char room[4096];
    (void)gethostname(host, sizeof host - 1);
    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found != NULL) {
        return memory_format("%s@%s", found->pw_name, host);
    }
    return memory_format("%ld@%s", (long)getuid(), host);
}

bool operate_same_plan(const struct pipeline *pipeline, struct error *error) {
    struct pipeline_watch *watch = pipeline_watch_new(pipeline, patterns_check);
    const struct pipeline_disk *disk = pipeline_watch_look(watch, true);
    bool same = disk->kind == PIPELINE_DISK_SAME;
    if (disk->kind == PIPELINE_DISK_CHANGED) {
        (void)error_set(
            error, EXIT_NO_GO,
            "%s changed since this was shown (plan %.12s, now %.12s): nothing was done; "
            "open it again, and look again",
            pipeline->file, pipeline->hash, disk->hash);
    } else if (!same) {
        (void)error_set(error, EXIT_NO_GO, "%s %s since this was shown: nothing was done%s%s",
                        pipeline->file,
                        disk->kind == PIPELINE_DISK_GONE ? "is gone" : "is not valid any more",
                        disk->kind == PIPELINE_DISK_GONE ? "" : "; ", disk->why);
    }
    pipeline_watch_free(watch);
    return same;
}

bool operate_launch_plan(const struct runs_plan *plan, struct state *state, const char *owner,
                         char **report, struct error *error) {
    struct runs_launcher launcher = {
        .actor = {.name = owner}, .owner = owner, .clock = clock_system()};
    struct runs_started *started = NULL;
    struct text_buffer lines = {0};
    bool good = true;
    *report = NULL;
    if (!operate_same_plan(plan->pipeline, error) ||
        !runs_launch(plan, state, &launcher, &started, error)) {
        return false;
    }
    for (size_t i = 0; i < plan->count; i++) {
        const char *name = plan->pipeline->processors[started[i].processor].name;
        if (started[i].problem != NULL) {
            good = error_set(error, EXIT_OS, "%s (%s) did not start: %s", name, started[i].run,
                             started[i].problem);
        }
        print_to(&lines, "%s %s %zu dates%s%s\n", started[i].run, name,
                 dayset_count(&plan->items[i].dates), started[i].problem != NULL ? ": " : "",
                 started[i].problem != NULL ? started[i].problem : "");
    }
    runs_started_free(started, plan->count);
    *report = text_buffer_take(&lines);
    return good;
}
