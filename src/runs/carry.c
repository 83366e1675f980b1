#include "runs/carry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "runs/record.h"
#include "runs/ssh.h"

enum { UNHEARD = 255, LONGEST_LINE = 8192 };

struct carry {
    const char *run_directory;
    struct spec *spec;
    size_t step;
    pid_t ssh;
    int signals, input, said; /* input: to ssh; said: its stderr; -1 when closed */
    char *pending;            /* what is still to be written to ssh */
    size_t written;
    struct text_buffer line; /* of its stderr, not yet whole */
    char *last;              /* line of ssh's own, for people */
    bool begun;              /* the script was sent, or a part of it */
    bool over;               /* ssh has ended */
    bool heard;
    int status; /* of the command, as the far side told it */
};

static void give(struct carry *carry, const char *text) {
    char *all =
        memory_format("%s%s", carry->pending == NULL ? "" : carry->pending + carry->written, text);
    free(carry->pending);
    carry->pending = all;
    carry->written = 0;
}

static void write_pending(struct carry *carry) {
    size_t left = carry->pending == NULL ? 0 : strlen(carry->pending + carry->written);
    ssize_t count = left == 0 ? 0 : write(carry->input, carry->pending + carry->written, left);
    if (count > 0) {
        carry->written += (size_t)count;
    } else if (count < 0 && errno != EAGAIN && errno != EINTR) {
        (void)close(carry->input); /* ssh is going */
        carry->input = -1;
    }
}

static void record(const struct carry *carry, const char *why) {
    struct error error;
    struct record record = {.has_wait_status = why == NULL,
                            .wait_status = W_EXITCODE(carry->status, 0),
                            .step = carry->step,
                            .spawn_error = memory_copy_string(why),
                            .ended_at = clock_wall_ms(clock_system())};
    if (!record_write(carry->run_directory, SPEC_REMOTE, carry->spec->run, &record, &error)) {
        (void)fprintf(stderr, "phasegate: %s\n", error.text);
    }
    record_clear(&record);
}

static void take_line(struct carry *carry, struct text line) {
    struct text word = ssh_word(line, carry->spec->run);
    struct text verb = text_cut(&word, ' ');
    if (verb.size == 0) {
        /* ssh's own words, and those of a login there: into the log, as they are. */
        (void)fprintf(stderr, "%.*s\n", (int)line.size, line.data);
        free(carry->last);
        carry->last = memory_copy_part(line.data, line.size);
    } else if (text_is(verb, "ready") && !carry->begun) {
        char *script = ssh_script(carry->spec, carry->step);
        give(carry, script);
        carry->begun = true;
        free(script);
    } else if (text_is(verb, "ended") && carry->begun && word.size > 0) {
        char *number = memory_copy_part(word.data, word.size);
        carry->status = (int)strtol(number, NULL, 10) & 0xFF;
        carry->heard = true;
        free(number);
    }
}

static void take_said(struct carry *carry) {
    char part[4096];
    ssize_t count = read(carry->said, part, sizeof part);
    if (count <= 0) {
        if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
            (void)close(carry->said);
            carry->said = -1;
        }
        return;
    }
    for (ssize_t i = 0; i < count; i++) {
        if (part[i] != '\n' && carry->line.size < LONGEST_LINE) {
            text_buffer_put(&carry->line, &part[i], 1);
        } else if (part[i] == '\n') {
            take_line(carry, (struct text){carry->line.data, carry->line.size});
            text_buffer_clear(&carry->line);
        }
    }
}

static void take_signals(struct carry *carry) {
    struct signalfd_siginfo info;
    while (read(carry->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM && !carry->begun) {
            (void)kill(carry->ssh, SIGTERM); /* nothing runs there yet */
        } else if (info.ssi_signo == SIGTERM) {
            give(carry, "TERM\n");
        } else if (waitpid(carry->ssh, NULL, WNOHANG) == carry->ssh) {
            carry->over = true;
        }
    }
}

