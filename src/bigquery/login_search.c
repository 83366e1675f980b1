#include "bigquery/login_search.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "bigquery/login_secret.h"

enum { LARGEST_FILE = 262144 };

static const char NAMED[] = "GOOGLE_APPLICATION_CREDENTIALS";

const char *search_variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* ---- Files ------------------------------------------------------------------------------- */

static struct search_stamp stamp_of(const struct stat *status) {
    return (struct search_stamp){
        .device = status->st_dev,
        .inode = status->st_ino,
        .size = status->st_size,
        .modified_ns = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec,
    };
}

bool search_changed(const char *path, const struct search_stamp *stamp) {
    struct stat status;
    if (stat(path, &status) != 0) {
        return true;
    }
    struct search_stamp now = stamp_of(&status);
    return now.device != stamp->device || now.inode != stamp->inode || now.size != stamp->size ||
           now.modified_ns != stamp->modified_ns;
}

/* As ssh does: only what belongs to the user can be mended by the user. */
static bool check_mode(const char *path, const struct stat *status, mode_t refused,
                       struct error *error) {
    if (status->st_uid != geteuid() || (status->st_mode & refused) == 0) {
        return true;
    }
    return error_set(error, EXIT_CONFIG,
                     "%s: the credentials are open to other users (mode %04o); run `chmod 600 %s`",
                     path, (unsigned)(status->st_mode & 07777), path);
}

static bool read_all(int descriptor, size_t size, struct text_buffer *text) {
    secret_reserve(text, size + 1);
    while (text->size < size) {
        ssize_t count = read(descriptor, text->data + text->size, size - text->size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count == 0;
        }
        text->size += (size_t)count;
        text->data[text->size] = '\0';
    }
    return true;
}

static bool open_file(const char *path, int *descriptor, struct stat *status, struct error *error) {
    *descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*descriptor < 0) {
        char reason[128];
        bool forbidden = errno == EACCES || errno == EPERM;
        return error_set(error, forbidden ? EXIT_PERMISSION : EXIT_CONFIG,
                         "%s: the credentials cannot be read (%s); correct the path, or run "
                         "`gcloud auth application-default login`",
                         path, strerror_r(errno, reason, sizeof reason));
    }
    if (fstat(*descriptor, status) != 0 || !S_ISREG(status->st_mode)) {
        return error_set(error, EXIT_CONFIG, "%s: is no file; name a credential file", path);
    }
    return status->st_size <= LARGEST_FILE ||
           error_set(error, EXIT_CONFIG, "%s: is too large for a credential file; correct the path",
                     path);
}

bool search_read_token(const char *path, struct text_buffer *text, struct error *error) {
    int descriptor = -1;
    struct stat status = {0};
    bool read = open_file(path, &descriptor, &status, error) &&
                (read_all(descriptor, (size_t)status.st_size, text) ||
                 error_set_errno(error, EXIT_CONFIG, errno, "%s: cannot be read", path));
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return read;
}

/* jansson's own texts quote the file, and this file is secret. */
static json_t *parse(const struct text_buffer *text, const char *path, struct error *error) {
    json_error_t where;
    json_t *object =
        json_loadb(text->size > 0 ? text->data : "", text->size, JSON_REJECT_DUPLICATES, &where);
    if (object == NULL || !json_is_object(object)) {
        (void)error_set(error, EXIT_CONFIG,
                        "%s:%d:%d: this is not the JSON of a credential file; download the key "
                        "again, or run `gcloud auth application-default login`",
                        path, object == NULL ? where.line : 1, object == NULL ? where.column : 1);
        secret_free_json(object);
        return NULL;
    }
    return object;
}

static struct source *read_open(int descriptor, const struct stat *status, const char *path,
                                struct error *error) {
    struct text_buffer text = {0};
    struct source *source = NULL;
    if (read_all(descriptor, (size_t)status->st_size, &text)) {
        json_t *object = parse(&text, path, error);
        source = object != NULL ? source_read(object, path, error) : NULL;
        secret_free_json(object);
    } else {
        (void)error_set_errno(error, EXIT_CONFIG, errno, "%s: cannot be read", path);
    }
    secret_free_buffer(&text);
    return source;
}

bool search_read(const char *path, struct source **source, struct search_stamp *stamp,
                 struct error *error) {
    int descriptor = -1;
    struct stat status = {0};
    struct source *read = NULL;
    if (open_file(path, &descriptor, &status, error)) {
        *stamp = stamp_of(&status);
        /* what others may write they may point elsewhere; what is secret they may not read */
        read = check_mode(path, &status, S_IWGRP | S_IWOTH, error)
                   ? read_open(descriptor, &status, path, error)
                   : NULL;
        if (read != NULL && source_is_secret(read) &&
            !check_mode(path, &status, S_IRGRP | S_IROTH, error)) {
            source_free(read);
            read = NULL;
        }
    }
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    if (read != NULL) {
        *source = read;
    }
    return read != NULL;
}

