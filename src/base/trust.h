/* Whose a file is, looked at before what it says is believed.
 *
 * What phasegate keeps may be shared with a group (share.h), and then stands where other accounts
 * reach. A directory is believed when nobody but root, this account and the directory's owner could
 * have put another in its place: every directory on the way to it belongs to one of these, and is
 * written by nobody else. A sticky one (/tmp) guards only what is root's or this account's own:
 * what is another's may have been laid there by whoever came first. A file in a directory is
 * believed when it is a regular file, no link, of the directory's owner or of root, and written by
 * nobody else. The group that has its owner's number and nobody but him in it is the owner himself
 * (umask 002). */
#ifndef PHASEGATE_BASE_TRUST_H
#define PHASEGATE_BASE_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

/* Whether the way to `directory`, links on it included, can be changed by nobody else. Errors:
 * EXIT_PERMISSION with who could, where, and what to do; EXIT_NO_INPUT when it is not there. */
bool trust_way(const char *directory, struct error *error);

/* Opens `name` in `directory` as open(2) would with `flags` and O_CLOEXEC, following no link and
 * never waiting. `type` is S_IFREG or S_IFIFO; of a FIFO only its being the owner's is looked at.
 * Returns the descriptor, which is the caller's, or -1 with errno: EPERM for what is another's or
 * written by others, EINVAL for what is of another type, ELOOP for a link. Errors: EXIT_NO_INPUT
 * when it cannot be opened, EXIT_DATA when it is not to be believed. */
int trust_open(const char *directory, const char *name, int flags, mode_t type,
               struct error *error);

/* Reads such a file of at most `limit` bytes into `buffer` (cleared first). Errors: as above. */
bool trust_read(const char *directory, const char *name, size_t limit, struct text_buffer *buffer,
                struct error *error);

/* The same, of a file of this very account. */
bool trust_read_own(const char *directory, const char *name, size_t limit,
                    struct text_buffer *buffer, struct error *error);

/* The account a directory belongs to; (uid_t)-1 when that cannot be seen. */
uid_t trust_owner(const char *directory);

#endif
