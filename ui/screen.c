#include "ui/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/print.h"
#include "ui/decide.h"
#include "ui/key.h"
#include "ui/view.h"
#include "ui/words.h"

enum { TOAST_MS = 4000, WHEEL_ROWS = 3 };

const struct view *view_of(enum actions_view tab) {
    static const struct view *const views[VIEW_TABS] = {
        [VIEW_COVERAGE] = &view_coverage, [VIEW_GATES] = &view_gates,
        [VIEW_RUNS] = &view_runs,         [VIEW_LOGS] = &view_logs,
        [VIEW_REVIEW] = &view_review,     [VIEW_JOURNAL] = &view_journal,
    };
    return views[tab];
}

void screen_init(struct screen *screen, const struct pipeline *pipeline, const char *user) {
    memset(screen, 0, sizeof *screen);
    screen->pipeline = pipeline;
    (void)print_into(screen->user, sizeof screen->user, "%s", user);
    screen->coverage.season = pipeline->season_count;
    screen->width = 80;
    screen->height = 24;
    screen->last_command = &screen->commands;
    screen->log.follow = true;
}

void screen_free(struct screen *screen) {
    list_rows_free(&screen->rows);
    text_buffer_free(&screen->review_text);
    free(screen->log.path);
    log_view_page_free(screen->log.page);
    free(screen->page.title);
    free(screen->page.export_name);
    text_buffer_free(&screen->page.text);
    list_rows_free(&screen->page.rows);
    free(screen->dialog.title);
    text_buffer_free(&screen->dialog.text);
    command_free(screen->dialog.command);
    for (struct command *command = screen_take_commands(screen); command;) {
        struct command *next = command->next;
        command_free(command);
        command = next;
    }
}

void screen_update(struct screen *screen, const struct situation *situation) {
    screen->situation = situation;
    screen->rows.count = 0; /* its indices were those of the old one */
}

enum actions_view screen_top(const struct screen *screen) {
    if (screen->prompt.open)
        return VIEW_PROMPT;
    if (screen->dialog_open)
        return VIEW_DIALOG;
    if (screen->page_open)
        return VIEW_PAGE;
    return screen->strip_open ? VIEW_STRIP : screen->tab;
}

void screen_settle(struct screen *screen, int width, int height) {
    screen->width = width;
    screen->height = height;
    struct layout_screen layout = layout_screen(width, height);
    const struct view *view = view_of(screen->tab);
    screen->rows.count = 0;
    if (view->rows)
        view->rows(screen, &screen->rows);
    if (view->list) {
        int rows = view->area(screen, layout.body).height;
        list_settle(view->list(screen), &screen->rows, rows > 0 ? (size_t)rows : 1);
    }
    if (screen->strip_open)
        view_strip_settle(screen, layout.body);
    if (screen->page_open)
        view_page_settle(screen, layout.body);
}

void screen_draw(const struct screen *screen, struct frame *frame) {
    struct layout_screen layout = layout_screen(frame->width, frame->height);
    view_chrome_draw(screen, frame, &layout);
    if (layout.line)
        return;
    if (screen->page_open)
        view_page_draw(screen, frame, layout.body);
    else if (screen->strip_open)
        view_strip_draw(screen, frame, layout.body);
    else
        view_of(screen->tab)->draw(screen, frame, layout.body);
    if (screen->dialog_open)
        view_dialog_draw(screen, frame, layout.body);
}

void screen_toast(struct screen *screen, enum theme_style style, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(screen->toast, sizeof screen->toast, format, arguments);
    va_end(arguments);
    screen->toast_style = style;
    screen->toast_until_ms = screen->monotonic_ms + TOAST_MS;
}

void screen_command(struct screen *screen, struct command *command) {
    *screen->last_command = command;
    screen->last_command = &command->next;
    screen_toast(screen, STYLE_NORMAL, "%s …", command_name(command->kind));
}

