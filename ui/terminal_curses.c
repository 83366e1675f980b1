/* The terminal through ncurses: the only file that knows curses.
 *
 * The frame's difference is written into stdscr row by row, so that ncurses never looks at a row
 * that did not change, and doupdate sends the rest. What the terminal sends is read here and parsed
 * by ui/terminal_input.h: curses would turn sequences it does not know into keys. The terminal is
 * restored on every way out; for every signal that would end the process a string composed at the
 * start is written by the handler itself, which may call nothing of curses. */
#include "ui/terminal.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "base/file.h"
#include "base/memory.h"
#include "ui/glyph.h"
#include "ui/terminal_input.h"

enum { ROW_LIMIT = 1000, RESTORE_SIZE = 256, READ_SIZE = 512, CHANNELS = 3 };

struct curses {
    SCREEN *screen;
    enum theme_depth depth;
    short pairs[STYLE_COUNT][2]; /* colour pair of a style, plain and selected */
    int direct[CHANNELS];        /* bits of red, green, blue in a colour number; 0: a palette */
    const char *synchronize;     /* terminfo's Sync, or NULL */
    bool reports;                /* it can report the mouse and mark what is pasted */
    bool cursor_hidden;
    struct terminal_input input;
    unsigned char bytes[READ_SIZE]; /* read and not yet parsed */
    size_t first, last;
    bool closed;
    cchar_t row[ROW_LIMIT + 1];
    int width, height;
};

static const char reports_on[] = "\033[?1000h\033[?1006h\033[?2004h";
static const char reports_off[] = "\033[?2004l\033[?1006l\033[?1000l";

/* What the handler of a deadly signal needs. It can be reached by no pointer, hence the one
 * variable of this file. */
static struct {
    char bytes[RESTORE_SIZE];
    size_t size;
    struct termios modes;
    bool taken[NSIG];
    struct sigaction old[NSIG];
} rescue;

static void on_deadly_signal(int number) {
    (void)!write(STDOUT_FILENO, rescue.bytes, rescue.size);
    (void)tcsetattr(STDOUT_FILENO, TCSANOW, &rescue.modes);
    (void)sigaction(number, &rescue.old[number], NULL);
    (void)raise(number);
}

/* Every signal that would end the process and that nobody waits for by other means. */
static bool is_deadly(int number, const sigset_t *waited_for) {
    static const int harmless[] = {SIGCHLD, SIGCONT, SIGURG,  SIGWINCH, SIGSTOP,
                                   SIGTSTP, SIGTTIN, SIGTTOU, SIGKILL};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (harmless[i] == number)
            return false;
    return sigismember(waited_for, number) == 0;
}

static void take_deadly_signals(void) {
    struct sigaction action = {.sa_handler = on_deadly_signal, .sa_flags = SA_ONSTACK};
    sigset_t waited_for;
    (void)sigfillset(&action.sa_mask); /* SIGTTOU too: a job in the background may restore */
    (void)pthread_sigmask(SIG_BLOCK, NULL, &waited_for);
    for (int number = 1; number < NSIG; number++) {
        rescue.taken[number] = false;
        if (!is_deadly(number, &waited_for) || sigaction(number, NULL, &rescue.old[number]) != 0 ||
            rescue.old[number].sa_handler == SIG_IGN)
            continue;
        rescue.taken[number] = sigaction(number, &action, NULL) == 0;
    }
}

static void leave_deadly_signals(void) {
    for (int number = 1; number < NSIG; number++)
        if (rescue.taken[number])
            (void)sigaction(number, &rescue.old[number], NULL);
}

/* A string of terminfo, or NULL where the terminal has none. */
static const char *capability(const char *name) {
    const char *value = tigetstr(name);
    return (intptr_t)value == -1 ? NULL : value;
}

static void add_capability(const char *name) {
    const char *value = capability(name);
    if (!value)
        return;
    size_t size = strlen(value);
    if (rescue.size + size > RESTORE_SIZE)
        return;
    memcpy(rescue.bytes + rescue.size, value, size);
    rescue.size += size;
}

