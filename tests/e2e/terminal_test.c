/* The modes of a terminal: taken, given back by every way out, taken again after a stop; and what
 * it sends that is no key. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/program.h"
#include "tests/support/pty_terminal.h"

enum { SOON = 120000, QUIET = 100 };

#define CONSOLE PHASEGATE_BINARY_DIR "/tests/e2e/e2e_console_program"

static struct pty_terminal *terminal;

static void expect_text(const char *text) {
    cr_assert(pty_wait_text(terminal, text, SOON), "no \"%s\" on:\n%s", text, pty_screen(terminal));
}

static void open_console(const char *const *environment) {
    const char *argv[] = {CONSOLE, "red", NULL};
    terminal = pty_open(&(struct pty_options){.argv = argv, .environment = environment});
    expect_text("NO-GO");
    cr_assert(pty_wait_idle(terminal, SOON));
}

/* As a person starts it: from a shell that stops and continues jobs. */
static void open_in_shell(void) {
    const char *argv[] = {"bash", "--norc", "--noprofile", "-i", NULL};
    const char *environment[] = {"PS1=PROMPT> ", "BASH_SILENCE_DEPRECATION_WARNING=1", NULL};
    terminal = pty_open(&(struct pty_options){.argv = argv, .environment = environment});
    expect_text("PROMPT>");
    pty_type(terminal, CONSOLE " red\n");
    expect_text("NO-GO");
    cr_assert(pty_wait_idle(terminal, SOON));
}

static void close_terminal(void) {
    pty_close(terminal);
}

