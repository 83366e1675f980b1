/* JSON web tokens as Google takes them: RS256. */
#ifndef PHASEGATE_BIGQUERY_LOGIN_SIGN_H
#define PHASEGATE_BIGQUERY_LOGIN_SIGN_H

#include <jansson.h>
#include <openssl/types.h>

#include "base/text.h"

/* The private key in a PEM text; EVP_PKEY_free it. NULL when it is none, is none of RSA, has fewer
 * than 2,048 bits or is locked by a passphrase. */
EVP_PKEY *sign_read_key(const char *pem);

/* "HEADER.CLAIMS.SIGNATURE"; the caller wipes and frees it. `key_id` may be NULL. NULL when OpenSSL
 * refuses. */
char *sign_claims(EVP_PKEY *key, const char *key_id, const json_t *claims);

/* Appends base64 with padding, as HTTP takes it. */
void sign_add_base64(struct text_buffer *out, struct text data);

/* The claims of a token that came over a trusted connection: its signature is not looked at. The
 * caller frees them; NULL when it is no token. */
json_t *sign_read_claims(const char *token);

#endif
