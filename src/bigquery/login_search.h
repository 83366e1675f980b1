/* Where credentials are: the documented order, and the files in it. */
#ifndef PHASEGATE_BIGQUERY_LOGIN_SEARCH_H
#define PHASEGATE_BIGQUERY_LOGIN_SEARCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"
#include "bigquery/login_source.h"

/* By which a file that was written anew is told from the one that was read. */
struct search_stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    int64_t modified_ns;
};

/* What was found. Without a file, `source` is the metadata server's or gcloud's. */
struct search_find {
    struct source *source;
    char *path;   /* of a file; NULL: none */
    char *origin; /* what to tell people about it */
    struct search_stamp stamp;
};

/* Looks for credentials in order, the user's own file (may be NULL) first. Errors as
 * bigquery_login_new. */
bool search_credentials(const char *named, struct search_find *find, struct error *error);
void search_free(struct search_find *find);

/* Reads a credential file again. */
bool search_read(const char *path, struct source **source, struct search_stamp *stamp,
                 struct error *error);

/* Reads a file that holds a token into a buffer to wipe. Never waits: only plain files are read.
 * Errors as for credentials. */
bool search_read_token(const char *path, struct text_buffer *text, struct error *error);

/* Whether a file is another one than it was; a missing one is. */
bool search_changed(const char *path, const struct search_stamp *stamp);

/* Turns a find of the metadata server, which did not answer, into one of gcloud. Errors:
 * EXIT_NO_INPUT when that is not installed either, or when the server was named. */
bool search_after_metadata(struct search_find *find, struct error *error);

/* "host[:port]" of the metadata server; the caller frees it. */
char *search_metadata_host(void);

/* The directory of gcloud's configuration; the caller frees it. NULL without a home. */
char *search_gcloud_directory(void);

/* An environment variable; NULL when it is not set or empty. */
const char *search_variable(const char *name);

/* The program's path, by PATH; the caller frees it. NULL when it is not there. */
char *search_program(const char *name);

#endif
