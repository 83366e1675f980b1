#include "state/holder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "state/process.h"
#include "state/state_lease.h"

enum { COMMAND_SIZE = 256 };

/* The words of a process's command line, each ended by a null; empty when it cannot be read. */
static void read_command(int64_t pid, char command[COMMAND_SIZE]) {
    char path[48];
    (void)snprintf(path, sizeof path, "/proc/%lld/cmdline", (long long)pid);
    FILE *file = fopen(path, "re");
    size_t size = file != NULL ? fread(command, 1, COMMAND_SIZE - 2, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    command[size] = command[size + 1] = '\0';
}

static const char *name_of(const char *command) {
    const char *slash = strrchr(command, '/');
    return slash != NULL ? slash + 1 : command;
}

static bool is_agent(int64_t pid) {
    char command[COMMAND_SIZE];
    read_command(pid, command);
    return strcmp(name_of(command), "phasegate") == 0 &&
           strcmp(command + strlen(command) + 1, "agent") == 0;
}

static void look_at(struct holder *holder) {
    char state = '?';
    holder->agent = is_agent(holder->pid);
    holder->stopped =
        process_read_stat(holder->pid, &state, &holder->start) && (state == 'T' || state == 't');
}

bool holder_find(const char *path, struct holder *holder) {
    struct stat file;
    char line[256];
    *holder = (struct holder){0};
    FILE *locks = stat(path, &file) == 0 ? fopen("/proc/locks", "re") : NULL;
    while (locks != NULL && !holder->writes && fgets(line, sizeof line, locks) != NULL) {
        char kind[16];
        long long pid;
        unsigned major_number;
        unsigned minor_number;
        unsigned long long inode;
        /* A line that begins with "->" is one that waits. */
        if (sscanf(line, "%*d: POSIX %*s %15s %lld %x:%x:%llu", kind, &pid, &major_number,
                   &minor_number, &inode) == 5 &&
            inode == file.st_ino && major_number == major(file.st_dev) &&
            minor_number == minor(file.st_dev) && pid > 0 && pid != getpid()) {
            holder->pid = pid;
            holder->writes = strcmp(kind, "WRITE") == 0;
        }
    }
    if (locks != NULL) {
        (void)fclose(locks);
    }
    if (holder->pid > 0) {
        look_at(holder);
    }
    return holder->pid > 0;
}

/* Real nanoseconds since anybody wrote: every writer touches the journal, and a living agent writes
 * its lease anew every few seconds. */
static int64_t quiet_ns(const char *path) {
    struct stat status;
    struct timespec now;
    char *journal = memory_format("%s-journal", path);
    bool there = stat(journal, &status) == 0;
    free(journal);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return there ? (now.tv_sec - status.st_mtim.tv_sec) * INT64_C(1000000000) +
                       (now.tv_nsec - status.st_mtim.tv_nsec)
                 : 0;
}

bool holder_end_frozen(const char *path, struct holder *holder) {
    if (quiet_ns(path) < STATE_LEASE_TTL_NS || !holder_find(path, holder) || !holder->writes ||
        !holder->agent || !holder->stopped) {
        return false;
    }
    /* By a descriptor, and after a second look: the pid is still the same process. */
    int descriptor = (int)syscall(SYS_pidfd_open, holder->pid, 0);
    struct holder again = {0};
    bool same = descriptor >= 0 && holder_find(path, &again) && again.pid == holder->pid &&
                again.start == holder->start && again.stopped && again.writes;
    bool sent = same && syscall(SYS_pidfd_send_signal, descriptor, SIGKILL, NULL, 0) == 0;
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return sent;
}

char *holder_describe(const char *path) {
    struct holder holder;
    char command[COMMAND_SIZE];
    if (!holder_find(path, &holder)) {
        return NULL;
    }
    read_command(holder.pid, command);
    const char *verb = command + strlen(command) + 1;
    char *text = memory_format(
        "locked by %s%s%s, pid %lld", command[0] != '\0' ? name_of(command) : "a process",
        holder.agent ? " " : "", holder.agent ? verb : "", (long long)holder.pid);
    if (holder.stopped) {
        char *more = memory_format("%s, which is stopped: `kill -CONT %lld` lets it go on", text,
                                   (long long)holder.pid);
        free(text);
        text = more;
    }
    return text;
}
