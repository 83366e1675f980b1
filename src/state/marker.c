/* The markers beside the state file, as files; emergency.c records what they say. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/share.h"
#include "base/text.h"
#include "state/marker.h"

static const char *const words[STATE_EMERGENCY_KINDS] = {[STATE_EMERGENCY_STOP] = "stop",
                                                         [STATE_EMERGENCY_DISARM] = "disarm",
                                                         [STATE_EMERGENCY_HOLD] = "hold"};

static char *directory_of(const char *directory) {
    return file_join(directory, "emergency");
}

/* "hold.phase3-ready"; what has no place in a file's name is written as %2F. */
char *marker_name(enum state_emergency_kind kind, const char *subject) {
    struct text_buffer name = {0};
    text_buffer_format(&name, "%s.", words[kind]);
    for (const char *at = subject; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (isalnum(byte) || strchr("-_.", byte) != NULL) {
            text_buffer_format(&name, "%c", byte);
        } else {
            text_buffer_format(&name, "%%%02X", byte);
        }
    }
    return text_buffer_take(&name);
}

static char *decode(const char *encoded) {
    char *subject = memory_new(strlen(encoded) + 1, 1);
    size_t size = 0;
    unsigned value;
    for (const char *at = encoded; *at != '\0'; at++) {
        if (*at == '%' && sscanf(at, "%%%2X", &value) == 1 && value > 0 && at[1] != '\0' &&
            at[2] != '\0') {
            subject[size++] = (char)value;
            at += 2;
        } else {
            subject[size++] = *at;
        }
    }
    subject[size] = '\0';
    return subject;
}

bool state_emergency_raise(const char *directory, enum state_emergency_kind kind,
                           const char *subject, struct error *error) {
    char *place = directory_of(directory);
    char *name = marker_name(kind, subject);
    char *path = file_join(place, name);
    bool done = share_make_directory(place, error);
    int descriptor = done ? share_open(path, O_WRONLY | O_CREAT | O_NONBLOCK, SHARE_FILE) : -1;
    if (descriptor >= 0) {
        (void)close(descriptor);
    } else if (done) {
        done = access(path, F_OK) == 0 ||
               error_set_errno(error, EXIT_CANT_CREATE, errno, "cannot lay the marker %s", path);
    }
    free(path);
    free(name);
    free(place);
    return done;
}

bool state_emergency_helps(const struct error *error) {
    return error->code == EXIT_IO || error->code == EXIT_TEMPORARY || error->code == EXIT_DATA ||
           error->code == EXIT_SOFTWARE;
}

bool state_emergency_is_raised(const char *directory, enum state_emergency_kind kind,
                               const char *subject) {
    char *place = directory_of(directory);
    char *name = marker_name(kind, subject);
    char *path = file_join(place, name);
    bool raised = access(path, F_OK) == 0;
    free(path);
    free(name);
    free(place);
    return raised;
}

static bool read_marker(int place, const char *name, uid_t owner, struct state_emergency *marker) {
    struct stat status;
    char host[256] = "localhost";
    for (unsigned kind = 0; kind < STATE_EMERGENCY_KINDS; kind++) {
        size_t size = strlen(words[kind]);
        if (strncmp(name, words[kind], size) == 0 && name[size] == '.' &&
            fstatat(place, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode)) {
            (void)gethostname(host, sizeof host - 1);
            *marker = (struct state_emergency){
                .kind = (enum state_emergency_kind)kind,
                .subject = decode(name + size + 1),
                .by = memory_format("uid %ld@%s", (long)status.st_uid, host),
                .at = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000,
                .removable = geteuid() == 0 || geteuid() == status.st_uid || geteuid() == owner};
            return true;
        }
    }
    return false;
}

struct state_emergency *state_emergencies(const char *directory, size_t *count) {
    struct state_emergency *markers = memory_new(1, sizeof *markers);
    size_t capacity = 1;
    struct stat status;
    char *place = directory_of(directory);
    int descriptor = open(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries =
        descriptor >= 0 && fstat(descriptor, &status) == 0 ? fdopendir(descriptor) : NULL;
    struct dirent *entry;
    *count = 0;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        markers = memory_grow(markers, *count, &capacity, sizeof *markers);
        *count += read_marker(descriptor, entry->d_name, status.st_uid, &markers[*count]) ? 1 : 0;
    }
    if (entries != NULL) {
        (void)closedir(entries);
    } else if (descriptor >= 0) {
        (void)close(descriptor);
    }
    free(place);
    return markers;
}

void state_emergencies_free(struct state_emergency *markers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(markers[i].subject);
        free(markers[i].by);
    }
    free(markers);
}

bool marker_remove(const char *directory, const struct state_emergency *marker) {
    char *place = directory_of(directory);
    char *name = marker_name(marker->kind, marker->subject);
    char *path = file_join(place, name);
    bool done = unlink(path) == 0;
    free(path);
    free(name);
    free(place);
    return done;
}
