#include "state/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/share.h"
#include "base/trust.h"
#include "state/state_copy.h"

enum { LEAST_NS = 2000000000, TIMES_COST = 20 };

/* ---- publishing ---- */

/* -1 when another process has it: it publishes what there is. */
static int take_turn(const char *directory) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *path = file_join(directory, STATE_COPY ".lock");
    int descriptor = share_open(path, O_RDWR | O_CREAT, SHARE_SECRET);
    free(path);
    if (descriptor >= 0 && fcntl(descriptor, F_OFD_SETLK, &lock) != 0) {
        (void)close(descriptor);
        return -1;
    }
    return descriptor;
}

static bool copy_pages(struct state *state, const char *path, struct error *error) {
    struct state copy = {.path = memory_copy_string(path)};
    mode_t mask = umask(077);
    bool done = sqlite3_open_v2(path, &copy.database,
                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                NULL) == SQLITE_OK;
    (void)umask(mask);
    /* Nobody reads it before it is whole, and a crash leaves the one before. */
    done = done && sql_script(&copy, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL);
    sqlite3_backup *backup =
        done ? sqlite3_backup_init(copy.database, "main", state->database, "main") : NULL;
    if (backup != NULL) {
        (void)sqlite3_backup_step(backup, -1);
    }
    done = backup != NULL && sqlite3_backup_finish(backup) == SQLITE_OK;
    if (!done) {
        (void)error_set(error, EXIT_IO, "cannot publish a copy of %s: %s", state->path,
                        copy.database == NULL ? "out of memory" : sqlite3_errmsg(copy.database));
    }
    (void)sqlite3_close_v2(copy.database);
    free(copy.path);
    return done;
}

/* On the disk before it has its name; of the directory's owner, were it root who made it. */
static bool settle(const char *path, const char *name, uid_t owner) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool done = descriptor >= 0 &&
                (geteuid() == owner || fchown(descriptor, owner, (gid_t)-1) == 0) &&
                fchmod(descriptor, share_mode(SHARE_FILE, SHARE_WATCH)) == 0 &&
                fsync(descriptor) == 0 && rename(path, name) == 0;
    int reason = errno;
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    errno = reason;
    return done;
}

static bool publish(struct state *state, uid_t owner, struct error *error) {
    char *name = file_join(state->directory, STATE_COPY);
    char *path = file_join(state->directory, STATE_COPY ".tmp");
    (void)unlink(path);
    bool done = copy_pages(state, path, error);
    if (done && !settle(path, name, owner)) {
        done = error_set_errno(error, EXIT_IO, errno, "cannot publish %s", name);
    }
    if (!done) {
        (void)unlink(path);
    }
    free(path);
    free(name);
    return done;
}

bool state_copy_publish(struct state *state, struct error *error) {
    uid_t owner = trust_owner(state->directory);
    if (!state->writable || (geteuid() != owner && geteuid() != 0)) {
        return true;
    }
    if (share_of(state->directory) != SHARE_WATCH) {
        char *name = file_join(state->directory, STATE_COPY);
        bool gone = unlink(name) == 0 || errno == ENOENT;
        int reason = errno;
        (void)(gone || error_set_errno(error, EXIT_IO, reason, "cannot remove %s", name));
        free(name);
        return gone;
    }
    int turn = take_turn(state->directory);
    if (turn < 0) {
        return true;
    }
    bool done = publish(state, owner, error);
    (void)close(turn);
    return done;
}

bool state_copy_keep_up(struct state *state, struct error *error) {
    int64_t begin = clock_boot_ns(clock_system());
    int64_t version;
    int64_t changes = sqlite3_total_changes64(state->database);
    if (begin < state->copy.next_ns || share_of(state->directory) != SHARE_WATCH ||
        !sql_one(state, NULL, "PRAGMA data_version", NULL, 0, -1, &version) ||
        (version == state->copy.version && changes == state->copy.changes)) {
        return true;
    }
    bool done = state_copy_publish(state, error);
    int64_t cost = clock_boot_ns(clock_system()) - begin;
    int64_t pause = cost * TIMES_COST;
    state->copy.next_ns = begin + (pause > LEAST_NS ? pause : LEAST_NS);
    if (done) {
        state->copy.version = version;
        state->copy.changes = changes;
    }
    return done;
}

/* ---- reading ---- */

bool copy_is_for_us(const char *directory) {
    char *path = file_join(directory, "state.db");
    bool ours = faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0;
    bool there = faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0;
    free(path);
    return there && !ours;
}

/* "file:/a%20b?immutable=1": SQLite then takes no lock. The caller frees it. */
static char *name_of(const char *path) {
    struct text_buffer name = {0};
    text_buffer_add(&name, "file:");
    for (const char *at = path; *at != '\0'; at++) {
        bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                     (*at >= '0' && *at <= '9') || strchr("/._-", *at) != NULL;
        if (plain) {
            text_buffer_put(&name, at, 1);
        } else {
            text_buffer_format(&name, "%%%02X", (unsigned)(unsigned char)*at);
        }
    }
    text_buffer_add(&name, "?immutable=1");
    return text_buffer_take(&name);
}

static bool is_same(const struct state *state, const struct stat *status) {
    return state->copy.at_ms != 0 && state->copy.device == status->st_dev &&
           state->copy.inode == status->st_ino &&
           state->copy.at_ms == status->st_mtim.tv_sec * 1000 + status->st_mtim.tv_nsec / 1000000;
}

bool copy_is_old(const struct state *state) {
    struct stat status;
    return state->copy.at_ms != 0 && stat(state->path, &status) == 0 && !is_same(state, &status);
}

static bool look(const struct state *state, struct stat *status, struct error *error) {
    int descriptor = trust_open(state->directory, STATE_COPY, O_RDONLY, S_IFREG, error);
    if (descriptor < 0) {
        return errno == ENOENT
                   ? error_set(error, EXIT_TEMPORARY,
                               "%s may be watched, but nothing was published there yet: its "
                               "owner's (uid %ld) next command does, and his agent keeps it up to "
                               "date",
                               state->directory, (long)trust_owner(state->directory))
                   : false;
    }
    bool done = fstat(descriptor, status) == 0;
    (void)close(descriptor);
    return done;
}

bool copy_open(struct state *state, struct error *error) {
    struct stat status;
    sqlite3 *database = NULL;
    if (!look(state, &status, error)) {
        return false;
    }
    if (is_same(state, &status)) {
        return true;
    }
    char *name = name_of(state->path);
    int flags =
        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(name, &database, flags, NULL);
    free(name);
    if (code != SQLITE_OK) {
        (void)error_set(error, EXIT_PERMISSION, "cannot open %s: %s", state->path,
                        database == NULL ? "out of memory" : sqlite3_errmsg(database));
        (void)sqlite3_close_v2(database);
        return false;
    }
    (void)sqlite3_close_v2(state->database);
    state->database = database;
    state->copy.device = status.st_dev;
    state->copy.inode = status.st_ino;
    state->copy.at_ms = status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
    return true;
}

int64_t state_copy_at(const struct state *state) {
    return state->copy.at_ms;
}
