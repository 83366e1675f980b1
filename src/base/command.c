#include "base/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

enum { FIRST_LINE = 256 }; /* that the kernel reads of a script */

static const char standard_path[] = "/usr/local/bin:/usr/bin:/bin";

const char *command_variable(char *const *environment, const char *name) {
    size_t size = strlen(name);
    for (; environment != NULL && *environment != NULL; environment++) {
        if (strncmp(*environment, name, size) == 0 && (*environment)[size] == '=') {
            return *environment + size + 1;
        }
    }
    return getenv(name);
}

static char *directory_fault(const char *directory) {
    struct stat status;
    if (stat(directory, &status) != 0) {
        return errno == ENOENT || errno == ENOTDIR
                   ? memory_format("the working directory %s is not there", directory)
                   : memory_format("the working directory %s cannot be entered: %s", directory,
                                   strerror(errno));
    }
    if (!S_ISDIR(status.st_mode)) {
        return memory_format("the working directory %s is no directory", directory);
    }
    return access(directory, X_OK) == 0
               ? NULL
               : memory_format("the working directory %s cannot be entered: %s", directory,
                               strerror(errno));
}

static bool is_program(const char *file) {
    struct stat status;
    return stat(file, &status) == 0 && S_ISREG(status.st_mode) && access(file, X_OK) == 0;
}

/* The file that a name without "/" means, or NULL. */
static char *find_in_path(const struct command_place *place, const char *name) {
    struct text rest = text_of(place->path == NULL ? standard_path : place->path);
    while (rest.size > 0) {
        struct text part = text_cut(&rest, ':');
        char *relative = part.size == 0 ? memory_format("./%s", name)
                                        : memory_format("%.*s/%s", (int)part.size, part.data, name);
        char *file = file_join(place->directory, relative);
        free(relative);
        if (is_program(file)) {
            return file;
        }
        free(file);
    }
    return NULL;
}

/* What is wrong with a file that is named by a path. */
static char *file_fault(const char *name, const char *file) {
    struct stat status;
    if (stat(file, &status) != 0) {
        return errno == ENOENT || errno == ENOTDIR
                   ? memory_format("%s is not there", name)
                   : memory_format("%s cannot be looked at: %s", name, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return memory_format("%s is %s and no program", name,
                             S_ISDIR(status.st_mode) ? "a directory" : "no regular file");
    }
    return access(file, X_OK) == 0
               ? NULL
               : memory_format("%s may not be executed (chmod +x makes it so)", name);
}

/* The program that `env` is told to look for in the rest of a first line: past its options and
 * variables; NULL when it is none that can be made out. */
static char *behind_env(struct text rest) {
    while (rest.size > 0) {
        struct text word = text_cut(&rest, ' ');
        bool split = word.size >= 2 && word.data[0] == '-' && word.data[1] == 'S';
        if (split && word.size > 2) {
            word = (struct text){word.data + 2, word.size - 2};
            split = false;
        }
        if (word.size == 0 || split || memchr(word.data, '=', word.size) != NULL) {
            continue;
        }
        return word.data[0] == '-' ? NULL : memory_copy_part(word.data, word.size);
    }
    return NULL;
}

/* The program that `env` starts for a script. */
static char *env_fault(const struct command_place *place, const char *script, struct text rest) {
    char *wanted = behind_env(rest);
    bool by_path = wanted != NULL && strchr(wanted, '/') != NULL;
    char *file = wanted == NULL ? NULL
                 : by_path      ? file_join(place->directory, wanted)
                                : find_in_path(place, wanted);
    bool good = wanted == NULL || (file != NULL && is_program(file));
    char *fault = good ? NULL
                       : memory_format("%s is a script, and its interpreter %s is not %s", script,
                                       wanted, by_path ? "there" : "in PATH");
    free(file);
    free(wanted);
    return fault;
}

/* The interpreter in a script's first line, which is `line` without "#!" and the line feed. */
static char *interpreter_fault(const struct command_place *place, const char *script,
                               struct text line) {
    struct text rest = text_trim(line);
    struct text name = text_cut(&rest, ' ');
    if (name.size == 0) {
        return memory_format("the first line of %s names no interpreter after #!", script);
    }
    if (line.data[line.size - 1] == '\r') {
        return memory_format("the first line of %s ends with a carriage return, so that its "
                             "interpreter %.*s is not found; write it with line feeds alone",
                             script, (int)name.size, name.data);
    }
    char *interpreter = memory_copy_part(name.data, name.size);
    char *file = file_join(place->directory, interpreter);
    char *why = file_fault(interpreter, file);
    const char *base = strrchr(interpreter, '/');
    char *fault = why != NULL ? memory_format("%s is a script, and its interpreter %s", script, why)
                  : base != NULL && strcmp(base, "/env") == 0 ? env_fault(place, script, rest)
                                                              : NULL;
    free(why);
    free(file);
    free(interpreter);
    return fault;
}

static char *script_fault(const struct command_place *place, const char *script, const char *file) {
    char head[FIRST_LINE + 1];
    struct error ignored;
    int descriptor = file_open_regular(file, O_RDONLY, &ignored);
    ssize_t size = descriptor < 0 ? 0 : read(descriptor, head, FIRST_LINE);
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    if (size < 2 || head[0] != '#' || head[1] != '!') {
        return NULL;
    }
    for (ssize_t i = 0; i < size; i++) {
        head[i] = head[i] == '\t' ? ' ' : head[i];
    }
    struct text rest = {head + 2, (size_t)size - 2};
    return interpreter_fault(place, script, text_cut(&rest, '\n'));
}

char *command_fault(const struct command_place *place, bool *of_directory) {
    bool ignored;
    of_directory = of_directory == NULL ? &ignored : of_directory;
    char *fault = directory_fault(place->directory);
    *of_directory = fault != NULL;
    if (fault != NULL) {
        return fault;
    }
    const char *name = place->program;
    bool by_path = strchr(name, '/') != NULL;
    char *file = by_path ? file_join(place->directory, name) : find_in_path(place, name);
    fault = file == NULL ? memory_format("there is no program %s in PATH", name)
                         : file_fault(name, file);
    if (fault == NULL) {
        fault = script_fault(place, name, file);
    }
    free(file);
    return fault;
}
