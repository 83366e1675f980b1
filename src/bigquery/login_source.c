#include "bigquery/login_source.h"

#include <openssl/evp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "bigquery/endpoint.h"
#include "bigquery/login_secret.h"
#include "bigquery/login_sign.h"

enum { DEEPEST = 3, LIFETIME_S = 3600, SHORTEST_LIFETIME_S = 600, LONGEST_LIFETIME_S = 43200 };

#define COMMAND_MS          INT64_C(30000)
#define SHORTEST_COMMAND_MS INT64_C(5000)
#define LONGEST_COMMAND_MS  INT64_C(120000)
#define USER_REMEDY         "run `gcloud auth application-default login`"
#define FIELD(name, member, is_needed)                                                             \
    { (name), offsetof(struct source, member), (is_needed) }

struct field {
    const char *name;
    size_t offset; /* of a char * */
    bool needed;
};

struct type {
    const char *word;
    enum bigquery_login_kind kind;
    const char *remedy;
    bool (*complete)(struct source *source, const json_t *object, int depth, struct error *error);
    struct field fields[12];
};

static struct source *read_object(const json_t *object, int depth, struct error *error);

/* ---- Parts ------------------------------------------------------------------------------- */

static bool check_url(const char *name, const char *url, struct error *error) {
    if (endpoint_is_trusted(url)) {
        return true;
    }
    char *host = endpoint_host(url);
    (void)error_set(error, EXIT_CONFIG,
                    "%s (%s): tokens are asked for over https or of this machine only; correct it",
                    name, host);
    free(host);
    return false;
}

static bool use_token_url(struct source *source, const char *name, const char *usual,
                          struct error *error) {
    if (source->token_url == NULL) {
        source->token_url = memory_copy_string(usual);
    }
    return check_url(name, source->token_url, error);
}

static bool use_impersonation(struct source *source, struct error *error) {
    static const char BEFORE[] = "/serviceAccounts/";
    const char *found = strstr(source->impersonation_url, BEFORE);
    if (found != NULL) {
        const char *name = found + sizeof BEFORE - 1;
        free(source->account);
        source->account = memory_copy_part(name, strcspn(name, ":/?"));
    }
    return check_url("service_account_impersonation_url", source->impersonation_url, error);
}

static bool complete_service(struct source *source, const json_t *object, int depth,
                             struct error *error) {
    (void)object;
    (void)depth;
    source->key = sign_read_key(source->private_key);
    secret_free(source->private_key);
    source->private_key = NULL;
    if (source->key == NULL) {
        return error_set(
            error, EXIT_CONFIG,
            "private_key is no RSA key in PEM of 2,048 bits or more; make a new key in "
            "the Google Cloud console and download it");
    }
    return use_token_url(source, "token_uri", "https://oauth2.googleapis.com/token", error);
}

static bool complete_user(struct source *source, const json_t *object, int depth,
                          struct error *error) {
    (void)object;
    (void)depth;
    return use_token_url(source, "token_uri", "https://oauth2.googleapis.com/token", error);
}

static bool complete_external_user(struct source *source, const json_t *object, int depth,
                                   struct error *error) {
    (void)object;
    (void)depth;
    return use_token_url(source, "token_url", "https://sts.googleapis.com/v1/oauthtoken", error);
}

static bool complete_impersonated(struct source *source, const json_t *object, int depth,
                                  struct error *error) {
    const json_t *delegates = json_object_get(object, "delegates");
    const json_t *name = NULL;
    size_t index = 0;
    json_array_foreach(delegates, index, name) {
        if (!json_is_string(name)) {
            return error_set(error, EXIT_CONFIG, "delegates must be names of service accounts");
        }
    }
    source->delegates = json_is_array(delegates) ? json_deep_copy(delegates) : json_array();
    const json_t *base = json_object_get(object, "source_credentials");
    if (!json_is_object(base)) {
        return error_set(error, EXIT_CONFIG,
                         "source_credentials are missing: who impersonates? " USER_REMEDY
                         " --impersonate-service-account");
    }
    source->base = read_object(base, depth + 1, error);
    return source->base != NULL ? use_impersonation(source, error)
                                : error_prefix(error, "source_credentials");
}

/* ---- External accounts ------------------------------------------------------------------- */

static bool is_header(const char *name, const char *value) {
    return name[0] != '\0' && strpbrk(name, " \t\r\n:") == NULL && strpbrk(value, "\r\n") == NULL;
}

static bool read_headers(struct source *source, const json_t *headers, struct error *error) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)headers, name, value) {
        if (!json_is_string(value) || !is_header(name, json_string_value(value))) {
            return error_set(error, EXIT_CONFIG, "credential_source.headers are no headers");
        }
    }
    source->subject_headers = json_is_object(headers) ? json_deep_copy(headers) : NULL;
    return true;
}

static bool read_format(struct source *source, const json_t *format, struct error *error) {
    const char *type = json_get_string(format, "type", "text");
    const char *field = json_get_string(format, "subject_token_field_name", NULL);
    if (strcmp(type, "json") == 0 && field != NULL) {
        source->subject_field = memory_copy_string(field);
        return true;
    }
    return strcmp(type, "text") == 0 ||
           error_set(error, EXIT_CONFIG,
                     "credential_source.format must be \"text\", or \"json\" with "
                     "subject_token_field_name");
}

