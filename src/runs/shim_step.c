/* One step: start it behind the gate, then one loop over signals, pokes, the witness and time. */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "runs/family.h"
#include "runs/runner.h"
#include "runs/shim.h"
#include "state/state_notice.h"

enum { TICK_MS = 50, SLOW_TICK_MS = 1000, START_PATIENCE_MS = 120000 };

static void fail_start(struct shim *shim, const char *why) {
    if (shim->spawn_error == NULL) {
        shim->spawn_error = memory_copy_string(why);
    }
}

/* The command of this step could not be started. */
static void fail_command(struct shim *shim, int reason) {
    struct runner_command command;
    runner_of(shim->spec)->build(shim->spec, shim->run_directory, shim->step, &command);
    char *why = witness_refusal(command.directory, command.argv, command.environment, reason);
    fail_start(shim, why);
    free(why);
    runner_command_clear(&command);
}

void shim_grow_small(void) {
    extern const char __executable_start;
    extern const char etext;
    size_t size = (size_t)((uintptr_t)&etext - (uintptr_t)&__executable_start);
    (void)malloc_trim(0);
    (void)madvise((void *)&__executable_start, size, MADV_DONTNEED);
}

/* ---- what the witness says ---- */

static bool read_report(struct shim *shim, struct witness_report *said) {
    ssize_t size;
    do {
        size = read(shim->witness.report, said, sizeof *said);
    } while (size < 0 && errno == EINTR);
    if (size == (ssize_t)sizeof *said) {
        return true;
    }
    (void)close(shim->witness.report);
    shim->witness.report = -1;
    return false;
}

static void note_exit(struct shim *shim, int status) {
    shim->exited = true;
    shim->has_wait_status = true;
    shim->wait_status = status;
}

static void take_report(struct shim *shim) {
    struct witness_report said;
    if (!read_report(shim, &said)) {
        /* Killed before it could say more: what was let go runs, as far as anybody knows. */
        if (shim->let_go && !shim->exited) {
            shim_tell(shim, "running %d", (int)shim->command);
        }
        return;
    }
    switch (said.word) {
    case WITNESS_FORKED:
        shim->command = said.value;
        break;
    case WITNESS_STARTED:
        shim_tell(shim, "running %d", (int)shim->command);
        runs_shim_fault("running");
        break;
    case WITNESS_NOT_STARTED:
        shim->exited = true;
        if (said.value != 0) {
            fail_command(shim, said.value);
        }
        break;
    case WITNESS_EXITED:
        runs_shim_fault("exited");
        note_exit(shim, said.value);
        break;
    }
}

/* ---- children ---- */

static int status_of(const siginfo_t *info) {
    return info->si_code == CLD_EXITED
               ? W_EXITCODE(info->si_status, 0)
               : W_EXITCODE(0, info->si_status) | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

/* Reaps what has ended, but for the command: it fell to this process because its witness was
 * killed, and stays a zombie, so that its group stays its own, until the step is over. */
static void reap(struct shim *shim) {
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
            return;
        }
        if (info.si_pid == shim->command) {
            /* What was never let go has not run: how its gate closed is no status of the command.
             */
            if (!shim->exited && shim->let_go) {
                note_exit(shim, status_of(&info));
            }
            shim->exited = true;
            return;
        }
        (void)waitpid(info.si_pid, NULL, 0);
        if (info.si_pid == shim->witness.pid) {
            shim->witness_gone = true;
            shim_log("the witness is gone; the command has fallen to the shim");
        }
    }
}

/* Everything has ended: lets the witness reap the command, and reaps all that is left. */
static void reap_all(struct shim *shim) {
    witness_close(&shim->witness);
    if (!shim->witness_gone) {
        (void)kill(shim->witness.pid, SIGCONT);
    }
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
    }
    shim->command = 0;
}

void shim_watch_log(struct shim *shim) {
    enum { PATIENCE_MS = 1000 };
    struct stat status;
    struct error error;
    struct state_actor actor = {.name = "shim"};
    char *path = file_join(shim->run_directory, SPEC_OUT_LOG);
    if (!shim->log_told && shim->spec->log_limit > 0 && stat(path, &status) == 0 &&
        status.st_size > shim->spec->log_limit) {
        state_set_patience(shim->state, PATIENCE_MS);
        shim->log_told =
            state_notice_log(shim->state, &actor, shim->spec->run, status.st_size,
                             shim->spec->log_limit, clock_wall_ms(shim->clock), &error);
        if (!shim->log_told) {
            shim_log("cannot say that the log is over its limit: %s", error.text);
        }
    }
    free(path);
}

/* ---- the loop ---- */

static int64_t earlier(int64_t a, int64_t b) {
    return b != 0 && b < a ? b : a;
}

static int wait_ms(const struct shim *shim) {
    int64_t now = shim_now(shim);
    int64_t until = shim->poll_ns;
    if (shim->exited || shim->stage == SHIM_TERM) {
        until = earlier(until, now + (int64_t)TICK_MS * 1000000);
    } else if (shim->stage == SHIM_KILL) {
        /* What KILL does not end within a moment hangs in the kernel. */
        bool fresh = now - shim->kill_ns < INT64_C(2000000000);
        until = earlier(until, now + (int64_t)(fresh ? TICK_MS : SLOW_TICK_MS) * 1000000);
    }
    if (!shim->exited && !shim->stop_asked) {
        until = earlier(until, shim->timeout_ns);
    }
    return until <= now ? 0 : (int)((until - now) / 1000000 + 1);
}

