/* Programs as a test runs them: with a known environment, and a deadline instead of trust. */
#ifndef PHASEGATE_TESTS_SUPPORT_PROGRAM_H
#define PHASEGATE_TESTS_SUPPORT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* PATH, HOME and the sanitizers' options of this process, TERM=xterm-256color, LANG=C.UTF-8,
 * TZ=UTC and PHASEGATE_TEST=1; then `changes`, where "NAME=value" sets and "NAME" removes. Both
 * lists end with NULL; `changes` may be NULL. The caller frees with program_environment_free. */
char **program_environment(const char *const *changes);
void program_environment_free(char **environment);

/* In a child before it becomes another program: no signal is blocked or ignored, as from a login
 * shell. A job that a script starts with "&" ignores SIGINT and SIGQUIT, and so would all below it.
 */
void program_take_all_signals(void);

/* What a program that ended had to say. */
struct program_result {
    int code;   /* exit status, or -1 */
    int signal; /* that ended it, or 0 */
    bool late;  /* it was killed at the deadline */
    char *out, *err;
};

/* Runs argv (argv[0] as a path or in PATH) to its end, or kills its process group after `ms`. */
struct program_result program_run(const char *const *argv, const char *const *changes, int ms);
void program_result_free(struct program_result *result);

/* A program that stays: its standard output is read line by line, its standard error goes to a file
 * of its own. */
struct program;
struct program *program_start(const char *const *argv, const char *const *changes,
                              const char *error_path);
/* The next line without its line feed, or NULL when none came within `ms` or the program ended. The
 * text lives until the next call. */
const char *program_line(struct program *program, int ms);
pid_t program_pid(const struct program *program);
/* Sends a signal; with `ms` waits until the program has ended and returns its wait status, or -1.
 */
void program_signal(struct program *program, int signal);
int program_wait(struct program *program, int ms);
/* Kills what still runs and frees; NULL is allowed. */
void program_close(struct program *program);

/* A directory of its own below TMPDIR, and its removal with all that is in it. */
char *program_directory(void);
void program_remove_directory(char *directory);

#endif
