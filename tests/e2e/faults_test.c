/* BigQuery fails in every way, and the console says so and goes on answering keys: it speaks to no
 * network, and waits for nobody who does. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/support/night.h"

/* A poll a second; what was read is stale after five. */
enum { SPEED = 60, SOON = 120000 };

static struct night night;
static struct pty_terminal *console;

static void open_console(void) {
    const char *argv[] = {PHASEGATE_BINARY_DIR "/phasegate", NULL};
    night_open(&night, "jan09", "2026-01-09T17:00:00Z", SPEED);
    night_start_agent(&night);
    console = pty_open(&(struct pty_options){.argv = argv,
                                             .environment = (const char *const *)night.environment,
                                             .rows = 36,
                                             .columns = 120});
    cr_assert(pty_wait_text(console, "GO", SOON), "%s", pty_screen(console));
}

static void close_console(void) {
    pty_close(console);
    night_close(&night);
}

TestSuite(faults, .init = open_console, .fini = close_console, .timeout = 600);

static void expect_text(const char *text, const char *when) {
    cr_assert(pty_wait_text(console, text, SOON), "%s: no \"%s\" on:\n%s", when, text,
              pty_screen(console));
}

/* Each view, the help and back, by keys. */
static void walk(const char *when) {
    static const struct {
        const char *key, *text;
    } STEPS[] = {{"2", "MEASURED"},  {"3", "group3"}, {"4", "No run has a log yet"},
                 {"5", "Situation"}, {"6", "WHAT"},   {"1", "TABLE"},
                 {"?", "Help"}};
    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++) {
        pty_type(console, STEPS[i].key);
        cr_assert(pty_wait_idle(console, SOON), "%s: key %s is not answered", when, STEPS[i].key);
        expect_text(STEPS[i].text, when);
    }
    pty_press(console, PTY_ESCAPE);
    cr_assert(pty_wait_no_text(console, "this help", SOON), "%s", pty_screen(console));
    pty_press(console, PTY_DOWN);
    cr_assert(pty_wait_idle(console, SOON), "%s: an arrow is not answered", when);
}

/* Whether the console has a socket: with none it can neither connect nor wait for an answer. */
static bool has_socket(void) {
    char target[64];
    bool found = false;
    char *path = memory_format("/proc/%d/fd", (int)pty_pid(console));
    DIR *directory = opendir(path);
    cr_assert_not_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        ssize_t size = readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1);
        found = found || (size > 7 && strncmp(target, "socket:", 7) == 0);
    }
    (void)closedir(directory);
    free(path);
    return found;
}

Test(faults, are_told_in_the_header_and_never_hold_a_key_up)
{
    static const struct {
        const char *fault, *header;
    } CASES[] = {
        {"{\"fault\":\"error\"}", "BigQuery: 503 backendError"},
        {"{\"fault\":\"error\",\"reason\":\"rateLimitExceeded\"}",
         "BigQuery: 403 rateLimitExceeded"},
        {"{\"fault\":\"reset\"}", "BigQuery: no connection"},
        {"{\"fault\":\"html\"}", "BigQuery: 502"},
        {"{\"fault\":\"delay\",\"delay_ms\":600000}", "BigQuery: no answer in time"},
    };
    walk("when all is well");
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        night_fault(&night, CASES[i].fault);
        expect_text(CASES[i].header, CASES[i].fault);
        walk(CASES[i].fault);
        cr_expect_not(has_socket(), "%s", CASES[i].fault);
        night_fault(&night, NULL);
        cr_assert(pty_wait_no_text(console, "BigQuery: ", SOON), "%s: it does not recover:\n%s",
                  CASES[i].fault, pty_screen(console));
    }
}

Test(faults, of_the_agent_and_of_bigquery_at_once_hold_no_key_up)
{
    program_signal(night.emulator, SIGSTOP);
    program_signal(night.agent, SIGSTOP);
    walk("nobody but the console runs");
    cr_expect_not(has_socket());
    program_signal(night.agent, SIGCONT);
    program_signal(night.emulator, SIGCONT);
    expect_text("ago · ", "both go on");
}
