/* A program under a terminal of our own: a pty, with libvterm to understand what it draws.
 *
 * Nothing here sleeps. Every wait is a poll on the terminal and on the process with a deadline, and
 * ends as soon as what it waits for is there: a text on the screen, the idle marker
 * ESC ] 7777 ; idle ; N BEL that phasegate sends under PHASEGATE_TEST=1, or the program's end.
 * Rows and columns count from 0. A terminal belongs to one thread. */
#ifndef PHASEGATE_TESTS_SUPPORT_PTY_TERMINAL_H
#define PHASEGATE_TESTS_SUPPORT_PTY_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pty_terminal;

struct pty_options {
    const char *const *argv;        /* ends with NULL; argv[0] is searched in PATH */
    const char *const *environment; /* changes as of program_environment, or NULL */
    const char *directory;          /* to start in; NULL: this one's */
    int rows, columns;              /* 0: 24 and 80 */
};

struct pty_cell {
    char text[25]; /* UTF-8 with its combining marks; " " when empty, "" behind a wide one */
    int width;
    bool bold, underline, reverse;
    bool coloured; /* foreground or background is not the terminal's own */
};

enum pty_key {
    PTY_ENTER,
    PTY_ESCAPE,
    PTY_TAB,
    PTY_UP,
    PTY_DOWN,
    PTY_LEFT,
    PTY_RIGHT,
    PTY_PAGE_UP,
    PTY_PAGE_DOWN,
    PTY_HOME,
    PTY_END
};

/* Starts the program. Never NULL: what cannot be started ends with exit status 127. */
struct pty_terminal *pty_open(const struct pty_options *options);

/* Kills the program if it still runs, waits for it, and frees the terminal; NULL is allowed. */
void pty_close(struct pty_terminal *terminal);

/* Closes the terminal's side, as a lost ssh connection does; only pty_wait_exit and pty_close may
 * follow. */
void pty_hang_up(struct pty_terminal *terminal);

void pty_type(struct pty_terminal *terminal, const char *text);
void pty_press(struct pty_terminal *terminal, enum pty_key key);
void pty_resize(struct pty_terminal *terminal, int rows, int columns);
void pty_signal(struct pty_terminal *terminal, int signal);
/* To the job in the foreground: what a shell started there. */
void pty_signal_foreground(struct pty_terminal *terminal, int signal);
pid_t pty_pid(const struct pty_terminal *terminal);

/* Each waits up to `ms` milliseconds and returns whether it came to pass. */
bool pty_wait_text(struct pty_terminal *terminal, const char *text, int ms);
bool pty_wait_no_text(struct pty_terminal *terminal, const char *text, int ms);
/* An idle marker sent after the last pty_type, pty_press or pty_resize. The program may have sent
 * it before it read them, so check what it shows with pty_wait_text. */
bool pty_wait_idle(struct pty_terminal *terminal, int ms);
/* Nothing but idle markers came for `quiet_ms`. */
bool pty_wait_quiet(struct pty_terminal *terminal, int quiet_ms, int ms);
/* The program ended and all it wrote was read. `status` as of waitpid, or NULL. */
bool pty_wait_exit(struct pty_terminal *terminal, int ms, int *status);

/* What stands on a row, without blanks at its end; "" outside the screen. The text lives until the
 * next call. */
const char *pty_line(struct pty_terminal *terminal, int row);
/* All rows, each ended by a line feed. The text lives until the next call. */
const char *pty_screen(struct pty_terminal *terminal);
/* The first row that has the text, or -1. */
int pty_row_of(struct pty_terminal *terminal, const char *text);
struct pty_cell pty_cell_at(struct pty_terminal *terminal, int row, int column);
void pty_size(const struct pty_terminal *terminal, int *rows, int *columns);

/* The modes the program left behind: of the screen, and of the tty (echo and line editing). */
bool pty_in_alternate_screen(const struct pty_terminal *terminal);
bool pty_cursor_visible(const struct pty_terminal *terminal);
bool pty_mouse_on(const struct pty_terminal *terminal);
bool pty_tty_is_sane(const struct pty_terminal *terminal);

/* Bytes are counted, and kept (the first 4 MiB), from here on. */
void pty_mark(struct pty_terminal *terminal);
/* Bytes the program wrote since pty_mark (or its start), idle markers not counted. */
size_t pty_bytes(const struct pty_terminal *terminal);
/* Microseconds from pty_mark to the first of those bytes, or -1. */
int64_t pty_first_byte_us(const struct pty_terminal *terminal);
/* Idle markers since pty_mark. */
size_t pty_idle_markers(const struct pty_terminal *terminal);
/* What was kept since pty_mark, idle markers and all; not terminated. */
const char *pty_raw(const struct pty_terminal *terminal, size_t *size);

#endif
