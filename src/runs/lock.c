#include "runs/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/share.h"
#include "base/trust.h"

static struct flock whole_file(void) {
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

int lock_take(const char *directory, const char *name) {
    struct flock lock = whole_file();
    char *path = file_join(directory, name);
    int descriptor = share_open(path, O_RDWR | O_CREAT, SHARE_LOCK);
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
    int descriptor = trust_open(directory, name, O_RDONLY, S_IFREG, NULL);
    if (descriptor < 0) {
        /* What cannot be looked at is not known to be free; what is no lock of ours is none. */
        return errno == EACCES || errno == EMFILE || errno == ENFILE;
    }
    bool held = fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    (void)close(descriptor);
    return held;
}
