/* Processes as the lease and the runs name them: boot, pid and start time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state/process.h"
#include "state/state_lease.h"

/* Fields 3 (state) and 22 (start time) of /proc/PID/stat; the name before them may hold anything,
 * so that fields are counted from its last parenthesis. */
bool process_read_stat(int64_t pid, char *process_state, int64_t *start) {
    char path[48];
    char line[1024];
    (void)snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    size_t size = fread(line, 1, sizeof line - 1, file);
    (void)fclose(file);
    line[size] = '\0';
    char *field = strrchr(line, ')');
    if (field == NULL || field[1] == '\0' || field[2] == '\0') {
        return false;
    }
    *process_state = field[2];
    for (int number = 2; number < 22; number++) {
        field = strchr(field + 1, ' ');
        if (field == NULL) {
            return false;
        }
    }
    *start = strtoll(field + 1, NULL, 10);
    return true;
}

struct state_process state_process_of(int64_t pid) {
    struct state_process process = {.pid = pid};
    char ignored;
    (void)clock_boot_id(process.boot_id);
    if (!process_read_stat(pid, &ignored, &process.start)) {
        process.start = 0;
    }
    return process;
}

struct state_process state_process_self(void) {
    return state_process_of(getpid());
}

bool state_process_alive(const struct state_process *process) {
    char boot_id[CLOCK_BOOT_ID_SIZE];
    char process_state;
    int64_t start;
    return process->pid > 0 && strcmp(clock_boot_id(boot_id), process->boot_id) == 0 &&
           process_read_stat(process->pid, &process_state, &start) && start == process->start &&
           process_state != 'Z' && process_state != 'X';
}
