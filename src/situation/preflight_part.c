#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/print.h"
#include "runs/runs_code.h"
#include "runs/runs_session.h"
#include "situation/parts.h"
#include "state/state_told.h"

/* The agent looks once a minute. */
static const int64_t believed_ms = INT64_C(10) * 60 * 1000;

static void read_code(struct situation_preflight *preflight, const char *json) {
    struct error error;
    json_t *told = json_read(text_of(json), "told", &error);
    const json_t *directories = json_object_get(told, "directories");
    size_t count = json_array_size(directories);
    preflight->code = memory_new(count, sizeof *preflight->code);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(directories, i);
        preflight->code[preflight->code_count++] = (struct situation_code){
            .directory = memory_copy_string(json_get_string(item, "directory", "?")),
            .commit = memory_copy_string(json_get_string(item, "commit", NULL)),
            .changed = json_get_integer(item, "changed", -1)};
    }
    json_decref(told);
}

bool situation_load_preflight(struct situation *situation, struct state *state,
                              struct error *error) {
    struct situation_preflight *preflight = &situation->preflight;
    struct runs_session session;
    char *json = NULL;
    int64_t at = 0;
    runs_session_self(&session);
    preflight->session = runs_session_text(&session);
    preflight->survives = session.survives;
    if (!state_told(state, SITUATION_TOLD_CODE, &json, &at, error)) {
        return false;
    }
    int64_t age = situation->as_of - at;
    bool later = situation->until != 0 && at > situation->until;
    if (json != NULL && !later && age < believed_ms && -age < believed_ms) {
        read_code(preflight, json);
        preflight->code_at = at;
    }
    free(json);
    return true;
}

void situation_free_preflight(struct situation *situation) {
    struct situation_preflight *preflight = &situation->preflight;
    for (size_t i = 0; i < preflight->code_count; i++) {
        free(preflight->code[i].directory);
        free(preflight->code[i].commit);
    }
    free(preflight->code);
    free(preflight->session);
}

void situation_preflight_describe(const struct situation_preflight *preflight, const char *indent,
                                  struct text_buffer *out) {
    if (preflight->session != NULL) {
        print_to(out, "%s[%c] session: %s\n", indent, preflight->survives ? 'x' : ' ',
                 preflight->session);
    }
    for (size_t i = 0; i < preflight->code_count; i++) {
        const struct situation_code *code = &preflight->code[i];
        char *text = runs_code_text(code->commit, code->changed);
        bool known = code->commit != NULL && code->changed >= 0;
        print_to(out, "%s[%c] code: %s (%s)\n", indent,
                 !known              ? '?'
                 : code->changed > 0 ? ' '
                                     : 'x',
                 text, code->directory);
        free(text);
    }
}
