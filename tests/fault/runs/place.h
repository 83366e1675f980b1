/* A place of its own for a test: a child process in new namespaces, where file systems are mounted
 * and pids chosen that the rest of the machine never sees. */
#ifndef PHASEGATE_TEST_FAULT_PLACE_H
#define PHASEGATE_TEST_FAULT_PLACE_H

#include <stdio.h>
#include <unistd.h>

enum place_wants {
    PLACE_PLAIN = 0,        /* just a process */
    PLACE_MOUNTS = 1,       /* mounts of its own */
    PLACE_PIDS = 2,         /* the body is process 1, with its own /proc */
    PLACE_UNPRIVILEGED = 4, /* not root, whoever started the test */
};

enum place_result { PLACE_GOOD, PLACE_BROKEN, PLACE_REFUSED };

/* Runs the body there. PLACE_REFUSED when this machine permits no such place to this user; says
 * why on stderr. */
enum place_result place_run(unsigned wants, void (*body)(void));

/* In a body: leaves it as broken, and says where, unless the condition holds. */
#define PLACE_MUST(condition, ...)                                                                 \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: %s is false. ", __FILE__, __LINE__, #condition);         \
            (void)fprintf(stderr, __VA_ARGS__);                                                    \
            (void)fputc('\n', stderr);                                                             \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

/* Mounts an empty file system of so many bytes, in memory. */
void place_mount(const char *directory, size_t bytes);

#endif
