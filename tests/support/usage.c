#include "tests/support/usage.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 300, LINE_BYTES = 4096 };

/* The number behind "NAME:" in a file of /proc, or 0. */
static int64_t number_in(const char *path, const char *name) {
    char line[LINE_BYTES];
    int64_t number = 0;
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        size_t size = strlen(name);
        if (strncmp(line, name, size) == 0 && line[size] == ':') {
            number += strtoll(line + size + 1, NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return number;
}

static int64_t first_number(const char *path) {
    char line[LINE_BYTES] = "";
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        if (fgets(line, sizeof line, file) == NULL) {
            line[0] = '\0';
        }
        (void)fclose(file);
    }
    return strtoll(line, NULL, 10);
}

static int entries_of(const char *path) {
    int count = 0;
    DIR *directory = opendir(path);
    for (const struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    return count;
}

static void add_thread(struct usage *usage, pid_t pid, const char *thread) {
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, thread);
    usage->cpu_ns += first_number(path);
    (void)snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)pid, thread);
    usage->wakeups += number_in(path, "voluntary_ctxt_switches");
    usage->threads++;
}

struct usage usage_of(pid_t pid) {
    struct usage usage = {0};
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    for (const struct dirent *entry; threads != NULL && (entry = readdir(threads)) != NULL;) {
        if (isdigit((unsigned char)entry->d_name[0])) {
            add_thread(&usage, pid, entry->d_name);
        }
    }
    if (threads != NULL) {
        (void)closedir(threads);
    }
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    usage.resident = number_in(path, "VmRSS") * 1024;
    usage.highest = number_in(path, "VmHWM") * 1024;
    (void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    usage.private_dirty = number_in(path, "Private_Dirty") * 1024;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    usage.descriptors = entries_of(path);
    return usage;
}

static int command_line_has(const char *pid, const char *text) {
    char path[PATH_BYTES];
    char line[LINE_BYTES] = "";
    (void)snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return 0;
    }
    size_t size = fread(line, 1, sizeof line - 1, file);
    (void)fclose(file);
    for (size_t i = 0; i + 1 < size; i++) {
        if (line[i] == '\0') {
            line[i] = ' ';
        }
    }
    return strstr(line, text) != NULL;
}

pid_t usage_find(const char *text) {
    pid_t found = 0;
    DIR *processes = opendir("/proc");
    for (const struct dirent *entry; processes != NULL && (entry = readdir(processes)) != NULL;) {
        if (isdigit((unsigned char)entry->d_name[0]) && command_line_has(entry->d_name, text)) {
            found = (pid_t)strtol(entry->d_name, NULL, 10);
            break;
        }
    }
    if (processes != NULL) {
        (void)closedir(processes);
    }
    return found;
}
