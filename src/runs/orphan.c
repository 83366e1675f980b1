#include "runs/orphan.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/trust.h"
#include "runs/cgroup.h"
#include "runs/family.h"
#include "runs/lock.h"
#include "runs/spec.h"
#include "runs/tree.h"
#include "state/state_notice.h"

enum { KILL_PATIENCE_MS = 10000 };

/* An adopted process and its descendants, each signalled (0: not); returns how many live. */
static size_t reach_adopted(const struct state_run *run, int signal) {
    struct spec *spec = spec_read(run->directory, NULL);
    struct tree tree = {.count = 0};
    size_t count = 0;
    if (spec != NULL) {
        bool theirs = family_is_of((pid_t)spec->adopted.pid, trust_owner(run->directory));
        tree_begin(&tree, &spec->adopted);
        count = signal == 0 || !theirs ? tree_look(&tree) : tree_signal(&tree, signal);
    }
    tree_clear(&tree);
    spec_free(spec);
    return count;
}

bool orphan_is_foreign(const struct state_run *run) {
    uid_t owner = trust_owner(run->directory);
    return geteuid() != 0 && owner != (uid_t)-1 && owner != geteuid();
}

bool orphan_is_alive(const struct state_run *run) {
    if (run->notices.adopted) {
        return reach_adopted(run, 0) > 0;
    }
    return lock_is_held(run->directory, SPEC_CHILD_LOCK) ||
           lock_is_held(run->directory, SPEC_WITNESS_LOCK) ||
           family_of_run(run->run, trust_owner(run->directory), 0) > 0;
}

/* To all of the run that can be found; returns how many that is. */
static size_t send(const struct state_run *run, int signal) {
    if (run->notices.adopted) {
        return reach_adopted(run, signal);
    }
    if (signal == SIGKILL) {
        cgroup_kill_of(run->run, run->directory);
    }
    return family_of_run(run->run, trust_owner(run->directory), signal);
}

static bool show(struct state *state, const struct clock *clock, const struct state_run *run,
                 const char *stage, int64_t kill_at, size_t left, struct error *error) {
    struct state_actor actor = {.name = run->stop_by};
    return state_shim_stage(state, &actor, run->run, stage,
                            run->stop_reason == NULL ? "" : run->stop_reason, kill_at,
                            (int64_t)left, clock_wall_ms(clock), error);
}

/* Again, and says aloud that it does not help. */
static bool kill_on(struct state *state, const struct clock *clock, const struct state_run *run,
                    struct error *error) {
    int64_t now = clock_wall_ms(clock);
    struct state_actor actor = {.name = run->stop_by};
    size_t left = send(run, SIGKILL);
    if (left == 0 || run->notices.stuck != NULL || now - run->stop_stage_at < KILL_PATIENCE_MS) {
        return true;
    }
    char *text =
        memory_format("KILL sent, %zu process%s left after 10 s: it may hang in the kernel "
                      "(state D)",
                      left, left == 1 ? "" : "es");
    bool done = state_notice_stuck(state, &actor, run->run, (int64_t)left, text, now, error);
    free(text);
    return done;
}

bool orphan_go_on_stopping(struct state *state, const struct clock *clock,
                           const struct state_run *run, struct error *error) {
    int64_t now = clock_wall_ms(clock);
    if (run->stop_at == 0 || orphan_is_foreign(run)) {
        return true;
    }
    bool at_once = run->kill_at != 0 && run->kill_at <= run->stop_at;
    bool killing = run->stop_stage != NULL && strcmp(run->stop_stage, "kill") == 0;
    if (at_once && !killing) {
        return show(state, clock, run, "kill", 0, send(run, SIGKILL), error);
    }
    if (run->stop_stage == NULL || strcmp(run->stop_stage, "requested") == 0) {
        struct spec *spec = spec_read(run->directory, NULL);
        int64_t grace = spec == NULL ? 60000 : spec->grace_ms;
        spec_free(spec);
        size_t left = send(run, SIGTERM);
        (void)send(run, SIGCONT);
        return show(state, clock, run, "term", now + grace, left, error);
    }
    if (strcmp(run->stop_stage, "term") == 0 && now >= run->kill_at) {
        return show(state, clock, run, "kill", 0, send(run, SIGKILL), error);
    }
    if (killing) {
        return kill_on(state, clock, run, error);
    }
    return true;
}
