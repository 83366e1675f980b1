#include "bigquery/login_project.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "bigquery/login_search.h"
#include "bigquery/transport.h"

#define METADATA_MS 3000

enum { LARGEST_FILE = 65536, LARGEST_ANSWER = 4096 };

/* ---- gcloud's configuration -------------------------------------------------------------- */

static char *read_line(const char *path) {
    struct text_buffer text = {0};
    char *line = NULL;
    if (file_read(path, LARGEST_FILE, &text, NULL)) {
        struct text rest = {text.data, text.size};
        struct text first = text_trim(text_cut(&rest, '\n'));
        line = first.size > 0 ? memory_copy_part(first.data, first.size) : NULL;
    }
    text_buffer_free(&text);
    return line;
}

/* The value of "project" in the section "[core]" of an INI file. */
static char *read_core_project(const char *path) {
    struct text_buffer text = {0};
    char *project = NULL;
    bool core = false;
    if (file_read(path, LARGEST_FILE, &text, NULL)) {
        struct text rest = {text.data, text.size};
        while (rest.size > 0 && project == NULL) {
            struct text value = text_trim(text_cut(&rest, '\n'));
            if (text_starts(value, TEXT("["))) {
                core = text_is(value, "[core]");
                continue;
            }
            struct text key = text_trim(text_cut(&value, '='));
            value = text_trim(value);
            if (core && text_is(key, "project") && value.size > 0) {
                project = memory_copy_part(value.data, value.size);
            }
        }
    }
    text_buffer_free(&text);
    return project;
}

static char *project_of_gcloud(void) {
    const char *named = search_variable("CLOUDSDK_CORE_PROJECT");
    const char *active = search_variable("CLOUDSDK_ACTIVE_CONFIG_NAME");
    char *directory = search_gcloud_directory();
    if (named != NULL || directory == NULL) {
        free(directory);
        return memory_copy_string(named);
    }
    char *choice = file_join(directory, "active_config");
    char *name = active != NULL ? memory_copy_string(active) : read_line(choice);
    char *path =
        memory_format("%s/configurations/config_%s", directory, name != NULL ? name : "default");
    char *project = read_core_project(path);
    free(path);
    free(name);
    free(choice);
    free(directory);
    return project;
}

/* ---- The metadata server ----------------------------------------------------------------- */

static void mark_finished(struct exchange *exchange) {
    *(bool *)exchange->context = true;
}

static char *read_answer(const struct exchange *exchange) {
    bool good = exchange->code == CURLE_OK && exchange->status == 200 &&
                strcmp(exchange->header, "Google") == 0 && exchange->answer.size > 0;
    struct text id = text_trim((struct text){exchange->answer.data, exchange->answer.size});
    return good && id.size > 0 ? memory_copy_part(id.data, id.size) : NULL;
}

static char *project_of_metadata(void) {
    char *host = search_metadata_host();
    char *url = memory_format("http://%s/computeMetadata/v1/project/project-id", host);
    struct transport *transport = transport_new(1, "phasegate");
    bool finished = false;
    struct exchange exchange = {
        .url = url,
        .headers = curl_slist_append(NULL, "Metadata-Flavor: Google"),
        .timeout_ms = METADATA_MS,
        .answer_limit = LARGEST_ANSWER,
        .direct = true,
        .watched_header = "Metadata-Flavor",
        .finished = mark_finished,
        .context = &finished,
    };
    char *project = NULL;
    if (transport != NULL && transport_start(transport, &exchange)) {
        while (!finished) {
            if (transport_step(transport) == 0) {
                transport_sleep(transport, METADATA_MS);
            }
        }
        project = read_answer(&exchange);
    }
    transport_free(transport);
    transport_free_headers(exchange.headers);
    text_buffer_free(&exchange.answer);
    free(url);
    free(host);
    return project;
}

/* ---- The order --------------------------------------------------------------------------- */

char *project_find(const struct source *source) {
    const char *named = search_variable("GOOGLE_CLOUD_PROJECT");
    named = named != NULL ? named : search_variable("GCLOUD_PROJECT");
    named = named != NULL ? named : source->project;
    if (named != NULL) {
        return memory_copy_string(named);
    }
    char *project = project_of_gcloud();
    return project == NULL && source->kind == BIGQUERY_LOGIN_METADATA ? project_of_metadata()
                                                                      : project;
}
