/* A stop without the state file: run directories tell what lives, control pipes and signals end it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/trust.h"
#include "runs/family.h"
#include "runs/lock.h"
#include "runs/runs_stop.h"
#include "runs/spec.h"
#include "state/state_emergency.h"

static bool is_wanted(const struct runs_stop_selector *selector, const char *run,
                      const char *directory) {
    if (selector->run != NULL) {
        return strcmp(selector->run, run) == 0;
    }
    if (selector->group == NULL && selector->processor == NULL) {
        return true;
    }
    struct spec *spec = spec_read(directory, NULL);
    bool wanted = spec != NULL &&
                  (selector->group == NULL ||
                   (spec->group != NULL && strcmp(spec->group, selector->group) == 0)) &&
                  (selector->processor == NULL ||
                   (spec->processor != NULL && strcmp(spec->processor, selector->processor) == 0));
    spec_free(spec);
    return wanted;
}

/* Tells the shim what to do, by whom and why, through its control pipe. */
static bool order(const char *directory, bool at_once, const char *by, const char *reason) {
    int descriptor = trust_open(directory, SPEC_CONTROL, O_WRONLY, S_IFIFO, NULL);
    if (descriptor < 0) {
        return false;
    }
    char *text = memory_format("%c%.100s\t%.300s\n", at_once ? SPEC_ORDER_KILL : SPEC_ORDER_STOP,
                               by, reason);
    bool told = write(descriptor, text, strlen(text)) == (ssize_t)strlen(text);
    free(text);
    (void)close(descriptor);
    return told;
}

/* Whether something of the run was there to be ended. */
static bool stop_one(const char *directory, const char *run, bool at_once, const char *by,
                     const char *reason) {
    if (lock_is_held(directory, SPEC_SHIM_LOCK)) {
        return order(directory, at_once, by, reason);
    }
    if (!lock_is_held(directory, SPEC_CHILD_LOCK) && !lock_is_held(directory, SPEC_WITNESS_LOCK)) {
        return false;
    }
    uid_t owner = trust_owner(directory);
    size_t count = family_of_run(run, owner, at_once ? SIGKILL : SIGTERM);
    (void)family_of_run(run, owner, SIGCONT);
    return count > 0;
}

bool runs_stop_by_hand(const char *state_directory, const struct runs_stop_selector *selector,
                       const char *by, const char *reason, size_t *reached, struct error *error) {
    char *place = file_join(state_directory, "runs");
    DIR *runs = opendir(place);
    struct dirent *entry;
    *reached = 0;
    if (runs == NULL && errno != ENOENT) {
        (void)error_set_errno(error, EXIT_NO_INPUT, errno, "cannot look into %s", place);
        free(place);
        return false;
    }
    while (runs != NULL && (entry = readdir(runs)) != NULL) {
        char *directory = file_join(place, entry->d_name);
        if (strncmp(entry->d_name, "r-", 2) == 0 && is_wanted(selector, entry->d_name, directory) &&
            stop_one(directory, entry->d_name, selector->at_once, by, reason)) {
            (*reached)++;
            (void)state_emergency_raise(state_directory, STATE_EMERGENCY_STOP, entry->d_name, NULL);
        }
        free(directory);
    }
    if (runs != NULL) {
        (void)closedir(runs);
    }
    free(place);
    /* A stop disarms. */
    return state_emergency_raise(state_directory, STATE_EMERGENCY_DISARM, "", error) ||
           *reached > 0;
}

bool runs_stop_anyhow(struct state *state, const char *state_directory,
                      const struct state_actor *actor, const struct clock *clock,
                      const struct runs_stop_selector *selector, const char *reason, size_t *asked,
                      char **unrecorded, struct error *error) {
    enum { PATIENCE_MS = 1500 };
    *unrecorded = NULL;
    *asked = 0;
    if (state != NULL) {
        int before = state_set_patience(state, PATIENCE_MS);
        bool done = runs_stop(state, actor, clock, selector, reason, asked, error);
        (void)state_set_patience(state, before);
        if (done || !state_emergency_helps(error)) {
            return done;
        }
    }
    *unrecorded = memory_copy_string(error->text);
    if (runs_stop_by_hand(state_directory, selector, actor->name, reason, asked, error)) {
        return true;
    }
    free(*unrecorded);
    *unrecorded = NULL;
    return false;
}
