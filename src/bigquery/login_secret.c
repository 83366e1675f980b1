#include "bigquery/login_secret.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* ---- What looks like a secret ------------------------------------------------------------- */

static bool in_token(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._~+/-", c) != NULL);
}

/* The longest part of a word, between its signs, that mixes both cases and digits. */
static size_t longest_mixture(struct text word) {
    size_t longest = 0;
    for (size_t i = 0; i < word.size;) {
        size_t from = i;
        bool upper = false, lower = false, digit = false;
        for (; i < word.size && strchr("._~+/-", word.data[i]) == NULL; i++) {
            upper = upper || (word.data[i] >= 'A' && word.data[i] <= 'Z');
            lower = lower || (word.data[i] >= 'a' && word.data[i] <= 'z');
            digit = digit || (word.data[i] >= '0' && word.data[i] <= '9');
        }
        longest = upper && lower && digit && i - from > longest ? i - from : longest;
        i += i < word.size ? 1 : 0;
    }
    return longest;
}

static bool has_digit(struct text word) {
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] >= '0' && word.data[i] <= '9') {
            return true;
        }
    }
    return false;
}

static bool is_like_secret(struct text word, bool behind_bearer) {
    static const char *const beginnings[] = {"ya29.", "eyJ", "1//", "AIza", "GOCSPX-"};
    enum { SHORTEST_KNOWN = 16, SHORTEST_BEARER = 8, LONG = 40, MIXED_IN_LONG = 14, MIXED = 22 };
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        if (word.size >= SHORTEST_KNOWN && text_starts(word, text_of(beginnings[i]))) {
            return true;
        }
    }
    if (behind_bearer && word.size >= SHORTEST_BEARER && has_digit(word)) {
        return true;
    }
    /* The service's ids of jobs look like secrets, and are what one looks a job up by. */
    bool job = memmem(word.data, word.size, "job_", 4) != NULL;
    size_t mixed = job ? 0 : longest_mixture(word);
    return mixed >= MIXED || (word.size >= LONG && mixed >= MIXED_IN_LONG);
}

void secret_mask(struct text text, struct text_buffer *out) {
    bool behind_bearer = false;
    for (size_t i = 0; i < text.size;) {
        size_t from = i;
        while (i < text.size && in_token(text.data[i])) {
            i++;
        }
        struct text word = {text.data + from, i - from};
        if (word.size == 0) {
            text_buffer_put(out, text.data + i++, 1);
            continue;
        }
        bool hidden = is_like_secret(word, behind_bearer);
        text_buffer_put(out, hidden ? "…" : word.data, hidden ? sizeof "…" - 1 : word.size);
        behind_bearer = word.size == 6 && strncasecmp(word.data, "Bearer", 6) == 0;
    }
}
