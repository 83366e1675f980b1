/* Measures what DESIGN.md promises, prints it beside the budget and a peer on the same machine, and
 * exits 1 when a budget is broken.
 *
 *   budgets            everything; means something on a Release build of a quiet machine
 *   budgets --counts   only what can be counted: bytes, frames, wakeups */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "tests/bench/figures.h"
#include "tests/support/night.h"
#include "tests/support/usage.h"

enum { SOON = 120000, QUIET = 30, REPEATS = 7, KEYS = 200, IDLE_MS = 8000, NONE = -1 };

static const char *const fixture_console = PHASEGATE_BINARY_DIR "/tests/e2e/e2e_console_program";

static bool all_kept = true;

static void show(const char *name, double value, const char *unit, double budget) {
    struct figure figure = {.name = name, .unit = unit, .value = value, .budget = budget};
    all_kept = figure_print(&figure) && all_kept;
}

static void show_beside(const char *name, double value, const char *unit, double budget,
                        const char *peer, double peer_value) {
    struct figure figure = {name, unit, value, budget, peer, peer_value};
    all_kept = figure_print(&figure) && all_kept;
}

static struct pty_terminal *open_program(const char *const *argv, const char *text) {
    struct pty_terminal *terminal = pty_open(&(struct pty_options){.argv = argv});
    if (!pty_wait_text(terminal, text, SOON)) {
        fprintf(stderr, "budgets: no \"%s\" from %s:\n%s", text, argv[0], pty_screen(terminal));
        exit(EXIT_FAILURE);
    }
    (void)pty_wait_quiet(terminal, 300, SOON);
    return terminal;
}

static struct pty_terminal *open_fixture(bool running) {
    const char *argv[] = {fixture_console, "red", running ? "running" : NULL, NULL};
    return open_program(argv, "NO-GO");
}

static struct pty_terminal *open_htop(void) {
    const char *argv[] = {"htop", "--no-mouse", NULL};
    return open_program(argv, "F10");
}

/* ---- bytes ---- */

/* Bytes of each of `count` keys, the mean and the most. */
static void count_key_bytes(struct pty_terminal *terminal, enum pty_key key, size_t count,
                            double *mean, double *most) {
    double sum = 0;
    *most = 0;
    for (size_t i = 0; i < count; i++) {
        pty_mark(terminal);
        pty_press(terminal, key);
        (void)pty_wait_quiet(terminal, QUIET, SOON);
        double bytes = (double)pty_bytes(terminal);
        sum += bytes;
        *most = bytes > *most ? bytes : *most;
    }
    *mean = sum / (double)count;
}

static void measure_bytes(void) {
    double mean;
    double most;
    double peer;
    double ignored;
    struct pty_terminal *htop = open_htop();
    count_key_bytes(htop, PTY_DOWN, 8, &peer, &ignored);
    pty_close(htop);
    struct pty_terminal *console = open_fixture(false);
    count_key_bytes(console, PTY_DOWN, 8, &mean, &most);
    show_beside("arrow key, Coverage 80x24, most", most, "bytes", 300, "htop, mean", peer);
    pty_type(console, "3");
    (void)pty_wait_quiet(console, 100, SOON);
    count_key_bytes(console, PTY_DOWN, 8, &mean, &most);
    show("arrow key, Runs 80x24 with other details below, mean", mean, "bytes", NONE);
    show("arrow key, Runs 80x24 with other details below, most", most, "bytes", NONE);
    pty_type(console, "1");
    (void)pty_wait_quiet(console, 100, SOON);
    pty_mark(console);
    (void)pty_wait_quiet(console, 2000, SOON);
    show("unchanged screen, 2 s", (double)pty_bytes(console), "bytes", 0);
    show("unchanged screen, 2 s, frames looked at", (double)pty_idle_markers(console), "frames", 1);
    pty_close(console);
}

/* ---- what waiting costs ---- */