struct command *screen_take_commands(struct screen *screen) {
    struct command *commands = screen->commands;
    screen->commands = NULL;
    screen->last_command = &screen->commands;
    return commands;
}

void view_export(struct screen *screen, const char *name, char *content) {
    struct command *command =
        command_new(COMMAND_EXPORT, screen->situation ? screen->situation->as_of : 0);
    command->path = memory_copy_string(name);
    command->content = content;
    screen_command(screen, command);
}

void view_gaps_open(struct screen *screen, size_t table, size_t season) {
    bool all = season >= screen->pipeline->season_count;
    size_t count, dates;
    struct day_range *ranges = decide_gaps(screen, table, all ? PIPELINE_NONE : season,
                                           decide_nothing.dates, &count, &dates);
    const char *name = screen->pipeline->tables[table].name;
    char words[WORDS_SIZE], file[SCREEN_TEXT];
    (void)print_into(file, sizeof file, "gaps-%.200s.txt", name);
    struct text_buffer *text =
        view_page_open(screen, file, "Gaps of %s, %s: %s in %zu %s", name,
                       all ? "all seasons" : screen->pipeline->seasons[season].name,
                       words_dates(dates, words), count, count == 1 ? "range" : "ranges");
    for (size_t i = 0; i < count; i++) {
        struct day_range *part =
            decide_gaps(screen, table, PIPELINE_NONE, ranges[i], &(size_t){0}, &dates);
        free(part);
        print_to(text, "%-26s", words_range(ranges[i], words));
        print_to(text, "  %s\n", words_dates(dates, words));
    }
    if (count == 0)
        text_buffer_add(text, "No date is known to be missing.\n");
    free(ranges);
}

/* Esc and q close what is on top; q leaves the console when nothing is. */
static bool close_top(struct screen *screen) {
    if (screen->page_open)
        screen->page_open = false;
    else if (screen->strip_open)
        screen->strip_open = false;
    else if (*screen->toast && screen->monotonic_ms < screen->toast_until_ms)
        screen->toast_until_ms = 0;
    else
        return false;
    return true;
}

static void go_to_tab(struct screen *screen, enum actions_view tab) {
    screen->tab = tab;
    screen->page_open = screen->strip_open = false;
    screen->rows.count = 0;
}

static bool act_everywhere(struct screen *screen, enum action action) {
    switch (action) {
    case ACTION_BACK:
        (void)close_top(screen);
        return true;
    case ACTION_QUIT:
        if (screen->page_open || screen->strip_open)
            (void)close_top(screen);
        else
            screen->quit = true;
        return true;
    case ACTION_HELP:
        view_page_help(screen);
        return true;
    case ACTION_PALETTE:
        decide_prompt_open(screen, PROMPT_PALETTE);
        return true;
    case ACTION_PAUSE:
        screen->paused = !screen->paused;
        return true;
    case ACTION_REPAINT:
        screen->repaint = true;
        return true;
    case ACTION_STOP:
        decide_stop_any(screen);
        return true;
    case ACTION_DISARM:
        decide_arm(screen, PIPELINE_NONE);
        return true;
    case ACTION_POLL:
        screen_command(screen, command_new(COMMAND_POLL, screen->now));
        return true;
    case ACTION_NEXT_VIEW:
        go_to_tab(screen, (enum actions_view)((screen->tab + 1) % VIEW_TABS));
        return true;
    case ACTION_PREVIOUS_VIEW:
        go_to_tab(screen, (enum actions_view)((screen->tab + VIEW_TABS - 1) % VIEW_TABS));
        return true;
    default:
        if (action >= ACTION_COVERAGE && action <= ACTION_JOURNAL) {
            go_to_tab(screen, (enum actions_view)(action - ACTION_COVERAGE));
            return true;
        }
        return false;
    }
}

