#include "login_bed.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"

#define NS_PER_MS INT64_C(1000000)

static int64_t read_wall(void *context) {
    const struct bed *bed = context;
    return START_MS + bed->boot_ns / NS_PER_MS;
}

static int64_t read_boot(void *context) {
    const struct bed *bed = context;
    return bed->boot_ns;
}

static void forget_environment(void) {
    static const char *const NAMES[] = {
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CLOUDSDK_CONFIG",
        "GCE_METADATA_HOST",
        "METADATA_SERVER_DETECTION",
        "GOOGLE_CLOUD_QUOTA_PROJECT",
        "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES",
        "GOOGLE_CLOUD_PROJECT",
        "GCLOUD_PROJECT",
        "CLOUDSDK_CORE_PROJECT",
        "CLOUDSDK_ACTIVE_CONFIG_NAME",
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        (void)unsetenv(NAMES[i]);
    }
}

void bed_make(struct bed *bed) {
    struct error error = {0};
    *bed = (struct bed){.home = "/tmp/phasegate-login-XXXXXX"};
    bed->clock = (struct clock){read_wall, read_boot, bed};
    cr_assert_not_null(mkdtemp(bed->home));
    forget_environment();
    (void)setenv("HOME", bed->home, 1);
    (void)setenv("NO_GCE_CHECK", "true", 1);
    char *programs = file_join(bed->home, "bin");
    (void)setenv("PATH", programs, 1);
    char *configuration = file_join(bed->home, ".config/gcloud/configurations");
    cr_assert(file_make_directory(programs, &error), "%s", error.text);
    cr_assert(file_make_directory(configuration, &error), "%s", error.text);
    free(configuration);
    free(programs);
    bed->google = script_start();
}

static void tell(struct bed *bed, const char *text) {
    if (text != NULL) {
        text_buffer_add(&bed->told, text);
        text_buffer_add(&bed->told, "\n");
    }
}

static void hear_activity(void *context, const struct bigquery_activity *activity) {
    char text[BIGQUERY_ACTIVITY_SIZE];
    tell(context, bigquery_activity_text(activity, text));
    tell(context, activity->failure.message);
}

void bed_clear(struct bed *bed) {
    struct error error = {0};
    if (bed->login != NULL) {
        (void)bed_facts(bed);
    }
    cr_assert_null(strstr(bed->told.data != NULL ? bed->told.data : "", SECRET), "a secret: %s",
                   bed->told.data);
    cr_assert_null(strstr(bed->told.data != NULL ? bed->told.data : "", "PRIVATE KEY"));
    if (bed->bigquery.script != NULL) {
        fixture_stop(&bed->bigquery);
    }
    bigquery_login_free(bed->login);
    script_stop(bed->google);
    EVP_PKEY_free(bed->key);
    text_buffer_free(&bed->told);
    cr_assert(file_remove_tree(bed->home, &error), "%s", error.text);
}

const char *bed_write(struct bed *bed, const char *name, const char *content) {
    static char path[256];
    struct error error = {0};
    char *joined = file_join(bed->home, name);
    (void)snprintf(path, sizeof path, "%s", joined);
    free(joined);
    cr_assert(file_write(path, text_of(content), &error), "%s", error.text);
    return path;
}

void bed_program(struct bed *bed, const char *name, const char *content) {
    cr_assert_eq(chmod(bed_write(bed, name, content), 0700), 0);
}

#define WELL_KNOWN ".config/gcloud/application_default_credentials.json"

void bed_well_known(struct bed *bed, const char *content) {
    struct text_buffer text = {0};
    for (const char *at = content; *at != '\0';) {
        if (strncmp(at, "%s", 2) == 0) {
            text_buffer_format(&text, "http://%s", script_endpoint(bed->google));
            at += 2;
        } else {
            text_buffer_put(&text, at++, 1);
        }
    }
    (void)bed_write(bed, WELL_KNOWN, text.data);
    text_buffer_free(&text);
}

