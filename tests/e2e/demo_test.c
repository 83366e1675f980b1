/* The demo as a person meets it: the console on its local BigQuery, and what becomes of a night
 * when one of its processes is killed. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "tests/support/night.h"
#include "tests/support/usage.h"

/* 300 times as fast: the 14 dates of team_defense_game_summary's first season take some seconds. */
enum { SPEED = 300, SOON = 120000, ASKS = 500, CODE_GO = 0 };

static struct night night;

static void close_night(void) {
    night_close(&night);
}

TestSuite(demo, .fini = close_night, .timeout = 600);

static void expect_text(const char *text) {
    cr_expect(pty_wait_text(night.console, text, SOON), "no \"%s\" on:\n%s", text,
              pty_screen(night.console));
}

static void leave_console(void) {
    int status = 0;
    pty_type(night.console, "q");
    cr_assert(pty_wait_exit(night.console, SOON, &status), "%s", pty_screen(night.console));
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_expect(pty_tty_is_sane(night.console));
    cr_expect_not(pty_in_alternate_screen(night.console));
}

Test(demo, shows_the_night_in_every_view_and_leaves_nothing_behind)
{
    night_open_demo(&night, "jan05", 1, 30, 110);
    expect_text("91.5");
    expect_text("52.6");
    expect_text("NO-GO phase3-ready");
    pty_type(night.console, "2");
    expect_text("group1-done");
    pty_type(night.console, "3");
    expect_text("not started");
    pty_type(night.console, "4");
    cr_expect(pty_wait_idle(night.console, SOON));
    pty_type(night.console, "5");
    expect_text("Situation");
    pty_type(night.console, "6");
    expect_text("WHEN");
    pty_type(night.console, "?");
    expect_text("Help");
    pty_press(night.console, PTY_ESCAPE);
    pty_type(night.console, "1");
    expect_text("TABLE");
    pty_press(night.console, PTY_DOWN);
    pty_press(night.console, PTY_DOWN);
    pty_press(night.console, PTY_ENTER);
    expect_text("Oct");
    pty_press(night.console, PTY_ESCAPE);
    expect_text("TABLE");
    leave_console();
    cr_expect_eq(usage_find(night.directory), 0, "a process of the demo still runs");
}

/* The run of a processor as the runs verb tells it; the caller frees `*json`. */
static const json_t *run_of(const char *processor, json_t **json) {
    int code = 0;
    *json = night_ask(&night, &code, "runs", NULL);
    return night_find(*json, "runs", "processor", processor);
}

static void open_measured_night(void) {
    night_open_demo(&night, "jan05", SPEED, 30, 110);
    cr_assert(pty_wait_text(night.console, "91.5", SOON), "%s", pty_screen(night.console));
}

static void launch(const char *processor) {
    int code = 0;
    char *said = night_say(&night, &code, "launch", processor, "--gaps", "--season", "2021-22",
                           "--yes", NULL);
    cr_expect_eq(code, CODE_GO, "%s", said);
    free(said);
}

/* Kills a process of this night, by how its command line begins before the night's directory. */
static void kill_our(const char *program) {
    char *text = memory_format("%s%s", program, night.directory);
    pid_t pid = usage_find(text);
    cr_assert_gt(pid, 0, "there is no \"%s\"", text);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    free(text);
}

/* Asks until the run has done some dates. */
static void wait_until_under_way(const char *processor) {
    for (int i = 0; i < ASKS; i++) {
        json_t *json = NULL;
        const json_t *run = run_of(processor, &json);
        bool under_way =
            strcmp(night_word(run, "state"), "running") == 0 && night_number(run, "done") > 0;
        json_decref(json);
        if (under_way) {
            return;
        }
    }
    cr_assert_fail("%s never got under way", processor);
}

/* Asks until the run was judged; then it must have an exit status or a signal, and coverage decided
 * whether its dates are there. */
static void expect_judged(const char *processor, bool whole) {
    for (int i = 0; i < ASKS; i++) {
        json_t *json = NULL;
        const json_t *run = run_of(processor, &json);
        if (night_word(run, "verdict")[0] != '\0') {
            const char *verdict = night_word(run, "verdict");
            cr_expect_str_neq(verdict, "lost");
            cr_expect(night_number(run, "exit_code") >= 0 || night_number(run, "signal") > 0,
                      "no exit status: %s", night_word(run, "verdict_text"));
            cr_expect(!whole || night_number(run, "complete") >= 0.8 * night_number(run, "dates"),
                      "%s", night_word(run, "verdict_text"));
            json_decref(json);
            return;
        }
        json_decref(json);
    }
    cr_assert_fail("%s was never judged", processor);
}

Test(demo, loses_no_run_when_its_console_is_killed)
{
    open_measured_night();
    launch("team_defense_game_summary");
    wait_until_under_way("team_defense_game_summary");
    pty_signal(night.console, SIGKILL);
    cr_assert(pty_wait_exit(night.console, SOON, NULL));
    expect_judged("team_defense_game_summary", true);
    night_open_console(&night, 30, 110);
    pty_type(night.console, "3");
    expect_text("team_defense_game_summary");
}

Test(demo, loses_no_run_when_its_agent_is_killed)
{
    open_measured_night();
    launch("team_defense_game_summary");
    wait_until_under_way("team_defense_game_summary");
    kill_our("phasegate agent --pipeline ");
    night_open_console(&night, 30, 110); /* starts another agent */
    expect_judged("team_defense_game_summary", true);
}

Test(demo, loses_no_exit_status_when_a_shim_is_killed)
{
    open_measured_night();
    launch("team_defense_game_summary");
    wait_until_under_way("team_defense_game_summary");
    kill_our("phasegate-shim ");
    expect_judged("team_defense_game_summary", false);
}
