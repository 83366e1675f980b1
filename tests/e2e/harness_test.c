/* The harness itself, on programs whose ways are known. */
#include <criterion/criterion.h>

#include <signal.h>
#include <sys/wait.h>

#include "tests/support/program.h"
#include "tests/support/pty_terminal.h"

enum { SOON = 120000 };

static struct pty_terminal *terminal;

static void open_shell(const char *script) {
    const char *argv[] = {"sh", "-c", script, NULL};
    terminal = pty_open(&(struct pty_options){.argv = argv, .rows = 10, .columns = 40});
}

static void close_terminal(void) {
    pty_close(terminal);
}

static int exit_code(void) {
    int status = 0;
    cr_assert(pty_wait_exit(terminal, SOON, &status), "did not end:\n%s", pty_screen(terminal));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TestSuite(terminal, .fini = close_terminal);

Test(terminal, reads_what_a_program_draws_and_how)
{
    open_shell("printf 'plain \\033[1;31mbold red\\033[0m\\r\\n\\033[7m▏wide 世 é\\033[0m.'");
    cr_assert_eq(exit_code(), 0);
    cr_expect_str_eq(pty_line(terminal, 0), "plain bold red");
    cr_expect_str_eq(pty_line(terminal, 1), "▏wide 世 é.");
    cr_expect_str_eq(pty_line(terminal, 99), "");
    cr_expect_eq(pty_row_of(terminal, "世"), 1);
    cr_expect_eq(pty_row_of(terminal, "absent"), -1);
    struct pty_cell plain = pty_cell_at(terminal, 0, 0);
    struct pty_cell bold = pty_cell_at(terminal, 0, 6);
    struct pty_cell wide = pty_cell_at(terminal, 1, 6);
    cr_expect_not(plain.bold || plain.coloured || plain.reverse);
    cr_expect(bold.bold && bold.coloured && !bold.reverse);
    cr_expect(wide.reverse && wide.width == 2);
    cr_expect_str_eq(wide.text, "世");
}

Test(terminal, types_keys_and_waits_for_text_without_sleeping)
{
    open_shell("stty -echo; echo ready; while read -r line; do echo \"got $line\"; done");
    cr_assert(pty_wait_text(terminal, "ready", SOON));
    pty_type(terminal, "one");
    pty_press(terminal, PTY_ENTER);
    cr_assert(pty_wait_text(terminal, "got one", SOON));
    cr_expect_not(pty_wait_text(terminal, "got two", 20));
    cr_expect_not(pty_wait_exit(terminal, 20, NULL));
    pty_type(terminal, "\004");
    cr_expect_eq(exit_code(), 0);
}

Test(terminal, finds_idle_markers_wherever_reads_cut_them_and_keeps_them_off_the_count)
{
    open_shell("stty raw -echo; printf 'ab\\033]7777;idle;1\\a'; dd bs=1 count=1 2>/dev/null;"
               "for part in '\\033' ']77' '77;idle;' 12 '\\a' '\\033]77x\\a' cd; do"
               "  printf \"$part\"; done");
    cr_assert(pty_wait_idle(terminal, SOON));
    cr_expect_eq(pty_bytes(terminal), 2);
    cr_expect_eq(pty_idle_markers(terminal), 1);
    pty_mark(terminal);
    cr_expect_eq(pty_first_byte_us(terminal), -1);
    pty_type(terminal, "x");
    cr_assert_eq(exit_code(), 0);
    cr_expect_eq(pty_idle_markers(terminal), 1);
    cr_expect_eq(pty_bytes(terminal), strlen("\033]77x\a") + strlen("cd") + 1 /* of dd */);
    cr_expect_geq(pty_first_byte_us(terminal), 0);
    cr_expect_str_eq(pty_line(terminal, 0), "abxcd");
}

Test(terminal, resizes_and_tells_the_program)
{
    open_shell("trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done");
    cr_assert(pty_wait_text(terminal, "ready", SOON));
    pty_resize(terminal, 5, 100);
    cr_assert(pty_wait_text(terminal, "5 100", SOON), "%s", pty_screen(terminal));
    cr_expect_eq(exit_code(), 0);
}

Test(terminal, sees_modes_left_behind)
{
    open_shell("stty raw -echo; printf '\\033[?1049h\\033[?25l\\033[?1000hx'; read -r line");
    cr_assert(pty_wait_text(terminal, "x", SOON));
    pty_signal(terminal, SIGKILL);
    cr_assert_eq(exit_code(), -SIGKILL);
    cr_expect(pty_in_alternate_screen(terminal));
    cr_expect_not(pty_cursor_visible(terminal));
    cr_expect(pty_mouse_on(terminal));
    cr_expect_not(pty_tty_is_sane(terminal));
}

Test(terminal, finds_a_program_that_restores_all_of_it_sane)
{
    open_shell("printf '\\033[?1049h\\033[?25l'; stty raw -echo; stty sane;"
               "printf '\\033[?25h\\033[?1049l'");
    cr_assert_eq(exit_code(), 0);
    cr_expect_not(pty_in_alternate_screen(terminal));
    cr_expect(pty_cursor_visible(terminal));
    cr_expect(pty_tty_is_sane(terminal));
}

Test(terminal, hangs_up_as_a_lost_connection_does)
{
    open_shell("trap 'exit 9' HUP; echo ready; while :; do sleep 0.01; done");
    cr_assert(pty_wait_text(terminal, "ready", SOON));
    pty_hang_up(terminal);
    int status = 0;
    cr_assert(pty_wait_exit(terminal, SOON, &status));
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

Test(terminal, says_how_a_program_that_is_not_there_ended)
{
    const char *argv[] = {"/nowhere/at-all", NULL};
    terminal = pty_open(&(struct pty_options){.argv = argv});
    cr_expect_eq(exit_code(), 127);
}

Test(terminal, takes_floods_in_pieces_that_libvterm_can_bear)
{
    open_shell("i=0; while [ $i -lt 2000 ]; do"
               " printf '%01000d' $i; i=$((i+1)); done; printf '\\r\\nend'");
    cr_assert(pty_wait_text(terminal, "end", SOON));
    cr_expect_eq(exit_code(), 0);
    cr_expect_gt(pty_bytes(terminal), 2000000);
}

Test(terminal, drives_a_curses_program_of_others)
{
    const char *argv[] = {"htop", "--no-mouse", NULL};
    const char *environment[] = {"HTOPRC=/dev/null", NULL};
    terminal = pty_open(&(struct pty_options){.argv = argv, .environment = environment});
    cr_assert(pty_wait_text(terminal, "F10", SOON), "%s", pty_screen(terminal));
    cr_expect(pty_in_alternate_screen(terminal));
    pty_type(terminal, "q");
    cr_expect_eq(exit_code(), 0);
    cr_expect_not(pty_in_alternate_screen(terminal));
    cr_expect(pty_tty_is_sane(terminal));
}

Test(program, gives_output_errors_and_status_apart)
{
    const char *argv[] = {"sh", "-c", "echo out; echo \"$A ${TERM-none}\" >&2; exit 3", NULL};
    const char *changes[] = {"A=b", "TERM", NULL};
    struct program_result result = program_run(argv, changes, SOON);
    cr_expect_eq(result.code, 3);
    cr_expect_str_eq(result.out, "out\n");
    cr_expect_str_eq(result.err, "b none\n");
    program_result_free(&result);
}

Test(program, kills_what_is_late_and_says_so)
{
    const char *argv[] = {"sh", "-c", "while :; do sleep 1; done", NULL};
    struct program_result result = program_run(argv, NULL, 50);
    cr_expect(result.late);
    cr_expect_eq(result.signal, SIGKILL);
    program_result_free(&result);
}

Test(program, reads_a_server_line_by_line)
{
    const char *argv[] = {"sh", "-c", "echo one; echo two; exec sleep 1000", NULL};
    struct program *server = program_start(argv, NULL, "/dev/null");
    cr_expect_str_eq(program_line(server, SOON), "one");
    cr_expect_str_eq(program_line(server, SOON), "two");
    cr_expect_null(program_line(server, 20));
    program_signal(server, SIGTERM);
    int status = program_wait(server, SOON);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    program_close(server);
}
