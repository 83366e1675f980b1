#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

bool file_read_rest(int descriptor, size_t limit, struct text_buffer *buffer) {
    char part[65536];
    for (;;) {
        ssize_t count = read(descriptor, part, sizeof part);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count == 0;
        }
        if (buffer->size + (size_t)count > limit) {
            errno = EFBIG;
            return false;
        }
        text_buffer_put(buffer, part, (size_t)count);
    }
}

static const char *kind_of(mode_t mode) {
    static const struct {
        mode_t type;
        const char *name;
    } table[] = {
        {S_IFDIR, "a directory"}, {S_IFIFO, "a FIFO"},   {S_IFSOCK, "a socket"},
        {S_IFCHR, "a device"},    {S_IFBLK, "a device"}, {S_IFLNK, "a link"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if ((mode & S_IFMT) == table[i].type) {
            return table[i].name;
        }
    }
    return "something else";
}

int file_open_regular(const char *path, int flags, struct error *error) {
    struct stat status;
    /* Not blocking: a FIFO that nobody writes would be waited for without end. */
    int descriptor = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0) {
        bool linked = errno == ELOOP && lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
        bool odd = errno == ENXIO && stat(path, &status) == 0 && !S_ISREG(status.st_mode);
        if (linked || odd) {
            (void)error_set(error, EXIT_NO_INPUT, "%s is %s, not a regular file", path,
                            kind_of(status.st_mode));
        } else {
            (void)error_set_errno(error, EXIT_NO_INPUT, errno, "cannot open %s", path);
        }
        return -1;
    }
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)close(descriptor);
        (void)error_set(error, EXIT_NO_INPUT, "%s is %s, not a regular file", path,
                        kind_of(status.st_mode));
        return -1;
    }
    return descriptor;
}

bool file_read(const char *path, size_t limit, struct text_buffer *buffer, struct error *error) {
    text_buffer_clear(buffer);
    int descriptor = file_open_regular(path, O_RDONLY, error);
    if (descriptor < 0) {
        return false;
    }
    bool done = file_read_rest(descriptor, limit, buffer);
    int reason = errno;
    (void)close(descriptor);
    return done || error_set_errno(error, EXIT_NO_INPUT, reason, "cannot read %s", path);
}

bool file_write_all(int descriptor, const char *data, size_t size) {
    while (size > 0) {
        ssize_t count = write(descriptor, data, size);
        if (count < 0) {
            if (errno == EINTR) {
                continue;
            }
            return false;
        }
        data += count;
        size -= (size_t)count;
    }
    return true;
}

static bool sync_directory_of(const char *path) {
    char *directory = file_directory(path);
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    if (descriptor < 0) {
        return false;
    }
    bool done = fsync(descriptor) == 0;
    (void)close(descriptor);
    return done;
}

static bool write_and_sync(const char *path, struct text content) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return false;
    }
    bool done = file_write_all(descriptor, content.data, content.size) && fsync(descriptor) == 0;
    int reason = errno;
    if (close(descriptor) != 0 && done) {
        return false;
    }
    errno = reason;
    return done;
}

bool file_write(const char *path, struct text content, struct error *error) {
    struct stat there;
    if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
        return error_set(error, EXIT_CANT_CREATE, "%s is there and is no plain file; it stays",
                         path);
    }
    char *temporary = memory_format("%s.tmp", path);
    bool done = write_and_sync(temporary, content) && rename(temporary, path) == 0;
    if (!done) {
        (void)error_set_errno(error, EXIT_CANT_CREATE, errno, "cannot write %s", path);
        (void)unlink(temporary);
    } else if (!sync_directory_of(path)) {
        done = error_set_errno(error, EXIT_IO, errno, "cannot make %s durable", path);
    }
    free(temporary);
    return done;
}

bool file_make_directory(const char *path, struct error *error) {
    if (path[0] == '\0') {
        return error_set(error, EXIT_CANT_CREATE, "a directory needs a name");
    }
    char *part = memory_copy_string(path);
    bool done = true;
    for (char *at = part + 1; done; at++) {
        char saved = *at;
        if (saved == '/' || saved == '\0') {
            *at = '\0';
            if (mkdir(part, 0700) != 0 && errno != EEXIST) {
                done = error_set_errno(error, EXIT_CANT_CREATE, errno,
                                       "cannot make the directory %s", part);
            }
            *at = saved;
        }
        if (saved == '\0') {
            break;
        }
    }
    struct stat status;
    if (done && (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))) {
        done = error_set(error, EXIT_CANT_CREATE, "%s is not a directory", path);
    }
    free(part);
    return done;
}

static bool remove_entry(int parent, const char *name) {
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
        return true;
    }
    if (errno != EISDIR && errno != EPERM) {
        return false;
    }
    int descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (directory == NULL) {
        return false;
    }
    bool done = true;
    for (struct dirent *entry = readdir(directory); done && entry != NULL;
         entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            done = remove_entry(dirfd(directory), entry->d_name);
        }
    }
    (void)closedir(directory);
    return done && (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT);
}

bool file_remove_tree(const char *path, struct error *error) {
    return remove_entry(AT_FDCWD, path) ||
           error_set_errno(error, EXIT_IO, errno, "cannot remove %s", path);
}

char *file_join(const char *directory, const char *name) {
    if (name[0] == '/') {
        return memory_copy_string(name);
    }
    size_t length = strlen(directory);
    const char *separator = length > 0 && directory[length - 1] == '/' ? "" : "/";
    return memory_format("%s%s%s", directory, separator, name);
}

char *file_directory(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return memory_copy_string(".");
    }
    return memory_copy_part(path, slash == path ? 1 : (size_t)(slash - path));
}

char *file_expand_home(const char *path) {
    const char *home = getenv("HOME");
    if (path[0] == '~' && path[1] == '/' && home != NULL) {
        return memory_format("%s%s", home, path + 1);
    }
    return memory_copy_string(path);
}

char *file_program_directory(void) {
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    return file_directory(path);
}
