/* What a process and its threads cost, as /proc tells it. */
#ifndef PHASEGATE_TESTS_SUPPORT_USAGE_H
#define PHASEGATE_TESTS_SUPPORT_USAGE_H

#include <stdint.h>
#include <sys/types.h>

struct usage {
    int64_t cpu_ns;        /* of all threads that are alive */
    int64_t wakeups;       /* voluntary context switches of all threads */
    int64_t resident;      /* bytes */
    int64_t highest;       /* bytes, the most that was ever resident */
    int64_t private_dirty; /* bytes that this process alone holds and has written */
    int threads;
    int descriptors;
};

/* All zeros for a process that is not there. */
struct usage usage_of(pid_t pid);

/* A process whose command line, its arguments joined by blanks, has this text; 0 for none. */
pid_t usage_find(const char *text);

#endif