void bed_service_account(struct bed *bed) {
    bed->key = EVP_RSA_gen(2048);
    BIO *output = BIO_new(BIO_s_mem());
    cr_assert(PEM_write_bio_PrivateKey(output, bed->key, NULL, NULL, 0, NULL, NULL) == 1);
    char *pem = NULL;
    size_t size = (size_t)BIO_get_mem_data(output, &pem);
    char *copy = memory_copy_part(pem, size);
    char *url = memory_format("http://%s/token", script_endpoint(bed->google));
    json_t *file = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "service_account",
                             "client_email", "robot@p.iam.gserviceaccount.com", "private_key", copy,
                             "private_key_id", "key-1", "token_uri", url, "project_id", "robots");
    char *text = json_text(file);
    (void)bed_write(bed, WELL_KNOWN, text);
    free(text);
    json_decref(file);
    free(url);
    free(copy);
    BIO_free(output);
}

void bed_user(struct bed *bed) {
    bed_well_known(bed, "{\"type\":\"authorized_user\",\"client_id\":\"client&1\","
                        "\"client_secret\":\"" SECRET "-client\",\"refresh_token\":\"1//" SECRET
                        "-refresh\",\"token_uri\":\"%s/token\"}");
}

void bed_login(struct bed *bed, struct bigquery_login_options options) {
    struct error error = {0};
    options.clock = &bed->clock;
    bed->login = bigquery_login_new(&options, &error);
    cr_assert_not_null(bed->login, "%s", error.text);
}

void bed_connect(struct bed *bed) {
    bed_connect_refusing(bed, 0);
}

static void start_client(struct bed *bed) {
    bed->bigquery = fixture_start((struct bigquery_options){
        .credentials = bigquery_login_credentials(bed->login),
        .authorize_endpoint = true,
        .clock = &bed->clock,
        .max_connections = bed->connections,
        .activity = hear_activity,
        .activity_context = bed,
    });
}

void bed_connect_silent(struct bed *bed) {
    start_client(bed);
    script_add(bed->bigquery.script, (struct reply){.times = REPLY_FOREVER, .fault = FAULT_HANG});
}

void bed_connect_refusing(struct bed *bed, int times) {
    start_client(bed);
    if (times != 0) {
        script_add(bed->bigquery.script, (struct reply){.target = "GET",
                                                        .status = 401,
                                                        .times = times,
                                                        .body = FAILURE("authError")});
    }
    script_add(
        bed->bigquery.script,
        (struct reply){.target = "GET",
                       .times = REPLY_FOREVER,
                       .body = "{\"tableReference\":{\"tableId\":\"t\"},\"type\":\"TABLE\"}"});
}

const char *bed_refused(struct bed *bed, enum error_exit code) {
    static struct error error;
    struct bigquery_login_options options = {.clock = &bed->clock};
    error = (struct error){0};
    cr_assert_null(bigquery_login_new(&options, &error));
    cr_assert_eq(error.code, code, "%d: %s", (int)error.code, error.text);
    tell(bed, error.text);
    return error.text;
}

static void work(struct bed *bed) {
    cr_assert_null(bigquery_client_wait(bed->bigquery.client, 0));
}

void bed_pass(struct bed *bed, int64_t ms) {
    bed->boot_ns += ms * NS_PER_MS;
    work(bed);
}

/* Whether a request for a token is on the wire. */
static bool asks(struct bed *bed) {
    const struct bigquery_credentials *credentials = bigquery_login_credentials(bed->login);
    return credentials->attend(credentials->context) == INT64_MAX;
}

void bed_await(struct bed *bed, size_t count) {
    do {
        work(bed);
    } while (script_count(bed->google, NULL) < count || asks(bed));
    (void)bed_facts(bed);
}

void bed_pass_idle(struct bed *bed, int64_t ms) {
    bed->boot_ns += asks(bed) ? 0 : ms * NS_PER_MS;
}

void bed_await_problem(struct bed *bed) {
    while (bed_facts(bed).problem == NULL) {
        bed_pass_idle(bed, 100);
        work(bed);
    }
}

bool bed_finish(struct bed *bed) {
    struct error error = {0};
    bool done = bigquery_login_finish(bed->login, 60000, &error);
    tell(bed, error.text);
    (void)bed_facts(bed);
    return done;
}

