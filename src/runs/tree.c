#include "runs/tree.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "runs/family.h"

static void add(struct tree *tree, const struct state_process *process) {
    tree->members = memory_grow(tree->members, tree->count, &tree->capacity, sizeof *tree->members);
    tree->members[tree->count++] = *process;
}

void tree_begin(struct tree *tree, const struct state_process *root) {
    tree->count = 0;
    add(tree, root);
}

static bool has(const struct tree *tree, pid_t pid) {
    for (size_t i = 0; i < tree->count; i++) {
        if (tree->members[i].pid == pid) {
            return true;
        }
    }
    return false;
}

/* One pass over all processes; true when it found a child that was not known. */
static bool find_children(struct tree *tree) {
    DIR *directory = opendir("/proc");
    pid_t pid;
    pid_t parent;
    bool any = false;
    while (directory != NULL && family_next(directory, &pid, &parent)) {
        if (has(tree, parent) && !has(tree, pid)) {
            struct state_process child = state_process_of(pid);
            if (state_process_alive(&child)) {
                add(tree, &child);
                any = true;
            }
        }
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    return any;
}

size_t tree_look(struct tree *tree) {
    size_t kept = 0;
    for (size_t i = 0; i < tree->count; i++) {
        if (state_process_alive(&tree->members[i])) {
            tree->members[kept++] = tree->members[i];
        }
    }
    tree->count = kept;
    while (tree->count > 0 && find_children(tree)) {
    }
    return tree->count;
}

size_t tree_signal(struct tree *tree, int signal) {
    (void)tree_look(tree);
    for (size_t i = 0; i < tree->count; i++) {
        int descriptor = (int)syscall(SYS_pidfd_open, (pid_t)tree->members[i].pid, 0);
        /* Looked at again while the descriptor holds on to it. */
        if (descriptor >= 0 && state_process_alive(&tree->members[i])) {
            (void)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
        }
        if (descriptor >= 0) {
            (void)close(descriptor);
        }
    }
    return tree->count;
}

char *tree_describe_stuck(const struct tree *tree) {
    return tree->count == 0
               ? memory_copy_string("KILL sent, no process left")
               : memory_format("KILL sent, %zu process%s left after 10 s: pid %lld may hang in the "
                               "kernel (state D)",
                               tree->count, tree->count == 1 ? "" : "es",
                               (long long)tree->members[0].pid);
}

void tree_clear(struct tree *tree) {
    free(tree->members);
    *tree = (struct tree){.count = 0};
}
