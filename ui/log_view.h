/* The log view's memory: which log, where in it, and the page that was last read.
 *
 * The UI thread never reads a file: it makes a request, a log thread answers with a page
 * (ui/log_reader.h), and what is drawn is always the last page that came. */
#ifndef PHASEGATE_UI_LOG_VIEW_H
#define PHASEGATE_UI_LOG_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/day.h"

enum {
    LOG_VIEW_TEXT = 256,
    LOG_VIEW_HISTOGRAM = 64,
    LOG_VIEW_SOURCES = 32, /* logs that are merged at most */
    LOG_VIEW_PATH = 1024,
    LOG_VIEW_RUN = 64,
};

#define LOG_VIEW_END UINT64_MAX /* as an offset to search from: the end */

enum log_view_level { LOG_VIEW_ALL, LOG_VIEW_WARNINGS, LOG_VIEW_ERRORS, LOG_VIEW_LEVELS };

enum log_view_goal {
    LOG_VIEW_STAY,    /* show from `offset` on */
    LOG_VIEW_MOVE,    /* by `lines` from `offset` */
    LOG_VIEW_TAIL,    /* the end */
    LOG_VIEW_MATCH,   /* the next (lines > 0) or previous line that matches `search` */
    LOG_VIEW_PROBLEM, /* the next or previous error */
    LOG_VIEW_PERCENT, /* `lines` percent of the file, or of the time that several logs cover */
    LOG_VIEW_LINE,    /* line number `lines`, the first is 1 */
    LOG_VIEW_TEXT_AT, /* the first line that holds `text` */
    LOG_VIEW_TIME,    /* the first line that arrived at `wall_ms` or after */
};

/* One of the logs that are merged. */
struct log_view_source {
    char run[LOG_VIEW_RUN];
    char path[LOG_VIEW_PATH];
};

/* What is asked of the log thread. Plain data: it is copied. */
struct log_view_request {
    uint64_t number;          /* ascending; a page names the request it answers */
    char path[LOG_VIEW_PATH]; /* of the log; a name for several */
    struct log_view_source sources[LOG_VIEW_SOURCES];
    size_t source_count; /* 0: the log at `path` */
    enum log_view_goal goal;
    size_t source;   /* the log of the line … */
    uint64_t offset; /* … that starts here */
    int64_t lines;
    int64_t wall_ms;
    size_t rows; /* of a page */
    bool follow;
    enum log_view_level level;
    char search[LOG_VIEW_TEXT];
    char filter[LOG_VIEW_TEXT]; /* "!text" hides */
    char text[LOG_VIEW_TEXT];
    bool ascii;
};

/* From byte `offset` of a line's text on, up to the next one, the log asked for this look. */
struct log_view_span {
    size_t offset;
    uint8_t style; /* enum theme_style */
};

struct log_view_line {
    size_t source;
    uint64_t offset;
    char *text; /* sanitised */
    struct log_view_span *spans;
    size_t span_count;
    int level;      /* enum log_level */
    day_number day; /* that it reports on; DAY_NONE without one */
    bool match;     /* of the search; in these bytes of `text`: */
    size_t match_start, match_end;
};

/* What came back. Immutable; owned by whoever holds it. */
struct log_view_page {
    uint64_t number;
    char *path;
    char (*runs)[LOG_VIEW_RUN]; /* of the logs that are merged; NULL for one */
    struct log_view_line *lines;
    size_t count;
    size_t cursor;        /* the row that the request was about; SIZE_MAX for a page that was only
                             refreshed */
    uint64_t size;        /* of the file or files, bytes */
    uint64_t line, total; /* numbers of the first line and of all; 0 when not known (yet) */
    bool at_start;        /* the first line is on the page */
    uint64_t matches;     /* lines that match the search, counted so far */
    bool counting;        /* … and still counting */
    bool at_end;          /* the last line is on the page */
    bool searching;       /* no page yet: `note` tells how far the search for it is */
    bool partial;         /* another request came before it was complete */
    char note[LOG_VIEW_TEXT]; /* "no further match", why the log cannot be read; "" */
    /* Problems along the file, where it was looked at: 0 none, 1 warnings, 2 errors. */
    uint8_t histogram[LOG_VIEW_HISTOGRAM];
};

void log_view_page_free(struct log_view_page *page); /* NULL is fine */

struct log_view {
    char run[LOG_VIEW_RUN]; /* of the log shown; "" for all merged, or before one was chosen */
    char *path;             /* NULL before one was chosen */
    bool follow, wrap;
    int column;    /* scrolled to the right */
    size_t cursor; /* row of the page */
    enum log_view_level level;
    char search[LOG_VIEW_TEXT], filter[LOG_VIEW_TEXT];
    struct log_view_page *page;      /* the last that came, or NULL */
    struct log_view_request request; /* to be sent when `wanted` */
    bool wanted;
    char searching[LOG_VIEW_TEXT]; /* how far the search for the page that was asked for is; "" */
    uint64_t number;
    size_t rows; /* of the page, as the layout has it */
    /* The line from which a search is being typed. */
    size_t anchor_source;
    uint64_t anchor;
};

#endif
