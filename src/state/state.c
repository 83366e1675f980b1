#include "state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/share.h"
#include "base/trust.h"
#include "state/copy.h"
#include "state/filesystem.h"
#include "state/holder.h"
#include "state/schema.h"
#include "state/sql.h"
#include "state/state_copy.h"

enum { PATIENCE_MS = 5000 };

static bool is_name(const char *name) {
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "._-");
    return length > 0 && length <= 128 && name[length] == '\0' && name[0] != '.';
}

char *state_home(const char *pipeline, struct error *error) {
    const char *own = getenv("PHASEGATE_STATE");
    const char *xdg = getenv("XDG_STATE_HOME");
    if (!is_name(pipeline)) {
        (void)error_set(error, EXIT_CONFIG,
                        "the pipeline name \"%s\" cannot name its state directory; use letters, "
                        "digits, \".\", \"_\" and \"-\", beginning with no dot",
                        pipeline);
        return NULL;
    }
    if (own != NULL && own[0] != '\0') {
        return memory_format("%s/%s", own, pipeline);
    }
    /* The XDG rule: a relative path is invalid and is to be ignored. */
    if (xdg != NULL && xdg[0] == '/') {
        return memory_format("%s/phasegate/%s", xdg, pipeline);
    }
    const char *home = getenv("HOME");
    if (home == NULL || home[0] == '\0') {
        (void)error_set(error, EXIT_CONFIG,
                        "no place for the state file: set HOME, XDG_STATE_HOME or PHASEGATE_STATE");
        return NULL;
    }
    return memory_format("%s/.local/state/phasegate/%s", home, pipeline);
}

/* Between two looks at who holds the lock. */
#define LOOK_NS INT64_C(300000000)

/* Where a hundred wait, their tries are what keeps the one that writes from the processor. */
#define LONG_WAIT_NS INT64_C(200000000)
enum { SLOWER = 6 };

/* Tries again every few milliseconds: SQLite's own handler backs off to 100 ms, and then a process
 * can be passed over for seconds when many write. */
static int wait_for_others(void *context, int tries) {
    struct state *state = context;
    int64_t now = clock_boot_ns(clock_system());
    if (tries == 0) {
        state->waiting_since = now;
    }
    if (tries > 0 && now - state->looked_ns > LOOK_NS) {
        struct holder holder;
        state->looked_ns = now;
        if (holder_end_frozen(state->path, &holder)) {
            state->ended_pid = holder.pid;
            state->waiting_since = now;
        }
    }
    if (now - state->waiting_since >= (int64_t)state->patience_ms * 1000000) {
        return 0;
    }
    bool long_wait = now - state->waiting_since > LONG_WAIT_NS;
    struct timespec nap = {.tv_nsec = (1000000 + now % 4000000) * (long_wait ? SLOWER : 1)};
    (void)nanosleep(&nap, NULL);
    return 1;
}

static bool configure(struct state *state, struct error *error) {
    int64_t ignored;
    static const char settings[] =
        "PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;"
        "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; PRAGMA synchronous=FULL;";
    (void)sqlite3_busy_handler(state->database, wait_for_others, state);
    if (!sql_script(state, settings, error)) {
        return false;
    }
    if (!state->writable) {
        return sql_script(state, "PRAGMA query_only=ON", error);
    }
    /* Versions 3.7.0 to 3.51.2 can corrupt a WAL file under several processes (operations.md B.2);
     * TRUNCATE is fast enough here, and the answer is read back because SQLite may refuse. */
    struct sql_rows rows = SQL_ALL(state, error, "PRAGMA journal_mode=TRUNCATE");
    bool truncates = sql_next(&rows) && strcmp(sql_peek_text(&rows, 0), "truncate") == 0;
    sql_finish(&rows);
    if (rows.failed) {
        return false;
    }
    return truncates
               ? sql_one(state, error, "PRAGMA synchronous", NULL, 0, 0, &ignored) &&
                     (ignored == 2 || error_set(error, EXIT_SOFTWARE,
                                                "%s: SQLite refuses synchronous=FULL", state->path))
               : error_set(error, EXIT_CONFIG,
                           "%s: SQLite refuses journal_mode=TRUNCATE; close programs that "
                           "have the file open in another mode",
                           state->path);
}

enum state_access state_access_to(const char *directory) {
    return copy_is_for_us(directory) ? STATE_READ : STATE_WRITE;
}

