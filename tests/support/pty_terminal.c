#include "tests/support/pty_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

#include "base/memory.h"
#include "tests/support/program.h"

/* libvterm 0.1.4 takes stack space in proportion to what it is fed. */
enum { READ_BYTES = 64 * 1024, RAW_BYTES = 4 * 1024 * 1024, LINE_BYTES = 4096 * 8 };

static const char marker_start[] = "\033]7777;idle;";

struct pty_terminal {
    int master;
    int slave; /* kept open: the modes left behind are read from it */
    int process;
    pid_t pid;
    bool ended;
    int status;
    VTerm *vterm;
    VTermScreen *screen;
    bool alternate, cursor, mouse;
    char *raw;
    size_t raw_size;
    size_t bytes;
    size_t matched; /* bytes of marker_start seen; all of it: inside a marker */
    size_t markers, markers_at_input;
    int64_t marked_at, first_byte_at; /* microseconds; -1: none yet */
    int64_t last_byte_at;
    char line[LINE_BYTES];
    char *text;
};

static int64_t now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void write_all(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return; /* nobody reads any more */
        }
        bytes += written;
        size -= (size_t)written;
    }
}

/* What a terminal answers when it is asked what it is. */
static void on_answer(const char *bytes, size_t size, void *user) {
    const struct pty_terminal *terminal = user;
    write_all(terminal->master, bytes, size);
}

static int on_property(VTermProp property, VTermValue *value, void *user) {
    struct pty_terminal *terminal = user;
    if (property == VTERM_PROP_ALTSCREEN) {
        terminal->alternate = value->boolean != 0;
    } else if (property == VTERM_PROP_CURSORVISIBLE) {
        terminal->cursor = value->boolean != 0;
    } else if (property == VTERM_PROP_MOUSE) {
        terminal->mouse = value->number != VTERM_PROP_MOUSE_NONE;
    }
    return 1;
}

static void open_screen(struct pty_terminal *terminal, int rows, int columns) {
    static const VTermScreenCallbacks callbacks = {.settermprop = on_property};
    terminal->vterm = vterm_new(rows, columns);
    vterm_set_utf8(terminal->vterm, 1);
    vterm_output_set_callback(terminal->vterm, on_answer, terminal);
    terminal->screen = vterm_obtain_screen(terminal->vterm);
    vterm_screen_set_callbacks(terminal->screen, &callbacks, terminal);
    vterm_screen_enable_altscreen(terminal->screen, 1);
    vterm_screen_reset(terminal->screen, 1);
    terminal->cursor = true;
}

