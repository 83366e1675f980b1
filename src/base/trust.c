#include "base/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum { MOST_LINKS = 40, OVERFLOW_UID = 65534 };

/* ---- who could change it ---- */

/* In a user namespace everything of accounts that are not mapped into it shows as this one, which
 * nobody in it can become. */
static bool is_beyond(uid_t user) {
    struct text_buffer map = {0};
    bool all = true;
    if (user == OVERFLOW_UID && file_read("/proc/self/uid_map", 4096, &map, NULL)) {
        struct text rest = {map.data, map.size};
        struct text inside = text_trim(text_cut(&rest, '\n'));
        struct text first = text_cut(&inside, ' ');
        struct text last = inside;
        for (struct text part = inside; part.size > 0;) {
            last = text_trim(text_cut(&part, ' '));
        }
        all = text_is(first, "0") && text_is(last, "4294967295");
    }
    text_buffer_free(&map);
    return !all;
}

static bool is_among(uid_t user, uid_t owner) {
    return user == 0 || user == geteuid() || user == owner || is_beyond(user);
}

/* Whether the group is nobody but the owner; what an access list grants shows as the group's. */
static bool is_private_group(const char *path, const struct stat *status) {
    return status->st_gid == status->st_uid &&
           lgetxattr(path, "system.posix_acl_access", NULL, 0) <= 0;
}

/* Who besides the owner may write; NULL for nobody. */
static const char *other_writer(const char *path, const struct stat *status) {
    if ((status->st_mode & S_IWOTH) != 0) {
        return "everybody";
    }
    return (status->st_mode & S_IWGRP) != 0 && !is_private_group(path, status) ? "its group" : NULL;
}

/* ---- the way ---- */

/* One directory that is passed, and what is looked up in it. */
struct passage {
    char *directory;
    struct stat status; /* of the directory */
    char *next;         /* what is looked up */
    uid_t owner;        /* whose that is */
};

struct way {
    char *at;   /* as far as it is walked, absolute, without links */
    char *rest; /* what is still to be walked */
    size_t links;
    struct passage *passages;
    size_t count, capacity;
};

static bool note_passage(struct way *way, const char *next, uid_t owner) {
    struct stat status;
    if (lstat(way->at, &status) != 0) {
        return false;
    }
    way->passages = memory_grow(way->passages, way->count, &way->capacity, sizeof *way->passages);
    way->passages[way->count++] =
        (struct passage){memory_copy_string(way->at), status, memory_copy_string(next), owner};
    return true;
}

static void set(char **string, char *value) {
    free(*string);
    *string = value;
}

/* Goes on where a link points to. */
static bool follow(struct way *way, const char *link) {
    char target[4096];
    ssize_t size = readlink(link, target, sizeof target - 1);
    if (size < 0 || ++way->links > MOST_LINKS) {
        errno = size < 0 ? errno : ELOOP;
        return false;
    }
    target[size] = '\0';
    set(&way->rest, memory_format("%s/%s", target, way->rest));
    if (target[0] == '/') {
        set(&way->at, memory_copy_string("/"));
    }
    return true;
}

/* One component; false with errno. */
static bool step(struct way *way) {
    struct text rest = text_of(way->rest);
    struct text name = text_cut(&rest, '/');
    struct stat status;
    char *left = memory_copy_part(rest.data, rest.size);
    bool up = text_is(name, "..");
    bool done = true;
    if (name.size == 0 || text_is(name, ".") || up) {
        set(&way->rest, left);
        if (up) {
            set(&way->at, file_directory(way->at));
        }
        return true;
    }
    char *word = memory_copy_part(name.data, name.size);
    char *path = file_join(way->at, word);
    set(&way->rest, left);
    done = lstat(path, &status) == 0 && note_passage(way, path, status.st_uid);
    if (done && S_ISLNK(status.st_mode)) {
        done = follow(way, path);
    } else if (done) {
        set(&way->at, memory_copy_string(path));
    }
    int reason = errno;
    free(word);
    free(path);
    errno = reason;
    return done;
}

static bool walk(struct way *way, const char *directory, struct error *error) {
    char *here = directory[0] == '/' ? NULL : getcwd(NULL, 0);
    way->at = memory_copy_string("/");
    way->rest =
        here == NULL ? memory_copy_string(directory) : memory_format("%s/%s", here, directory);
    free(here);
    while (way->rest[0] != '\0') {
        if (!step(way)) {
            return error_set_errno(error, EXIT_NO_INPUT, errno, "cannot look at the way to %s",
                                   directory);
        }
    }
    return true;
}

