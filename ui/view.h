/* Views: what the six tabs and the things over them have in common.
 *
 * A view makes rows out of a screen's situation, draws them, and takes the actions that are its
 * own. Drawing reads the screen and writes the frame, nothing else. */
#ifndef PHASEGATE_UI_VIEW_H
#define PHASEGATE_UI_VIEW_H

#include "ui/screen.h"

struct view {
    /* Fills the rows of the list; NULL for a view without one. */
    void (*rows)(struct screen *screen, struct list_rows *rows);
    /* The list's memory within the screen; NULL for a view without one. */
    struct list *(*list)(struct screen *screen);
    /* The part of the body that the rows scroll in. */
    struct frame_rect (*area)(const struct screen *screen, struct frame_rect body);
    void (*draw)(const struct screen *screen, struct frame *frame, struct frame_rect body);
    /* True when the action was the view's. */
    bool (*act)(struct screen *screen, enum action action);
};

extern const struct view view_coverage, view_gates, view_runs, view_logs, view_review, view_journal;

const struct view *view_of(enum actions_view tab);

/* The strip, pages and dialogs: over a view. */
void view_strip_open(struct screen *screen, size_t table, size_t season);
void view_strip_settle(struct screen *screen, struct frame_rect body);
void view_strip_draw(const struct screen *screen, struct frame *frame, struct frame_rect body);
bool view_strip_act(struct screen *screen, enum action action);

/* Opens an empty page and returns its text to be filled; `export_name` may be NULL. */
struct text_buffer *view_page_open(struct screen *screen, const char *export_name,
                                   const char *format, ...) __attribute__((format(printf, 3, 4)));
void view_page_settle(struct screen *screen, struct frame_rect body);
void view_page_draw(const struct screen *screen, struct frame *frame, struct frame_rect body);
bool view_page_act(struct screen *screen, enum action action);
void view_page_help(struct screen *screen);

/* Draws the lines of a page's text from `top` on; a line that starts with a tab is a heading. */
void view_text_draw(struct frame *frame, struct frame_rect rect, const char *text,
                    const struct list_rows *rows, size_t top);
void view_text_rows(const struct text_buffer *text, int width, struct list_rows *rows);

void view_dialog_draw(const struct screen *screen, struct frame *frame, struct frame_rect body);
/* The tab under a column of the tabs row, or -1. */
int view_chrome_tab(int x);
void view_chrome_draw(const struct screen *screen, struct frame *frame,
                      const struct layout_screen *layout);

/* The dates of a table that are missing, within a season or all; opens a page of ranges. */
void view_gaps_open(struct screen *screen, size_t table, size_t season);

/* The review page as Markdown, once its rows were made; the caller frees it. */
char *view_review_markdown(const struct screen *screen);

/* Takes a search, a filter or a place for the log view. */
void view_logs_accept(struct screen *screen, enum screen_prompt_kind kind, const char *text);

/* Shows the log of a run. */
void view_logs_open(struct screen *screen, const struct situation_run *run);

/* Queues the export of a text under a name in the working directory; takes the content. */
void view_export(struct screen *screen, const char *name, char *content);

#endif