static _Noreturn void become(const struct pty_options *options, int slave) {
    char **environment = program_environment(options->environment);
    if (login_tty(slave) != 0 || (options->directory != NULL && chdir(options->directory) != 0)) {
        _exit(126);
    }
    program_take_all_signals();
    char *argv[64] = {memory_copy_string(options->argv[0])};
    for (size_t i = 1; options->argv[i] != NULL && i < 63; i++) {
        argv[i] = memory_copy_string(options->argv[i]);
    }
    (void)execvpe(argv[0], argv, environment);
    fprintf(stderr, "cannot start %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

struct pty_terminal *pty_open(const struct pty_options *options) {
    struct pty_terminal *terminal = memory_new(1, sizeof *terminal);
    int rows = options->rows > 0 ? options->rows : 24;
    int columns = options->columns > 0 ? options->columns : 80;
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    open_screen(terminal, rows, columns);
    terminal->raw = memory_new(1, RAW_BYTES);
    if (openpty(&terminal->master, &terminal->slave, NULL, NULL, &size) != 0) {
        perror("pty_open: no terminal");
        abort();
    }
    (void)fcntl(terminal->master, F_SETFD, FD_CLOEXEC);
    (void)fcntl(terminal->master, F_SETFL, O_NONBLOCK);
    fflush(NULL);
    pty_mark(terminal);
    terminal->pid = fork();
    if (terminal->pid == 0) {
        become(options, terminal->slave);
    }
    (void)fcntl(terminal->slave, F_SETFD, FD_CLOEXEC);
    terminal->process = terminal->pid > 0 ? pidfd_open(terminal->pid, 0) : -1;
    if (terminal->process < 0) {
        perror("pty_open: no process");
        abort();
    }
    return terminal;
}

static void reap(struct pty_terminal *terminal, int options) {
    if (!terminal->ended && waitpid(terminal->pid, &terminal->status, options) == terminal->pid) {
        terminal->ended = true;
    }
}

void pty_hang_up(struct pty_terminal *terminal) {
    (void)close(terminal->slave);
    (void)close(terminal->master);
    terminal->slave = terminal->master = -1;
}

void pty_close(struct pty_terminal *terminal) {
    if (terminal == NULL) {
        return;
    }
    if (!terminal->ended) {
        (void)kill(terminal->pid, SIGKILL);
        reap(terminal, 0);
    }
    if (terminal->master >= 0) {
        pty_hang_up(terminal);
    }
    (void)close(terminal->process);
    vterm_free(terminal->vterm);
    free(terminal->raw);
    free(terminal->text);
    free(terminal);
}

/* Follows the marker through reads that cut it anywhere; returns how many bytes were drawing. */
static size_t count_drawing(struct pty_terminal *terminal, const char *bytes, size_t size) {
    const size_t whole = sizeof marker_start - 1;
    size_t drawing = 0;
    for (size_t i = 0; i < size; i++) {
        if (terminal->matched == whole) {
            if (bytes[i] == '\a') {
                terminal->markers++;
                terminal->matched = 0;
            }
        } else if (bytes[i] == marker_start[terminal->matched]) {
            terminal->matched++;
        } else {
            drawing += terminal->matched;
            terminal->matched = bytes[i] == marker_start[0] ? 1 : 0;
            drawing += terminal->matched == 0 ? 1 : 0;
        }
    }
    return drawing;
}

static void take(struct pty_terminal *terminal, const char *bytes, size_t size) {
    size_t drawing = count_drawing(terminal, bytes, size);
    terminal->bytes += drawing;
    if (drawing > 0) {
        terminal->last_byte_at = now_us();
        if (terminal->first_byte_at < 0) {
            terminal->first_byte_at = terminal->last_byte_at;
        }
    }
    size_t room = RAW_BYTES - terminal->raw_size;
    size_t kept = size < room ? size : room;
    memcpy(terminal->raw + terminal->raw_size, bytes, kept);
    terminal->raw_size += kept;
    (void)vterm_input_write(terminal->vterm, bytes, size);
}

/* Reads what is there; false when nothing was. */
static bool drain(struct pty_terminal *terminal) {
    static _Thread_local char bytes[READ_BYTES];
    if (terminal->master < 0) {
        return false;
    }
    ssize_t size = read(terminal->master, bytes, sizeof bytes);
    if (size <= 0) {
        return false;
    }
    take(terminal, bytes, (size_t)size);
    return true;
}

/* Waits for output, or the program's end, until the deadline; false when there is nothing to wait
 * for any more. */
static bool pump(struct pty_terminal *terminal, int64_t deadline) {
    int64_t left = deadline - now_us();
    if (left < 0) {
        left = 0;
    }
    struct pollfd sources[] = {
        {.fd = terminal->master, .events = POLLIN},
        {.fd = terminal->ended ? -1 : terminal->process, .events = POLLIN},
    };
    int ready = poll(sources, 2, (int)((left + 999) / 1000));
    if (sources[1].revents != 0) {
        reap(terminal, WNOHANG);
    }
    bool read_some = drain(terminal);
    return (ready > 0 && (read_some || sources[1].revents != 0)) || (ready < 0 && errno == EINTR);
}

typedef bool pty_condition(struct pty_terminal *terminal, const void *what);

static bool wait_for(struct pty_terminal *terminal, pty_condition *holds, const void *what,
                     int ms) {
    int64_t deadline = now_us() + (int64_t)ms * 1000;
    while (drain(terminal)) {
    }
    while (!holds(terminal, what)) {
        if (!pump(terminal, deadline) && (terminal->ended || now_us() >= deadline)) {
            return holds(terminal, what);
        }
    }
    return true;
}

static bool has_text(struct pty_terminal *terminal, const void *what) {
    return pty_row_of(terminal, what) >= 0;
}

static bool has_no_text(struct pty_terminal *terminal, const void *what) {
    return pty_row_of(terminal, what) < 0;
}

static bool has_marker(struct pty_terminal *terminal, const void *what) {
    (void)what;
    return terminal->markers > terminal->markers_at_input;
}

static bool has_ended(struct pty_terminal *terminal, const void *what) {
    (void)what;
    return terminal->ended;
}

bool pty_wait_text(struct pty_terminal *terminal, const char *text, int ms) {
    return wait_for(terminal, has_text, text, ms);
}

bool pty_wait_no_text(struct pty_terminal *terminal, const char *text, int ms) {
    return wait_for(terminal, has_no_text, text, ms);
}

bool pty_wait_idle(struct pty_terminal *terminal, int ms) {
    return wait_for(terminal, has_marker, NULL, ms);
}

bool pty_wait_quiet(struct pty_terminal *terminal, int quiet_ms, int ms) {
    int64_t deadline = now_us() + (int64_t)ms * 1000;
    int64_t since = now_us();
    for (;;) {
        since = terminal->last_byte_at > since ? terminal->last_byte_at : since;
        int64_t quiet_at = since + (int64_t)quiet_ms * 1000;
        if (now_us() >= quiet_at) {
            return true;
        }
        if (now_us() >= deadline) {
            return false;
        }
        (void)pump(terminal, quiet_at < deadline ? quiet_at : deadline);
    }
}

bool pty_wait_exit(struct pty_terminal *terminal, int ms, int *status) {
    bool ended = wait_for(terminal, has_ended, NULL, ms);
    while (drain(terminal)) {
    }
    if (ended && status != NULL) {
        *status = terminal->status;
    }
    return ended;
}

/* What was there before an input belongs to what came before it. */
static void note_input(struct pty_terminal *terminal) {
    while (drain(terminal)) {
    }
    terminal->markers_at_input = terminal->markers;
}

void pty_type(struct pty_terminal *terminal, const char *text) {
    note_input(terminal);
    write_all(terminal->master, text, strlen(text));
}

void pty_press(struct pty_terminal *terminal, enum pty_key key) {
    /* As an xterm sends them once it was told to send application keys. */
    static const char *const sequences[] = {
        [PTY_ENTER] = "\r",    [PTY_ESCAPE] = "\033",     [PTY_TAB] = "\t",
        [PTY_UP] = "\033OA",   [PTY_DOWN] = "\033OB",     [PTY_RIGHT] = "\033OC",
        [PTY_LEFT] = "\033OD", [PTY_PAGE_UP] = "\033[5~", [PTY_PAGE_DOWN] = "\033[6~",
        [PTY_HOME] = "\033OH", [PTY_END] = "\033OF",
    };
    pty_type(terminal, sequences[key]);
}

void pty_resize(struct pty_terminal *terminal, int rows, int columns) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    note_input(terminal);
    vterm_set_size(terminal->vterm, rows, columns);
    (void)ioctl(terminal->master, TIOCSWINSZ, &size);
}

void pty_signal(struct pty_terminal *terminal, int signal) {
    (void)kill(terminal->pid, signal);
}

void pty_signal_foreground(struct pty_terminal *terminal, int signal) {
    pid_t group = tcgetpgrp(terminal->master);
    if (group > 0) {
        (void)kill(-group, signal);
    }
}

pid_t pty_pid(const struct pty_terminal *terminal) {
    return terminal->pid;
}

static size_t put_utf8(char *out, uint32_t c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    out[0] = (char)(lead[size] | c);
    return size;
}

struct pty_cell pty_cell_at(struct pty_terminal *terminal, int row, int column) {
    VTermScreenCell found = {0};
    (void)vterm_screen_get_cell(terminal->screen, (VTermPos){.row = row, .col = column}, &found);
    struct pty_cell cell = {
        .width = found.width,
        .bold = found.attrs.bold != 0,
        .underline = found.attrs.underline != 0,
        .reverse = found.attrs.reverse != 0,
        .coloured = !VTERM_COLOR_IS_DEFAULT_FG(&found.fg) || !VTERM_COLOR_IS_DEFAULT_BG(&found.bg),
    };
    if (found.chars[0] == 0) {
        cell.text[0] = ' ';
    } else if (found.chars[0] != UINT32_MAX) {
        size_t size = 0;
        for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && found.chars[i] != 0; i++) {
            size += put_utf8(cell.text + size, found.chars[i]);
        }
    }
    return cell;
}

