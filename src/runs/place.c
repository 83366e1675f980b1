#include "runs/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/share.h"
#include "logs/times.h"

/* Whoever follows the log notes in it when what arrived: the agent, which may be of another account
 * and makes no file here. */
static void lay_times(const char *directory) {
    char *log = file_join(directory, SPEC_OUT_LOG);
    char *path = log_times_path(log);
    int descriptor = share_open(path, O_RDWR | O_CREAT | O_APPEND, SHARE_WRITTEN);
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    free(path);
    free(log);
}

bool place_make(const char *run_directory, const struct spec *spec, struct error *error) {
    char *runs = file_directory(run_directory);
    bool done = share_make_directory(runs, error);
    free(runs);
    if (done && mkdir(run_directory, 0700) != 0) {
        int reason = errno;
        done = reason == EEXIST
                   ? error_set(error, EXIT_CANT_CREATE,
                               "%s is there already, and not made by this launch", run_directory)
                   : error_set_errno(error, EXIT_CANT_CREATE, reason,
                                     "cannot make the directory %s", run_directory);
    }
    if (!done || !spec_write(run_directory, spec, error)) {
        return false;
    }
    done =
        share_adopt(run_directory, SHARE_RUN) ||
        error_set_errno(error, EXIT_CANT_CREATE, errno, "cannot set the mode of %s", run_directory);
    lay_times(run_directory);
    return done;
}
