#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "runs/runs_session.h"
#include "runs/runs_shim.h"

enum { LARGEST_FILE = 1 << 20, MOST_FILES = 64 };

static bool exists(const char *root, const char *path) {
    char *whole = memory_format("%s%s", root, path);
    bool is = access(whole, F_OK) == 0;
    free(whole);
    return is;
}

static bool read_below(const char *root, const char *path, struct text_buffer *content) {
    char *whole = memory_format("%s%s", root, path);
    bool done = file_read(whole, LARGEST_FILE, content, NULL);
    free(whole);
    return done;
}

/* ---- logind.conf ---- */

/* What the [Login] section says of killing. */
struct login_settings {
    bool kills;
    char *only, *except; /* names with white space between; "" for none */
};

static bool is_yes(struct text value) {
    static const char *const words[] = {"1", "yes", "y", "true", "t", "on"};
    char *copy = memory_copy_part(value.data, value.size);
    bool yes = false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        yes = yes || strcasecmp(copy, words[i]) == 0;
    }
    free(copy);
    return yes;
}

static void set_list(char **list, struct text value) {
    free(*list);
    *list = memory_copy_part(value.data, value.size);
}

static void read_setting(struct text line, struct login_settings *settings) {
    struct text value = line;
    struct text key = text_trim(text_cut(&value, '='));
    value = text_trim(value);
    /* The file as it is shipped shows, commented out, what the program was built with. */
    if (text_is(key, "KillUserProcesses") || text_is(key, "#KillUserProcesses")) {
        settings->kills = is_yes(value);
    } else if (text_is(key, "KillOnlyUsers")) {
        set_list(&settings->only, value);
    } else if (text_is(key, "KillExcludeUsers")) {
        set_list(&settings->except, value);
    }
}

static void read_settings(const char *path, struct login_settings *settings) {
    struct text_buffer content = {0};
    if (file_read(path, LARGEST_FILE, &content, NULL)) {
        struct text rest = {content.data, content.size};
        bool ours = false;
        while (rest.size > 0) {
            struct text line = text_trim(text_cut(&rest, '\n'));
            if (line.size > 0 && line.data[0] == '[') {
                ours = text_is(line, "[Login]");
            } else if (ours) {
                read_setting(line, settings);
            }
        }
    }
    text_buffer_free(&content);
}

/* Files of logind.conf.d: they are read in the order of their names, wherever they are, and one in
 * /etc hides one of the same name in /run, as that does one in /usr/lib. */
struct drop_ins {
    char *names[MOST_FILES], *paths[MOST_FILES];
    size_t count;
};

static void add_drop_in(struct drop_ins *files, const char *directory, const char *name) {
    size_t at = 0;
    while (at < files->count && strcmp(files->names[at], name) < 0) {
        at++;
    }
    bool hides = at < files->count && strcmp(files->names[at], name) == 0;
    if (hides) {
        free(files->paths[at]);
        files->paths[at] = file_join(directory, name);
        return;
    }
    if (files->count == MOST_FILES) {
        return;
    }
    memmove(&files->names[at + 1], &files->names[at], (files->count - at) * sizeof(char *));
    memmove(&files->paths[at + 1], &files->paths[at], (files->count - at) * sizeof(char *));
    files->names[at] = memory_copy_string(name);
    files->paths[at] = file_join(directory, name);
    files->count++;
}

static void find_drop_ins(const char *root, const char *where, struct drop_ins *files) {
    static const char suffix[] = ".conf";
    char *directory = memory_format("%s%s/systemd/logind.conf.d", root, where);
    DIR *open = opendir(directory);
    for (struct dirent *entry = open == NULL ? NULL : readdir(open); entry != NULL;
         entry = readdir(open)) {
        size_t size = strlen(entry->d_name);
        if (size > strlen(suffix) && strcmp(entry->d_name + size - strlen(suffix), suffix) == 0) {
            add_drop_in(files, directory, entry->d_name);
        }
    }
    if (open != NULL) {
        (void)closedir(open);
    }
    free(directory);
}

