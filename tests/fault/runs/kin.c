#include "kin.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t read_small(const char *path, char *data, size_t size) {
    FILE *file = fopen(path, "re");
    size_t count = 0;
    if (file != NULL) {
        count = fread(data, 1, size - 1, file);
        (void)fclose(file);
    }
    data[count] = '\0';
    return count;
}

static void copy_run(struct kin *kin, const char *run) {
    size_t length = strnlen(run, sizeof kin->run - 1);
    memcpy(kin->run, run, length);
    kin->run[length] = '\0';
}

/* "…/phasegate-shim\0/…/runs/RUN\0", "phasegate-shim RUN\0", "run-witness RUN\0". */
static void classify(struct kin *kin) {
    static const char shim[] = "phasegate-shim";
    static const char witness[] = "run-witness ";
    char path[48];
    char line[1024];
    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)kin->pid);
    size_t size = read_small(path, line, sizeof line);
    size_t first = strlen(line);
    kin->run[0] = '\0';
    kin->role = KIN_OTHER;
    if (strncmp(line, witness, sizeof witness - 1) == 0) {
        kin->role = KIN_WITNESS;
        copy_run(kin, line + sizeof witness - 1);
    } else if (first >= sizeof shim - 1 && first + 1 < size &&
               strcmp(line + first - (sizeof shim - 1), shim) == 0) {
        const char *slash = strrchr(line + first + 1, '/');
        kin->role = KIN_SHIM;
        copy_run(kin, slash == NULL ? "" : slash + 1);
    } else if (strncmp(line, "/bin/sh", 7) == 0 || strncmp(line, "sleep", 5) == 0) {
        kin->role = KIN_COMMAND;
    }
}

static void add_children(pid_t parent, struct kin *kin, size_t *count) {
    char path[64];
    char list[8192];
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    (void)read_small(path, list, sizeof list);
    for (char *at = list; *count < KIN_MOST;) {
        char *end;
        long pid = strtol(at, &end, 10);
        if (end == at) {
            break;
        }
        at = end;
        struct kin *one = &kin[(*count)++];
        one->pid = (pid_t)pid;
        classify(one);
    }
}

size_t kin_list(struct kin kin[KIN_MOST]) {
    size_t count = 0;
    add_children(getpid(), kin, &count);
    for (size_t i = 0; i < count; i++) {
        add_children(kin[i].pid, kin, &count);
    }
    return count;
}

void kin_kill_all(void) {
    static struct kin kin[KIN_MOST];
    for (size_t count = kin_list(kin); count > 0; count = kin_list(kin)) {
        for (size_t i = 0; i < count; i++) {
            (void)kill(kin[i].pid, SIGKILL);
        }
        while (waitpid(-1, NULL, WNOHANG) > 0 || errno == EINTR) {
            errno = 0;
        }
    }
}