void pty_size(const struct pty_terminal *terminal, int *rows, int *columns) {
    vterm_get_size(terminal->vterm, rows, columns);
}

const char *pty_line(struct pty_terminal *terminal, int row) {
    int rows = 0;
    int columns = 0;
    pty_size(terminal, &rows, &columns);
    size_t size = 0;
    for (int column = 0; row >= 0 && row < rows && column < columns; column++) {
        struct pty_cell cell = pty_cell_at(terminal, row, column);
        size_t more = strlen(cell.text);
        if (size + more >= LINE_BYTES) {
            break;
        }
        memcpy(terminal->line + size, cell.text, more);
        size += more;
    }
    while (size > 0 && terminal->line[size - 1] == ' ') {
        size--;
    }
    terminal->line[size] = '\0';
    return terminal->line;
}

const char *pty_screen(struct pty_terminal *terminal) {
    int rows = 0;
    int columns = 0;
    pty_size(terminal, &rows, &columns);
    free(terminal->text);
    size_t size = 0;
    FILE *out = open_memstream(&terminal->text, &size);
    for (int row = 0; row < rows; row++) {
        fprintf(out, "%s\n", pty_line(terminal, row));
    }
    fclose(out);
    return terminal->text;
}

int pty_row_of(struct pty_terminal *terminal, const char *text) {
    int rows = 0;
    int columns = 0;
    pty_size(terminal, &rows, &columns);
    for (int row = 0; row < rows; row++) {
        if (strstr(pty_line(terminal, row), text) != NULL) {
            return row;
        }
    }
    return -1;
}