static void prepare_rescue(bool reports) {
    rescue.size = 0;
    if (reports) {
        memcpy(rescue.bytes, reports_off, sizeof reports_off - 1);
        rescue.size = sizeof reports_off - 1;
    }
    add_capability("sgr0");
    add_capability("cnorm");
    add_capability("rmcup");
    take_deadly_signals();
}

/* Where colour numbers are the colours themselves: terminfo's RGB, which is a flag, the bits of
 * each channel, or "8/8/8". */
static void read_direct_colours(struct curses *curses) {
    int bits = 0;
    while (bits < 24 && (1 << bits) < COLORS)
        bits++;
    int each = tigetnum("RGB");
    const char *parts = capability("RGB");
    if (tigetflag("RGB") > 0) {
        for (int i = 0; i < CHANNELS; i++)
            curses->direct[i] = (bits + i) / CHANNELS;
    } else if (each > 0 && each <= 8) {
        for (int i = 0; i < CHANNELS; i++)
            curses->direct[i] = each;
    } else if (parts && sscanf(parts, "%1d/%1d/%1d", &curses->direct[0], &curses->direct[1],
                               &curses->direct[2]) != CHANNELS) {
        memset(curses->direct, 0, sizeof curses->direct);
    }
}

/* The number by which this terminal knows a colour of the 256-colour palette. */
static int colour_number(const struct curses *curses, int colour) {
    if (colour < 0 || curses->direct[0] == 0)
        return colour;
    uint32_t rgb = theme_rgb(colour), number = 0;
    for (int i = 0; i < CHANNELS; i++) {
        uint32_t channel = rgb >> (16 - 8 * i) & 0xFF;
        number = number << curses->direct[i] | channel >> (8 - curses->direct[i]);
    }
    return (int)number;
}

static enum theme_depth colour_depth(void) {
    const char *no_colour = getenv("NO_COLOR");
    if (no_colour && *no_colour)
        return THEME_NO_COLOUR;
    if (!has_colors() || start_color() == ERR)
        return THEME_NO_COLOUR;
    (void)use_default_colors();
    return COLORS >= 256  ? THEME_256_COLOURS
           : COLORS >= 16 ? THEME_16_COLOURS
           : COLORS >= 8  ? THEME_8_COLOURS
                          : THEME_NO_COLOUR;
}

static void make_pairs(struct curses *curses) {
    short next = 1;
    for (int style = 0; style < STYLE_COUNT; style++) {
        for (int selected = 0; selected < 2; selected++) {
            struct theme_look look = theme_look((enum theme_style)style, selected, curses->depth);
            curses->pairs[style][selected] = 0;
            if ((look.foreground >= 0 || look.background >= 0) && next < COLOR_PAIRS &&
                init_extended_pair(next, colour_number(curses, look.foreground),
                                   colour_number(curses, look.background)) == OK)
                curses->pairs[style][selected] = next++;
        }
    }
}

static attr_t attributes_of(unsigned attributes) {
    attr_t result = A_NORMAL;
    if (attributes & THEME_BOLD)
        result |= A_BOLD;
    if (attributes & THEME_DIM)
        result |= A_DIM;
    if (attributes & THEME_UNDERLINE)
        result |= A_UNDERLINE;
    if (attributes & THEME_REVERSE)
        result |= A_REVERSE;
    return result;
}

static void curses_size(void *context, int *width, int *height) {
    struct curses *curses = context;
    struct winsize window;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col && window.ws_row) {
        curses->width = window.ws_col;
        curses->height = window.ws_row;
    } else {
        curses->width = COLS;
        curses->height = LINES;
    }
    if (curses->width > ROW_LIMIT)
        curses->width = ROW_LIMIT;
    if (curses->height > ROW_LIMIT)
        curses->height = ROW_LIMIT;
    *width = curses->width;
    *height = curses->height;
}

