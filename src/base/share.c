#include "base/share.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

static const mode_t modes[][3] = {
    [SHARE_ROOT] = {0700, 02750, 02770}, [SHARE_RUNS] = {0700, 02750, 03770},
    [SHARE_RUN] = {0700, 02750, 03750},  [SHARE_FILE] = {0600, 0640, 0640},
    [SHARE_STATE] = {0600, 0600, 0660},  [SHARE_WRITTEN] = {0600, 0640, 0660},
    [SHARE_LOCK] = {0600, 0600, 0640},   [SHARE_POKED] = {0600, 0600, 0620},
    [SHARE_SECRET] = {0600, 0600, 0600},
};

static enum share_reach reach_of(mode_t mode) {
    bool watched = (mode & (S_IRGRP | S_IXGRP)) == (S_IRGRP | S_IXGRP);
    return !watched ? SHARE_NONE : (mode & (S_IWGRP | S_ISVTX)) != 0 ? SHARE_ACT : SHARE_WATCH;
}

enum share_reach share_of(const char *directory) {
    struct stat status;
    return stat(directory, &status) == 0 && S_ISDIR(status.st_mode) ? reach_of(status.st_mode)
                                                                    : SHARE_NONE;
}

mode_t share_mode(enum share_kind kind, enum share_reach reach) {
    return modes[kind][reach];
}

static enum share_reach reach_around(const char *path) {
    char *directory = file_directory(path);
    enum share_reach reach = share_of(directory);
    free(directory);
    return reach;
}

int share_open(const char *path, int flags, enum share_kind kind) {
    mode_t mode = modes[kind][reach_around(path)];
    struct stat status;
    int descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_uid == geteuid() &&
        (status.st_mode & 07777) != mode) {
        (void)fchmod(descriptor, mode);
    }
    return descriptor;
}

bool share_adopt(const char *path, enum share_kind kind) {
    return fchmodat(AT_FDCWD, path, modes[kind][reach_around(path)], AT_SYMLINK_NOFOLLOW) == 0;
}

bool share_make_directory(const char *path, struct error *error) {
    if (mkdir(path, 0700) == 0) {
        return share_adopt(path, SHARE_RUNS) ||
               error_set_errno(error, EXIT_CANT_CREATE, errno, "cannot set the mode of %s", path);
    }
    return errno == EEXIST ||
           error_set_errno(error, EXIT_CANT_CREATE, errno, "cannot make the directory %s", path);
}

/* ---- all at once ---- */

static bool ends_with(const char *name, const char *end) {
    size_t size = strlen(name);
    size_t length = strlen(end);
    return size >= length && strcmp(name + size - length, end) == 0;
}

static enum share_kind kind_of(const char *name, mode_t mode) {
    static const struct {
        const char *end;
        enum share_kind kind;
    } table[] = {
        {"spec.json", SHARE_SECRET},  {".tmp", SHARE_SECRET},
        {"state.db", SHARE_STATE},    {"state.db-journal", SHARE_STATE},
        {"agent.log", SHARE_WRITTEN}, {".times", SHARE_WRITTEN},
        {".lock", SHARE_LOCK},
    };
    if (S_ISDIR(mode)) {
        return strcmp(name, "runs") == 0 || strcmp(name, "emergency") == 0 ? SHARE_RUNS : SHARE_RUN;
    }
    if (S_ISFIFO(mode)) {
        return SHARE_POKED;
    }
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (ends_with(name, table[i].end)) {
            return table[i].kind;
        }
    }
    return SHARE_FILE;
}

/* The group before the mode: chown takes the set-group-ID bit away. */
static bool change_one(int parent, const char *name, const struct stat *status,
                       enum share_kind kind, struct share_change *change) {
    mode_t mode = modes[kind][change->reach];
    bool regroup = change->group != (gid_t)-1 && status->st_gid != change->group;
    bool secret = kind == SHARE_SECRET;
    if (status->st_uid != geteuid() && geteuid() != 0) {
        change->left++;
        return true;
    }
    change->changed++;
    return (!regroup || secret ||
            fchownat(parent, name, (uid_t)-1, change->group, AT_SYMLINK_NOFOLLOW) == 0) &&
           fchmodat(parent, name, mode, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool change_below(int descriptor, struct share_change *change);

static bool change_entry(int parent, const char *name, struct share_change *change) {
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT; /* the end of a run takes files away */
    }
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) && !S_ISFIFO(status.st_mode)) {
        return true;
    }
    if (!change_one(parent, name, &status, kind_of(name, status.st_mode), change)) {
        return errno == ENOENT;
    }
    if (!S_ISDIR(status.st_mode)) {
        return true;
    }
    int descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return descriptor < 0 ? errno == ENOENT || errno == EACCES : change_below(descriptor, change);
}

/* Takes the descriptor. */
static bool change_below(int descriptor, struct share_change *change) {
    DIR *directory = fdopendir(descriptor);
    bool done = directory != NULL;
    if (!done) {
        (void)close(descriptor);
        return false;
    }
    for (struct dirent *entry = readdir(directory); done && entry != NULL;
         entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            done = change_entry(descriptor, entry->d_name, change);
        }
    }
    int reason = errno;
    (void)closedir(directory);
    errno = reason;
    return done;
}

bool share_change(const char *directory, struct share_change *change, struct error *error) {
    struct stat status;
    change->changed = 0;
    change->left = 0;
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        (void)error_set_errno(error, EXIT_NO_INPUT, errno, "cannot open %s", directory);
        if (descriptor >= 0) {
            (void)close(descriptor);
        }
        return false;
    }
    if (status.st_uid != geteuid() && geteuid() != 0) {
        (void)close(descriptor);
        return error_set(error, EXIT_PERMISSION,
                         "%s belongs to another account; only that one can share it", directory);
    }
    /* Opening up comes last, closing down first: no file is open to more than is wanted. */
    bool closing = change->reach < reach_of(status.st_mode);
    bool done = (!closing || change_one(AT_FDCWD, directory, &status, SHARE_ROOT, change)) &&
                change_below(dup(descriptor), change) &&
                (closing || change_one(AT_FDCWD, directory, &status, SHARE_ROOT, change));
    int reason = errno;
    (void)close(descriptor);
    return done || error_set_errno(error, EXIT_PERMISSION, reason,
                                   "cannot share %s; you must be in the group", directory);
}

char *share_closed_parent(const char *directory) {
    struct stat status;
    if (stat(directory, &status) != 0) {
        return NULL;
    }
    gid_t group = status.st_gid;
    char *path = memory_copy_string(directory);
    while (strcmp(path, "/") != 0 && strcmp(path, ".") != 0) {
        char *parent = file_directory(path);
        free(path);
        path = parent;
        mode_t needed = S_IXOTH;
        if (stat(path, &status) == 0) {
            needed = status.st_gid == group ? S_IXGRP : S_IXOTH;
            if ((status.st_mode & needed) == 0) {
                return path;
            }
        }
    }
    free(path);
    return NULL;
}