bool pty_in_alternate_screen(const struct pty_terminal *terminal) {
    return terminal->alternate;
}

bool pty_cursor_visible(const struct pty_terminal *terminal) {
    return terminal->cursor;
}

bool pty_mouse_on(const struct pty_terminal *terminal) {
    return terminal->mouse;
}

bool pty_tty_is_sane(const struct pty_terminal *terminal) {
    struct termios modes;
    const tcflag_t local = ECHO | ICANON | ISIG;
    return tcgetattr(terminal->slave, &modes) == 0 && (modes.c_lflag & local) == local &&
           (modes.c_oflag & OPOST) != 0 && (modes.c_iflag & ICRNL) != 0;
}

void pty_mark(struct pty_terminal *terminal) {
    terminal->bytes = terminal->raw_size = 0;
    terminal->markers = terminal->markers_at_input = 0;
    terminal->marked_at = now_us();
    terminal->first_byte_at = -1;
}

size_t pty_bytes(const struct pty_terminal *terminal) {
    return terminal->bytes;
}

int64_t pty_first_byte_us(const struct pty_terminal *terminal) {
    return terminal->first_byte_at < 0 ? -1 : terminal->first_byte_at - terminal->marked_at;
}

size_t pty_idle_markers(const struct pty_terminal *terminal) {
    return terminal->markers;
}

const char *pty_raw(const struct pty_terminal *terminal, size_t *size) {
    *size = terminal->raw_size;
    return terminal->raw;
}