static void curses_put(void *context, int x, int y, const struct frame_cell *cells, int count) {
    struct curses *curses = context;
    int used = 0;
    for (int i = 0; i < count && used < ROW_LIMIT; i++) {
        const struct frame_cell *cell = &cells[i];
        if (cell->width == 0)
            continue;
        wchar_t text[3] = {(wchar_t)cell->glyph, (wchar_t)cell->mark, L'\0'};
        /* A width the C library disagrees about would shift the row: show a stand-in. */
        if (wcwidth(text[0]) != cell->width) {
            text[0] = L'?';
            text[1] = L'\0';
        } else if (cell->mark && wcwidth(text[1]) != 0) {
            text[1] = L'\0';
        }
        struct theme_look look =
            theme_look((enum theme_style)cell->style, cell->selected, curses->depth);
        (void)setcchar(&curses->row[used], text, attributes_of(look.attributes),
                       curses->pairs[cell->style][cell->selected != 0], NULL);
        used++;
        if (text[0] == L'?' && cell->width == 2 && used < ROW_LIMIT) {
            curses->row[used] = curses->row[used - 1];
            used++;
        }
    }
    (void)mvadd_wchnstr(y, x, curses->row, used);
}

static void curses_cursor(void *context, int x, int y) {
    struct curses *curses = context;
    curses->cursor_hidden = x < 0;
    if (x < 0) {
        (void)curs_set(0);
    } else {
        (void)curs_set(1);
        (void)move(y, x);
    }
}

static void curses_flush(void *context) {
    struct curses *curses = context;
    if (curses->synchronize)
        (void)putp(tparm(curses->synchronize, 1, 0, 0, 0, 0, 0, 0, 0, 0));
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
    if (curses->synchronize) {
        const char *end = tparm(curses->synchronize, 2, 0, 0, 0, 0, 0, 0, 0, 0);
        (void)file_write_all(STDOUT_FILENO, end, strlen(end));
    }
}

static int64_t monotonic_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads what is there, without waiting for it. */
static bool fill(struct curses *curses) {
    struct pollfd source = {.fd = STDIN_FILENO, .events = POLLIN};
    if (curses->closed || poll(&source, 1, 0) != 1 || !(source.revents & POLLIN))
        return false;
    ssize_t size = read(STDIN_FILENO, curses->bytes, sizeof curses->bytes);
    curses->closed = size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN);
    curses->first = 0;
    curses->last = size > 0 ? (size_t)size : 0;
    return size > 0;
}

static struct terminal_event curses_read(void *context) {
    struct curses *curses = context;
    struct terminal_event event;
    for (;;) {
        int64_t now = monotonic_ms();
        if (curses->first == curses->last && !fill(curses)) {
            if (curses->closed)
                return (struct terminal_event){.kind = TERMINAL_CLOSED};
            if (terminal_input_expire(&curses->input, now, &event))
                return event;
            return (struct terminal_event){.kind = TERMINAL_NOTHING};
        }
        unsigned char byte = curses->bytes[curses->first];
        bool gives = terminal_input_take(&curses->input, byte, now, &event);
        curses->first += curses->input.again ? 0 : 1;
        if (gives && event.x < curses->width && event.y < curses->height)
            return event;
    }
}

static int curses_wait(void *context) {
    struct curses *curses = context;
    return terminal_input_wait(&curses->input, monotonic_ms());
}

static void curses_repaint(void *context) {
    struct curses *curses = context;
    if (curses->width != COLS || curses->height != LINES)
        (void)resizeterm(curses->height, curses->width);
    (void)erase();
    (void)clearok(curscr, TRUE);
}

static void write_string(const char *string) {
    (void)file_write_all(STDOUT_FILENO, string, strlen(string));
}

static void set_reports(const struct curses *curses, bool on) {
    if (curses->reports)
        write_string(on ? reports_on : reports_off);
}

/* Sets every mode again. The first step stops a job in the background until it is in front. */
static void curses_resume(void *context) {
    struct curses *curses = context;
    (void)reset_prog_mode();
    if (!isendwin()) { /* it was stopped unasked, and curses does not know */
        const char *shown = capability("cnorm"); /* some terminals save that with the screen */
        const char *screen = capability("smcup");
        const char *hidden = capability("civis");
        if (shown)
            (void)putp(shown);
        if (screen)
            (void)putp(screen);
        if (hidden && curses->cursor_hidden)
            (void)putp(hidden);
        (void)fflush(stdout);
    }
    (void)clearok(curscr, TRUE);
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
    set_reports(curses, true);
}

