/* The console under a terminal: what it sends, what it leaves behind, and what it bears. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "tests/support/pty_terminal.h"

enum { SOON = 120000, QUIET = 40 };

static struct pty_terminal *terminal;

static void start(const char *kind, int rows, int columns, const char *const *environment) {
    const char *argv[] = {PHASEGATE_BINARY_DIR "/tests/e2e/e2e_console_program", kind, NULL};
    terminal = pty_open(&(struct pty_options){
        .argv = argv, .environment = environment, .rows = rows, .columns = columns});
}

static void open_red(void) {
    start("red", 24, 80, NULL);
    cr_assert(pty_wait_text(terminal, "NO-GO", SOON), "%s", pty_screen(terminal));
    cr_assert(pty_wait_idle(terminal, SOON));
}

static void close_console(void) {
    pty_close(terminal);
}

static int exit_code(void) {
    int status = 0;
    cr_assert(pty_wait_exit(terminal, SOON, &status), "did not end:\n%s", pty_screen(terminal));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void expect_text(const char *text) {
    cr_expect(pty_wait_text(terminal, text, SOON), "no \"%s\" on:\n%s", text, pty_screen(terminal));
}

static void expect_restored(void) {
    cr_expect_not(pty_in_alternate_screen(terminal), "the alternate screen is left on");
    cr_expect(pty_cursor_visible(terminal), "the cursor is left hidden");
    cr_expect_not(pty_mouse_on(terminal), "mouse reports are left on");
    cr_expect(pty_tty_is_sane(terminal), "echo or line editing is left off");
}

TestSuite(console, .fini = close_console);

Test(console, answers_the_three_questions_on_80_by_24)
{
    open_red();
    cr_expect_eq(pty_row_of(terminal, "NO-GO"), 1, "%s", pty_screen(terminal));
    expect_text("team_defense_game_summary");
    expect_text("85.3");
    cr_expect(pty_in_alternate_screen(terminal));
    cr_expect_not(pty_cursor_visible(terminal));
}

Test(console, opens_each_tab_and_help_and_leaves_by_q)
{
    open_red();
    for (int tab = 0; tab < 6; tab++) {
        char key[2] = {(char)('1' + tab), '\0'};
        pty_type(terminal, key);
        cr_expect(pty_wait_idle(terminal, SOON));
        cr_expect_eq(pty_row_of(terminal, "NO-GO") >= 0, 1, "tab %s\n%s", key,
                     pty_screen(terminal));
    }
    pty_type(terminal, "?");
    expect_text("Help");
    pty_press(terminal, PTY_ESCAPE);
    cr_expect(pty_wait_no_text(terminal, "Help  1", SOON), "%s", pty_screen(terminal));
    pty_type(terminal, "q");
    cr_expect_eq(exit_code(), 0);
    expect_restored();
}

Test(console, opens_the_date_strip_of_the_cell_under_the_cursor)
{
    open_red();
    pty_press(terminal, PTY_DOWN);
    pty_press(terminal, PTY_DOWN);
    pty_press(terminal, PTY_ENTER);
    expect_text("Oct");
    pty_press(terminal, PTY_ESCAPE);
    expect_text("TABLE");
}

Test(console, is_drawn_anew_in_one_frame_at_every_size_of_a_storm)
{
    static const struct {
        int rows, columns;
    } sizes[] = {{60, 200}, {24, 80}, {16, 60}, {10, 40}, {3, 20}, {1, 80}, {24, 1}, {1, 1}};
    open_red();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pty_resize(terminal, sizes[i].rows, sizes[i].columns);
        cr_expect(pty_wait_idle(terminal, SOON), "%d×%d", sizes[i].columns, sizes[i].rows);
    }
    pty_resize(terminal, 24, 80);
    expect_text("team_defense_game_summary");
    cr_expect_eq(pty_row_of(terminal, "NO-GO"), 1, "%s", pty_screen(terminal));
    pty_type(terminal, "q");
    cr_expect_eq(exit_code(), 0);
    expect_restored();
}

Test(console, shows_the_same_words_on_every_kind_of_terminal)
{
    static const char *const terms[] = {"xterm-256color",  "tmux-256color", "screen",
                                        "screen-256color", "linux",         "vt100"};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        char term[40];
        (void)snprintf(term, sizeof term, "TERM=%s", terms[i]);
        /* ncurses would look for the console's mouse daemon under TERM=linux. */
        const char *environment[] = {term, "NCURSES_GPM_TERMS=none", NULL};
        start("red", 24, 80, environment);
        cr_expect(pty_wait_text(terminal, "NO-GO", SOON), "%s:\n%s", term, pty_screen(terminal));
        expect_text("team_defense_game_summary");
        expect_text("85.3");
        pty_type(terminal, "q");
        cr_expect_eq(exit_code(), 0, "%s", term);
        cr_expect(pty_tty_is_sane(terminal), "%s", term);
        pty_close(terminal);
    }
    terminal = NULL;
}

