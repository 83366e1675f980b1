/* The terminal through ncurses: the only file that knows curses.
 *
 * The frame's difference is written into stdscr row by row, so that ncurses never looks at a row
 * that did not change, and doupdate sends the rest. Keys come through a pad of their own: getch on
 * stdscr would refresh it. The terminal is restored on every way out; for the fatal signals a
 * string composed at the start is written by the handler itself, which may call nothing of curses.
 */
#include "ui/terminal.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/file.h"
#include "base/memory.h"
#include "ui/glyph.h"
#include "ui/key.h"

enum { ESCAPE_DELAY_MS = 25, ROW_LIMIT = 1000, RESTORE_SIZE = 256, SIGNAL_COUNT = 5 };

struct curses {
    SCREEN *screen;
    WINDOW *keys;
    enum theme_depth depth;
    short pairs[STYLE_COUNT][2]; /* colour pair of a style, plain and selected */
    const char *synchronize;     /* terminfo's Sync, or NULL */
    cchar_t row[ROW_LIMIT + 1];
    int width, height;
};

/* What the handler of a fatal signal needs. It can be reached by no pointer, hence the one variable
 * of this file. */
static struct {
    char bytes[RESTORE_SIZE];
    size_t size;
    struct termios modes;
    struct sigaction old[SIGNAL_COUNT];
} rescue;

static const int fatal_signals[SIGNAL_COUNT] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

static void on_fatal_signal(int number) {
    (void)!write(STDOUT_FILENO, rescue.bytes, rescue.size);
    (void)tcsetattr(STDOUT_FILENO, TCSANOW, &rescue.modes);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        if (fatal_signals[i] == number)
            (void)sigaction(number, &rescue.old[i], NULL);
    (void)raise(number);
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

static void prepare_rescue(bool mouse) {
    static const char mouse_off[] = "\033[?1000l\033[?1006l";
    rescue.size = 0;
    if (mouse) {
        memcpy(rescue.bytes, mouse_off, sizeof mouse_off - 1);
        rescue.size = sizeof mouse_off - 1;
    }
    add_capability("sgr0");
    add_capability("cnorm");
    add_capability("rmkx");
    add_capability("rmcup");
    struct sigaction action = {.sa_handler = on_fatal_signal};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        (void)sigaction(fatal_signals[i], &action, &rescue.old[i]);
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
                init_pair(next, look.foreground, look.background) == OK)
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
    (void)context;
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

static uint32_t key_of_curses(wint_t code) {
    static const struct {
        wint_t code;
        uint32_t key;
    } keys[] = {
        {KEY_UP, KEYCODE_UP},         {KEY_DOWN, KEYCODE_DOWN},
        {KEY_LEFT, KEYCODE_LEFT},     {KEY_RIGHT, KEYCODE_RIGHT},
        {KEY_PPAGE, KEYCODE_PAGE_UP}, {KEY_NPAGE, KEYCODE_PAGE_DOWN},
        {KEY_HOME, KEYCODE_HOME},     {KEY_END, KEYCODE_END},
        {KEY_FIND, KEYCODE_HOME},     {KEY_SELECT, KEYCODE_END},
        {KEY_ENTER, KEYCODE_ENTER},   {KEY_BACKSPACE, KEYCODE_BACKSPACE},
        {KEY_DC, KEYCODE_DELETE},     {KEY_BTAB, KEYCODE_BACK_TAB},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].code == code)
            return keys[i].key;
    return KEYCODE_NONE;
}

static struct terminal_event read_mouse(void) {
    MEVENT mouse;
    struct terminal_event event = {.kind = TERMINAL_KEY, .key = KEYCODE_NONE};
    if (getmouse(&mouse) != OK)
        return event;
    event.x = mouse.x;
    event.y = mouse.y;
    if (mouse.bstate & BUTTON1_PRESSED)
        event.kind = TERMINAL_CLICK;
    else if (mouse.bstate & BUTTON4_PRESSED)
        event.kind = TERMINAL_WHEEL_UP;
    else if (mouse.bstate & BUTTON5_PRESSED)
        event.kind = TERMINAL_WHEEL_DOWN;
    return event;
}

static struct terminal_event curses_read(void *context) {
    struct curses *curses = context;
    for (;;) {
        wint_t code;
        int status = wget_wch(curses->keys, &code);
        if (status == ERR)
            return (struct terminal_event){.kind = TERMINAL_NOTHING};
        if (status != KEY_CODE_YES)
            return (struct terminal_event){.kind = TERMINAL_KEY,
                                           .key = key_of_character((uint32_t)code)};
        if (code == KEY_MOUSE)
            return read_mouse();
        if (code != KEY_RESIZE)
            return (struct terminal_event){.kind = TERMINAL_KEY, .key = key_of_curses(code)};
    }
}

static void curses_repaint(void *context) {
    struct curses *curses = context;
    if (curses->width != COLS || curses->height != LINES)
        (void)resizeterm(curses->height, curses->width);
    (void)erase();
    (void)clearok(curscr, TRUE);
}

static void curses_suspend(void *context) {
    (void)context;
    (void)endwin();
}

static void curses_resume(void *context) {
    (void)context;
    (void)clearok(curscr, TRUE);
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
}

static void curses_mark_idle(void *context, uint64_t number) {
    (void)context;
    char marker[48];
    int size = snprintf(marker, sizeof marker, "\033]7777;idle;%llu\a", (unsigned long long)number);
    (void)file_write_all(STDOUT_FILENO, marker, (size_t)size);
}

static void curses_close(void *context) {
    struct curses *curses = context;
    (void)delwin(curses->keys);
    (void)endwin();
    for (int i = 0; i < SIGNAL_COUNT; i++)
        (void)sigaction(fatal_signals[i], &rescue.old[i], NULL);
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
    (void)set_escdelay(ESCAPE_DELAY_MS);
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)intrflush(stdscr, FALSE);
    (void)leaveok(stdscr, FALSE);
    curses->keys = newpad(1, 1);
    (void)keypad(curses->keys, TRUE);
    (void)nodelay(curses->keys, TRUE);
    curses->depth = colour_depth();
    make_pairs(curses);
    mmask_t mouse = mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    (void)mouseinterval(0);
    curses->synchronize = capability("Sync");
    prepare_rescue(mouse != 0);
}

bool terminal_open_curses(struct terminal *terminal, struct error *error) {
    static const struct terminal_operations operations = {
        .size = curses_size,
        .put = curses_put,
        .cursor = curses_cursor,
        .flush = curses_flush,
        .read = curses_read,
        .repaint = curses_repaint,
        .suspend = curses_suspend,
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