static void curses_stop(void *context) {
    struct curses *curses = context;
    struct sigaction by_default = {.sa_handler = SIG_DFL}, old;
    sigset_t stop;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTSTP);
    set_reports(curses, false);
    (void)endwin();
    (void)sigaction(SIGTSTP, &by_default, &old);
    (void)raise(SIGTSTP);
    /* Here it stops; not where no shell could continue it, as under `xterm -e`: the kernel sees to
     * that. */
    (void)pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
    (void)sigaction(SIGTSTP, &old, NULL);
    curses_resume(context);
}

static void curses_mark_idle(void *context, uint64_t number) {
    (void)context;
    char marker[48];
    int size = snprintf(marker, sizeof marker, "\033]7777;idle;%llu\a", (unsigned long long)number);
    (void)file_write_all(STDOUT_FILENO, marker, (size_t)size);
}

static void curses_close(void *context) {
    struct curses *curses = context;
    set_reports(curses, false);
    (void)endwin();
    leave_deadly_signals();
    delscreen(curses->screen);
    free(curses);
}

static bool can_draw(struct error *error) {
    const char *name = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_set(error, EXIT_UNAVAILABLE, "the console needs a terminal");
    if (!name || !*name || strcmp(name, "dumb") == 0)
        return error_set(error, EXIT_UNAVAILABLE, "TERM=%s cannot show the console",
                         name ? name : "");
    int status = 0;
    if (setupterm(NULL, STDOUT_FILENO, &status) == ERR)
        return error_set(error, EXIT_UNAVAILABLE, "the terminal type %s is not known here", name);
    bool moves = capability("cup") != NULL;
    (void)del_curterm(cur_term); /* newterm reads it again */
    if (!moves)
        return error_set(error, EXIT_UNAVAILABLE, "a terminal of type %s cannot move its cursor",
                         name);
    return true;
}

static bool shows_ascii_only(void) {
    const char *codeset = nl_langinfo(CODESET);
    const char *name = getenv("TERM");
    /* The font of the Linux console lacks most of the eighth blocks and marks. */
    return strcmp(codeset, "UTF-8") != 0 || (name && strcmp(name, "linux") == 0);
}

static void set_up(struct curses *curses) {
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)intrflush(stdscr, FALSE);
    (void)leaveok(stdscr, FALSE);
    (void)typeahead(-1); /* a frame is drawn whole */
    curses->depth = colour_depth();
    if (curses->depth != THEME_NO_COLOUR)
        read_direct_colours(curses);
    make_pairs(curses);
    curses->reports = capability("kmous") != NULL;
    curses->synchronize = capability("Sync");
    prepare_rescue(curses->reports);
    set_reports(curses, true);
}

bool terminal_open_curses(struct terminal *terminal, struct error *error) {
    static const struct terminal_operations operations = {
        .size = curses_size,
        .put = curses_put,
        .cursor = curses_cursor,
        .flush = curses_flush,
        .read = curses_read,
        .wait = curses_wait,
        .repaint = curses_repaint,
        .stop = curses_stop,
        .resume = curses_resume,
        .mark_idle = curses_mark_idle,
        .close = curses_close,
    };
    (void)setlocale(LC_CTYPE, "");
    if (!can_draw(error))
        return false;
    (void)tcgetattr(STDOUT_FILENO, &rescue.modes);
    struct curses *curses = memory_new(1, sizeof *curses);
    curses->screen = newterm(NULL, stdout, stdin);
    if (!curses->screen) {
        free(curses);
        return error_set(error, EXIT_UNAVAILABLE, "the terminal does not take the console");
    }
    set_up(curses);
    *terminal = (struct terminal){&operations, curses, shows_ascii_only(), curses->depth};
    return true;
}
