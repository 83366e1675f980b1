/* Errors: one sentence for the person who reads it, and the exit code a verb ends with.
 *
 * Every function that can fail takes a `struct error *` last and returns false (or NULL) after
 * filling it. The sentence names what, where and what to do; it ends without a full stop and holds
 * no secret. */
#ifndef PHASEGATE_BASE_ERROR_H
#define PHASEGATE_BASE_ERROR_H

#include <stdbool.h>

/* Exit codes of every verb. 0, 1, 2 are answers; 64 to 78 are sysexits.h. */
enum error_exit {
    EXIT_GO = 0,           /* GO, or done */
    EXIT_NO_GO = 1,        /* NO-GO, or refused by a rule */
    EXIT_UNKNOWN = 2,      /* could not be measured */
    EXIT_USAGE = 64,       /* the command line is wrong */
    EXIT_DATA = 65,        /* data from outside is malformed */
    EXIT_NO_INPUT = 66,    /* a file that was named cannot be read */
    EXIT_UNAVAILABLE = 69, /* a service that is needed does not answer */
    EXIT_SOFTWARE = 70,    /* a fault of ours */
    EXIT_OS = 71,          /* the system refused (fork, pipe) */
    EXIT_CANT_CREATE = 73, /* a file cannot be created */
    EXIT_IO = 74,          /* reading or writing failed */
    EXIT_TEMPORARY = 75,   /* try again: somebody holds a lock */
    EXIT_PROTOCOL = 76,    /* the other side broke the protocol */
    EXIT_PERMISSION = 77,  /* not allowed */
    EXIT_CONFIG = 78,      /* the pipeline file or an environment variable is wrong */
};

enum { ERROR_TEXT_SIZE = 2048 };

struct error {
    enum error_exit code;       /* EXIT_GO while nothing failed */
    char text[ERROR_TEXT_SIZE]; /* UTF-8, no newline unless several mistakes are listed */
};

/* Fills `error` (which may be NULL) and returns false, so that `return error_set(…)` reads well. A
 * text that is too long is cut at a character and ends in "…". What is foreign in it (every %s) is
 * shown and not obeyed: base/print.h. */
bool error_set(struct error *error, enum error_exit code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for several mistakes, one a line. */
bool error_set_lines(struct error *error, enum error_exit code, const char *lines);

/* The same, followed by ": " and the text of `number` (an errno). */
bool error_set_errno(struct error *error, enum error_exit code, int number, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts "prefix: " before the text that is already there; returns false. */
bool error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What to do when a text says that the machine, or this account, has no more of something ("… : Too
 * many open files"): nothing that was asked for is wrong then. NULL for any other text. */
const char *error_remedy(const char *text);

#endif
