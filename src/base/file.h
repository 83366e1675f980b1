/* Files: read whole, written so that a crash leaves the old one or the new one, created for the
 * owner only. */
#ifndef PHASEGATE_BASE_FILE_H
#define PHASEGATE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

/* open(2) with O_CLOEXEC, of a regular file only, and never waiting: a FIFO, a device or a
 * directory is an error that says which, and so is a link where `flags` has O_NOFOLLOW. Returns the
 * descriptor, which is the caller's, or -1. Errors: EXIT_NO_INPUT with the path. */
int file_open_regular(const char *path, int flags, struct error *error);

/* Reads a regular file of at most `limit` bytes into `buffer` (cleared first). Errors:
 * EXIT_NO_INPUT with the path. */
bool file_read(const char *path, size_t limit, struct text_buffer *buffer, struct error *error);

/* Appends what is left of an open file; false with errno, EFBIG when the buffer would hold more
 * than `limit` bytes. */
bool file_read_rest(int descriptor, size_t limit, struct text_buffer *buffer);

/* Replaces a plain file, never a device, a link or a directory. Writes path.tmp (mode 0600), fsync,
 * rename, fsync of the directory. Errors: EXIT_CANT_CREATE, EXIT_IO. */
bool file_write(const char *path, struct text content, struct error *error);

/* Makes the directory and its parents, mode 0700 where new. */
bool file_make_directory(const char *path, struct error *error);

/* Removes a directory with all below it, following no link. A path that is not there is no error.
 */
bool file_remove_tree(const char *path, struct error *error);

/* "directory/name", or `name` itself when it is absolute; the caller frees it. */
char *file_join(const char *directory, const char *name);

/* The directory part of a path ("." when there is none); the caller frees it. */
char *file_directory(const char *path);

/* `path` with a leading "~/" replaced by the home directory; the caller frees it. */
char *file_expand_home(const char *path);

/* The directory of the program that runs, without a trailing slash; the caller frees it. */
char *file_program_directory(void);

/* Writes all of `data`, going on after interruptions and short writes; errno tells why not. */
bool file_write_all(int descriptor, const char *data, size_t size);

#endif
