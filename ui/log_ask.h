/* Which log is shown, and what is asked of the log thread. */
#ifndef PHASEGATE_UI_LOG_ASK_H
#define PHASEGATE_UI_LOG_ASK_H

#include "ui/screen.h"

/* The path that a page of all logs names. */
#define LOG_ASK_ALL "all runs"

/* Rows of the page that the layout has room for. */
size_t log_ask_rows(const struct screen *screen);

/* A new wish replaces one that was not sent yet; it starts from the line under the cursor (to move
 * or to stay: from the first of the page). Returned to be filled. */
struct log_view_request *log_ask(struct screen *screen, enum log_view_goal goal);

/* Follows the end. */
void log_ask_tail(struct screen *screen);

/* Shows the log of a run, or (NULL) all of them merged, from its end. */
void log_ask_for(struct screen *screen, const struct situation_run *run);

/* The next (1) or previous (-1) log; all of them merged stand before the first. */
void log_ask_other(struct screen *screen, int step);

/* Chooses a log when none was chosen, and notices runs that came or went. */
void log_ask_settle(struct screen *screen);

/* Whether all logs are shown, merged. */
bool log_ask_is_merged(const struct screen *screen);

/* The run with this id; NULL when the situation has none. */
const struct situation_run *log_ask_run(const struct screen *screen, const char *run);

/* The run that wrote a line of the page. */
const struct situation_run *log_ask_run_of_line(const struct screen *screen,
                                                const struct log_view_line *line);

#endif
