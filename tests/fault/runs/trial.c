#include "trial.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "kin.h"
#include "runs/runs_launch.h"
#include "runs/runs_reconcile.h"
#include "runs/runs_stop.h"
#include "trial_rules.h"

#define DAY1 ((day_number)18919) /* 2021-10-19 */

enum { PATIENCE_MS = 120000, TRIAL_SECONDS = 90, FAILED = 77 };

static const struct state_actor person = {.name = "naji@ops"};
static const struct state_actor agent = {.name = "agent"};

/* ---- chance ---- */

static uint64_t next(uint64_t *seed) {
    uint64_t value = (*seed += UINT64_C(0x9E3779B97F4A7C15));
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static unsigned below(uint64_t *seed, unsigned limit) {
    return (unsigned)(next(seed) % limit);
}

/* Microseconds: most over the tenth of a second that a run takes, some of every order from 30. */
static int64_t moment_us(uint64_t *seed) {
    if (below(seed, 4) > 0) {
        return below(seed, 100000);
    }
    int64_t octave = INT64_C(30) << below(seed, 11);
    return octave + below(seed, (unsigned)octave);
}

/* ---- what is launched ---- */

enum { PROCESSORS = 3 };

struct night {
    struct trial_rules *rules;
    struct pipeline pipeline;
    struct pipeline_table tables[PROCESSORS];
    struct pipeline_processor processors[PROCESSORS];
    struct pipeline_group group;
    size_t indices[PROCESSORS];
    char names[PROCESSORS][16];
    char group_name[32];
    char *commands[PROCESSORS][4];
    struct dayset missing[PROCESSORS];
    bool gaps;
    size_t launchers;
    bool agent, stop, at_once, second_shim;
    size_t kills;
    int64_t stop_us;
};

static char *script_of(const struct night *night, uint64_t *seed) {
    static const char *const works[] = {"", "sleep 0.004;", "sleep 0.02;", "sleep 0.05;"};
    static const int codes[] = {0, 0, 3};
    const char *work = works[below(seed, 4)];
    int code = codes[below(seed, 3)];
    return memory_format("echo $PHASEGATE_RUN_ID {from} $$ -1 >>%s; %s"
                         "echo $PHASEGATE_RUN_ID {from} $$ %d >>%s; exit %d",
                         night->rules->marks, work, code, night->rules->marks, code);
}

static void prepare(struct night *night, const char *directory, uint64_t *seed) {
    size_t count = 1 + below(seed, PROCESSORS);
    night->gaps = below(seed, 4) == 0;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(night->names[i], sizeof night->names[i], "t%zu", i);
        night->indices[i] = i;
        night->tables[i] = (struct pipeline_table){.name = night->names[i],
                                                   .project = "nba",
                                                   .dataset = "nba_analytics",
                                                   .table = night->names[i]};
        night->commands[i][0] = memory_copy_string("/bin/sh");
        night->commands[i][1] = memory_copy_string("-c");
        night->commands[i][2] = script_of(night, seed);
        night->processors[i] =
            (struct pipeline_processor){.name = night->names[i],
                                        .fills = {&night->indices[i], 1},
                                        .directory = memory_copy_string(directory),
                                        .command = {night->commands[i], 3},
                                        .stop_grace_ms = 20};
        night->missing[i] = dayset_new((struct day_range){DAY1, DAY1 + 9});
        dayset_add(&night->missing[i], DAY1 + 1);
        dayset_add(&night->missing[i], DAY1 + 5);
    }
    night->group = (struct pipeline_group){
        .name = night->group_name, .behind = PIPELINE_NONE, .runs = {night->indices, count}};
    night->pipeline = (struct pipeline){.name = "nba",
                                        .tables = night->tables,
                                        .table_count = count,
                                        .processors = night->processors,
                                        .processor_count = count,
                                        .groups = &night->group,
                                        .group_count = 1,
                                        .hash = "abc"};
    night->launchers = 1 + (below(seed, 4) == 0 ? 1 : 0);
    night->agent = below(seed, 2) == 0;
    night->stop = night->rules->stop_asked = below(seed, 5) == 0;
    night->at_once = below(seed, 3) == 0;
    night->stop_us = moment_us(seed);
    night->second_shim = below(seed, 6) == 0;
    night->kills = 1 + below(seed, 3);
}

static void clear(struct night *night) {
    for (size_t i = 0; i < PROCESSORS; i++) {
        for (size_t j = 0; j < 3; j++) {
            free(night->commands[i][j]);
        }
        free(night->processors[i].directory);
        dayset_free(&night->missing[i]);
    }
}

/* ---- the processes of a trial ---- */

static struct state *open_state(const char *directory) {
    struct error error;
    struct state *state = state_open(directory, STATE_WRITE, &error);
    if (state == NULL) {
        (void)fprintf(stderr, "%s\n", error.text);
        _exit(FAILED);
    }
    state_set_patience(state, PATIENCE_MS);
    return state;
}