Test(console, sends_no_colour_where_none_is_wanted)
{
    const char *environment[] = {"NO_COLOR=1", NULL};
    start("red", 24, 80, environment);
    expect_text("NO-GO");
    for (int row = 0; row < 24; row++) {
        for (int column = 0; column < 80; column++) {
            cr_assert_not(pty_cell_at(terminal, row, column).coloured, "row %d column %d of\n%s",
                          row, column, pty_screen(terminal));
        }
    }
}

Test(console, sends_ascii_alone_where_the_locale_has_no_utf8)
{
    const char *environment[] = {"LANG=C", "LC_ALL=C", NULL};
    start("red", 24, 80, environment);
    expect_text("NO-GO");
    size_t size = 0;
    const char *raw = pty_raw(terminal, &size);
    for (size_t i = 0; i < size; i++) {
        cr_assert_eq((unsigned char)raw[i] & 0x80, 0, "byte %zu is 0x%02x", i,
                     (unsigned char)raw[i]);
    }
}

Test(console, says_what_a_dumb_terminal_cannot_do)
{
    const char *environment[] = {"TERM=dumb", NULL};
    start("red", 24, 80, environment);
    cr_expect_eq(exit_code(), EXIT_UNAVAILABLE);
    cr_expect_geq(pty_row_of(terminal, "dumb"), 0, "%s", pty_screen(terminal));
    expect_restored();
}

Test(console, ends_when_its_terminal_is_gone)
{
    open_red();
    pty_hang_up(terminal);
    int status = 0;
    cr_expect(pty_wait_exit(terminal, SOON, &status));
}

Test(console, keeps_its_idle_marker_to_itself_outside_of_tests)
{
    const char *environment[] = {"PHASEGATE_TEST", NULL};
    start("red", 24, 80, environment);
    expect_text("team_defense_game_summary");
    pty_type(terminal, "2");
    cr_expect(pty_wait_quiet(terminal, 100, SOON));
    size_t size = 0;
    const char *raw = pty_raw(terminal, &size);
    cr_expect_eq(pty_idle_markers(terminal), 0);
    cr_expect_null(memmem(raw, size, "7777", 4));
}

Test(console, sends_nothing_while_nothing_changes)
{
    open_red();
    cr_assert(pty_wait_quiet(terminal, 100, SOON));
    pty_mark(terminal);
    cr_expect(pty_wait_quiet(terminal, 1500, SOON));
    cr_expect_eq(pty_bytes(terminal), 0);
    cr_expect_leq(pty_idle_markers(terminal), 1, "%zu frames", pty_idle_markers(terminal));
}

Test(console, sends_at_most_300_bytes_for_an_arrow_key)
{
    static const enum pty_key keys[] = {PTY_DOWN, PTY_DOWN, PTY_LEFT, PTY_RIGHT, PTY_UP};
    open_red();
    cr_assert(pty_wait_quiet(terminal, 100, SOON));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        pty_mark(terminal);
        pty_press(terminal, keys[i]);
        cr_expect(pty_wait_quiet(terminal, QUIET, SOON));
        cr_expect_gt(pty_bytes(terminal), 0, "key %zu", i);
        cr_expect_leq(pty_bytes(terminal), 300, "key %zu: %zu bytes", i, pty_bytes(terminal));
    }
}

Test(console, asks_before_it_launches_and_is_deaf_to_what_was_typed_before_it_asked)
{
    open_red();
    pty_type(terminal, "3jly"); /* the dialog is not read yet: this y is none */
    expect_text("yes, do it");
    cr_expect(pty_wait_quiet(terminal, 300, SOON)); /* longer than it is deaf */
    cr_expect_geq(pty_row_of(terminal, "yes, do it"), 0, "%s", pty_screen(terminal));
    pty_press(terminal, PTY_ENTER); /* the focus is on Cancel */
    expect_text("nothing was done");
    pty_type(terminal, "l");
    expect_text("yes, do it");
    cr_expect(pty_wait_quiet(terminal, 300, SOON));
    pty_type(terminal, "y");
    expect_text("launch done");
}
