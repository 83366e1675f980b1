#include "runs/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/trust.h"
#include "runs/runs_shim.h"
#include "runs/spec.h"

enum { LARGEST_FILE = 65536 };

/* Writes into a file of the kernel's, which is there or the cgroup is not one. */
static bool write_word(const char *directory, const char *name, const char *word) {
    char *path = file_join(directory, name);
    int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    bool done = descriptor >= 0 && file_write_all(descriptor, word, strlen(word));
    int reason = errno;
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    free(path);
    errno = reason;
    return done;
}

static const char *mount_point(void) {
    static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct statfs about;
        if (statfs(places[i], &about) == 0 && about.f_type == CGROUP2_SUPER_MAGIC) {
            return places[i];
        }
    }
    return NULL;
}

/* The cgroup this process is in; NULL when there is no version 2. */
static char *own_cgroup(void) {
    static const struct text unified = {"0::", 3};
    struct text_buffer list = {0};
    const char *mount = mount_point();
    char *path = NULL;
    if (mount != NULL && file_read("/proc/self/cgroup", LARGEST_FILE, &list, NULL)) {
        struct text rest = {list.data, list.size};
        while (path == NULL && rest.size > 0) {
            struct text line = text_cut(&rest, '\n');
            if (text_starts(line, unified)) {
                path = memory_format("%s%.*s", mount, (int)(line.size - 3), line.data + 3);
            }
        }
    }
    text_buffer_free(&list);
    return path;
}

/* Whether this is the scope that the launcher made for the run. */
static bool is_scope_of(const char *path, const char *run) {
    char *name = memory_format("/phasegate-%s.scope", run);
    size_t size = strlen(path);
    bool is = size >= strlen(name) && strcmp(path + size - strlen(name), name) == 0;
    free(name);
    return is;
}

/* systemd marks what it leaves to others to divide; where it does not run nobody else divides. */
static bool is_ours_to_divide(const char *path) {
    static const char *const marks[] = {"user.delegate", "trusted.delegate"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        char value[8];
        if (getxattr(path, marks[i], value, sizeof value) == 1 && value[0] == '1') {
            return true;
        }
    }
    return access("/run/systemd/system", F_OK) != 0;
}

static void use(const char *directory, const char *name, struct cgroup *cgroup) {
    char *path = file_join(directory, name);
    char *procs = file_join(path, "cgroup.procs");
    bool made = mkdir(path, 0755) == 0 || errno == EEXIST;
    if (made && access(procs, W_OK) == 0) {
        cgroup->path = path;
    } else {
        (void)rmdir(path);
        free(path);
    }
    free(procs);
}

/* The number behind "oom_kill"; -1 without one. */
static int64_t count_killed(const char *path) {
    struct text_buffer content = {0};
    int64_t count = -1;
    if (file_read(path, LARGEST_FILE, &content, NULL)) {
        struct text rest = {content.data, content.size};
        while (rest.size > 0) {
            struct text line = text_cut(&rest, '\n');
            if (text_is(text_cut(&line, ' '), "oom_kill") && !text_to_int64(line, &count)) {
                count = -1;
            }
        }
    }
    text_buffer_free(&content);
    return count;
}

/* The kernel counts in the command's own cgroup where memory is accounted there, else in the scope.
 */
static void find_memory_events(const char *scope, struct cgroup *cgroup) {
    const char *const places[] = {cgroup->path, scope};
    for (size_t i = 0; i < 2 && cgroup->memory_events == NULL; i++) {
        char *path = places[i] == NULL ? NULL : file_join(places[i], "memory.events");
        cgroup->killed = path == NULL ? -1 : count_killed(path);
        if (cgroup->killed >= 0) {
            cgroup->memory_events = path;
        } else {
            free(path);
        }
    }
}

static void keep_path(const char *run_directory, const struct cgroup *cgroup) {
    char *path = file_join(run_directory, SPEC_CGROUP);
    (void)file_write(path, text_of(cgroup->path), NULL);
    free(path);
}

void cgroup_make(const char *run, const char *run_directory, struct cgroup *cgroup) {
    const char *fake = runs_shim_test("PHASEGATE_TEST_CGROUP");
    char *own = fake != NULL ? memory_copy_string(fake) : own_cgroup();
    bool scope = own != NULL && (fake != NULL || is_scope_of(own, run));
    *cgroup = (struct cgroup){.killed = -1};
    if (scope) {
        use(own, "command", cgroup);
    } else if (own != NULL && is_ours_to_divide(own)) {
        char *name = memory_format("phasegate-%s", run);
        use(own, name, cgroup);
        free(name);
    }
    if (cgroup->path != NULL) {
        find_memory_events(scope ? own : NULL, cgroup);
        keep_path(run_directory, cgroup);
    }
    free(own);
}

bool cgroup_enter(const struct cgroup *cgroup) {
    return cgroup->path == NULL || write_word(cgroup->path, "cgroup.procs", "0");
}

void cgroup_kill(const struct cgroup *cgroup) {
    if (cgroup->path != NULL) {
        (void)write_word(cgroup->path, "cgroup.kill", "1");
    }
}

/* Whether a run's shim can have made a cgroup of that path (cgroup_make). */
static bool could_be_of(const char *path, const char *run) {
    const char *fake = runs_shim_test("PHASEGATE_TEST_CGROUP");
    const char *mount = fake != NULL ? fake : mount_point();
    char *scope = memory_format("/phasegate-%s.scope/command", run);
    char *plain = memory_format("/phasegate-%s", run);
    size_t size = strlen(path);
    size_t under = mount == NULL ? 0 : strlen(mount);
    bool named = fake != NULL && strcmp(path + under, "/command") == 0;
    const char *const ends[] = {scope, plain};
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(ends[i]);
        named = named || (size >= length && strcmp(path + size - length, ends[i]) == 0);
    }
    bool could = mount != NULL && strncmp(path, mount, under) == 0 && path[under] == '/' &&
                 strstr(path, "/../") == NULL && named;
    free(plain);
    free(scope);
    return could;
}

static void kill_made_by(uid_t owner, const char *path) {
    struct stat status;
    struct statfs about;
    bool testing = runs_shim_test("PHASEGATE_TEST_CGROUP") != NULL;
    int place = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool theirs = place >= 0 && fstat(place, &status) == 0 && status.st_uid == owner &&
                  fstatfs(place, &about) == 0 && (testing || about.f_type == CGROUP2_SUPER_MAGIC);
    int word = theirs ? openat(place, "cgroup.kill", O_WRONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (word >= 0) {
        (void)file_write_all(word, "1", 1);
        (void)close(word);
    }
    if (place >= 0) {
        (void)close(place);
    }
}

void cgroup_kill_of(const char *run, const char *run_directory) {
    struct text_buffer content = {0};
    if (trust_read(run_directory, SPEC_CGROUP, LARGEST_FILE, &content, NULL) && content.size > 0 &&
        strlen(content.data) == content.size && could_be_of(content.data, run)) {
        kill_made_by(trust_owner(run_directory), content.data);
    }
    text_buffer_free(&content);
}

bool cgroup_ran_out(const struct cgroup *cgroup) {
    return cgroup->memory_events != NULL && count_killed(cgroup->memory_events) > cgroup->killed;
}

void cgroup_end(struct cgroup *cgroup) {
    if (cgroup->path != NULL) {
        (void)rmdir(cgroup->path);
    }
    free(cgroup->path);
    free(cgroup->memory_events);
    *cgroup = (struct cgroup){.killed = -1};
}
