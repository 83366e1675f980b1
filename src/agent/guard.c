#include "agent/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/start.h"
#include "base/file.h"
#include "base/memory.h"

/* Longer than a lease runs that was renewed at the last byte. */
enum { SILENCE_MS = 16000, AGAIN_MS = 2000, BEAT_MS = 1000, FAREWELL_MS = 1000 };
enum { TRIES = 5, SPAN_MS = 600000 };

/* Before the first, second … start of a span. */
static const int pauses_ms[TRIES] = {0, 1000, 5000, 30000, 120000};

/* Stands while the machine sleeps: a guard that wakes with its agent has not heard it for no time.
 */
static int64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The starts of a span; counts one more and returns how many there were, TRIES when no more may be.
 */
struct starts {
    int64_t at[TRIES];
    int count;
};

static int count_start(struct starts *starts) {
    int64_t now = now_ms();
    int kept = 0;
    for (int i = 0; i < starts->count; i++) {
        if (now - starts->at[i] < SPAN_MS) {
            starts->at[kept++] = starts->at[i];
        }
    }
    starts->count = kept;
    if (kept < TRIES) {
        starts->at[starts->count++] = now;
    }
    return kept;
}

/* Starts the other process on the other end of a new pair of sockets; returns our end, or -1. */
static int start_other(const struct guard_options *options, const char *option, pid_t *pid) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return -1;
    }
    struct start_options start = {.pipeline_file = options->pipeline_file,
                                  .directory = options->directory,
                                  .option = option,
                                  .stay = options->stay,
                                  .input = ends[1]};
    bool good = start_agent(&start, pid, NULL);
    (void)close(ends[1]);
    if (!good) {
        (void)close(ends[0]);
    }
    return good ? ends[0] : -1;
}

/* ---- the agent's side ---- */

struct guard {
    const struct guard_options *options;
    int socket; /* -1: there is none */
    pid_t pid;  /* of a guard that we started; 0 */
    int64_t beat_ms;
    struct starts starts;
};

static void start_guard(struct guard *guard) {
    if (count_start(&guard->starts) < TRIES) {
        guard->socket = start_other(guard->options, "--guard", &guard->pid);
    }
}

struct guard *guard_open(const struct guard_options *options) {
    struct guard *guard = memory_new(1, sizeof *guard);
    *guard = (struct guard){.options = options, .socket = options->socket};
    if (guard->socket < 0) {
        start_guard(guard);
    }
    return guard;
}

static void leave_dead(struct guard *guard) {
    (void)close(guard->socket);
    guard->socket = -1;
    if (guard->pid > 0) {
        (void)waitpid(guard->pid, NULL, WNOHANG);
        guard->pid = 0;
    }
}

void guard_beat(struct guard *guard) {
    int64_t now = now_ms();
    if (guard == NULL || now - guard->beat_ms < BEAT_MS) {
        return;
    }
    guard->beat_ms = now;
    /* A full socket is a guard that is frozen: it will read when it wakes. */
    if (guard->socket >= 0 && send(guard->socket, ".", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
        errno != EAGAIN && errno != EINTR) {
        leave_dead(guard);
    }
    if (guard->socket < 0) {
        start_guard(guard);
    }
}

void guard_leave(struct guard *guard, bool farewell) {
    if (guard == NULL) {
        return;
    }
    if (guard->socket >= 0 && farewell) {
        struct pollfd end = {.fd = guard->socket, .events = POLLIN};
        (void)send(guard->socket, "q", 1, MSG_NOSIGNAL);
        (void)poll(&end, 1, FAREWELL_MS);
    }
    if (guard->socket >= 0) {
        leave_dead(guard);
    }
    free(guard);
}

int guard_socket(struct error *error) {
    int type;
    socklen_t size = sizeof type;
    int own = -1;
    if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &size) == 0) {
        own = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    }
    int null = own >= 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
    if (null < 0) {
        (void)error_set(error, EXIT_USAGE,
                        "--guard and --guarded are for the agent itself, which passes a socket as "
                        "standard input");
        return -1;
    }
    (void)dup2(null, STDIN_FILENO);
    (void)close(null);
    return own;
}

/* ---- the guard's side ---- */

enum heard { HEARD_LIFE, HEARD_FAREWELL, HEARD_DEATH, HEARD_NOTHING };

static enum heard listen_for(int socket, int ms) {
    char bytes[256];
    struct pollfd event = {.fd = socket, .events = POLLIN};
    int ready = poll(&event, 1, ms);
    if (ready < 0) {
        return HEARD_LIFE; /* interrupted */
    }
    if (ready == 0) {
        return HEARD_NOTHING;
    }
    ssize_t size = recv(socket, bytes, sizeof bytes, 0);
    if (size <= 0) {
        return HEARD_DEATH;
    }
    return memchr(bytes, 'q', (size_t)size) != NULL ? HEARD_FAREWELL : HEARD_LIFE;
}

/* A guard that was stopped together with its agent wakes to an old silence: it listens again. */
static enum heard listen_patiently(int socket) {
    enum heard heard = listen_for(socket, SILENCE_MS);
    return heard == HEARD_NOTHING ? listen_for(socket, AGAIN_MS) : heard;
}

static bool is_wanted(const struct guard_options *options) {
    char *path = file_join(options->directory, "state.db");
    bool there = access(path, F_OK) == 0 && access(options->pipeline_file, F_OK) == 0;
    free(path);
    return there;
}

static void rest(int ms) {
    (void)poll(NULL, 0, ms);
}

bool guard_run(const struct guard_options *options, struct error *error) {
    struct starts starts = {0};
    int socket = options->socket;
    for (;;) {
        enum heard heard = socket >= 0 ? listen_patiently(socket) : HEARD_DEATH;
        if (heard == HEARD_LIFE) {
            continue;
        }
        if (socket >= 0) {
            (void)close(socket);
            socket = -1;
        }
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
        if (heard == HEARD_FAREWELL || !is_wanted(options)) {
            return true;
        }
        int before = count_start(&starts);
        if (before == TRIES) {
            return error_set(error, EXIT_UNAVAILABLE,
                             "the agent ended %d times in 10 minutes and is not started again; "
                             "see %s/agent.log, and start it with: phasegate agent",
                             TRIES, options->directory);
        }
        rest(pauses_ms[before]);
        if (is_wanted(options)) {
            socket = start_other(options, "--guarded", NULL);
        }
    }
}
