/* The log thread: answers requests for pages of a log, so that the console never waits for a disk.
 *
 * One request at a time; a newer one replaces the one that waits and interrupts the one under way.
 * While a page follows, the thread sleeps until a file changes, then looks every half second until
 * nothing is new, and sends a new page only when something was. */
#ifndef PHASEGATE_UI_LOG_READER_H
#define PHASEGATE_UI_LOG_READER_H

#include "base/error.h"
#include "ui/log_view.h"

struct log_reader;

/* Starts the thread. It writes to `wake` (an eventfd, borrowed) whenever a page is ready. NULL with
 * `error` (EXIT_OS) when there can be no thread. */
struct log_reader *log_reader_start(int wake, struct error *error);

/* Stops the thread, waits for it (it looks up at least every 16 MiB read), and frees it. */
void log_reader_stop(struct log_reader *reader); /* NULL is fine */

/* Asks for a page; never blocks for longer than a copy. */
void log_reader_ask(struct log_reader *reader, const struct log_view_request *request);

/* The newest page that is ready, or NULL; the caller owns it. */
struct log_view_page *log_reader_take(struct log_reader *reader);

/* Answers one request at once, on the caller's thread. */
struct log_view_page *log_reader_read_once(const struct log_view_request *request);

#endif
