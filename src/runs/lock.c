#include "runs/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/share.h"

static struct flock whole_file(void) {
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

int lock_take(const char *directory, const char *name) {
    struct flock lock = whole_file();
    char *path = file_join(directory, name);
    int descriptor = share_open(path, O_RDWR | O_CREAT, SHARE_FILE);
    free(path);
    if (descriptor >= 0 && fcntl(descriptor, F_OFD_SETLK, &lock) != 0) {
        int reason = errno;
        (void)close(descriptor);
        errno = reason;
        return -1;
    }
    return descriptor;
}

bool lock_is_held(const char *directory, const char *name) {
    struct flock lock = whole_file();
    char *path = file_join(directory, name);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    free(path);
    if (descriptor < 0) {
        /* What cannot be looked at is not known to be free. */
        return errno == EACCES;
    }
    bool held = fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    (void)close(descriptor);
    return held;
}
