/* A run whose command was started by somebody else: it is watched and can be stopped, and how it
 * ended cannot be known. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runs/shim.h"

enum { TICK_MS = 50, SLOW_TICK_MS = 1000, START_PATIENCE_MS = 120000 };

/* The descriptor first, then whose it is: the pid may have become another's in between. */
static int open_process(const struct state_process *process) {
    int descriptor = (int)syscall(SYS_pidfd_open, (pid_t)process->pid, 0);
    if (descriptor >= 0 && !state_process_alive(process)) {
        (void)close(descriptor);
        descriptor = -1;
    }
    return descriptor;
}

static int wait_ms(const struct shim *shim) {
    int64_t now = shim_now(shim);
    int64_t tick = 0;
    if (shim->stage == SHIM_TERM) {
        tick = TICK_MS;
    } else if (shim->stage == SHIM_KILL) {
        tick = now - shim->kill_ns < INT64_C(2000000000) ? TICK_MS : SLOW_TICK_MS;
    }
    int64_t left = shim->poll_ns <= now ? 0 : (shim->poll_ns - now) / 1000000 + 1;
    return (int)(tick != 0 && tick < left ? tick : left);
}

static void take_signals(struct shim *shim) {
    struct signalfd_siginfo info;
    while (read(shim->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
            shim_ask_stop(shim, "shim", "the shim was told to end by a signal", false);
        }
    }
}

static void take_poke(struct shim *shim) {
    char ignored[64];
    while (read(shim->control, ignored, sizeof ignored) > 0) {
    }
    shim_look_for_stop(shim);
    shim_watch_log(shim);
}

/* A turn looks at the descendants again, so that they are known when their parent ends. */
static void turn(struct shim *shim, int *process) {
    struct pollfd descriptors[] = {{.fd = shim->signals, .events = POLLIN},
                                   {.fd = shim->control, .events = POLLIN},
                                   {.fd = *process, .events = POLLIN}};
    if (poll(descriptors, 3, wait_ms(shim)) > 0) {
        if (descriptors[0].revents != 0) {
            take_signals(shim);
        }
        if (descriptors[1].revents != 0) {
            take_poke(shim);
        }
        if (descriptors[2].revents != 0) {
            (void)close(*process);
            *process = -1;
        }
    }
    if (shim_now(shim) >= shim->poll_ns) {
        shim_look_for_stop(shim);
        shim_watch_log(shim);
        shim_grow_small();
    }
    shim_go_on_stopping(shim);
}

static bool record_process(struct shim *shim) {
    struct error error;
    bool done = false;
    state_set_patience(shim->state, START_PATIENCE_MS);
    if (!state_shim_running(shim->state, shim->spec->run, &shim->spec->adopted, 0,
                            clock_wall_ms(shim->clock), &done, &error)) {
        shim_log("cannot record that it runs: %s", error.text);
    }
    return done;
}

void shim_watch_adopted(struct shim *shim) {
    int process = open_process(&shim->spec->adopted);
    tree_begin(&shim->tree, &shim->spec->adopted);
    shim->adopts = true;
    shim->let_go = true;
    if (process < 0) {
        shim_tell(shim, "error pid %lld is not there any more", (long long)shim->spec->adopted.pid);
        return;
    }
    /* Before anybody is told: a parent that ends at once leaves no trace of its descendants. */
    (void)tree_look(&shim->tree);
    if (record_process(shim)) {
        shim_tell(shim, "running %lld", (long long)shim->spec->adopted.pid);
        runs_shim_fault("running");
    }
    shim_look_for_stop(shim);
    shim_grow_small();
    while (process >= 0 || tree_look(&shim->tree) > 0) {
        (void)tree_look(&shim->tree);
        turn(shim, &process);
    }
    runs_shim_fault("exited");
}
