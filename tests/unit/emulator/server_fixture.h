/* A server in this process and a plain HTTP client to talk to it. */
#ifndef TESTS_EMULATOR_SERVER_FIXTURE_H
#define TESTS_EMULATOR_SERVER_FIXTURE_H

#include <jansson.h>
#include <stdbool.h>

#include "emulator/emulator.h"

/* What came back. `json` is NULL when the body was none. */
struct answer {
    int curl; /* CURLcode: 0 when the exchange went well */
    long code;
    char type[128];
    bool gzip;
    double seconds;
    json_t *json;
    char *text;
};

/* Starts a server (NULL: the defaults) or fails the test. */
struct emulator *server_start(const struct emulator_options *options);

/* One request. `path` starts at "/"; a body makes it a POST unless `verb` says otherwise. */
struct answer server_ask(struct emulator *emulator, const char *verb, const char *path,
                         const char *body);
void answer_free(struct answer *answer);

/* A POST of gzip, and a text as gzip, which the caller frees. */
struct answer server_ask_packed(struct emulator *emulator, const char *path,
                                const unsigned char *body, size_t size);
unsigned char *server_pack(const char *text, size_t *size);

/* The same with "/bigquery/v2/projects/p" in front, expecting `code`; returns the JSON, which the
 * caller frees. */
json_t *server_expect(struct emulator *emulator, long code, const char *verb, const char *path,
                      const char *body);

/* server_expect of 200 on POST …/queries with this GoogleSQL and more members ("" or ",\"k\":v").
 */
json_t *server_query(struct emulator *emulator, const char *sql, const char *members);

/* The text of a value at a path like "/rows/0/f/1/v"; "" when there is none or it is no string. */
const char *at(const json_t *json, const char *path);
const json_t *node(const json_t *json, const char *path);

/* error.errors[0].reason of an error body. */
const char *reason_of(const json_t *json);

/* Makes dataset d and table d.t with the fields of one JSON schema member list. */
void server_make_table(struct emulator *emulator, const char *fields);

#endif