/* A console or verb that launches; exits 0 also when its claims were refused. */
static _Noreturn void be_launcher(const struct night *night, const char *directory) {
    struct error error = {0};
    struct state *state = open_state(directory);
    struct runs_request request = {.pipeline = &night->pipeline,
                                   .group = 0,
                                   .processor = PIPELINE_NONE,
                                   .range = {DAY1, DAY1 + 9},
                                   .gaps = night->gaps,
                                   .missing = night->missing,
                                   .today = DAY1 + 1000};
    struct runs_launcher launcher = {.actor = person, .owner = "naji@ops", .clock = clock_system()};
    struct runs_started *started = NULL;
    struct runs_plan *plan = runs_plan_new(&request, &error);
    bool done = plan != NULL && runs_launch(plan, state, &launcher, &started, &error);
    if (!done && error.code != EXIT_NO_GO) {
        (void)fprintf(stderr, "launch: %s\n", error.text);
    }
    _exit(done || error.code == EXIT_NO_GO ? 0 : FAILED);
}

/* An agent that reconciles and reads coverage without a pause, until it is killed. */
static _Noreturn void be_agent(const char *directory) {
    struct error error;
    struct runs_reconciled sums;
    struct state *state = open_state(directory);
    struct timespec moment = {.tv_nsec = 500000};
    while (runs_reconcile(state, &agent, clock_system(), &sums, &error) &&
           trial_read_coverage(state, &error)) {
        (void)nanosleep(&moment, NULL);
    }
    (void)fprintf(stderr, "reconcile: %s\n", error.text);
    _exit(FAILED);
}

static void nap_us(int64_t us) {
    struct timespec moment = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    while (nanosleep(&moment, &moment) != 0 && errno == EINTR) {
    }
}

static _Noreturn void be_stopper(const struct night *night, const char *directory) {
    struct error error;
    size_t asked;
    struct state *state = open_state(directory);
    struct runs_stop_selector selector = {.group = night->group_name, .at_once = night->at_once};
    nap_us(night->stop_us);
    if (!runs_stop(state, &person, clock_system(), &selector, "", &asked, &error)) {
        (void)fprintf(stderr, "stop: %s\n", error.text);
        _exit(FAILED);
    }
    _exit(0);
}

/* A second shim for a run that has one, as after a launcher that was killed and tried again. */
static void start_second_shim(const char *directory, const struct kin *kin) {
    char *run_directory = memory_format("%s/runs/%s", directory, kin->run);
    if (fork() == 0) {
        (void)execl(getenv("PHASEGATE_SHIM"), "phasegate-shim", run_directory, (char *)NULL);
        _exit(FAILED);
    }
    free(run_directory);
}

/* ---- the kills ---- */

enum wish { WISH_BOTH, WISH_SUPERVISOR, WISH_COMMAND, WISH_ANY };

/* Kills one process of the trial, or shim and witness of one run; false when there is none. */
static bool strike(struct night *night, const char *directory, enum wish wish, uint64_t *seed) {
    static struct kin kin[KIN_MOST];
    unsigned from = (unsigned)next(seed);
    size_t count = kin_list(kin);
    const struct kin *victim = NULL;
    for (size_t i = 0; i < count && victim == NULL; i++) {
        const struct kin *one = &kin[(from + i) % count];
        bool fits = wish == WISH_ANY ||
                    (wish == WISH_COMMAND ? one->role == KIN_COMMAND : kin_supervises(one));
        victim = fits ? one : NULL;
    }
    for (size_t i = 0; i < count && victim != NULL; i++) {
        bool both =
            wish == WISH_BOTH && kin_supervises(&kin[i]) && strcmp(kin[i].run, victim->run) == 0;
        if ((&kin[i] == victim || both) && kill(kin[i].pid, SIGKILL) == 0) {
            trial_rules_note_kill(night->rules, &kin[i]);
        }
    }
    if (victim != NULL && night->second_shim && kin_supervises(victim) && victim->run[0] != '\0') {
        start_second_shim(directory, victim);
        night->second_shim = false;
    }
    return victim != NULL;
}

/* At its moment, or as soon after as there is what it wants. */
static void strike_once(struct night *night, const char *directory, uint64_t *seed) {
    static const enum wish wishes[] = {WISH_BOTH,       WISH_BOTH,       WISH_SUPERVISOR,
                                       WISH_SUPERVISOR, WISH_SUPERVISOR, WISH_COMMAND,
                                       WISH_ANY,        WISH_ANY};
    enum wish wish = wishes[below(seed, sizeof wishes / sizeof *wishes)];
    nap_us(moment_us(seed));
    for (int tries = 0; tries < 50 && !strike(night, directory, wish, seed); tries++) {
        nap_us(1000 + below(seed, 2000));
    }
}

/* ---- a trial ---- */

