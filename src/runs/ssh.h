/* Private to src/runs: what the ssh runner says to the other host.
 *
 * The command line of ssh is the same for every run but for host and run id: a small program for
 * sh(1), which says "ready", reads a script from its input up to an end mark, and runs it. This is
 * the one place where a shell is unavoidable: sshd gives what it is asked to run to the login shell
 * there, which must be one of sh's kin. The script travels inside the connection, so that neither
 * arguments nor variables of the command show in local lists of processes; each is quoted so that
 * no character of it means anything to the shell.
 *
 * The script starts the command in a session of its own with its output on stdout, and then says on
 * stderr, in lines that begin with "phasegate-remote RUN ", how it goes: "ready", "started PID",
 * "ended STATUS" (as sh counts: 128 and more is a signal). "TERM" on its input, and the end of its
 * input, end the command: TERM and CONT to its group, grace, KILL. */
#ifndef PHASEGATE_RUNS_SSH_H
#define PHASEGATE_RUNS_SSH_H

#include "base/text.h"
#include "runs/spec.h"

/* The argv of ssh; free with ssh_argv_free. */
char **ssh_argv(const struct spec *spec);
void ssh_argv_free(char **argv);

/* The script of one step with its end mark; the caller frees it. */
char *ssh_script(const struct spec *spec, size_t step);

/* Appends a word that a shell of sh's kin reads back as it is. */
void ssh_quote(struct text_buffer *buffer, const char *word);

/* What follows "phasegate-remote RUN " in a line; empty (size 0) when it is none of ours. */
struct text ssh_word(struct text line, const char *run);

#endif