static void measure_idle(struct pty_terminal *terminal, pid_t pid, double *wakeups, double *cpu,
                         double *bytes) {
    struct usage before = usage_of(pid);
    int64_t start = figure_now_us();
    pty_mark(terminal);
    while (figure_now_us() - start < (int64_t)IDLE_MS * 1000) {
        (void)pty_wait_exit(terminal, (int)(IDLE_MS - (figure_now_us() - start) / 1000), NULL);
    }
    struct usage after = usage_of(pid);
    double seconds = (double)(figure_now_us() - start) / 1e6;
    *wakeups = (double)(after.wakeups - before.wakeups) / seconds;
    *cpu = (double)(after.cpu_ns - before.cpu_ns) / 1e9 / seconds * 100;
    *bytes = (double)pty_bytes(terminal) / seconds;
}

static void measure_waiting(bool counts) {
    double wakeups;
    double cpu;
    double bytes;
    double peer_wakeups;
    double peer_cpu;
    double peer_bytes;
    struct pty_terminal *htop = open_htop();
    measure_idle(htop, pty_pid(htop), &peer_wakeups, &peer_cpu, &peer_bytes);
    pty_close(htop);
    struct pty_terminal *console = open_fixture(true);
    measure_idle(console, pty_pid(console), &wakeups, &cpu, &bytes);
    pty_close(console);
    show_beside("idle console, clock running: wakeups of all threads", wakeups, "/s", 2, "htop",
                peer_wakeups);
    show_beside("idle console, clock running: bytes", bytes, "/s", 60, "htop", peer_bytes);
    if (!counts) {
        show_beside("idle console, clock running: processor", cpu, "% core", 0.2, "htop", peer_cpu);
    }
}

/* ---- time ---- */

static double first_frame_ms(const char *const *argv, const char *text) {
    double times[REPEATS];
    for (size_t i = 0; i < REPEATS; i++) {
        int64_t start = figure_now_us();
        struct pty_terminal *terminal = pty_open(&(struct pty_options){.argv = argv});
        (void)pty_wait_text(terminal, text, SOON);
        times[i] = (double)(figure_now_us() - start) / 1000;
        pty_close(terminal);
    }
    return figure_percentile(times, REPEATS, 50);
}

static void measure_latency(struct pty_terminal *terminal, double *p50, double *p99) {
    static double times[KEYS];
    for (size_t i = 0; i < KEYS; i++) {
        pty_mark(terminal);
        pty_press(terminal, i % 12 < 6 ? PTY_DOWN : PTY_UP);
        (void)pty_wait_quiet(terminal, 8, SOON);
        times[i] = (double)pty_first_byte_us(terminal) / 1000;
    }
    *p50 = figure_percentile(times, KEYS, 50);
    *p99 = figure_percentile(times, KEYS, 99);
}

static void measure_times(void) {
    double p50;
    double p99;
    double peer50;
    double peer99;
    const char *fixture[] = {fixture_console, "red", NULL};
    const char *htop_argv[] = {"htop", "--no-mouse", NULL};
    show_beside("first frame after exec, whole screen", first_frame_ms(fixture, "Enter open"), "ms",
                50, "htop", first_frame_ms(htop_argv, "F10"));
    struct pty_terminal *htop = open_htop();
    measure_latency(htop, &peer50, &peer99);
    pty_close(htop);
    struct pty_terminal *console = open_fixture(true);
    measure_latency(console, &p50, &p99);
    pty_close(console);
    show_beside("key to first byte, idle, p50", p50, "ms", 2, "htop", peer50);
    show_beside("key to first byte, idle, p99", p99, "ms", 10, "htop", peer99);
}

/* ---- the whole house: console, agent, shim on the demo's night ---- */

static pid_t find_ours(const struct night *night, const char *program) {
    char *text = memory_format("%s%s", program, night->directory);
    pid_t pid = usage_find(text);
    free(text);
    return pid;
}

static double mebibytes(int64_t bytes) {
    return (double)bytes / 1048576;
}

static void measure_first_frame_of_demo(struct night *night) {
    double times[REPEATS];
    for (size_t i = 0; i < REPEATS; i++) {
        int64_t start = figure_now_us();
        night_open_console(night, 24, 80);
        times[i] = (double)(figure_now_us() - start) / 1000;
        (void)pty_wait_quiet(night->console, 200, SOON);
    }
    show("first frame of the console on a night under way", figure_percentile(times, REPEATS, 50),
         "ms", 50);
}