static int end_of_program(void) {
    int status = 0;
    cr_assert(pty_wait_exit(terminal, SOON, &status), "did not end:\n%s", pty_screen(terminal));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void expect_restored(const char *when) {
    cr_expect_not(pty_in_alternate_screen(terminal), "%s: the alternate screen is left on", when);
    cr_expect(pty_cursor_visible(terminal), "%s: the cursor is left hidden", when);
    cr_expect_not(pty_mouse_on(terminal), "%s: mouse reports are left on", when);
    cr_expect(pty_tty_is_sane(terminal), "%s: echo or line editing is left off", when);
}

static bool was_sent(const char *bytes) {
    size_t size = 0;
    const char *raw = pty_raw(terminal, &size);
    return memmem(raw, size, bytes, strlen(bytes)) != NULL;
}

TestSuite(terminal, .fini = close_terminal);

Test(terminal, is_restored_after_every_signal_that_ends_the_console)
{
    static const struct {
        int signal;
        bool ordinary; /* the console leaves by itself */
    } cases[] = {{SIGTERM, true},  {SIGHUP, true},   {SIGINT, true},   {SIGQUIT, false},
                 {SIGSEGV, false}, {SIGABRT, false}, {SIGBUS, false},  {SIGFPE, false},
                 {SIGILL, false},  {SIGTRAP, false}, {SIGSYS, false},  {SIGUSR1, false},
                 {SIGUSR2, false}, {SIGALRM, false}, {SIGXCPU, false}, {SIGVTALRM, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_console(NULL);
        pty_mark(terminal);
        pty_signal(terminal, cases[i].signal);
        int code = end_of_program();
        cr_expect_eq(code == 0, cases[i].ordinary, "signal %d: %d", cases[i].signal, code);
        expect_restored(strsignal(cases[i].signal));
        cr_expect(was_sent("\033[?2004l"), "signal %d: pastes are left marked", cases[i].signal);
        pty_close(terminal);
    }
    terminal = NULL;
}

Test(terminal, is_restored_after_the_quit_key)
{
    open_console(NULL);
    pty_type(terminal, "\x1c");
    cr_expect_eq(end_of_program(), -SIGQUIT);
    expect_restored("Ctrl-\\");
}

/* Takes up where it stopped: drawn anew, raw, with its mouse, and a key needs no Enter. */
static void expect_taken_up_by_fg(void) {
    pty_type(terminal, "fg\n");
    expect_text("team_defense_game_summary");
    pty_type(terminal, "?");
    expect_text("Help"); /* what it was about to write when it stopped may have come before */
    cr_expect(pty_in_alternate_screen(terminal));
    cr_expect_not(pty_cursor_visible(terminal));
    cr_expect(pty_mouse_on(terminal));
    cr_expect_not(pty_tty_is_sane(terminal), "the terminal still echoes and edits lines");
    pty_press(terminal, PTY_ESCAPE);
    cr_expect(pty_wait_no_text(terminal, "Help  1", SOON));
    pty_type(terminal, "q");
    cr_assert(pty_wait_no_text(terminal, "NO-GO", SOON), "%s", pty_screen(terminal));
    pty_type(terminal, "exit\n");
    (void)end_of_program();
    expect_restored("q");
}

Test(terminal, is_given_back_by_the_suspend_key_and_taken_again)
{
    open_in_shell();
    pty_type(terminal, "\x1a");
    expect_text("Stopped");
    cr_expect_not(pty_in_alternate_screen(terminal));
    cr_expect_not(pty_mouse_on(terminal));
    cr_expect(pty_cursor_visible(terminal));
    expect_taken_up_by_fg();
}

Test(terminal, is_taken_again_after_a_stop_that_nobody_could_answer)
{
    open_in_shell();
    pty_signal_foreground(terminal, SIGSTOP);
    expect_text("Stopped");
    pty_type(terminal, "clear\n");
    cr_expect(pty_wait_no_text(terminal, "Stopped", SOON));
    expect_taken_up_by_fg();
}

Test(terminal, is_drawn_only_once_a_job_of_the_background_is_in_front)
{
    open_in_shell();
    pty_type(terminal, "\x1a");
    expect_text("Stopped");
    pty_type(terminal, "clear; bg\n");
    cr_expect(pty_wait_quiet(terminal, QUIET, SOON));
    pty_type(terminal, "\n");
    expect_text("PROMPT>");
    cr_expect_not(pty_in_alternate_screen(terminal));
    expect_taken_up_by_fg();
}

Test(terminal, does_not_stop_where_nobody_could_continue_it)
{
    open_console(NULL); /* it leads its session, as under `ssh -t HOST phasegate` */
    pty_type(terminal, "\x1a");
    cr_expect(pty_wait_idle(terminal, SOON));
    pty_type(terminal, "?");
    expect_text("Help");
    cr_expect(pty_in_alternate_screen(terminal));
}

Test(terminal, sends_nothing_that_turns_into_keys_by_not_being_known)
{
    static const char *const unknown[] = {"\033[I", "\033[51;1u", "\033[3;5~", "\033[<0;12;2m",
                                          "\033[200~3sq\033[201~"};
    open_console(NULL);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        for (const char *byte = unknown[i]; *byte != '\0'; byte++) {
            pty_type(terminal, (char[]){*byte, '\0'});
            cr_expect(
                pty_wait_quiet(terminal, 80, SOON)); /* longer than a lone ESC is waited for */
        }
        cr_expect_lt(pty_row_of(terminal, "does nothing here"), 0, "%zu:\n%s", i,
                     pty_screen(terminal));
        cr_expect_geq(pty_row_of(terminal, "team_defense_game_summary"), 0, "%zu:\n%s", i,
                      pty_screen(terminal));
    }
    pty_type(terminal, "?");
    expect_text("Help");
}

Test(terminal, takes_a_paste_into_a_prompt_and_nowhere_else)
{
    open_console(NULL);
    pty_type(terminal, ":");
    cr_expect(pty_wait_idle(terminal, SOON));
    pty_type(terminal, "\033[200~hel\r\033[201~");
    expect_text("hel");
    cr_expect(pty_wait_idle(terminal, SOON));
    cr_expect_lt(pty_row_of(terminal, "this help"), 0);
}

/* The description that terminals of 24-bit colour share; not every system has it. */
static void describe_direct_colour(const char *directory) {
    static const char description[] =
        "phasegate-direct|colours by number,\n"
        "\tRGB, colors#0x1000000, pairs#0x10000,\n"
        "\tsetab=\\E[%?%p1%{8}%<%t4%p1%d%e48\\:2\\:\\:%p1%{65536}%/%d\\:%p1%{256}%/%{255}%&%d"
        "\\:%p1%{255}%&%d%;m,\n"
        "\tsetaf=\\E[%?%p1%{8}%<%t3%p1%d%e38\\:2\\:\\:%p1%{65536}%/%d\\:%p1%{256}%/%{255}%&%d"
        "\\:%p1%{255}%&%d%;m,\n"
        "\tuse=xterm-256color,\n";
    char path[512];
    (void)snprintf(path, sizeof path, "%s/direct.ti", directory);
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL && fputs(description, file) >= 0 && fclose(file) == 0);
    const char *argv[] = {"tic", "-x", "-o", directory, path, NULL};
    struct program_result result = program_run(argv, NULL, SOON);
    cr_assert_eq(result.code, 0, "%s", result.err);
    program_result_free(&result);
}

Test(terminal, is_sent_the_palettes_colours_where_numbers_are_colours)
{
    char *directory = program_directory();
    char terminfo[512];
    (void)snprintf(terminfo, sizeof terminfo, "TERMINFO=%s", directory);
    describe_direct_colour(directory);
    const char *environment[] = {"TERM=phasegate-direct", terminfo, NULL};
    open_console(environment);
    cr_expect(was_sent("8:2::255:95:95"), "the red of NO-GO is 255, 95, 95");
    cr_expect_not(was_sent("8:2::0:0:203"));
    program_remove_directory(directory);
}
