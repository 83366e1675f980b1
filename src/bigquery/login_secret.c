#include "bigquery/login_secret.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_WORD = 60, SHORTEST_SECRET = 6 };

void secret_free(char *secret) {
    if (secret != NULL) {
        OPENSSL_cleanse(secret, strlen(secret));
        free(secret);
    }
}

void secret_free_buffer(struct text_buffer *buffer) {
    if (buffer->data != NULL) {
        OPENSSL_cleanse(buffer->data, buffer->capacity);
    }
    text_buffer_free(buffer);
}

static void wipe_json(json_t *value) {
    const char *key = NULL;
    json_t *member = NULL;
    size_t index = 0;
    if (json_is_string(value)) {
        /* jansson lends it as constant, but the memory is its own and about to be freed */
        char *string = (char *)json_string_value(value);
        OPENSSL_cleanse(string, json_string_length(value));
    }
    json_object_foreach(value, key, member) {
        wipe_json(member);
    }
    json_array_foreach(value, index, member) {
        wipe_json(member);
    }
}

void secret_free_json(json_t *value) {
    wipe_json(value);
    json_decref(value);
}

void secret_reserve(struct text_buffer *buffer, size_t size) {
    if (buffer->capacity < size) {
        struct text_buffer larger = {.data = calloc(1, size), .capacity = size};
        if (larger.data == NULL) {
            return; /* it grows as it must */
        }
        text_buffer_put(&larger, buffer->data != NULL ? buffer->data : "", buffer->size);
        secret_free_buffer(buffer);
        *buffer = larger;
    }
}

static void hide_part(char *from, size_t size) {
    static const char MARK[] = "…";
    size_t length = strlen(from);
    memcpy(from, MARK, sizeof MARK - 1); /* what is hidden is longer than the mark */
    memmove(from + sizeof MARK - 1, from + size, length - size + 1);
}

void secret_hide(char *line, const char *const *secrets, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t size = secrets[i] != NULL ? strlen(secrets[i]) : 0;
        char *found = size >= SHORTEST_SECRET ? strstr(line, secrets[i]) : NULL;
        while (found != NULL) {
            hide_part(found, size);
            found = strstr(line, secrets[i]);
        }
    }
    for (char *word = line + strspn(line, " "); *word != '\0';) {
        size_t size = strcspn(word, " ");
        if (size > LONGEST_WORD) {
            hide_part(word, size);
            size = strcspn(word, " ");
        }
        word += size;
        word += strspn(word, " ");
    }
}
