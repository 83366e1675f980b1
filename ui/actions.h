/* Actions: the one table that drives dispatch, footer, help screen and command palette.
 *
 * A key that is not in the table does not exist. A key means the same wherever it means anything,
 * with one exception that UI.md asks for: `g` goes to the first row in lists and to the gaps from a
 * table or its date strip. `l` launches everywhere, so moving right has only the arrow; killing and
 * holding are capitals, because `k` and `h` move. */
#ifndef PHASEGATE_UI_ACTIONS_H
#define PHASEGATE_UI_ACTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* What can be on the screen; the first six are the tabs. */
enum actions_view {
    VIEW_COVERAGE,
    VIEW_GATES,
    VIEW_RUNS,
    VIEW_LOGS,
    VIEW_REVIEW,
    VIEW_JOURNAL,
    VIEW_STRIP,  /* the dates of one table and season */
    VIEW_PAGE,   /* a page of text over a view: help, gaps, details, the morning brief */
    VIEW_DIALOG, /* a question */
    VIEW_PROMPT, /* a line being typed */
    VIEW_COUNT
};
enum { VIEW_TABS = VIEW_JOURNAL + 1 };

/* How much an action asks before it acts (UI.md rule 5). */
enum actions_confirm {
    CONFIRM_NONE,   /* looking, or reversible at once */
    CONFIRM_YES,    /* a dialog, `y` */
    CONFIRM_REASON, /* the number of dates affected and a reason */
};

#define ON(view) (1U << VIEW_##view)
#define ON_TABS  (ON(COVERAGE) | ON(GATES) | ON(RUNS) | ON(LOGS) | ON(REVIEW) | ON(JOURNAL))
#define ON_VIEWS (ON_TABS | ON(STRIP) | ON(PAGE))
#define ON_ROWS  (ON_VIEWS)

/* id, name (of the palette), keys, footer label ("" is not in the footer), views, confirm class,
 * help text. In the order in which the footer fills up. */