static const char *const points[] = {
    "start",    "locked",         "taken",           "forked",         "recorded",
    "released", "running",        "exited",          "swept",          "written",
    "ended",    "witness-forked", "witness-started", "witness-exited", "witness-written",
};
enum { POINTS = sizeof points / sizeof *points };

static pid_t start(void) {
    pid_t pid = fork();
    if (pid == 0) {
        (void)alarm(0);
        (void)signal(SIGALRM, SIG_DFL);
    }
    return pid;
}

/* Something of the trial never ends. */
static void give_up(int number) {
    static const char words[] = "a trial took too long: something of it never ends\n";
    (void)number;
    (void)!write(STDERR_FILENO, words, sizeof words - 1);
    _exit(FAILED);
}

static void begin(struct night *night, const char *directory) {
    for (size_t i = 0; i < night->launchers; i++) {
        if (start() == 0) {
            be_launcher(night, directory);
        }
    }
    if (night->stop && start() == 0) {
        be_stopper(night, directory);
    }
}

/* Waits for everything but the agent, and then for it, killed. A process that failed by itself
 * breaks the first rule. */
static void finish(struct night *night, pid_t agent_pid) {
    for (;;) {
        int status = 0;
        static struct kin kin[KIN_MOST];
        size_t left = kin_list(kin);
        if (agent_pid > 0 && left == 1 && kin[0].pid == agent_pid) {
            (void)kill(agent_pid, SIGKILL);
            agent_pid = 0;
        }
        pid_t pid = waitpid(-1, &status, agent_pid > 0 ? WNOHANG : 0);
        if (pid < 0 && errno != EINTR) {
            return;
        }
        if (pid == 0) {
            nap_us(500);
        }
        if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == FAILED) {
            trial_rules_break(night->rules, "a process of the trial failed");
        }
        agent_pid = pid == agent_pid ? 0 : agent_pid;
    }
}

static int64_t later_boot_ns(void *context) {
    (void)context;
    return clock_boot_ns(clock_system()) + STATE_CLAIM_PATIENCE_NS + 1000000000;
}
static int64_t same_wall_ms(void *context) {
    (void)context;
    return clock_wall_ms(clock_system());
}
static const struct clock later = {same_wall_ms, later_boot_ns, NULL};

static bool settle_and_judge(struct trial_rules *rules, struct trial_sums *sums) {
    struct error error = {0};
    struct runs_reconciled found;
    struct state *state = open_state(rules->directory);
    bool done = runs_reconcile(state, &agent, &later, &found, &error);
    if (!done) {
        trial_rules_break(rules, "reconcile: %s", error.text);
    }
    if (done && runs_reconcile(state, &agent, &later, &found, &error) &&
        found.live + found.orphans + found.replayed + found.lost + found.unstarted > 0) {
        trial_rules_break(rules, "after two reconciliations something is left");
    }
    trial_rules_judge(rules, state, sums);
    trial_rules_read_all(rules, state);
    state_close(state);
    return !rules->broken;
}

static bool run_trial(const char *directory, uint64_t seed, size_t number, bool faults,
                      struct trial_sums *sums) {
    struct trial_rules rules = {.directory = directory, .number = number, .seed = seed};
    struct night night = {.rules = &rules};
    uint64_t chance = seed + number * UINT64_C(0x632BE59BD9B4E019);
    rules.marks = memory_format("%s/marks-%zu", directory, number);
    (void)snprintf(night.group_name, sizeof night.group_name, "night-%zu", number);
    rules.group = night.group_name;
    prepare(&night, directory, &chance);
    if (faults) {
        (void)setenv("PHASEGATE_TEST_FAULT", points[number % POINTS], 1);
        rules.fault = points[number % POINTS];
    }
    pid_t agent_pid = night.agent ? start() : 0;
    if (night.agent && agent_pid == 0) {
        be_agent(directory);
    }
    begin(&night, directory);
    for (size_t i = 0; i < night.kills; i++) {
        strike_once(&night, directory, &chance);
    }
    finish(&night, agent_pid);
    (void)unsetenv("PHASEGATE_TEST_FAULT");
    bool good = settle_and_judge(&rules, sums);
    sums->trials++;
    sums->kills += rules.kills + (faults ? 1 : 0);
    (void)unlink(rules.marks);
    free(rules.marks);
    clear(&night);
    return good;
}

bool trial_run_all(const char *directory, uint64_t seed, size_t first, size_t step, size_t count,
                   bool faults, struct trial_sums *sums) {
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    (void)signal(SIGALRM, give_up);
    state_close(open_state(directory));
    trial_rules_watch_claims(directory);
    for (size_t number = first; number < count; number += step) {
        (void)alarm(TRIAL_SECONDS);
        if (!run_trial(directory, seed, number, faults, sums)) {
            return false;
        }
    }
    (void)alarm(0);
    return true;
}
