#include "situation/trouble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/moment.h"
#include "base/print.h"
#include "situation/parts.h"
#include "state/state_told.h"

/* A wait that is longer than this is told by the clock: nobody counts minutes down. */
static const int64_t countdown_ms = INT64_C(5) * 60 * 1000;

enum { NAMES_SHOWN = 3 };

/* Reasons that are ours in words, and what a person can do about those that do not pass by
 * themselves. */
static const struct wording {
    const char *reason, *words, *advice;
} WORDINGS[] = {
    {"connection", "no connection", "check the network and the endpoint"},
    {"slow", "no answer in time", NULL},
    {"deadline", "no answer in time", NULL},
    {"certificate", "its certificate is refused", "check the endpoint, a proxy and the clock"},
    {"notJson", "an answer that is not BigQuery's", "check the endpoint and a proxy"},
    {"malformed", "an answer that is not as BigQuery's", "check the endpoint and a proxy"},
    {"redirect", "a redirect", "check the endpoint"},
    {"http", "without a reason", NULL},
    {"resultChanged", "the result changed while it was read", NULL},
    {"jobLost", "it lost the job", NULL},
    {"credentials", "no credentials", "log in again: gcloud auth application-default login"},
    {"authError", NULL, "log in again: gcloud auth application-default login"},
    {"proxyAuthenticationRequired", NULL, "give the proxy its user and password"},
    {"quotaExceeded", NULL, "the project's quota is used up; it refills by and by, or raise it"},
};

static const struct wording *wording_of(const struct situation_trouble *trouble) {
    static const struct wording none = {NULL, NULL, NULL};
    for (size_t i = 0; trouble->reason != NULL && i < sizeof WORDINGS / sizeof WORDINGS[0]; i++) {
        if (strcmp(WORDINGS[i].reason, trouble->reason) == 0) {
            return &WORDINGS[i];
        }
    }
    return &none;
}

void situation_trouble_free(struct situation_trouble *trouble) {
    if (trouble == NULL) {
        return;
    }
    for (size_t i = 0; i < trouble->name_count; i++) {
        free(trouble->names[i]);
    }
    free(trouble->names);
    free(trouble->reason);
    free(trouble->sentence);
    free(trouble);
}

/* Without the "BigQuery: " that errors of its client begin with: who shows it has said so. */
static void add_sentence(struct text_buffer *text, const char *sentence) {
    static const char said[] = "BigQuery: ";
    const char *at = strstr(sentence, said);
    if (at == NULL) {
        text_buffer_add(text, sentence);
        return;
    }
    print_to(text, "%.*s%s", (int)(at - sentence), sentence, at + sizeof said - 1);
}

static void add_what(struct text_buffer *text, const struct situation_trouble *trouble) {
    if (trouble->reason == NULL) {
        add_sentence(text, trouble->sentence);
        return;
    }
    const char *words = wording_of(trouble)->words;
    if (trouble->http_code >= 300) {
        print_to(text, "%d ", trouble->http_code);
    }
    text_buffer_add(text, words != NULL ? words : trouble->reason);
}

static void add_next(struct text_buffer *text, const struct situation_trouble *trouble,
                     int64_t now) {
    char span[CLOCK_SPAN_SIZE];
    char at[MOMENT_SIZE];
    int64_t left = trouble->next_try - now;
    if (trouble->next_try == 0) {
        return;
    }
    if (left <= 0) {
        text_buffer_add(text, ", trying again");
    } else if (left < countdown_ms) {
        print_to(text, ", retrying in %s", clock_format_span(left + 999, span));
    } else {
        print_to(text, ", next try %s", moment_format(trouble->next_try, now, at));
    }
}

static char *put(struct text_buffer *text, char out[SITUATION_TROUBLE_SIZE]) {
    (void)print_into(out, SITUATION_TROUBLE_SIZE, "%s", text->data != NULL ? text->data : "");
    text_buffer_free(text);
    return out;
}

char *situation_trouble_text(const struct situation_trouble *trouble, int64_t now,
                             char out[SITUATION_TROUBLE_SIZE]) {
    struct text_buffer text = {0};
    if (trouble != NULL) {
        add_what(&text, trouble);
        add_next(&text, trouble, now);
    }
    return put(&text, out);
}