bool state_is_writable(const struct state *state) {
    return state->writable;
}

/* Not by name: looking that up would make every shim larger. */
static long owner_of(const struct state *state) {
    struct stat status;
    return stat(state->path, &status) == 0 ? (long)status.st_uid : -1;
}

bool state_refuse(const struct state *state, struct error *error) {
    if (faccessat(AT_FDCWD, state->path, W_OK, AT_EACCESS) == 0) {
        return error_set(error, EXIT_SOFTWARE, "%s was opened for reading only", state->path);
    }
    return error_set(error, EXIT_PERMISSION,
                     "you may watch %s but not act in it; its owner (uid %ld) can let your group "
                     "act with `phasegate share --act`",
                     state->directory, owner_of(state));
}

bool state_refuse_damage(const struct state *state, const char *what, struct error *error) {
    if (state->copy.at_ms != 0) {
        return error_set(error, EXIT_DATA,
                         "%s is damaged (%s); its owner's next command publishes another",
                         state->path, what);
    }
    return error_set(error, EXIT_DATA,
                     "%s is damaged (%s); what runs goes on. Stop the agent, move this file and "
                     "its -journal away together, and start anew; `sqlite3 MOVED .recover` reads "
                     "what can be saved, and runs/ beside it keeps every log and end",
                     state->path, what);
}

static bool prepare_place(const char *directory, enum state_access access, const char *path,
                          struct error *error) {
    struct stat status;
    if (access == STATE_READ && stat(path, &status) != 0) {
        return error_set_errno(error, EXIT_NO_INPUT, errno,
                               "no state file %s; launch something or start the agent first", path);
    }
    if (access == STATE_WRITE && !file_make_directory(directory, error)) {
        return false;
    }
    return trust_way(directory, error) && filesystem_is_local(directory, error);
}

/* Whether what stands there, if anything does, is of that type, and the directory's owner's or
 * root's. Not opened: closing it would drop SQLite's locks. */
static bool check_entry(const char *path, mode_t type, bool any_owner, uid_t owner,
                        struct error *error) {
    struct stat status;
    if (lstat(path, &status) != 0) {
        return errno == ENOENT ||
               error_set_errno(error, EXIT_NO_INPUT, errno, "cannot look at %s", path);
    }
    if ((status.st_mode & S_IFMT) != type || (type == S_IFREG && status.st_nlink > 1)) {
        return error_set(error, EXIT_DATA, "%s is not believed: it is %s; move it away", path,
                         type == S_IFDIR ? "no directory" : "no regular file of one name");
    }
    if (!any_owner && status.st_uid != owner && status.st_uid != 0) {
        return error_set(error, EXIT_PERMISSION,
                         "%s belongs to uid %ld, and the directory around it to uid %ld, who is to "
                         "look who laid it there and to move it away",
                         path, (long)status.st_uid, (long)owner);
    }
    return (status.st_mode & S_IWOTH) == 0 ||
           error_set(error, EXIT_PERMISSION, "everybody may write %s: chmod o-rwx %s", path, path);
}

/* A journal may be of whoever acted first. */
static bool check_entries(const struct state *state, struct error *error) {
    uid_t owner = trust_owner(state->directory);
    char *journal = memory_format("%s-journal", state->path);
    char *runs = file_join(state->directory, "runs");
    bool done = check_entry(state->path, S_IFREG, false, owner, error) &&
                check_entry(journal, S_IFREG, true, owner, error) &&
                check_entry(runs, S_IFDIR, false, owner, error);
    free(runs);
    free(journal);
    return done;
}

static bool open_copy(struct state *state, struct error *error) {
    char *path = file_join(state->directory, STATE_COPY);
    free(state->path);
    state->path = path;
    return copy_open(state, error) && configure(state, error) && schema_prepare(state, error);
}

static bool open_database(struct state *state, struct error *error) {
    /* A reader opens for writing too: it may have to roll a crashed writer's journal back. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                (state->writable ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_EXRESCODE;
    mode_t mask = umask(077);
    int code = sqlite3_open_v2(state->path, &state->database, flags, NULL);
    (void)umask(mask);
    if (code == SQLITE_OK && state->writable) {
        /* Fails for a file of another account, which has its mode from there. */
        (void)share_adopt(state->path, SHARE_STATE);
    }
    if (code != SQLITE_OK) {
        int reason = state->database == NULL ? ENOMEM : sqlite3_system_errno(state->database);
        return reason != 0
                   ? error_set_errno(error, EXIT_PERMISSION, reason, "cannot open %s", state->path)
                   : error_set(error, EXIT_PERMISSION, "cannot open %s: %s", state->path,
                               sqlite3_errmsg(state->database));
    }
    return configure(state, error) && schema_prepare(state, error);
}