static void act_in_tab(struct screen *screen, enum action action) {
    const struct view *view = view_of(screen->tab);
    if (screen->rows.count == 0)
        screen_settle(screen, screen->width, screen->height);
    if (view->act(screen, action))
        return;
    if (view->list) {
        struct layout_screen layout = layout_screen(screen->width, screen->height);
        int rows = view->area(screen, layout.body).height;
        if (list_act(view->list(screen), &screen->rows, rows > 0 ? (size_t)rows : 1, action))
            return;
    }
    (void)act_everywhere(screen, action);
}

void screen_act(struct screen *screen, enum action action) {
    enum actions_view top = screen_top(screen);
    if (screen->read_only && actions_entry(action)->mutates) {
        screen_toast(screen, STYLE_DIM, "this console only shows; it changes nothing");
        return;
    }
    if (top == VIEW_DIALOG) {
        decide_dialog_act(screen, action);
    } else if (top == VIEW_PAGE) {
        if (!view_page_act(screen, action))
            (void)act_everywhere(screen, action);
    } else if (top == VIEW_STRIP) {
        if (!view_strip_act(screen, action))
            (void)act_everywhere(screen, action);
    } else if (top != VIEW_PROMPT) {
        act_in_tab(screen, action);
    }
}

static void press(struct screen *screen, uint32_t key) {
    if (screen->prompt.open) {
        decide_prompt_key(screen, key);
        return;
    }
    enum action action = actions_of_key(screen_top(screen), key);
    if (action != ACTION_NONE) {
        screen_act(screen, action);
        return;
    }
    char name[KEY_NAME_SIZE];
    if (!screen->dialog_open && *key_text(key, name))
        screen_toast(screen, STYLE_DIM, "%s does nothing here; ? lists the keys", name);
}

static void click(struct screen *screen, int x, int y) {
    struct layout_screen layout = layout_screen(screen->width, screen->height);
    if (screen->dialog_open || screen->prompt.open || layout.line)
        return;
    if (y == layout.tabs.y) {
        int tab = view_chrome_tab(x);
        if (tab >= 0)
            go_to_tab(screen, (enum actions_view)tab);
        return;
    }
    const struct view *view = view_of(screen->tab);
    if (screen->page_open || screen->strip_open || !view->list)
        return;
    struct frame_rect area = view->area(screen, layout.body);
    struct list *list = view->list(screen);
    if (y < area.y || y >= area.y + area.height)
        return;
    size_t place = list->top + (size_t)(y - area.y), before = list->selected;
    list_select(list, &screen->rows, place);
    if (place == before && list->selected == place)
        screen_act(screen, ACTION_OPEN); /* a second click opens */
}

void screen_event(struct screen *screen, struct terminal_event event) {
    switch (event.kind) {
    case TERMINAL_KEY:
        if (event.key != KEYCODE_NONE)
            press(screen, event.key);
        break;
    case TERMINAL_PASTE:
        if (screen->prompt.open)
            decide_prompt_paste(screen, event.key);
        break;
    case TERMINAL_CLICK:
        click(screen, event.x, event.y);
        break;
    case TERMINAL_WHEEL_UP:
    case TERMINAL_WHEEL_DOWN:
        for (int i = 0; i < WHEEL_ROWS && !screen->dialog_open && !screen->prompt.open; i++)
            screen_act(screen, event.kind == TERMINAL_WHEEL_UP ? ACTION_UP : ACTION_DOWN);
        break;
    case TERMINAL_CLOSED:
        screen->quit = true;
        break;
    case TERMINAL_NOTHING:
        break;
    }
}

int64_t screen_next_change(const struct screen *screen) {
    int64_t next = -1;
    if (!layout_screen(screen->width, screen->height).line && !screen->paused)
        next = 1000 - (screen->now % 1000);
    if (*screen->toast && screen->monotonic_ms < screen->toast_until_ms) {
        int64_t left = screen->toast_until_ms - screen->monotonic_ms;
        if (next < 0 || left < next)
            next = left;
    }
    return next;
}
