#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/trust.h"
#include "runs/lock.h"
#include "runs/orphan.h"
#include "runs/runs_stop.h"
#include "runs/spec.h"
#include "state/state_server.h"

/* A poke only saves the shim's next look; nobody reads, nobody minds. */
static void poke(const struct state_run *run) {
    int descriptor = trust_open(run->directory, SPEC_CONTROL, O_WRONLY, S_IFIFO, NULL);
    if (descriptor >= 0) {
        (void)file_write_all(descriptor, "s", 1);
        (void)close(descriptor);
    }
}

static bool follow_up(struct state *state, const struct clock *clock,
                      const struct runs_stop_selector *selector, struct error *error) {
    struct state_run_filter filter = {.run = selector->run,
                                      .group = selector->group,
                                      .processor = selector->processor,
                                      .live = true};
    size_t count;
    struct state_run *runs = state_runs(state, &filter, &count, error);
    bool done = runs != NULL;
    for (size_t i = 0; done && i < count; i++) {
        if (lock_is_held(runs[i].directory, SPEC_SHIM_LOCK)) {
            poke(&runs[i]);
        } else if (runs[i].state != STATE_RUN_CLAIMED) {
            done = orphan_go_on_stopping(state, clock, &runs[i], error);
        }
    }
    state_runs_free(runs, count);
    return done;
}

/* The account a run's directory belongs to; the caller frees it. */
static char *account_of(const struct state_run *run) {
    struct stat status;
    struct passwd entry;
    struct passwd *found = NULL;
    char room[4096];
    if (stat(run->directory, &status) != 0) {
        return memory_copy_string("another account");
    }
    return getpwuid_r(status.st_uid, &entry, room, sizeof room, &found) == 0 && found != NULL
               ? memory_copy_string(found->pw_name)
               : memory_format("uid %ld", (long)status.st_uid);
}

char *runs_stop_limits(struct state *state, const struct runs_stop_selector *selector) {
    struct state_run_filter filter = {.run = selector->run,
                                      .group = selector->group,
                                      .processor = selector->processor,
                                      .live = true};
    size_t count;
    char *text = NULL;
    struct state_run *runs = state_runs(state, &filter, &count, NULL);
    for (size_t i = 0; runs != NULL && text == NULL && i < count; i++) {
        if (runs[i].state != STATE_RUN_CLAIMED && orphan_is_foreign(&runs[i]) &&
            !lock_is_held(runs[i].directory, SPEC_SHIM_LOCK)) {
            char *account = account_of(&runs[i]);
            text = memory_format("%s has lost its shim and its processes belong to %s: only that "
                                 "account's agent, its `phasegate runs`, or root can end them",
                                 runs[i].run, account);
            free(account);
        }
    }
    state_runs_free(runs, runs != NULL ? count : 0);
    return text;
}

bool runs_stop(struct state *state, const struct state_actor *actor, const struct clock *clock,
               const struct runs_stop_selector *selector, const char *reason, size_t *asked,
               struct error *error) {
    struct state_run_filter filter = {.run = selector->run,
                                      .group = selector->group,
                                      .processor = selector->processor,
                                      .live = true};
    size_t count;
    *asked = 0;
    struct state_run *runs = state_runs(state, &filter, &count, error);
    if (runs == NULL) {
        return false;
    }
    char **ids = memory_new(count, sizeof *ids);
    for (size_t i = 0; i < count; i++) {
        ids[i] = runs[i].run;
    }
    bool done = state_runs_stop(state, actor, ids, count, reason, selector->at_once,
                                clock_wall_ms(clock), asked, error);
    free(ids);
    state_runs_free(runs, count);
    return done && follow_up(state, clock, selector, error);
}

bool runs_cancel_jobs(struct state *state, const struct state_actor *actor,
                      const struct clock *clock, const struct runs_stop_selector *selector,
                      size_t *asked, size_t *live, struct error *error) {
    struct state_run_filter filter = {
        .run = selector->run, .group = selector->group, .processor = selector->processor};
    size_t count;
    size_t matching = 0;
    *asked = 0;
    *live = 0;
    struct state_run *runs = state_runs(state, &filter, &count, error);
    if (runs == NULL) {
        return false;
    }
    char **ids = memory_new(count, sizeof *ids);
    for (size_t i = 0; i < count; i++) {
        bool lives = runs[i].state != STATE_RUN_ENDED;
        if (lives || runs[i].server.held) {
            ids[matching++] = runs[i].run;
        }
        *live += lives ? 1 : 0;
    }
    bool done =
        state_server_cancel(state, actor, ids, matching, clock_wall_ms(clock), asked, error);
    free(ids);
    state_runs_free(runs, count);
    return done;
}
