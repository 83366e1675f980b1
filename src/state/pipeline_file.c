#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_file.h"

enum { MOST_LOOKED_AT = 1000, FIRST_SCHEMA = 3 };

bool state_file_path(struct state *state, char **path, struct error *error) {
    *path = NULL;
    if (state_schema(state) < FIRST_SCHEMA) {
        return true;
    }
    struct sql_rows rows = SQL_ALL(state, error, "SELECT path FROM pipeline_file");
    if (sql_next(&rows)) {
        *path = sql_get_text(&rows, 0);
    }
    sql_finish(&rows);
    return !rows.failed;
}

bool state_file_keep(struct state *state, const struct state_actor *actor, const char *path,
                     int64_t at, struct error *error) {
    char *before = NULL;
    if (!state_file_path(state, &before, error)) {
        return false;
    }
    if (before != NULL && strcmp(before, path) == 0) {
        free(before);
        return true;
    }
    char *text =
        before == NULL
            ? memory_format("this state is kept for %s", path)
            : memory_format("this state is kept for %s from now on; it was for %s", path, before);
    bool done =
        sql_begin(state, error) &&
        sql_end(state,
                SQL_RUN(state, error,
                        "INSERT INTO pipeline_file(one,path,at) VALUES(1,?,?)"
                        " ON CONFLICT(one) DO UPDATE SET path=excluded.path,at=excluded.at",
                        sql_text(path), sql_int(at)) &&
                    journal_add(state, actor, at, STATE_EVENT_NOTE, NULL, text, NULL, error),
                error);
    free(text);
    free(before);
    return done;
}

/* Whether the state in a directory is kept for `path`. */
static bool is_kept_for(const char *directory, const char *path) {
    struct error error = {0};
    char *file = file_join(directory, "state.db");
    bool there = access(file, R_OK) == 0;
    free(file);
    struct state *state = there ? state_open(directory, STATE_READ, &error) : NULL;
    char *kept = NULL;
    bool is = state != NULL && state_file_path(state, &kept, &error) && kept != NULL &&
              strcmp(kept, path) == 0;
    free(kept);
    state_close(state);
    return is;
}

char *state_file_elsewhere(struct state *state, const char *path) {
    const char *own = state_directory(state);
    char *root = file_directory(own);
    DIR *list = opendir(root);
    char *found = NULL;
    size_t count = 0;
    struct dirent *entry;
    while (list != NULL && found == NULL && count++ < MOST_LOOKED_AT &&
           (entry = readdir(list)) != NULL) {
        char *directory = file_join(root, entry->d_name);
        if (entry->d_name[0] != '.' && strcmp(directory, own) != 0 &&
            is_kept_for(directory, path)) {
            found = memory_copy_string(directory);
        }
        free(directory);
    }
    if (list != NULL) {
        (void)closedir(list);
    }
    free(root);
    return found;
}