void bed_assert_token(struct bed *bed, const char *value) {
    struct error error = {0};
    struct text_buffer header = {0};
    const struct bigquery_credentials *credentials = bigquery_login_credentials(bed->login);
    cr_assert_eq(credentials->authorize(credentials->context, &header, &error),
                 BIGQUERY_CREDENTIALS_READY, "%s", error.text);
    cr_assert_str_eq(header.data, value);
    text_buffer_free(&header);
}

struct bigquery_result *bed_read(struct bed *bed) {
    struct error error = {0};
    struct bigquery_table_name name = {.dataset = "d", .table = "t"};
    bigquery_request_id id = bigquery_submit_table(bed->bigquery.client, &name, 0, NULL, &error);
    cr_assert_neq(id, 0, "%s", error.text);
    struct bigquery_result *result = bigquery_client_finish(bed->bigquery.client, id);
    cr_assert_not_null(result);
    tell(bed, result->failure.message);
    return result;
}

struct bigquery_login_facts bed_facts(struct bed *bed) {
    struct bigquery_login_facts facts = bigquery_login_facts(bed->login);
    const char *const STRINGS[] = {facts.source,        facts.identity, facts.project,
                                   facts.quota_project, facts.scope,    facts.problem};
    for (size_t i = 0; i < sizeof STRINGS / sizeof STRINGS[0]; i++) {
        tell(bed, STRINGS[i]);
    }
    return facts;
}

/* ---- What was asked ---------------------------------------------------------------------- */

static char *decode_field(struct text value) {
    struct text_buffer out = {0};
    for (size_t i = 0; i < value.size; i++) {
        char c = value.data[i];
        if (c == '%' && i + 2 < value.size) {
            char digits[3] = {value.data[i + 1], value.data[i + 2], '\0'};
            c = (char)strtol(digits, NULL, 16);
            i += 2;
        }
        text_buffer_put(&out, &c, 1);
    }
    return text_buffer_take(&out);
}

char *bed_field(struct bed *bed, size_t index, const char *name) {
    struct seen seen = script_seen(bed->google, index);
    struct text rest = text_of(seen.body);
    while (rest.size > 0) {
        struct text field = text_cut(&rest, '&');
        struct text key = text_cut(&field, '=');
        if (text_is(key, name)) {
            return decode_field(field);
        }
    }
    return NULL;
}

static size_t decode_part(struct text part, unsigned char *out) {
    unsigned char text[4096];
    size_t padded = (part.size + 3) / 4 * 4;
    cr_assert_lt(padded, sizeof text);
    for (size_t i = 0; i < padded; i++) {
        int c = i < part.size ? part.data[i] : '=';
        cr_assert(c != '+' && c != '/');
        text[i] = (unsigned char)(c == '-' ? '+' : c == '_' ? '/' : c);
    }
    int size = EVP_DecodeBlock(out, text, (int)padded);
    cr_assert_geq(size, 0);
    return (size_t)size - (padded - part.size);
}

static json_t *decode_json(struct text part) {
    unsigned char plain[4096];
    size_t size = decode_part(part, plain);
    json_t *value = json_loadb((const char *)plain, size, 0, NULL);
    cr_assert_not_null(value);
    return value;
}

json_t *bed_claims(struct bed *bed, const char *token, json_t **header) {
    unsigned char signature[4096];
    struct text rest = text_of(token);
    struct text first = text_cut(&rest, '.');
    struct text second = text_cut(&rest, '.');
    size_t size = decode_part(rest, signature);
    size_t signed_size = (size_t)(second.data + second.size - token);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    cr_assert(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, bed->key) == 1);
    cr_assert(
        EVP_DigestVerify(context, signature, size, (const unsigned char *)token, signed_size) == 1,
        "the signature is not the key's");
    EVP_MD_CTX_free(context);
    if (header != NULL) {
        *header = decode_json(first);
    }
    return decode_json(second);
}

void bed_assert_field(struct bed *bed, size_t index, const char *name, const char *expected) {
    char *value = bed_field(bed, index, name);
    cr_assert_not_null(value, "%s is missing", name);
    cr_assert_str_eq(value, expected);
    free(value);
}
