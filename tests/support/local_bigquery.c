#include "tests/support/local_bigquery.h"

#include <criterion/criterion.h>

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { START_MS = 120000, ASK_SECONDS = 120, ARGUMENT_LIMIT = 16 };

struct local_bigquery local_bigquery_start(const char *const *arguments) {
    const char *argv[ARGUMENT_LIMIT + 2] = {PHASEGATE_BINARY_DIR "/phasegate-emulator"};
    for (size_t i = 0; arguments[i] != NULL && i < ARGUMENT_LIMIT; i++) {
        argv[i + 1] = arguments[i];
    }
    struct local_bigquery emulator = {.program = program_start(argv, NULL, "/dev/stderr")};
    const char *url = program_line(emulator.program, START_MS);
    cr_assert_not_null(url, "the local BigQuery did not start");
    emulator.url = memory_copy_string(url);
    return emulator;
}

void local_bigquery_stop(struct local_bigquery *emulator) {
    program_close(emulator->program);
    free(emulator->url);
    *emulator = (struct local_bigquery){0};
}

static void print_cell(FILE *out, const json_t *cell) {
    const json_t *value = json_object_get(cell, "v");
    fputs(json_is_string(value) ? json_string_value(value) : "NULL", out);
}

static void print_answer(FILE *out, const json_t *answer) {
    const json_t *error = json_object_get(answer, "error");
    if (error != NULL) {
        const json_t *first = json_array_get(json_object_get(error, "errors"), 0);
        fprintf(out, "%s: %s", json_string_value(json_object_get(first, "reason")),
                json_string_value(json_object_get(error, "message")));
        return;
    }
    cr_assert(json_is_true(json_object_get(answer, "jobComplete")), "the query did not end");
    size_t row_index;
    const json_t *row;
    json_array_foreach(json_object_get(answer, "rows"), row_index, row) {
        size_t index;
        const json_t *cell;
        json_array_foreach(json_object_get(row, "f"), index, cell) {
            fputs(index > 0 ? "|" : "", out);
            print_cell(out, cell);
        }
        fputc('\n', out);
    }
}

static json_t *post(const char *url, const char *body) {
    char *received = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&received, &size);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)ASK_SECONDS);
    CURLcode code = curl_easy_perform(curl);
    fclose(out);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    json_t *answer = code == CURLE_OK ? json_loads(received, 0, NULL) : NULL;
    cr_assert_not_null(answer, "%s: %s: %s", url, curl_easy_strerror(code), received);
    free(received);
    return answer;
}

char *local_bigquery_ask(const struct local_bigquery *emulator, const char *sql) {
    char *url = memory_format("%s/bigquery/v2/projects/nba-props-platform/queries", emulator->url);
    json_t *question = json_pack("{s:s, s:b, s:s, s:i}", "query", sql, "useLegacySql", 0,
                                 "location", "us-west2", "timeoutMs", ASK_SECONDS * 1000);
    char *body = json_dumps(question, JSON_COMPACT);
    json_t *answer = post(url, body);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    print_answer(out, answer);
    fclose(out);
    json_decref(answer);
    json_decref(question);
    free(body);
    free(url);
    return text;
}
