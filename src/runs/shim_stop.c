/* Stopping: TERM and CONT, grace, then KILL again and again until nothing is left. Signals first,
 * the state file after: a locked file must not keep anything alive. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "runs/family.h"
#include "runs/shim.h"
#include "state/state_notice.h"

enum { STAGE_PATIENCE_MS = 1000, KILL_PATIENCE_MS = 10000 };

/* To the command's group, and to what fell to this process because its parent died. */
static void send(struct shim *shim, int signal) {
    const char *fault = runs_shim_test("PHASEGATE_TEST_FAULT");
    if (signal == SIGKILL && fault != NULL && strcmp(fault, "unkillable") == 0) {
        return;
    }
    if (signal == SIGKILL) {
        cgroup_kill(&shim->cgroup);
    }
    if (shim->adopts) {
        (void)tree_signal(&shim->tree, signal);
        return;
    }
    if (shim->command > 0) {
        (void)kill(-shim->command, signal);
    }
    family_signal_children(shim->witness_gone ? 0 : shim->witness.pid, signal);
}

/* Processes of the run that live. */
static size_t count_left(struct shim *shim) {
    return shim->adopts ? tree_look(&shim->tree)
                        : family_count(shim->command, shim->witness_gone ? 0 : shim->witness.pid);
}

static void show_stage(struct shim *shim, const char *stage, int64_t kill_at) {
    struct error error;
    struct state_actor actor = {.name = shim->stop_by};
    size_t left = count_left(shim);
    state_set_patience(shim->state, STAGE_PATIENCE_MS);
    if (!state_shim_stage(shim->state, &actor, shim->spec->run, stage, shim->stop_reason, kill_at,
                          (int64_t)left, clock_wall_ms(shim->clock), &error)) {
        shim_log("cannot show the stage %s: %s", stage, error.text);
    } else {
        shim->stop_told = true;
    }
}

void shim_tell_stop(struct shim *shim) {
    if (shim->stop_hit && !shim->stop_told) {
        show_stage(shim, shim->stage == SHIM_KILL ? "kill" : "term", 0);
    }
}

static void begin_term(struct shim *shim) {
    shim->stage = SHIM_TERM;
    shim->kill_ns = shim_now(shim) + clock_real_ms(shim->spec->grace_ms) * 1000000;
    send(shim, SIGTERM);
    send(shim, SIGCONT);
}

static void begin_kill(struct shim *shim) {
    shim->stage = SHIM_KILL;
    shim->kill_ns = shim_now(shim);
    send(shim, SIGKILL);
    if (shim->stop_asked) {
        show_stage(shim, "kill", 0);
    }
}

/* A process that KILL does not end is said aloud: the run stays as it is, and keeps its claims. */
static void tell_stuck(struct shim *shim, int64_t now) {
    struct error error;
    struct state_actor actor = {.name = "shim"};
    if (shim->stuck_told || now - shim->kill_ns < clock_real_ms(KILL_PATIENCE_MS) * 1000000) {
        return;
    }
    size_t left = count_left(shim);
    char *text = shim->adopts ? tree_describe_stuck(&shim->tree)
                              : family_describe_stuck(shim->command,
                                                      shim->witness_gone ? 0 : shim->witness.pid);
    shim->stuck_told = true;
    shim_log("%s", text);
    state_set_patience(shim->state, STAGE_PATIENCE_MS);
    if (!state_notice_stuck(shim->state, &actor, shim->spec->run, (int64_t)left, text,
                            clock_wall_ms(shim->clock), &error)) {
        shim_log("cannot say so: %s", error.text);
        shim->stuck_told = false;
    }
    free(text);
}

void shim_ask_stop(struct shim *shim, const char *by, const char *reason, bool at_once) {
    if (shim->stop_asked) {
        return;
    }
    shim->stop_asked = true;
    free(shim->stop_by);
    free(shim->stop_reason);
    shim->stop_by = memory_copy_string(by);
    shim->stop_reason = memory_copy_string(reason == NULL ? "" : reason);
    shim_log("%s asked for by %s: %s", at_once ? "KILL" : "stop", by, shim->stop_reason);
    if (!shim->let_go) {
        return;
    }
    shim->stop_hit = !shim->exited;
    if (at_once) {
        begin_kill(shim);
        return;
    }
    if (shim->stage == SHIM_WORKING) {
        begin_term(shim);
    }
    show_stage(shim, "term", clock_wall_ms(shim->clock) + shim->spec->grace_ms);
}

/* Foreign bytes: what is no text for a log and a state file is left out. */
static void make_plain(char *text) {
    for (; *text != '\0'; text++) {
        *text = (char)((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
    }
}

void shim_take_order(struct shim *shim, char *order) {
    bool at_once = order[0] == SPEC_ORDER_KILL;
    char *reason = strchr(order, '\t');
    if (reason == NULL) {
        return;
    }
    *reason++ = '\0';
    make_plain(order);
    make_plain(reason);
    if (shim->stop_asked && at_once && shim->stage == SHIM_TERM) {
        shim_log("KILL asked for within the grace");
        begin_kill(shim);
    }
    shim_ask_stop(shim, order + 1, reason, at_once);
}

/* What outlives its command is given a moment, and then ended; that is no stop of the run. */
static void sweep(struct shim *shim, int64_t now) {
    if (shim->linger_ns == 0) {
        shim->linger_ns = now + shim->spec->linger_ms * 1000000;
    } else if (now >= shim->linger_ns) {
        shim->sweeping = true;
        size_t left = count_left(shim);
        shim->stragglers += (int64_t)left;
        shim_log("%zu processes outlived the command and are ended", left);
        begin_term(shim);
    }
}

void shim_go_on_stopping(struct shim *shim) {
    int64_t now = shim_now(shim);
    if (shim->timeout_ns != 0 && now >= shim->timeout_ns && !shim->exited && !shim->stop_asked) {
        char span[CLOCK_SPAN_SIZE];
        char *reason = memory_format("ran longer than its limit of %s",
                                     clock_format_span(shim->spec->timeout_ms, span));
        shim->timed_out = true;
        shim_ask_stop(shim, "time limit", reason, false);
        free(reason);
    }
    if (shim->stage == SHIM_WORKING && shim->exited) {
        sweep(shim, now);
    }
    if (shim->stage == SHIM_TERM && now >= shim->kill_ns) {
        begin_kill(shim);
    } else if (shim->stage == SHIM_KILL) {
        send(shim, SIGKILL);
        tell_stuck(shim, now);
    }
}

void shim_look_for_stop(struct shim *shim) {
    enum { EVERY_MS = 5000 };
    struct error error;
    struct state_stop stop = {0};
    shim->poll_ns = shim_now(shim) + (int64_t)EVERY_MS * 1000000;
    if (shim->stop_asked && shim->stage != SHIM_TERM) {
        return;
    }
    state_set_patience(shim->state, STAGE_PATIENCE_MS);
    if (!state_shim_poll(shim->state, shim->spec->run, &stop, &error)) {
        shim_log("cannot look for a stop: %s", error.text);
    } else if (stop.asked && !shim->stop_asked) {
        shim_ask_stop(shim, stop.by, stop.reason, stop.at_once);
    } else if (stop.at_once) {
        shim_log("KILL asked for within the grace");
        begin_kill(shim);
    }
    free(stop.by);
    free(stop.reason);
}
