#include "base/environment.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum { MOST_OWN = 8 };

/* A variable that is ours, and the caller's of that name: "NAME=value", or NULL for none. */
struct own {
    char *name, *before;
};

static struct own owned[MOST_OWN];
static size_t owned_count;

static struct own *find(const char *name, size_t size) {
    for (size_t i = 0; i < owned_count; i++) {
        if (strlen(owned[i].name) == size && memcmp(owned[i].name, name, size) == 0) {
            return &owned[i];
        }
    }
    return NULL;
}

bool environment_set_own(const char *name, const char *value) {
    if (find(name, strlen(name)) == NULL) {
        const char *before = getenv(name);
        if (owned_count == MOST_OWN) {
            return false;
        }
        owned[owned_count++] = (struct own){
            memory_copy_string(name), before == NULL ? NULL : memory_format("%s=%s", name, before)};
    }
    return setenv(name, value, 1) == 0;
}

char **environment_of_caller(void) {
    size_t count = 0, used = 0;
    while (environ != NULL && environ[count] != NULL) {
        count++;
    }
    char **all = memory_new(count + owned_count + 1, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        if (find(environ[i], strcspn(environ[i], "=")) == NULL) {
            all[used++] = environ[i];
        }
    }
    for (size_t i = 0; i < owned_count; i++) {
        if (owned[i].before != NULL) {
            all[used++] = owned[i].before;
        }
    }
    return all;
}