static void take_signals(struct shim *shim) {
    struct signalfd_siginfo info;
    while (read(shim->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
            shim_ask_stop(shim, "shim", "the shim was told to end by a signal", false);
        }
    }
    reap(shim);
}

static void take_poke(struct shim *shim) {
    static const char orders[] = {SPEC_ORDER_STOP, SPEC_ORDER_KILL, '\0'};
    char said[8192]; /* more than a pipe takes in one piece */
    ssize_t size;
    while ((size = read(shim->control, said, sizeof said - 1)) > 0) {
        said[size] = '\0';
        char *order = strpbrk(said, orders);
        char *end;
        while (order != NULL && (end = strchr(order, '\n')) != NULL) {
            *end = '\0';
            shim_take_order(shim, order);
            order = strpbrk(end + 1, orders);
        }
    }
    shim_look_for_stop(shim);
    shim_watch_log(shim);
}

static void turn(struct shim *shim) {
    struct pollfd descriptors[] = {{.fd = shim->signals, .events = POLLIN},
                                   {.fd = shim->control, .events = POLLIN},
                                   {.fd = shim->witness.report, .events = POLLIN}};
    if (poll(descriptors, 3, wait_ms(shim)) > 0) {
        if (descriptors[2].revents != 0) {
            take_report(shim);
        }
        if (descriptors[0].revents != 0) {
            take_signals(shim);
        }
        if (descriptors[1].revents != 0) {
            take_poke(shim);
        }
    }
    if (shim_now(shim) >= shim->poll_ns) {
        shim_look_for_stop(shim);
        shim_watch_log(shim);
        shim_grow_small();
    }
    shim_go_on_stopping(shim);
}

static bool is_over(struct shim *shim) {
    bool ended =
        shim->exited || (shim->witness_gone && shim->witness.report < 0 && shim->command == 0);
    return ended && family_count(shim->command, shim->witness_gone ? 0 : shim->witness.pid) == 0;
}

/* ---- the start ---- */

static bool start(struct shim *shim) {
    struct error error;
    struct runner_command command;
    runner_of(shim->spec)->build(shim->spec, shim->run_directory, shim->step, &command);
    int leave[] = {shim->lock, shim->control, shim->signals, shim->status};
    struct witness_job job = {
        .run = shim->spec->run,
        .run_directory = shim->run_directory,
        .directory = command.directory,
        .argv = command.argv,
        .environment = command.environment,
        .step = shim->step,
        .cgroup = &shim->cgroup,
        .mask = &shim->mask,
        .leave = leave,
        .leave_count = sizeof leave / sizeof *leave,
        .title = &shim->title,
    };
    bool started = witness_start(&job, &shim->witness, &error);
    runner_command_clear(&command);
    if (!started) {
        fail_start(shim, error.text);
        return false;
    }
    take_report(shim);
    return true;
}

/* Makes the child known; false when it must not be let go. Tries for two minutes. */
static bool record_child(struct shim *shim) {
    struct error error;
    struct state_process child = state_process_of(shim->command);
    bool done = false;
    state_set_patience(shim->state, START_PATIENCE_MS);
    if (!state_shim_running(shim->state, shim->spec->run, &child, shim->step,
                            clock_wall_ms(shim->clock), &done, &error)) {
        fail_start(shim, error.text);
        return false;
    }
    if (!done) {
        shim->stop_asked = true;
    }
    return done;
}

static void open_gate(struct shim *shim) {
    if (shim->command == 0) {
        fail_start(shim, "its witness was killed before the command was let go");
        return;
    }
    runs_shim_fault("forked");
    if (!record_child(shim)) {
        return;
    }
    runs_shim_fault("recorded");
    shim->let_go = write(shim->witness.gate, "x", 1) == 1;
    runs_shim_fault("released");
    if (shim->spec->timeout_ms > 0 && shim->timeout_ns == 0) {
        shim->timeout_ns = shim_now(shim) + clock_real_ms(shim->spec->timeout_ms) * 1000000;
    }
}

void shim_run_step(struct shim *shim) {
    shim->witness_gone = shim->exited = shim->let_go = shim->has_wait_status = false;
    shim->command = 0;
    shim->linger_ns = 0;
    if (shim->sweeping) { /* what the step before left behind is no concern of this one */
        shim->sweeping = shim->stuck_told = false;
        shim->stage = SHIM_WORKING;
    }
    if (!start(shim)) {
        return;
    }
    open_gate(shim);
    (void)close(shim->witness.gate);
    shim->witness.gate = -1;
    if (shim->command == 0) {
        reap_all(shim);
        return;
    }
    shim_look_for_stop(shim);
    shim_grow_small();
    while (!is_over(shim)) {
        turn(shim);
    }
    runs_shim_fault("swept");
    reap_all(shim);
}
