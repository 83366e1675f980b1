/* The reader thread: state into situations, handed over by pointer. */
#ifndef PHASEGATE_UI_READER_H
#define PHASEGATE_UI_READER_H

#include "ui/console.h"

struct reader;

/* Starts loading at once. `wake` is an eventfd (borrowed), written whenever a situation or an error
 * is ready. NULL with `error` (EXIT_OS). */
struct reader *reader_start(const struct console_source *source, int wake, struct error *error);

/* Stops the thread and waits until the load under way is done. */
void reader_stop(struct reader *reader); /* NULL is fine */

/* The newest situation that was not taken yet, or NULL; the caller owns it. */
struct situation *reader_take(struct reader *reader);

/* Copies why the last load failed into `text` ("" when it did not). */
void reader_trouble(struct reader *reader, char *text, size_t size);

/* Loads again soon, changed or not. */
void reader_hurry(struct reader *reader);

#endif