static struct login_settings load_settings(const char *root) {
    static const char *const places[] = {"/usr/lib", "/run", "/etc"};
    struct login_settings settings = {.only = memory_copy_string(""),
                                      .except = memory_copy_string("root")};
    struct drop_ins files = {.count = 0};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = memory_format("%s%s/systemd/logind.conf", root, places[i]);
        read_settings(path, &settings);
        free(path);
        find_drop_ins(root, places[i], &files);
    }
    for (size_t i = 0; i < files.count; i++) {
        read_settings(files.paths[i], &settings);
        free(files.paths[i]);
        free(files.names[i]);
    }
    return settings;
}

static bool is_named(const char *list, const char *user) {
    struct text rest = text_of(list);
    bool found = false;
    while (rest.size > 0) {
        found = found || text_is(text_trim(text_cut(&rest, ' ')), user);
    }
    return found;
}

static bool kills_of(const char *root, const char *user) {
    struct login_settings settings = load_settings(root);
    bool kills = settings.kills && !is_named(settings.except, user) &&
                 (settings.only[0] == '\0' || is_named(settings.only, user));
    free(settings.only);
    free(settings.except);
    return kills;
}

/* ---- the cgroup ---- */

static void look_at_part(struct text part, struct runs_session *session) {
    static const struct text scope = {"session-", 8};
    static const struct text manager = {"user@", 5};
    session->in_session = session->in_session || text_starts(part, scope);
    session->in_manager = session->in_manager || text_starts(part, manager);
}

/* Version 2, or systemd's own hierarchy beside version 1. */
static void look_at_cgroup(const char *root, struct runs_session *session) {
    struct text_buffer list = {0};
    if (read_below(root, "/proc/self/cgroup", &list)) {
        struct text rest = {list.data, list.size};
        while (rest.size > 0) {
            struct text path = text_cut(&rest, '\n');
            (void)text_cut(&path, ':');
            struct text controllers = text_cut(&path, ':');
            bool of_systemd = controllers.size == 0 || text_is(controllers, "name=systemd");
            while (of_systemd && path.size > 0) {
                look_at_part(text_cut(&path, '/'), session);
            }
        }
    }
    text_buffer_free(&list);
}

/* ---- the answer ---- */

void runs_session_look(const char *root, const char *user, bool can_scope,
                       struct runs_session *session) {
    char *linger = memory_format("/var/lib/systemd/linger/%s", user);
    *session = (struct runs_session){.systemd = exists(root, "/run/systemd/system")};
    (void)snprintf(session->user, sizeof session->user, "%s", user);
    if (session->systemd) {
        look_at_cgroup(root, session);
        session->kills = kills_of(root, user);
        session->lingers = exists(root, linger);
    }
    session->scope = session->in_session && session->kills && can_scope;
    if (session->in_session) {
        session->survives = !session->kills || (session->scope && session->lingers);
    } else {
        session->survives = !session->in_manager || session->lingers;
    }
    free(linger);
}

static bool has_program(const char *name) {
    struct text rest = text_of(getenv("PATH"));
    bool found = false;
    while (!found && rest.size > 0) {
        struct text part = text_cut(&rest, ':');
        char *path = memory_format("%.*s/%s", (int)part.size, part.data, name);
        found = part.size > 0 && access(path, X_OK) == 0;
        free(path);
    }
    return found;
}

void runs_session_self(struct runs_session *session) {
    const char *root = runs_shim_test("PHASEGATE_TEST_ROOT");
    char room[4096];
    char number[32];
    struct passwd entry;
    struct passwd *found = NULL;
    (void)snprintf(number, sizeof number, "%ld", (long)getuid());
    bool named = getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found != NULL;
    char *manager = memory_format("/run/user/%s/systemd/private", number);
    root = root == NULL ? "" : root;
    runs_session_look(root, named ? found->pw_name : number,
                      exists(root, manager) && has_program("systemd-run"), session);
    free(manager);
}

char *runs_session_text(const struct runs_session *session) {
    if (session->survives) {
        return memory_format("runs survive logout%s",
                             session->scope ? ": each is started in a scope of its own" : "");
    }
    if (session->in_session && session->lingers) {
        return memory_copy_string("logging out would kill runs (KillUserProcesses=yes), and "
                                  "systemd-run --user cannot be called to start them elsewhere");
    }
    return memory_format("logging out would kill runs: run `loginctl enable-linger %s`",
                         session->user);
}