static bool read_command(struct source *source, const json_t *executable, struct error *error) {
    const char *command = json_get_string(executable, "command", "");
    int64_t timeout = json_get_integer(executable, "timeout_millis", COMMAND_MS);
    const char *allowed = getenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES");
    if (allowed == NULL || strcmp(allowed, "1") != 0) {
        return error_set(error, EXIT_CONFIG,
                         "it names a program to run, and programs are run only with "
                         "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1; set that if you trust the "
                         "file");
    }
    if (command[strspn(command, " \t")] == '\0' || timeout < SHORTEST_COMMAND_MS ||
        timeout > LONGEST_COMMAND_MS) {
        return error_set(error, EXIT_CONFIG,
                         "credential_source.executable needs a command and a timeout_millis of "
                         "5,000 to 120,000");
    }
    source->subject = SUBJECT_COMMAND;
    source->subject_place = memory_copy_string(command);
    source->subject_timeout_ms = timeout;
    return true;
}

/* Some clouds hand out their tokens over plain http, on an address that never leaves the machine.
 */
static bool is_subject_url(const char *url) {
    static const char LINK_LOCAL[] = "http://169.254.169.254/";
    return endpoint_is_trusted(url) || strncmp(url, LINK_LOCAL, sizeof LINK_LOCAL - 1) == 0;
}

static bool read_subject(struct source *source, const json_t *from, struct error *error) {
    const char *file = json_get_string(from, "file", NULL);
    const char *url = json_get_string(from, "url", NULL);
    if (strncmp(json_get_string(from, "environment_id", ""), "aws", 3) == 0) {
        return error_set(error, EXIT_CONFIG,
                         "AWS as the source of an external account is not supported; use a key "
                         "file, a login of gcloud, or a source with \"file\", \"url\" or "
                         "\"executable\"");
    }
    if (json_is_object(json_object_get(from, "executable"))) {
        return read_command(source, json_object_get(from, "executable"), error);
    }
    if (file == NULL && url == NULL) {
        return error_set(error, EXIT_CONFIG,
                         "credential_source needs \"file\", \"url\" or \"executable\"");
    }
    source->subject = file != NULL ? SUBJECT_FILE : SUBJECT_URL;
    source->subject_place = memory_copy_string(file != NULL ? file : url);
    if (source->subject == SUBJECT_URL && !is_subject_url(source->subject_place)) {
        return error_set(error, EXIT_CONFIG,
                         "credential_source.url: tokens are asked for over https or of this "
                         "machine only; correct it");
    }
    return read_headers(source, json_object_get(from, "headers"), error) &&
           read_format(source, json_object_get(from, "format"), error);
}

static bool complete_external(struct source *source, const json_t *object, int depth,
                              struct error *error) {
    const json_t *wish = json_object_get(object, "service_account_impersonation");
    (void)depth;
    source->lifetime_s = json_get_integer(wish, "token_lifetime_seconds", LIFETIME_S);
    if (source->lifetime_s < SHORTEST_LIFETIME_S || source->lifetime_s > LONGEST_LIFETIME_S) {
        return error_set(error, EXIT_CONFIG, "token_lifetime_seconds must be 600 to 43,200");
    }
    source->delegates = json_array();
    return read_subject(source, json_object_get(object, "credential_source"), error) &&
           check_url("token_url", source->token_url, error) &&
           (source->impersonation_url == NULL || use_impersonation(source, error));
}

/* ---- Files ------------------------------------------------------------------------------- */

static const struct type TYPES[] = {
    {"service_account",
     BIGQUERY_LOGIN_SERVICE_ACCOUNT,
     "make a new key in the Google Cloud console and download it",
     complete_service,
     {FIELD("client_email", account, true), FIELD("private_key", private_key, true),
      FIELD("private_key_id", key_id, false), FIELD("token_uri", token_url, false),
      FIELD("project_id", project, false)}},
    {"authorized_user",
     BIGQUERY_LOGIN_AUTHORIZED_USER,
     USER_REMEDY,
     complete_user,
     {FIELD("client_id", client_id, true), FIELD("client_secret", client_secret, true),
      FIELD("refresh_token", refresh_token, true), FIELD("account", account, false),
      FIELD("token_uri", token_url, false)}},
    {"impersonated_service_account",
     BIGQUERY_LOGIN_IMPERSONATED,
     USER_REMEDY " --impersonate-service-account",
     complete_impersonated,
     {FIELD("service_account_impersonation_url", impersonation_url, true)}},
    {"external_account",
     BIGQUERY_LOGIN_EXTERNAL,
     "make it again with `gcloud iam workload-identity-pools create-cred-config`",
     complete_external,
     {FIELD("audience", audience, true), FIELD("subject_token_type", subject_type, true),
      FIELD("token_url", token_url, true),
      FIELD("service_account_impersonation_url", impersonation_url, false),
      FIELD("workforce_pool_user_project", workforce_project, false),
      FIELD("client_id", client_id, false), FIELD("client_secret", client_secret, false)}},
    {"external_account_authorized_user",
     BIGQUERY_LOGIN_EXTERNAL_USER,
     USER_REMEDY " with the workforce pool's configuration",
     complete_external_user,
     {FIELD("client_id", client_id, true), FIELD("client_secret", client_secret, true),
      FIELD("refresh_token", refresh_token, true), FIELD("token_url", token_url, false)}},
};

