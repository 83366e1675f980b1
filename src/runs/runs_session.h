/* What becomes of runs when whoever launches them logs out.
 *
 * logind kills by cgroup, so that neither nohup nor setsid helps: what is in the scope of a login
 * session dies with it where logind.conf says KillUserProcesses=yes, and what is below the user's
 * manager dies with that when the user's last session ends, unless the user lingers. */
#ifndef PHASEGATE_RUNS_RUNS_SESSION_H
#define PHASEGATE_RUNS_RUNS_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

struct runs_session {
    char user[64];
    bool systemd;    /* it runs this machine */
    bool in_session; /* this process is in the scope of a login session */
    bool in_manager; /* or below the user's manager */
    bool kills;      /* logind kills what a session of this user leaves behind */
    bool lingers;    /* the user's manager stays when the last session has ended */
    bool scope;      /* runs are started in a scope of their own, by systemd-run --user */
    bool survives;   /* logging out leaves them alone */
};

/* Reads it from the files below `root` ("/"; tests have their own) as they concern this user and
 * the process that /proc/self is there. `can_scope`: systemd-run can be called. What cannot be read
 * is as it is where it was never set. */
void runs_session_look(const char *root, const char *user, bool can_scope,
                       struct runs_session *session);

/* The same of this process. */
void runs_session_self(struct runs_session *session);

/* "runs survive logout", or what would kill them and the remedy; the caller frees it. */
char *runs_session_text(const struct runs_session *session);

#endif