static void add_names(struct text_buffer *text, const struct situation_trouble *trouble) {
    size_t shown = trouble->name_count <= NAMES_SHOWN + 1 ? trouble->name_count : NAMES_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        print_to(text, "%s%s", i == 0 ? "; waiting: " : ", ", trouble->names[i]);
    }
    if (shown < trouble->name_count) {
        print_to(text, " and %zu more", trouble->name_count - shown);
    }
}

char *situation_trouble_report(const struct situation_trouble *trouble, int64_t now,
                               char out[SITUATION_TROUBLE_SIZE]) {
    struct text_buffer text = {0};
    char at[MOMENT_SIZE];
    if (trouble != NULL) {
        const char *advice = wording_of(trouble)->advice;
        add_what(&text, trouble);
        if (trouble->since != 0) {
            print_to(&text, " since %s", moment_format(trouble->since, now, at));
        }
        add_next(&text, trouble, now);
        add_names(&text, trouble);
        if (advice != NULL) {
            print_to(&text, ". %c%s", advice[0] - 'a' + 'A', advice + 1);
        }
    }
    return put(&text, out);
}

static json_t *names_json(const struct situation_trouble *trouble) {
    json_t *names = json_array();
    for (size_t i = 0; i < trouble->name_count; i++) {
        json_array_append_new(names, json_string_or_null(trouble->names[i]));
    }
    return names;
}

json_t *situation_trouble_json(const struct situation_trouble *trouble, int64_t now) {
    char text[SITUATION_TROUBLE_SIZE];
    if (trouble == NULL) {
        return json_null();
    }
    return json_make("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "text",
                     json_string_or_null(situation_trouble_text(trouble, now, text)), "reason",
                     json_string_or_null(trouble->reason), "code",
                     trouble->http_code != 0 ? json_integer(trouble->http_code) : json_null(),
                     "since", json_time(trouble->since), "next_try", json_time(trouble->next_try),
                     "tables", names_json(trouble), "advice",
                     json_string_or_null(wording_of(trouble)->advice));
}

char *situation_trouble_told(const struct situation_trouble *trouble, int64_t term) {
    json_t *json = trouble == NULL
                       ? json_object()
                       : json_make("{s:I,s:o,s:i,s:I,s:I,s:o}", "term", (json_int_t)term, "reason",
                                   json_string_or_null(trouble->reason), "code", trouble->http_code,
                                   "since", (json_int_t)trouble->since, "next_try",
                                   (json_int_t)trouble->next_try, "tables", names_json(trouble));
    char *text = json_text(json);
    json_decref(json);
    return text;
}

struct situation_trouble *situation_trouble_read(const char *json, int64_t term) {
    struct error error;
    json_t *told = json_read(text_of(json), "told", &error);
    const char *reason = json_get_string(told, "reason", NULL);
    struct situation_trouble *trouble = NULL;
    if (reason != NULL && json_get_integer(told, "term", 0) == term) {
        const json_t *names = json_object_get(told, "tables");
        trouble = memory_new(1, sizeof *trouble);
        trouble->reason = memory_copy_string(reason);
        trouble->http_code = (int)json_get_integer(told, "code", 0);
        trouble->since = json_get_integer(told, "since", 0);
        trouble->next_try = json_get_integer(told, "next_try", 0);
        trouble->names = memory_new(json_array_size(names), sizeof *trouble->names);
        for (size_t i = 0; i < json_array_size(names); i++) {
            const char *name = json_string_value(json_array_get(names, i));
            trouble->names[trouble->name_count++] = memory_copy_string(name != NULL ? name : "?");
        }
    }
    json_decref(told);
    return trouble;
}

bool situation_load_trouble(struct situation *situation, struct state *state, int64_t term,
                            struct error *error) {
    char *json = NULL;
    int64_t at = 0;
    if (!state_told(state, SITUATION_TOLD_BIGQUERY, &json, &at, error)) {
        return false;
    }
    struct situation_trouble *told = NULL;
    if (json != NULL && (situation->until == 0 || at <= situation->until)) {
        told = situation_trouble_read(json, term);
    }
    free(json);
    if (told != NULL) {
        situation_trouble_free(situation->header.bigquery);
        situation->header.bigquery = told;
    }
    return true;
}