static void measure_poll(struct night *night) {
    double times[REPEATS];
    int code = 0;
    for (size_t i = 0; i < REPEATS; i++) {
        int64_t start = figure_now_us();
        char *said = night_say(night, &code, "poll", NULL);
        times[i] = (double)(figure_now_us() - start) / 1000;
        free(said);
    }
    show("asking for a poll of ten tables, whole verb", figure_percentile(times, REPEATS, 50), "ms",
         NONE);
}

/* The console of the demo while a run goes on and its agent polls. */
static void measure_house(void) {
    double wakeups;
    double cpu;
    double bytes;
    double p50;
    double p99;
    int code = 0;
    struct night night;
    night_open_demo(&night, "jan05", 1, 24, 80);
    (void)pty_wait_text(night.console, "91.5", SOON);
    measure_first_frame_of_demo(&night);
    (void)pty_wait_text(night.console, "91.5", SOON);
    pid_t console = pty_pid(night.console);
    pid_t agent = find_ours(&night, "phasegate agent --pipeline ");
    measure_idle(night.console, console, &wakeups, &cpu, &bytes);
    show("console on the demo, nothing runs: wakeups", wakeups, "/s", 2);
    show("console on the demo, nothing runs: processor", cpu, "% core", 0.2);
    measure_poll(&night);
    char *said =
        night_say(&night, &code, "launch", "team_defense_game_summary", "--gaps", "--yes", NULL);
    free(said);
    pid_t shim = 0;
    for (int i = 0; i < 100 && shim == 0; i++) {
        shim = find_ours(&night, "phasegate-shim ");
        (void)pty_wait_quiet(night.console, 50, 100);
    }
    measure_latency(night.console, &p50, &p99);
    show("key to first byte, a run and polls going on, p50", p50, "ms", 2);
    show("key to first byte, a run and polls going on, p99", p99, "ms", 10);
    show("console, most ever resident", mebibytes(usage_of(console).highest), "MiB", 16);
    show("agent, most ever resident", mebibytes(usage_of(agent).highest), "MiB", 24);
    show("shim, resident", mebibytes(usage_of(shim).resident), "MiB", 2);
    show("shim, private memory", mebibytes(usage_of(shim).private_dirty), "MiB", NONE);
    measure_idle(night.console, agent, &wakeups, &cpu, &bytes);
    show("agent with a run going on: processor", cpu, "% core", NONE);
    night_close(&night);
}

/* ---- logs ---- */

static double seconds_of(const char *command) {
    double best = 1e9;
    for (size_t i = 0; i < 5; i++) {
        const char *argv[] = {"sh", "-c", command, NULL};
        int64_t start = figure_now_us();
        struct program_result result = program_run(argv, NULL, 120000);
        double seconds = (double)(figure_now_us() - start) / 1e6;
        program_result_free(&result);
        best = seconds < best ? seconds : best;
    }
    return best;
}

static void measure_logs(void) {
    char *directory = program_directory();
    char *make = memory_format("%s/tests/bench/log_bench --generate 100 >%s/log && "
                               "%s/tests/bench/log_bench --patterns >%s/patterns",
                               PHASEGATE_BINARY_DIR, directory, PHASEGATE_BINARY_DIR, directory);
    char *ours = memory_format("%s/tests/bench/log_bench %s/log", PHASEGATE_BINARY_DIR, directory);
    char *grep = memory_format("LC_ALL=C grep -E -c -f %s/patterns %s/log", directory, directory);
    const char *argv[] = {"sh", "-c", make, NULL};
    struct program_result result = program_run(argv, NULL, 120000);
    double ours_s = seconds_of(ours);
    double grep_s = seconds_of(grep);
    show_beside("100 MB of log classified, beside grep -E with the same patterns", ours_s, "s",
                grep_s, "grep", grep_s);
    program_result_free(&result);
    free(make);
    free(ours);
    free(grep);
    program_remove_directory(directory);
}

int main(int argc, char **argv) {
    bool counts = argc > 1 && strcmp(argv[1], "--counts") == 0;
    (void)printf("%-58s %12s %-9s %10s\n", "", "measured", "", "at most");
    measure_bytes();
    measure_waiting(counts);
    if (!counts) {
        measure_times();
        measure_logs();
        measure_house();
    }
    return all_kept ? EXIT_SUCCESS : EXIT_FAILURE;
}