struct state *state_open(const char *directory, enum state_access access, struct error *error) {
    char *path = file_join(directory, "state.db");
    bool ready = prepare_place(directory, access, path, error);
    free(path);
    if (!ready) {
        return NULL;
    }
    /* Absolute, because shims and their run directories are named by it and work elsewhere. */
    char *absolute = realpath(directory, NULL);
    if (absolute == NULL) {
        (void)error_set_errno(error, EXIT_NO_INPUT, errno, "cannot resolve %s", directory);
        return NULL;
    }
    struct state *state = memory_new(1, sizeof *state);
    state->directory = absolute;
    state->path = file_join(absolute, "state.db");
    state->writable = access == STATE_WRITE;
    state->seen_version = -1;
    state->patience_ms = PATIENCE_MS;
    (void)clock_boot_id(state->boot_id);
    if (state->writable && trust_owner(absolute) == geteuid()) {
        (void)share_adopt(state->path, SHARE_STATE); /* one's own: what was opened to more is not */
    }
    bool watches = access == STATE_READ && copy_is_for_us(absolute);
    if (!check_entries(state, error) ||
        !(watches ? open_copy(state, error) : open_database(state, error))) {
        state_close(state);
        return NULL;
    }
    return state;
}

void state_close(struct state *state) {
    if (state != NULL) {
        if (state->database != NULL && sqlite3_total_changes64(state->database) > 0 &&
            share_of(state->directory) == SHARE_WATCH) {
            (void)state_copy_publish(state, NULL); /* the next who writes does it again */
        }
        (void)sqlite3_close_v2(state->database);
        free(state->directory);
        free(state->path);
        free(state);
    }
}

const char *state_directory(const struct state *state) {
    return state->directory;
}

int state_schema(const struct state *state) {
    return state->schema;
}

/* A copy that does not open leaves the one before, whose age shows. */
static bool take_newer_copy(struct state *state) {
    return copy_is_old(state) && copy_open(state, NULL) && configure(state, NULL) &&
           schema_prepare(state, NULL);
}

bool state_changed(struct state *state) {
    int64_t version;
    if (take_newer_copy(state)) {
        state->seen_version = -1;
    }
    if (!sql_one(state, NULL, "PRAGMA data_version", NULL, 0, -1, &version)) {
        return true;
    }
    int64_t changes = sqlite3_total_changes64(state->database);
    bool changed = version != state->seen_version || changes != state->seen_changes;
    state->seen_version = version;
    state->seen_changes = changes;
    return changed;
}

bool state_read_begin(struct state *state, struct error *error) {
    int64_t ignored;
    (void)take_newer_copy(state);
    /* BEGIN alone takes no lock: the first read does. */
    return sql_script(state, "BEGIN", error) &&
           (sql_one(state, error, "SELECT count(*) FROM lease", NULL, 0, 0, &ignored) ||
            sql_end(state, false, error));
}

void state_read_end(struct state *state) {
    (void)sql_end(state, false, NULL);
}

int state_set_patience(struct state *state, int real_ms) {
    int before = state->patience_ms;
    state->patience_ms = real_ms;
    return before;
}

static bool check_copy(const char *path, struct error *error) {
    struct state copy = {.path = memory_copy_string(path)};
    bool done = sqlite3_open_v2(path, &copy.database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK ||
                sql_failed(&copy, error);
    if (done) {
        struct sql_rows rows = SQL_ALL(&copy, error, "PRAGMA integrity_check");
        bool sound = sql_next(&rows) && strcmp(sql_peek_text(&rows, 0), "ok") == 0;
        sql_finish(&rows);
        done =
            !rows.failed && (sound || error_set(error, EXIT_DATA, "the copy %s is damaged", path));
    }
    (void)sqlite3_close_v2(copy.database);
    free(copy.path);
    return done;
}

bool state_backup(struct state *state, const char *path, struct error *error) {
    mode_t mask = umask(077);
    bool done = SQL_RUN(state, error, "VACUUM INTO ?", sql_text(path));
    (void)umask(mask);
    return done && check_copy(path, error);
}
