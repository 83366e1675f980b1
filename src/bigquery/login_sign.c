#include "bigquery/login_sign.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "bigquery/login_secret.h"

enum { FEWEST_BITS = 2048, LARGEST_SIGNATURE = 2048, LARGEST_CLAIMS = 16384 };

/* Without it OpenSSL would ask the terminal for a passphrase. */
static int refuse_passphrase(char *buffer, int size, int writing, void *context) {
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

EVP_PKEY *sign_read_key(const char *pem) {
    BIO *input = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key =
        input == NULL ? NULL : PEM_read_bio_PrivateKey(input, NULL, refuse_passphrase, NULL);
    BIO_free(input);
    if (key != NULL &&
        (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) < FEWEST_BITS)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    ERR_clear_error(); /* its queue may quote what was read */
    return key;
}

static void add_base64(struct text_buffer *out, const unsigned char *data, size_t size) {
    unsigned char *text = memory_new(4 * (size / 3 + 1) + 1, 1);
    int length = EVP_EncodeBlock(text, data, (int)size);
    for (int i = 0; i < length && text[i] != '='; i++) {
        char c = (char)text[i];
        c = (char)(c == '+' ? '-' : c == '/' ? '_' : c);
        text_buffer_put(out, &c, 1);
    }
    free(text);
}

void sign_add_base64(struct text_buffer *out, struct text data) {
    size_t room = 4 * (data.size / 3 + 1) + 1;
    unsigned char *text = memory_new(room, 1);
    int length = EVP_EncodeBlock(text, (const unsigned char *)data.data, (int)data.size);
    text_buffer_put(out, (const char *)text, (size_t)length);
    OPENSSL_cleanse(text, room);
    free(text);
}

static void add_json(struct text_buffer *out, const json_t *value) {
    char *text = json_text(value);
    add_base64(out, (const unsigned char *)text, strlen(text));
    free(text);
}

static bool add_signature(struct text_buffer *out, EVP_PKEY *key) {
    unsigned char signature[LARGEST_SIGNATURE];
    size_t size = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done =
        context != NULL && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(context, signature, &size, (const unsigned char *)out->data, out->size) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    if (done) {
        text_buffer_add(out, ".");
        add_base64(out, signature, size);
    }
    return done;
}

char *sign_claims(EVP_PKEY *key, const char *key_id, const json_t *claims) {
    struct text_buffer token = {0};
    json_t *header = json_pack("{s:s, s:s, s:s*}", "alg", "RS256", "typ", "JWT", "kid", key_id);
    secret_reserve(&token, LARGEST_CLAIMS);
    add_json(&token, header);
    text_buffer_add(&token, ".");
    add_json(&token, claims);
    json_decref(header);
    if (!add_signature(&token, key)) {
        secret_free_buffer(&token);
        return NULL;
    }
    return text_buffer_take(&token);
}

json_t *sign_read_claims(const char *token) {
    struct text rest = text_of(token);
    (void)text_cut(&rest, '.');
    struct text part = text_cut(&rest, '.');
    size_t padded = (part.size + 3) / 4 * 4;
    if (part.size == 0 || rest.size == 0 || part.size > LARGEST_CLAIMS) {
        return NULL;
    }
    unsigned char *text = memory_new(padded + 1, 1);
    unsigned char *plain = memory_new(padded, 1);
    for (size_t i = 0; i < padded; i++) {
        int c = i < part.size ? part.data[i] : '=';
        text[i] = (unsigned char)(c == '-' ? '+' : c == '_' ? '/' : c);
    }
    int size = EVP_DecodeBlock(plain, text, (int)padded); /* the padding decodes to zeros */
    json_t *claims = NULL;
    if (size > 0) {
        size_t length = (size_t)size - (padded - part.size);
        claims = json_loadb((const char *)plain, length, 0, NULL);
    }
    ERR_clear_error();
    free(text);
    free(plain);
    return claims;
}