/* ---- Elsewhere --------------------------------------------------------------------------- */

char *search_gcloud_directory(void) {
    const char *configured = search_variable("CLOUDSDK_CONFIG");
    const char *home = search_variable("HOME");
    if (configured != NULL) {
        return memory_copy_string(configured);
    }
    return home != NULL ? file_join(home, ".config/gcloud") : NULL;
}

static char *well_known_path(void) {
    char *directory = search_gcloud_directory();
    char *path =
        directory != NULL ? file_join(directory, "application_default_credentials.json") : NULL;
    free(directory);
    return path;
}

static bool metadata_is_off(void) {
    const char *detection = search_variable("METADATA_SERVER_DETECTION");
    const char *check = search_variable("NO_GCE_CHECK");
    return (detection != NULL && strcasecmp(detection, "none") == 0) ||
           (check != NULL && (strcasecmp(check, "true") == 0 || strcmp(check, "1") == 0));
}

char *search_metadata_host(void) {
    const char *named = search_variable("GCE_METADATA_HOST");
    return memory_copy_string(named != NULL ? named : "metadata.google.internal");
}

char *search_program(const char *name) {
    struct text rest = text_of(search_variable("PATH"));
    while (rest.size > 0) {
        struct text directory = text_cut(&rest, ':');
        char *path = memory_format("%.*s/%s", (int)directory.size, directory.data, name);
        struct stat status;
        if (path[0] == '/' && stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
            access(path, X_OK) == 0) {
            return path;
        }
        free(path);
    }
    return NULL;
}

/* ---- The order --------------------------------------------------------------------------- */

static bool find_file(const char *path, char *origin, struct search_find *find,
                      struct error *error) {
    find->path = memory_copy_string(path);
    find->origin = origin;
    return search_read(path, &find->source, &find->stamp, error);
}

static bool find_metadata(struct search_find *find, struct error *error) {
    char *host = search_metadata_host();
    static const char MAY[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:[]";
    if (host[strspn(host, MAY)] != '\0') {
        free(host);
        return error_set(error, EXIT_CONFIG, "GCE_METADATA_HOST must be host or host:port");
    }
    find->source = source_of_kind(BIGQUERY_LOGIN_METADATA);
    find->origin = host;
    return true;
}

static bool find_gcloud(struct search_find *find) {
    char *gcloud = search_program("gcloud");
    if (gcloud != NULL) {
        find->source = source_of_kind(BIGQUERY_LOGIN_GCLOUD);
        find->origin = gcloud;
    }
    return gcloud != NULL;
}

static bool refuse_all(const char *metadata, struct error *error) {
    char *path = well_known_path();
    (void)error_set(error, EXIT_NO_INPUT,
                    "no Google credentials: %s is not set, %s is not there, %s and gcloud is not "
                    "installed; run `gcloud auth application-default login`, or name a key file in "
                    "%s",
                    NAMED, path != NULL ? path : "the file of gcloud", metadata, NAMED);
    free(path);
    return false;
}

bool search_credentials(const char *named, struct search_find *find, struct error *error) {
    const char *variable = search_variable(NAMED);
    *find = (struct search_find){0};
    if (named != NULL) {
        return find_file(named, memory_copy_string(named), find, error);
    }
    if (variable != NULL) {
        return find_file(variable, memory_format("%s=%s", NAMED, variable), find, error) ||
               error_prefix(error, "%s", NAMED);
    }
    char *path = well_known_path();
    struct stat status;
    bool there = path != NULL && (stat(path, &status) == 0 || errno != ENOENT);
    bool found = there && find_file(path, memory_copy_string(path), find, error);
    free(path);
    if (there) {
        return found;
    }
    if (!metadata_is_off()) {
        return find_metadata(find, error);
    }
    return find_gcloud(find) || refuse_all("the metadata server is switched off", error);
}

bool search_after_metadata(struct search_find *find, struct error *error) {
    if (search_variable("GCE_METADATA_HOST") != NULL) {
        return false; /* it was named: `error` tells what is wrong with it */
    }
    struct search_find other = {0};
    if (!find_gcloud(&other)) {
        return refuse_all("the metadata server does not answer", error);
    }
    search_free(find);
    *find = other;
    return true;
}

void search_free(struct search_find *find) {
    source_free(find->source);
    free(find->path);
    free(find->origin);
    *find = (struct search_find){0};
}