static bool judge(const struct passage *passage, uid_t owner, const char *directory,
                  struct error *error) {
    const char *writer = other_writer(passage->directory, &passage->status);
    long user = (long)passage->status.st_uid;
    if (!is_among(passage->status.st_uid, owner)) {
        return error_set(error, EXIT_PERMISSION,
                         "%s belongs to uid %ld, who could put another directory in place of %s, "
                         "which is uid %ld's; keep it where only its owner and root can "
                         "(PHASEGATE_STATE)",
                         passage->directory, user, directory, (long)owner);
    }
    bool sticky = (passage->status.st_mode & S_ISVTX) != 0;
    if (writer == NULL || (sticky && (passage->owner == 0 || passage->owner == geteuid()))) {
        return true;
    }
    if (sticky) {
        return error_set(error, EXIT_PERMISSION,
                         "%s is uid %ld's, and %s may write in %s: whoever came first could have "
                         "laid it there; its owner is to keep it in a directory that only he "
                         "writes in",
                         passage->next, (long)passage->owner, writer, passage->directory);
    }
    return error_set(error, EXIT_PERMISSION,
                     "%s may write in %s and so put another directory in place of %s; uid %ld, "
                     "whose it is, can forbid that: chmod %s %s",
                     writer, passage->directory, directory, user, writer[0] == 'e' ? "go-w" : "g-w",
                     passage->directory);
}

bool trust_way(const char *directory, struct error *error) {
    struct way way = {.count = 0};
    struct stat status;
    bool done = walk(&way, directory, error);
    if (done && (lstat(way.at, &status) != 0 || !S_ISDIR(status.st_mode))) {
        done = error_set(error, EXIT_NO_INPUT, "%s is not a directory", directory);
    }
    for (size_t i = 0; done && i < way.count; i++) {
        done = judge(&way.passages[i], status.st_uid, directory, error);
    }
    if (done && (status.st_mode & S_IWOTH) != 0) {
        done = error_set(error, EXIT_PERMISSION,
                         "everybody may write in %s; its owner (uid %ld) "
                         "can forbid that: chmod o-rwx %s",
                         directory, (long)status.st_uid, directory);
    }
    for (size_t i = 0; i < way.count; i++) {
        free(way.passages[i].directory);
        free(way.passages[i].next);
    }
    free(way.passages);
    free(way.at);
    free(way.rest);
    return done;
}

/* ---- in a directory ---- */

uid_t trust_owner(const char *directory) {
    struct stat status;
    return lstat(directory, &status) == 0 && S_ISDIR(status.st_mode) ? status.st_uid : (uid_t)-1;
}

/* 0, or why it is not to be believed. */
static int doubt(int place, int descriptor, mode_t type) {
    struct stat around;
    struct stat status;
    if (fstat(place, &around) != 0 || fstat(descriptor, &status) != 0) {
        return errno;
    }
    if ((status.st_mode & S_IFMT) != type) {
        return EINVAL;
    }
    bool owned = status.st_uid == around.st_uid || status.st_uid == 0;
    bool written = type == S_IFREG && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
                   !((status.st_mode & S_IWOTH) == 0 && status.st_gid == status.st_uid);
    return owned && !written ? 0 : EPERM;
}

static const char *words_for(int reason, mode_t type) {
    return reason == EINVAL  ? type == S_IFREG ? "is not a regular file" : "is not a FIFO"
           : reason == ELOOP ? "is a link"
           : reason == EPERM ? "was, or could have been, written by another account than its "
                               "directory's owner"
                             : strerror(reason);
}

int trust_open(const char *directory, const char *name, int flags, mode_t type,
               struct error *error) {
    int place = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int descriptor =
        place < 0 ? -1
                  : openat(place, name, flags | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
    int reason = descriptor < 0 ? errno : doubt(place, descriptor, type);
    bool there = descriptor >= 0 || reason == ELOOP;
    if (place >= 0) {
        (void)close(place);
    }
    if (reason == 0) {
        return descriptor;
    }
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    if (there) {
        (void)error_set(error, EXIT_DATA, "%s/%s is not believed: it %s", directory, name,
                        words_for(reason, type));
    } else {
        (void)error_set_errno(error, EXIT_NO_INPUT, reason, "cannot open %s/%s", directory, name);
    }
    errno = reason;
    return -1;
}

static bool read_of(bool own, const char *directory, const char *name, size_t limit,
                    struct text_buffer *buffer, struct error *error) {
    struct stat status;
    text_buffer_clear(buffer);
    int descriptor = trust_open(directory, name, O_RDONLY, S_IFREG, error);
    if (descriptor < 0) {
        return false;
    }
    bool mine = !own || (fstat(descriptor, &status) == 0 && status.st_uid == geteuid());
    bool done = mine && file_read_rest(descriptor, limit, buffer);
    int reason = errno;
    (void)close(descriptor);
    if (!mine) {
        return error_set(error, EXIT_PERMISSION, "%s/%s is not of this account (uid %ld)",
                         directory, name, (long)geteuid());
    }
    return done || error_set_errno(error, reason == EFBIG ? EXIT_DATA : EXIT_NO_INPUT, reason,
                                   "cannot read %s/%s", directory, name);
}

bool trust_read(const char *directory, const char *name, size_t limit, struct text_buffer *buffer,
                struct error *error) {
    return read_of(false, directory, name, limit, buffer, error);
}

bool trust_read_own(const char *directory, const char *name, size_t limit,
                    struct text_buffer *buffer, struct error *error) {
    return read_of(true, directory, name, limit, buffer, error);
}