#define ACTIONS(X)                                                                                 \
    X(OPEN, "open", "Enter", "open", ON(COVERAGE) | ON(GATES) | ON(RUNS) | ON(LOGS) | ON(JOURNAL), \
      CONFIRM_NONE, "open what is selected")                                                       \
    X(BACK, "back", "Esc", "back", ON_VIEWS, CONFIRM_NONE, "close what is on top")                 \
    X(LAUNCH, "launch", "l", "launch", ON(COVERAGE) | ON(STRIP) | ON(RUNS) | ON(GATES),            \
      CONFIRM_YES, "launch the processor or group for what is missing")                            \
    X(STOP, "stop", "s", "stop", ON_TABS, CONFIRM_YES, "stop a run: TERM, grace, KILL")            \
    X(KILL, "kill", "K", "kill", ON(RUNS), CONFIRM_YES, "end a run at once (SIGKILL)")             \
    X(RETRY, "retry", "R", "retry", ON(RUNS), CONFIRM_YES,                                         \
      "launch the dates of a run that are still missing")                                          \
    X(FORGET, "forget-coverage", "u", "", ON(RUNS), CONFIRM_REASON,                                \
      "release the dates of an ended run that were not read since")                                \
    X(APPROVE, "approve", "a", "approve", ON(GATES) | ON(REVIEW), CONFIRM_YES,                     \
      "record your approval of the plan on the evidence shown")                                    \
    X(ARM, "arm", "m", "arm", ON(GATES) | ON(RUNS), CONFIRM_YES,                                   \
      "let a group start by itself once its gate says GO; again: take that back")                  \
    X(DISARM, "disarm", "m", "", ON(COVERAGE) | ON(LOGS) | ON(REVIEW) | ON(JOURNAL), CONFIRM_NONE, \
      "say no to the group that is about to start by itself")                                      \
    X(OVERRIDE, "override", "o", "override", ON(GATES), CONFIRM_REASON,                            \
      "let a group pass a gate that is not GO")                                                    \
    X(HOLD, "hold", "H", "hold", ON(GATES), CONFIRM_YES, "hold a gate, or release it")             \
    X(GAPS, "gaps", "g", "gaps", ON(COVERAGE) | ON(STRIP), CONFIRM_NONE,                           \
      "list the missing dates as ranges")                                                          \
    X(MARK, "mark", "Space", "mark", ON(STRIP), CONFIRM_NONE, "select dates from the cursor on")   \
    X(WAIVE, "waive", "w", "waive", ON(STRIP), CONFIRM_REASON,                                     \
      "declare the selected dates unattainable")                                                   \
    X(RAW, "raw", "r", "raw", ON(COVERAGE), CONFIRM_NONE,                                          \
      "count raw dates with rows, or attainable dates complete")                                   \
    X(SEARCH, "search", "/", "search", ON(LOGS), CONFIRM_NONE, "search, as a regular expression")  \
    X(NEXT, "next", "n", "next", ON(LOGS), CONFIRM_NONE, "next match")                             \
    X(PREVIOUS, "previous", "N", "", ON(LOGS), CONFIRM_NONE, "previous match")                     \
    X(NEXT_ERROR, "next-error", "e", "error", ON(LOGS), CONFIRM_NONE, "next error")                \
    X(PREVIOUS_ERROR, "previous-error", "E", "", ON(LOGS), CONFIRM_NONE, "previous error")         \
    X(FILTER, "filter", "f", "filter", ON(LOGS) | ON(JOURNAL), CONFIRM_NONE,                       \
      "show only what matches; !text hides it; empty shows all")                                   \
    X(LEVEL, "level", "i", "level", ON(LOGS), CONFIRM_NONE, "all lines, warnings on, errors only") \
    X(FOLLOW, "follow", "F", "follow", ON(LOGS), CONFIRM_NONE, "follow the end of the log")        \
    X(NEXT_LOG, "next-log", "]", "log", ON(LOGS), CONFIRM_NONE, "the log of the next run")         \
    X(PREVIOUS_LOG, "previous-log", "[", "", ON(LOGS), CONFIRM_NONE,                               \
      "the log of the previous run")                                                               \
    X(GO_TO, "go-to", "t", "go to", ON(LOGS), CONFIRM_NONE,                                        \
      "go to a time, a line, a percentage or a text")                                              \
    X(WRAP, "wrap", "W", "wrap", ON(LOGS), CONFIRM_NONE, "wrap long lines")                        \
    X(BRIEF, "brief", "b", "brief", ON(JOURNAL), CONFIRM_NONE, "what changed since you left")      \
    X(EXPORT, "export", "x", "export",                                                             \
      ON(COVERAGE) | ON(STRIP) | ON(REVIEW) | ON(JOURNAL) | ON(PAGE), CONFIRM_NONE,                \
      "write what is shown to a file")                                                             \
    X(POLL, "poll", "p", "poll", ON_TABS, CONFIRM_NONE, "ask BigQuery now")                        \
    X(COVERAGE, "coverage", "1", "", ON_VIEWS, CONFIRM_NONE, "Coverage")                           \
    X(GATES, "gates", "2", "", ON_VIEWS, CONFIRM_NONE, "Gates")                                    \
    X(RUNS, "runs", "3", "", ON_VIEWS, CONFIRM_NONE, "Runs")                                       \
    X(LOGS, "logs", "4", "", ON_VIEWS, CONFIRM_NONE, "Logs")                                       \
    X(REVIEW, "review", "5", "", ON_VIEWS, CONFIRM_NONE, "Review")                                 \
    X(JOURNAL, "journal", "6", "", ON_VIEWS, CONFIRM_NONE, "Journal")                              \
    X(NEXT_VIEW, "next-view", "Tab", "", ON_TABS, CONFIRM_NONE, "next view")                       \
    X(PREVIOUS_VIEW, "previous-view", "S-Tab", "", ON_TABS, CONFIRM_NONE, "previous view")         \
    X(UP, "up", "Up k", "", ON_ROWS, CONFIRM_NONE, "up")                                           \
    X(DOWN, "down", "Down j", "", ON_ROWS, CONFIRM_NONE, "down")                                   \
    X(LEFT, "left", "Left h", "", ON_ROWS, CONFIRM_NONE, "left")                                   \
    X(RIGHT, "right", "Right", "", ON_ROWS, CONFIRM_NONE, "right")                                 \
    X(PAGE_UP, "page-up", "PgUp", "", ON_ROWS, CONFIRM_NONE, "a page up")                          \
    X(PAGE_DOWN, "page-down", "PgDn", "", ON_ROWS, CONFIRM_NONE, "a page down")                    \
    X(TOP, "top", "Home", "", ON_ROWS, CONFIRM_NONE, "to the first")                               \
    X(TOP_LETTER, "first", "g", "",                                                                \
      ON(GATES) | ON(RUNS) | ON(LOGS) | ON(REVIEW) | ON(JOURNAL) | ON(PAGE), CONFIRM_NONE,         \
      "to the first")                                                                              \
    X(BOTTOM, "bottom", "End G", "", ON_ROWS, CONFIRM_NONE, "to the last")                         \
    X(PAUSE, "pause", "z", "", ON_VIEWS, CONFIRM_NONE, "let the screen stand still, or go on")     \
    X(REPAINT, "repaint", "Ctrl-L", "", ON_VIEWS, CONFIRM_NONE, "draw the whole screen again")     \
    X(PALETTE, "palette", ":", "command", ON_VIEWS, CONFIRM_NONE, "type a command")                \
    X(HELP, "help", "?", "help", ON_VIEWS, CONFIRM_NONE, "this help")                              \
    X(QUIT, "quit", "q", "quit", ON_VIEWS, CONFIRM_NONE,                                           \
      "leave the page, then the console; running work goes on")                                    \
    X(CONFIRM, "confirm", "y", "yes, do it", ON(DIALOG), CONFIRM_NONE, "do what the dialog says")  \
    X(CANCEL, "cancel", "Esc Enter n q", "cancel", ON(DIALOG), CONFIRM_NONE, "leave it undone")    \
    X(ACCEPT, "accept", "Enter", "done", ON(PROMPT), CONFIRM_NONE, "take what was typed")          \
    X(ABANDON, "abandon", "Esc", "cancel", ON(PROMPT), CONFIRM_NONE, "leave it unsaid")            \
    X(COMPLETE, "complete", "Tab", "complete", ON(PROMPT), CONFIRM_NONE, "complete the command")   \
    X(ERASE, "erase", "Backspace Delete", "", ON(PROMPT), CONFIRM_NONE, "take back a character")   \
    X(CLEAR, "clear", "Ctrl-U", "", ON(PROMPT), CONFIRM_NONE, "take back all")

enum action {
#define ACTIONS_ENUM(id, name, keys, label, views, confirm, help) ACTION_##id,
    ACTIONS(ACTIONS_ENUM)
#undef ACTIONS_ENUM
        ACTION_COUNT,
    ACTION_NONE = ACTION_COUNT
};

struct actions_entry {
    const char *name;
    const char *keys;  /* names of ui/key.h, separated by spaces */
    const char *label; /* in the footer */
    const char *help;
    uint32_t views;
    enum actions_confirm confirm;
    bool mutates; /* it changes more than what this console shows */
};

const struct actions_entry *actions_entry(enum action action);

/* The action of a key in a view, or ACTION_NONE. */
enum action actions_of_key(enum actions_view view, uint32_t key);

/* The action with this name in a view, or ACTION_NONE; a prefix that only one name has is enough.
 */
enum action actions_of_name(enum actions_view view, const char *name);

static inline bool actions_in_view(enum action action, enum actions_view view) {
    return (actions_entry(action)->views & 1U << view) != 0;
}

/* "Coverage", "Date strip" … */
const char *actions_view_name(enum actions_view view);

#endif
