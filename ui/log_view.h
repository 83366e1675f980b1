/* The log view's memory: which log, where in it, and the page that was last read.
 *
 * The UI thread never reads a file: it makes a request, a log thread answers with a page
 * (ui/log_reader.h), and what is drawn is always the last page that came. */
#ifndef PHASEGATE_UI_LOG_VIEW_H
#define PHASEGATE_UI_LOG_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOG_VIEW_TEXT = 256, LOG_VIEW_HISTOGRAM = 64 };

enum log_view_level { LOG_VIEW_ALL, LOG_VIEW_WARNINGS, LOG_VIEW_ERRORS, LOG_VIEW_LEVELS };

enum log_view_goal {
    LOG_VIEW_STAY,    /* show from `offset` on */
    LOG_VIEW_MOVE,    /* by `lines` from `offset` */
    LOG_VIEW_TAIL,    /* the end */
    LOG_VIEW_MATCH,   /* the next (lines > 0) or previous line that matches `search` */
    LOG_VIEW_PROBLEM, /* the next or previous error */
    LOG_VIEW_PERCENT, /* `lines` percent of the file */
    LOG_VIEW_LINE,    /* line number `lines`, the first is 1 */
    LOG_VIEW_TEXT_AT, /* the first line that holds `text` */
};

/* What is asked of the log thread. Plain data: it is copied. */
struct log_view_request {
    uint64_t number; /* ascending; a page names the request it answers */
    char path[1024];
    enum log_view_goal goal;
    uint64_t offset; /* of a line's start */
    int64_t lines;
    size_t rows; /* of a page */
    bool follow;
    enum log_view_level level;
    char search[LOG_VIEW_TEXT];
    char filter[LOG_VIEW_TEXT]; /* "!text" hides */
    char text[LOG_VIEW_TEXT];
    bool ascii;
};

struct log_view_line {
    uint64_t offset;
    char *text; /* sanitised */
    int level;  /* enum log_level */
    bool match; /* of the search; in these bytes of `text`: */
    size_t match_start, match_end;
};

/* What came back. Immutable; owned by whoever holds it. */
struct log_view_page {
    uint64_t number;
    char *path;
    struct log_view_line *lines;
    size_t count;
    size_t cursor;        /* the row that the request was about; SIZE_MAX for a page that was only
                             refreshed */
    uint64_t size;        /* of the file, bytes */
    uint64_t line, total; /* numbers of the first line and of all; 0 when not known yet */
    uint64_t matches;     /* lines that match the search, counted so far */
    bool counting;        /* … and still counting */
    bool at_end;          /* the last line of the file is on the page */
    char note[LOG_VIEW_TEXT]; /* "no further match", why the log cannot be read; "" */
    /* Problems along the file, where it was looked at: 0 none, 1 warnings, 2 errors. */
    uint8_t histogram[LOG_VIEW_HISTOGRAM];
};

void log_view_page_free(struct log_view_page *page); /* NULL is fine */

struct log_view {
    char run[64]; /* of the log shown; "" before one was chosen */
    char *path;   /* NULL before one was chosen */
    bool follow, wrap;
    int column;    /* scrolled to the right */
    size_t cursor; /* row of the page */
    enum log_view_level level;
    char search[LOG_VIEW_TEXT], filter[LOG_VIEW_TEXT];
    struct log_view_page *page;      /* the last that came, or NULL */
    struct log_view_request request; /* to be sent when `wanted` */
    bool wanted;
    uint64_t number;
    size_t rows;     /* of the page, as the layout has it */
    uint64_t anchor; /* the line from which a search is being typed */
};

#endif
