/* From what the last one that polled told of its credentials. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "situation/parts.h"
#include "state/state_told.h"

static char *copy(const json_t *told, const char *key) {
    return memory_copy_string(json_get_string(told, key, NULL));
}

bool situation_load_credentials(struct situation *situation, struct state *state,
                                struct error *error) {
    struct situation_credentials *into = &situation->credentials;
    char *text;
    int64_t at;
    if (!state_told(state, "credentials", &text, &at, error)) {
        return false;
    }
    if (text == NULL || (situation->until != 0 && at > situation->until)) {
        free(text);
        return true;
    }
    json_t *told = json_read(text_of(text), "what was told of the credentials", error);
    free(text);
    if (told == NULL) {
        return false;
    }
    if (json_get_bool(told, "needed", false)) {
        into->known = true;
        into->kind = copy(told, "kind");
        into->source = copy(told, "source");
        into->identity = copy(told, "identity");
        into->quota_project = copy(told, "quota_project");
        into->problem = copy(told, "problem");
        (void)clock_parse_utc(text_of(json_get_string(told, "expires_at", "")), &into->expires_at);
    }
    json_decref(told);
    return true;
}

void situation_free_credentials(struct situation *situation) {
    free(situation->credentials.kind);
    free(situation->credentials.source);
    free(situation->credentials.identity);
    free(situation->credentials.quota_project);
    free(situation->credentials.problem);
}