static const struct field COMMON[] = {
    FIELD("quota_project_id", quota_project, false),
    FIELD("universe_domain", universe, false),
};

static bool copy_field(struct source *source, const struct field *field, const json_t *object,
                       const struct type *type, struct error *error) {
    const json_t *value = json_object_get(object, field->name);
    const char *string = json_string_value(value);
    bool filled = string != NULL && string[0] != '\0';
    if (value != NULL && !json_is_null(value) && string == NULL) {
        return error_set(error, EXIT_CONFIG, "%s must be a string; %s", field->name, type->remedy);
    }
    if (field->needed && !filled) {
        return error_set(error, EXIT_CONFIG, "a file of type %s needs %s; %s", type->word,
                         field->name, type->remedy);
    }
    if (filled) {
        char *copy = memory_copy_string(string);
        memcpy((char *)source + field->offset, &copy, sizeof copy);
    }
    return true;
}

static bool fill_source(struct source *source, const struct type *type, const json_t *object,
                        int depth, struct error *error) {
    for (size_t i = 0; i < sizeof COMMON / sizeof COMMON[0]; i++) {
        if (!copy_field(source, &COMMON[i], object, type, error)) {
            return false;
        }
    }
    for (const struct field *field = type->fields; field->name != NULL; field++) {
        if (!copy_field(source, field, object, type, error)) {
            return false;
        }
    }
    if (source->universe != NULL && strcmp(source->universe, "googleapis.com") != 0) {
        return error_set(error, EXIT_CONFIG,
                         "universe_domain is not googleapis.com, and no other is supported");
    }
    return type->complete(source, object, depth, error);
}

static const struct type *find_type(const char *word) {
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        if (strcmp(TYPES[i].word, word) == 0) {
            return &TYPES[i];
        }
    }
    return NULL;
}

static struct source *read_object(const json_t *object, int depth, struct error *error) {
    const char *word = json_get_string(object, "type", "");
    const struct type *type = find_type(word);
    if (type == NULL) {
        char known[40] = "without a type";
        if (word[strspn(word, "abcdefghijklmnopqrstuvwxyz_")] == '\0' && word[0] != '\0') {
            (void)snprintf(known, sizeof known, "of type %.30s", word);
        }
        (void)error_set(error, EXIT_CONFIG,
                        "credentials %s are not supported; use the key file of a service account, "
                        "or " USER_REMEDY,
                        known);
        return NULL;
    }
    if (depth >= DEEPEST) {
        (void)error_set(error, EXIT_CONFIG, "too many accounts impersonate each other");
        return NULL;
    }
    struct source *source = source_of_kind(type->kind);
    if (!fill_source(source, type, object, depth, error)) {
        source_free(source);
        return NULL;
    }
    return source;
}

struct source *source_read(const json_t *object, const char *path, struct error *error) {
    struct source *source = read_object(object, 0, error);
    if (source == NULL) {
        (void)error_prefix(error, "%s", path);
    }
    return source;
}

struct source *source_of_kind(enum bigquery_login_kind kind) {
    struct source *source = memory_new(1, sizeof *source);
    source->kind = kind;
    source->lifetime_s = LIFETIME_S;
    return source;
}

void source_free(struct source *source) {
    if (source == NULL) {
        return;
    }
    source_free(source->base);
    EVP_PKEY_free(source->key);
    secret_free(source->private_key);
    secret_free(source->client_secret);
    secret_free(source->refresh_token);
    secret_free_json(source->subject_headers);
    json_decref(source->delegates);
    char *const STRINGS[] = {
        source->account,           source->project,       source->quota_project,
        source->universe,          source->token_url,     source->key_id,
        source->client_id,         source->audience,      source->subject_type,
        source->subject_place,     source->subject_field, source->impersonation_url,
        source->workforce_project,
    };
    for (size_t i = 0; i < sizeof STRINGS / sizeof STRINGS[0]; i++) {
        free(STRINGS[i]);
    }
    free(source);
}

bool source_is_secret(const struct source *source) {
    return source->key != NULL || source->refresh_token != NULL || source->client_secret != NULL ||
           source->subject_headers != NULL ||
           (source->base != NULL && source_is_secret(source->base));
}

/* ---- Words ------------------------------------------------------------------------------- */

const char *bigquery_login_kind_word(enum bigquery_login_kind kind) {
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        if (TYPES[i].kind == kind) {
            return TYPES[i].word;
        }
    }
    return kind == BIGQUERY_LOGIN_METADATA ? "metadata_server" : "gcloud";
}
