/* Pages of text over a view: help, gaps, details, the morning brief. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ui/key.h"
#include "ui/view.h"

struct text_buffer *view_page_open(struct screen *screen, const char *export_name,
                                   const char *format, ...) {
    struct screen_page *page = &screen->page;
    char title[SCREEN_TEXT];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(title, sizeof title, format, arguments);
    va_end(arguments);
    free(page->title);
    free(page->export_name);
    page->title = memory_copy_string(title);
    page->export_name = memory_copy_string(export_name);
    text_buffer_clear(&page->text);
    page->list = (struct list){0};
    screen->page_open = true;
    return &page->text;
}

/* The bytes of `line` that fit in `width` columns, cut behind a space or a comma where there is
 * one.
 */
static size_t fitting(struct text line, int width) {
    size_t used = 0, space = 0;
    int columns = 0;
    while (used < line.size) {
        uint32_t code_point;
        size_t size = text_decode(line.data + used, line.size - used, &code_point);
        columns += frame_columns((struct text){line.data + used, size});
        if (columns > width)
            return space ? space : used ? used : size;
        used += size;
        if (code_point == ' ' || code_point == ',' || code_point == '/')
            space = used;
    }
    return used;
}

void view_text_rows(const struct text_buffer *text, int width, struct list_rows *rows) {
    rows->count = 0;
    size_t start = 0;
    while (start < text->size) {
        const char *end = memchr(text->data + start, '\n', text->size - start);
        size_t stop = end ? (size_t)(end - text->data) : text->size;
        do {
            struct text line = {text->data + start, stop - start};
            size_t part = fitting(line, width > 0 ? width : 1);
            list_add(rows, (struct list_row){0, start, start + part, 0});
            start += part;
        } while (start < stop);
        start = stop + 1;
    }
}

void view_text_draw(struct frame *frame, struct frame_rect rect, const char *text,
                    const struct list_rows *rows, size_t top) {
    for (int i = 0; i < rect.height && top + (size_t)i < rows->count; i++) {
        const struct list_row *row = &rows->items[top + (size_t)i];
        struct text line = {text + row->a, row->b - row->a};
        bool heading = line.size && line.data[0] == '\t';
        if (heading) {
            line.data++;
            line.size--;
        }
        frame_put_text(frame, rect, rect.x, rect.y + i, heading ? STYLE_SECTION : STYLE_NORMAL,
                       line);
    }
}

static struct frame_rect text_area(struct frame_rect body) {
    struct frame_rect area = {body.x + 2, body.y + 2, body.width - 4, body.height - 2};
    if (area.width < 1)
        area.width = 1;
    if (area.height < 0)
        area.height = 0;
    return area;
}

void view_page_settle(struct screen *screen, struct frame_rect body) {
    struct frame_rect area = text_area(body);
    view_text_rows(&screen->page.text, area.width, &screen->page.rows);
    list_settle(&screen->page.list, &screen->page.rows, (size_t)area.height);
}

void view_page_draw(const struct screen *screen, struct frame *frame, struct frame_rect body) {
    struct frame_rect area = text_area(body);
    const struct screen_page *page = &screen->page;
    int x = frame_put(frame, body, body.x + 1, body.y, STYLE_STRONG, page->title);
    if (page->rows.count > (size_t)area.height)
        frame_format(frame, body, x + 2, body.y, STYLE_DIM, "%zu–%zu of %zu lines",
                     page->list.top + 1, page->list.top + (size_t)area.height, page->rows.count);
    view_text_draw(frame, area, page->text.data ? page->text.data : "", &page->rows,
                   page->list.top);
}

bool view_page_act(struct screen *screen, enum action action) {
    struct screen_page *page = &screen->page;
    size_t rows = screen->height > 8 ? (size_t)screen->height - 7 : 1;
    if (action == ACTION_EXPORT) {
        if (page->export_name)
            view_export(screen, page->export_name,
                        memory_copy_string(page->text.data ? page->text.data : ""));
        else
            screen_toast(screen, STYLE_DIM, "this page is not exported");
        return true;
    }
    return list_act(&page->list, &page->rows, rows, action);
}

static void help_line(struct text_buffer *text, const struct actions_entry *entry) {
    static const char *const rituals[] = {
        [CONFIRM_NONE] = "", [CONFIRM_YES] = " (asks)", [CONFIRM_REASON] = " (asks for a reason)"};
    text_buffer_format(text, "  %-17s %s%s\n", entry->keys, entry->help, rituals[entry->confirm]);
}

void view_page_help(struct screen *screen) {
    enum actions_view here = screen_top(screen);
    struct text_buffer *text = view_page_open(screen, NULL, "Help");
    const uint32_t everywhere = ON_TABS;
    for (int view = 0; view <= VIEW_STRIP; view++) {
        /* The view one comes from first. */
        int shown = view == 0 ? (int)here : view <= (int)here ? view - 1 : view;
        if (here > VIEW_STRIP)
            shown = view;
        text_buffer_format(text, "%s\t%s\n", view ? "\n" : "",
                           actions_view_name((enum actions_view)shown));
        for (int i = 0; i < ACTION_COUNT; i++) {
            const struct actions_entry *entry = actions_entry((enum action)i);
            if (actions_in_view((enum action)i, (enum actions_view)shown) &&
                (entry->views & everywhere) != everywhere && i != ACTION_TOP_LETTER)
                help_line(text, entry);
        }
    }
    text_buffer_add(text, "\n\tEverywhere\n");
    for (int i = 0; i < ACTION_COUNT; i++) {
        const struct actions_entry *entry = actions_entry((enum action)i);
        if ((entry->views & everywhere) == everywhere)
            help_line(text, entry);
    }
    text_buffer_add(text, "\n\tQuestions and prompts\n");
    for (int i = 0; i < ACTION_COUNT; i++)
        if (actions_in_view((enum action)i, VIEW_DIALOG) ||
            actions_in_view((enum action)i, VIEW_PROMPT))
            help_line(text, actions_entry((enum action)i));
    text_buffer_add(text, "\n\tMarks\n"
                          "  ● GO or running   ■ NO-GO   ‖ HOLD   ▲ STALE, stalled or excess   "
                          "? UNKNOWN   ✗ under its gate's minimum or failed   ○ waiting\n"
                          "  │ in a bar: the gate's minimum\n");
}
