#include "runs/family.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

struct member {
    pid_t pid, parent, group;
    char state;
    char name[16]; /* printable ASCII */
};

/* Of "17 (python3) S …", where `end` is the last parenthesis: a program may call itself anything.
 */
static void copy_name(const char *line, const char *end, char name[16]) {
    const char *from = strchr(line, '(');
    size_t size = from == NULL || from >= end ? 0 : (size_t)(end - from) - 1;
    size = size < 15 ? size : 15;
    for (size_t i = 0; i < size; i++) {
        name[i] = (char)(from[i + 1] >= ' ' && from[i + 1] <= '~' ? from[i + 1] : '?');
    }
    name[size] = '\0';
}

static bool read_member(pid_t pid, struct member *member) {
    char path[48];
    char line[512];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    ssize_t size = read(descriptor, line, sizeof line - 1);
    (void)close(descriptor);
    if (size <= 0) {
        return false;
    }
    line[size] = '\0';
    /* The name before the last parenthesis may hold anything. */
    const char *rest = strrchr(line, ')');
    int parent;
    int group;
    if (rest == NULL || sscanf(rest + 1, " %c %d %d", &member->state, &parent, &group) != 3) {
        return false;
    }
    copy_name(line, rest, member->name);
    member->pid = pid;
    member->parent = parent;
    member->group = group;
    return true;
}

/* The next process of /proc; false at the end. */
static bool next_pid(DIR *directory, pid_t *pid) {
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char *end;
        long number = strtol(entry->d_name, &end, 10);
        if (number > 0 && *end == '\0') {
            *pid = (pid_t)number;
            return true;
        }
    }
    return false;
}

bool family_next(DIR *directory, pid_t *pid, pid_t *parent) {
    struct member member;
    while (next_pid(directory, pid)) {
        if (read_member(*pid, &member)) {
            *parent = member.parent;
            return true;
        }
    }
    return false;
}

static bool is_alive(const struct member *member) {
    return member->state != 'Z' && member->state != 'X';
}

/* Counts them, and keeps the one that explains most why it is there: what hangs in the kernel. */
static size_t look_at_family(pid_t group, pid_t witness, struct member *worst) {
    DIR *directory = opendir("/proc");
    size_t count = 0;
    pid_t self = getpid();
    pid_t pid;
    while (directory != NULL && next_pid(directory, &pid)) {
        struct member member;
        if (pid != witness && read_member(pid, &member) && is_alive(&member) &&
            (member.parent == self || (group > 0 && member.group == group))) {
            *worst = count == 0 || member.state == 'D' ? member : *worst;
            count++;
        }
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    return count;
}

size_t family_count(pid_t group, pid_t witness) {
    struct member worst;
    return look_at_family(group, witness, &worst);
}

char *family_describe_stuck(pid_t group, pid_t witness) {
    struct member worst = {0};
    size_t count = look_at_family(group, witness, &worst);
    if (count == 0) {
        return memory_copy_string("KILL sent, no process left");
    }
    return memory_format("KILL sent, %zu process%s left after 10 s: pid %d (%s) %s (state %c)",
                         count, count == 1 ? "" : "es", (int)worst.pid, worst.name,
                         worst.state == 'D' ? "hangs in the kernel" : "may hang in the kernel",
                         worst.state);
}

void family_signal_children(pid_t witness, int signal) {
    DIR *directory = opendir("/proc");
    pid_t self = getpid();
    pid_t pid;
    while (directory != NULL && next_pid(directory, &pid)) {
        struct member member;
        if (pid != witness && read_member(pid, &member) && member.parent == self) {
            (void)kill(pid, signal);
        }
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
}

/* Whether the environment the process was started with holds `entry`, as a whole. */
static bool has_variable(pid_t pid, const char *entry) {
    char path[48];
    struct text_buffer environment = {0};
    bool found = false;
    (void)snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    if (file_read(path, (size_t)4 * 1024 * 1024, &environment, NULL)) {
        struct text rest = {environment.data, environment.size};
        while (!found && rest.size > 0) {
            found = text_is(text_cut(&rest, '\0'), entry);
        }
    }
    text_buffer_free(&environment);
    return found;
}

bool family_is_of(pid_t pid, uid_t owner) {
    char path[48];
    struct stat status;
    (void)snprintf(path, sizeof path, "/proc/%d", (int)pid);
    return owner == 0 || (stat(path, &status) == 0 && status.st_uid == owner);
}

size_t family_of_run(const char *run, uid_t owner, int signal) {
    DIR *directory = opendir("/proc");
    char *entry = memory_format("PHASEGATE_RUN_ID=%s", run);
    size_t count = 0;
    pid_t self = getpid();
    pid_t pid;
    while (directory != NULL && next_pid(directory, &pid)) {
        struct member member;
        if (pid == self || !has_variable(pid, entry)) {
            continue;
        }
        int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
        /* Looked at again while the descriptor holds on to it: the pid may have been another's. */
        if (descriptor >= 0 && has_variable(pid, entry) && family_is_of(pid, owner) &&
            read_member(pid, &member) && is_alive(&member)) {
            count++;
            if (signal != 0) {
                (void)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
            }
        }
        if (descriptor >= 0) {
            (void)close(descriptor);
        }
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    free(entry);
    return count;
}
