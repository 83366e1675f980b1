#include "server_fixture.h"

#include <criterion/criterion.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "base/memory.h"
#include "base/text.h"

struct emulator *server_start(const struct emulator_options *options) {
    struct error error = {0};
    struct emulator *emulator = emulator_start(options, &error);
    cr_assert(emulator, "%s", error.text);
    return emulator;
}

static size_t take_body(char *data, size_t size, size_t count, void *context) {
    text_buffer_put(context, data, size * count);
    return size * count;
}

static size_t take_header(char *data, size_t size, size_t count, void *context) {
    struct answer *answer = context;
    static const char gzip[] = "content-encoding: gzip";
    if (size * count >= sizeof gzip - 1 && strncasecmp(data, gzip, sizeof gzip - 1) == 0)
        answer->gzip = true;
    return size * count;
}

static struct answer ask(struct emulator *emulator, const char *verb, const char *path,
                         const char *body, size_t size, const char *encoding) {
    struct answer answer = {0};
    struct text_buffer text = {0};
    char *url = memory_format("%s%s", emulator_url(emulator), path);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (encoding)
        headers = curl_slist_append(headers, encoding);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, verb);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)size);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    answer.curl = (int)curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.code);
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &answer.seconds);
    char *type = NULL;
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    if (type && strlen(type) < sizeof answer.type)
        memcpy(answer.type, type, strlen(type) + 1);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    free(url);
    answer.text = text_buffer_take(&text);
    answer.json = json_loads(answer.text, 0, NULL);
    return answer;
}

struct answer server_ask(struct emulator *emulator, const char *verb, const char *path,
                         const char *body) {
    return ask(emulator, verb, path, body, body ? strlen(body) : 0, NULL);
}

struct answer server_ask_packed(struct emulator *emulator, const char *path,
                                const unsigned char *body, size_t size) {
    return ask(emulator, "POST", path, (const char *)body, size, "Content-Encoding: gzip");
}

unsigned char *server_pack(const char *text, size_t *size) {
    z_stream stream = {0};
    cr_assert_eq(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    uLong bound = deflateBound(&stream, strlen(text));
    unsigned char *packed = memory_new(bound, 1);
    char *source = memory_copy_string(text);
    stream.next_in = (Bytef *)source;
    stream.avail_in = (uInt)strlen(text);
    stream.next_out = packed;
    stream.avail_out = (uInt)bound;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *size = stream.total_out;
    deflateEnd(&stream);
    free(source);
    return packed;
}

void answer_free(struct answer *answer) {
    json_decref(answer->json);
    free(answer->text);
    *answer = (struct answer){0};
}

json_t *server_expect(struct emulator *emulator, long code, const char *verb, const char *path,
                      const char *body) {
    char *full = memory_format("/bigquery/v2/projects/p%s", path);
    struct answer answer = server_ask(emulator, verb, full, body);
    cr_assert_eq(answer.code, code, "%s %s answered %ld: %s", verb, full, answer.code, answer.text);
    json_t *json = json_incref(answer.json);
    answer_free(&answer);
    free(full);
    return json;
}

json_t *server_query(struct emulator *emulator, const char *sql, const char *members) {
    char *body = memory_format("{\"query\":\"%s\",\"useLegacySql\":false%s}", sql, members);
    json_t *json = server_expect(emulator, 200, "POST", "/queries", body);
    free(body);
    return json;
}

const json_t *node(const json_t *json, const char *path) {
    struct text rest = text_of(path + 1);
    while (json && rest.size > 0) {
        struct text name = text_cut(&rest, '/');
        int64_t index;
        if (json_is_array(json) && text_to_int64(name, &index)) {
            json = json_array_get(json, (size_t)index);
        } else {
            char *key = memory_copy_part(name.data, name.size);
            json = json_object_get(json, key);
            free(key);
        }
    }
    return json;
}

const char *at(const json_t *json, const char *path) {
    const char *text = json_string_value(node(json, path));
    return text ? text : "";
}

const char *reason_of(const json_t *json) {
    return at(json, "/error/errors/0/reason");
}

void server_make_table(struct emulator *emulator, const char *fields) {
    json_decref(server_expect(emulator, 200, "POST", "/datasets",
                              "{\"datasetReference\":{\"datasetId\":\"d\"}}"));
    char *body = memory_format(
        "{\"tableReference\":{\"tableId\":\"t\"},\"schema\":{\"fields\":[%s]}}", fields);
    json_decref(server_expect(emulator, 200, "POST", "/datasets/d/tables", body));
    free(body);
}