/* In a group of its own: what stops this process is not to cut the line. */
static _Noreturn void be_ssh(const struct carry *carry, const int input[2], const int said[2]) {
    char **argv = ssh_argv(carry->spec);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)setpgid(0, 0);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(input[0], STDIN_FILENO) >= 0 && dup2(said[1], STDERR_FILENO) >= 0) {
        (void)execvp(argv[0], argv);
    }
    (void)fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(UNHEARD);
}

static bool start(struct carry *carry) {
    int input[2];
    int said[2];
    sigset_t wanted;
    (void)sigemptyset(&wanted);
    (void)sigaddset(&wanted, SIGTERM);
    (void)sigaddset(&wanted, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &wanted, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    carry->signals = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (carry->signals < 0 || pipe2(input, O_CLOEXEC) != 0 || pipe2(said, O_CLOEXEC) != 0) {
        return false;
    }
    carry->ssh = fork();
    if (carry->ssh == 0) {
        be_ssh(carry, input, said);
    }
    (void)close(input[0]);
    (void)close(said[1]);
    carry->input = input[1];
    carry->said = said[0];
    return carry->ssh > 0 && fcntl(carry->input, F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(carry->said, F_SETFL, O_NONBLOCK) == 0;
}

static bool has_pending(const struct carry *carry) {
    return carry->input >= 0 && carry->pending != NULL && carry->pending[carry->written] != '\0';
}

/* Until ssh has ended, and what it said is read. */
static void attend(struct carry *carry) {
    while (!carry->over) {
        struct pollfd descriptors[] = {
            {.fd = carry->signals, .events = POLLIN},
            {.fd = carry->said, .events = POLLIN},
            {.fd = has_pending(carry) ? carry->input : -1, .events = POLLOUT}};
        (void)poll(descriptors, 3, -1);
        if (descriptors[1].revents != 0) {
            take_said(carry);
        }
        if (descriptors[0].revents != 0) {
            take_signals(carry);
        }
        if (descriptors[2].revents != 0) {
            write_pending(carry);
        }
    }
    /* Without waiting: a process that ssh left behind may hold the other end. */
    for (int full = 1; full > 0 && carry->said >= 0;) {
        struct pollfd rest = {.fd = carry->said, .events = POLLIN};
        full = poll(&rest, 1, 0);
        if (full > 0) {
            take_said(carry);
        }
    }
}

static int conclude(const struct carry *carry) {
    const char *host = carry->spec->ssh;
    if (carry->heard) {
        record(carry, NULL);
        return carry->status;
    }
    if (!carry->begun) {
        char *why = memory_format("%s: %s", host, carry->last == NULL ? "no answer" : carry->last);
        record(carry, why);
        free(why);
        return UNHEARD;
    }
    (void)fprintf(stderr,
                  "phasegate: the connection to %s ended before the command there did; how it "
                  "ended, or whether, coverage must say\n",
                  host);
    return UNHEARD;
}

int carry_main(int argc, char **argv) {
    struct error error;
    if (argc != 4) {
        return EXIT_USAGE;
    }
    struct carry carry = {.run_directory = argv[2], .input = -1, .said = -1};
    carry.step = strtoul(argv[3], NULL, 10);
    carry.spec = spec_read_own(argv[2], &error);
    if (carry.spec == NULL || carry.spec->ssh == NULL || carry.step >= carry.spec->step_count) {
        (void)fprintf(stderr, "phasegate: %s\n",
                      carry.spec == NULL ? error.text : "this run is not to be carried over");
        spec_free(carry.spec);
        return UNHEARD;
    }
    int status = UNHEARD;
    if (start(&carry)) {
        attend(&carry);
        status = conclude(&carry);
    }
    text_buffer_free(&carry.line);
    free(carry.pending);
    free(carry.last);
    spec_free(carry.spec);
    return status;
}
