/* The log, or the logs, being read: pages out of requests. Used by the log thread. */
#ifndef PHASEGATE_UI_LOG_PAGE_H
#define PHASEGATE_UI_LOG_PAGE_H

#include <stdatomic.h>

#include "ui/log_view.h"

struct log_page_source;

/* `interrupt` is looked at while a long search runs; a source that was interrupted answers with
 * what it has. */
struct log_page_source *log_page_source_new(const atomic_bool *interrupt);
void log_page_source_free(struct log_page_source *source);

/* `tell` is called every half second of a long search, with how far it is. */
void log_page_source_tell(struct log_page_source *source,
                          void (*tell)(void *context, const char *text), void *context);

/* Answers a request; never NULL, the caller owns the page. A log that cannot be read gives an empty
 * page with a note. */
struct log_view_page *log_page_read(struct log_page_source *source,
                                    const struct log_view_request *request);

/* Goes on with what takes long (numbering lines, counting matches, the histogram) for one slice;
 * true while there is more to do. */
bool log_page_work(struct log_page_source *source);

/* Whether a file of the last request changed since it was read. */
bool log_page_changed(struct log_page_source *source);

#endif
