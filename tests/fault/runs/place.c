#include "place.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/memory.h"

enum { REFUSED = 78 };

static _Noreturn void refuse(const char *what) {
    (void)fprintf(stderr, "not permitted here: %s: %s\n", what, strerror(errno));
    _exit(REFUSED);
}

static void write_map(const char *path, const char *text) {
    FILE *file = fopen(path, "we");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        refuse(path);
    }
}

/* Root in a name space of users, for who is not root. */
static void become_root_inside(void) {
    char map[64];
    unsigned user = (unsigned)geteuid();
    unsigned group = (unsigned)getegid();
    if (unshare(CLONE_NEWUSER) != 0) {
        refuse("a user namespace");
    }
    write_map("/proc/self/setgroups", "deny");
    (void)snprintf(map, sizeof map, "0 %u 1", user);
    write_map("/proc/self/uid_map", map);
    (void)snprintf(map, sizeof map, "0 %u 1", group);
    write_map("/proc/self/gid_map", map);
}

static void separate(unsigned wants) {
    if ((wants & (PLACE_MOUNTS | PLACE_PIDS)) != 0) {
        if (geteuid() != 0) {
            become_root_inside();
        }
        if (unshare(CLONE_NEWNS | ((wants & PLACE_PIDS) != 0 ? CLONE_NEWPID : 0)) != 0 ||
            mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
            refuse("namespaces");
        }
    }
    if ((wants & PLACE_UNPRIVILEGED) != 0 && geteuid() == 0 &&
        (setgid(65534) != 0 || setuid(65534) != 0)) {
        refuse("to be nobody");
    }
}

static _Noreturn void run_inside(unsigned wants, void (*body)(void)) {
    if ((wants & PLACE_PIDS) != 0 && mount("proc", "/proc", "proc", 0, NULL) != 0) {
        refuse("/proc");
    }
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    body();
    _exit(0);
}

static int wait_for(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

enum place_result place_run(unsigned wants, void (*body)(void)) {
    pid_t outer = fork();
    if (outer == 0) {
        separate(wants);
        pid_t inner = fork();
        if (inner == 0) {
            run_inside(wants, body);
        }
        _exit(inner < 0 ? REFUSED : wait_for(inner));
    }
    int code = wait_for(outer);
    return code == 0 ? PLACE_GOOD : code == REFUSED ? PLACE_REFUSED : PLACE_BROKEN;
}

void place_mount(const char *directory, size_t bytes) {
    char *options = memory_format("size=%zu,mode=0700", bytes);
    PLACE_MUST(mount("tmpfs", directory, "tmpfs", 0, options) == 0, "%s", strerror(errno));
    free(options);
}
