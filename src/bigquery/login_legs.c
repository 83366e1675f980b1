#include "bigquery/login_legs.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "bigquery/endpoint.h"
#include "bigquery/login_search.h"
#include "bigquery/login_secret.h"
#include "bigquery/login_sign.h"
#include "bigquery/login_subject.h"

#define CLOUD_PLATFORM "https://www.googleapis.com/auth/cloud-platform"
#define TOKEN_MS       INT64_C(15000)
#define METADATA_MS    INT64_C(3000)
#define JWT_LIFETIME_S INT64_C(3600)
#define JWT_EARLY_S    INT64_C(10) /* a clock that is a little ahead must not spoil a token */
#define FLAVOUR_HEADER "Metadata-Flavor"
#define EXCHANGE_GRANT "urn:ietf:params:oauth:grant-type:token-exchange"
#define JWT_GRANT      "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define ACCESS_TOKEN   "urn:ietf:params:oauth:token-type:access_token"

enum { BODY_ROOM = 32768 };

/* ---- The plan ---------------------------------------------------------------------------- */

static size_t plan_external(const struct source *source, const char *scope, struct leg *legs) {
    static const enum leg_kind SUBJECTS[] = {
        [SUBJECT_FILE] = LEG_SUBJECT_FILE,
        [SUBJECT_URL] = LEG_SUBJECT_URL,
        [SUBJECT_COMMAND] = LEG_SUBJECT_COMMAND,
    };
    bool impersonates = source->impersonation_url != NULL;
    legs[0] = (struct leg){SUBJECTS[source->subject], source, scope};
    legs[1] = (struct leg){LEG_EXCHANGE, source, impersonates ? CLOUD_PLATFORM : scope};
    legs[2] = (struct leg){LEG_IMPERSONATE, source, scope};
    return impersonates ? 3 : 2;
}

size_t legs_plan(const struct source *source, bool self_signed, const char *scope,
                 struct leg *legs) {
    static const enum leg_kind SINGLE[] = {
        [BIGQUERY_LOGIN_SERVICE_ACCOUNT] = LEG_GRANT,
        [BIGQUERY_LOGIN_AUTHORIZED_USER] = LEG_REFRESH,
        [BIGQUERY_LOGIN_EXTERNAL_USER] = LEG_REFRESH,
        [BIGQUERY_LOGIN_METADATA] = LEG_METADATA,
        [BIGQUERY_LOGIN_GCLOUD] = LEG_GCLOUD,
    };
    if (source->kind == BIGQUERY_LOGIN_EXTERNAL) {
        return plan_external(source, scope, legs);
    }
    if (source->kind == BIGQUERY_LOGIN_IMPERSONATED) {
        size_t count = legs_plan(source->base, false, CLOUD_PLATFORM, legs);
        legs[count] = (struct leg){LEG_IMPERSONATE, source, scope};
        return count + 1;
    }
    legs[1] = (struct leg){LEG_ACCOUNT, source, scope};
    bool signs = self_signed && source->kind == BIGQUERY_LOGIN_SERVICE_ACCOUNT;
    legs[0] = (struct leg){signs ? LEG_SIGN : SINGLE[source->kind], source, scope};
    return source->kind == BIGQUERY_LOGIN_METADATA ? 2 : 1;
}

/* ---- What is sent ------------------------------------------------------------------------ */

static void add_escaped(struct text_buffer *out, const char *value) {
    static const char HEX[] = "0123456789ABCDEF";
    static const char PLAIN[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (const char *at = value; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        char escaped[3] = {'%', HEX[c >> 4], HEX[c & 15]};
        bool plain = strchr(PLAIN, *at) != NULL;
        text_buffer_put(out, plain ? at : escaped, plain ? 1 : sizeof escaped);
    }
}

static void add_field(struct text_buffer *form, const char *name, const char *value) {
    if (value != NULL) {
        text_buffer_add(form, form->size > 0 ? "&" : "");
        text_buffer_add(form, name);
        text_buffer_add(form, "=");
        add_escaped(form, value);
    }
}

static void add_header(struct call *call, const char *header) {
    struct curl_slist *longer = curl_slist_append(call->exchange.headers, header);
    call->exchange.headers = longer != NULL ? longer : call->exchange.headers;
}

static char *sign_for(const struct leg *leg, const char *audience, int64_t wall_ms) {
    const struct source *source = leg->source;
    json_int_t issued = wall_ms / 1000 - JWT_EARLY_S;
    json_int_t ends = issued + JWT_LIFETIME_S;
    json_t *claims = json_pack("{s:s, s:s, s:I, s:I, s:s*, s:s*}", "iss", source->account, "scope",
                               leg->scope, "iat", issued, "exp", ends, "aud", audience, "sub",
                               audience == NULL ? source->account : NULL);
    char *token = sign_claims(source->key, source->key_id, claims);
    json_decref(claims);
    return token;
}

static bool prepare_grant(const struct leg *leg, const struct cargo *cargo, int64_t wall_ms,
                          struct call *call) {
    (void)cargo;
    char *assertion = sign_for(leg, leg->source->token_url, wall_ms);
    call->url = memory_copy_string(leg->source->token_url);
    add_field(&call->body, "grant_type", JWT_GRANT);
    add_field(&call->body, "assertion", assertion);
    bool signed_it = assertion != NULL;
    secret_free(assertion);
    return signed_it;
}

/* Tells the endpoint who asks, in the header. */
static void add_client(struct call *call, const struct source *source) {
    if (source->client_id != NULL && source->client_secret != NULL) {
        char *pair = memory_format("%s:%s", source->client_id, source->client_secret);
        struct text_buffer header = {0};
        secret_reserve(&header, 2 * strlen(pair) + 64);
        text_buffer_add(&header, "Authorization: Basic ");
        sign_add_base64(&header, text_of(pair));
        add_header(call, header.data);
        secret_free_buffer(&header);
        secret_free(pair);
    }
}

static bool prepare_refresh(const struct leg *leg, const struct cargo *cargo, int64_t wall_ms,
                            struct call *call) {
    const struct source *source = leg->source;
    (void)cargo;
    (void)wall_ms;
    call->url = memory_copy_string(source->token_url);
    add_field(&call->body, "grant_type", "refresh_token");
    add_field(&call->body, "refresh_token", source->refresh_token);
    if (source->kind == BIGQUERY_LOGIN_EXTERNAL_USER) {
        add_client(call, source);
    } else {
        add_field(&call->body, "client_id", source->client_id);
        add_field(&call->body, "client_secret", source->client_secret);
    }
    return true;
}

static bool prepare_subject(const struct leg *leg, const struct cargo *cargo, int64_t wall_ms,
                            struct call *call) {
    const char *name = NULL;
    json_t *value = NULL;
    (void)cargo;
    (void)wall_ms;
    call->url = memory_copy_string(leg->source->subject_place);
    json_object_foreach(leg->source->subject_headers, name, value) {
        char *header = memory_format("%s: %s", name, json_string_value(value));
        add_header(call, header);
        secret_free(header);
    }
    return true;
}

static bool prepare_exchange(const struct leg *leg, const struct cargo *cargo, int64_t wall_ms,
                             struct call *call) {
    const struct source *source = leg->source;
    (void)wall_ms;
    call->url = memory_copy_string(source->token_url);
    add_field(&call->body, "grant_type", EXCHANGE_GRANT);
    add_field(&call->body, "audience", source->audience);
    add_field(&call->body, "scope", leg->scope);
    add_field(&call->body, "requested_token_type", ACCESS_TOKEN);
    add_field(&call->body, "subject_token", cargo->token);
    add_field(&call->body, "subject_token_type", source->subject_type);
    if (source->workforce_project != NULL && source->client_id == NULL) {
        json_t *options = json_pack("{s:s}", "userProject", source->workforce_project);
        char *text = json_text(options);
        add_field(&call->body, "options", text);
        free(text);
        json_decref(options);
    }
    add_client(call, source);
    return true;
}

static bool prepare_impersonate(const struct leg *leg, const struct cargo *cargo, int64_t wall_ms,
                                struct call *call) {
    const struct source *source = leg->source;
    (void)wall_ms;
    char *lifetime = memory_format("%llds", (long long)source->lifetime_s);
    json_t *wish = json_pack("{s:O, s:[s], s:s}", "delegates", source->delegates, "scope",
                             leg->scope, "lifetime", lifetime);
    char *text = json_text(wish);
    char *header = memory_format("Authorization: Bearer %s", cargo->token);
    call->url = memory_copy_string(source->impersonation_url);
    text_buffer_add(&call->body, text);
    add_header(call, header);
    add_header(call, "Content-Type: application/json");
    secret_free(header);
    free(text);
    json_decref(wish);
    free(lifetime);
    return true;
}

static bool prepare_metadata(const struct leg *leg, const struct cargo *cargo, int64_t wall_ms,
                             struct call *call) {
    struct text_buffer url = {0};
    char *host = search_metadata_host();
    bool asks_token = leg->kind == LEG_METADATA;
    (void)cargo;
    (void)wall_ms;
    text_buffer_format(&url, "http://%s/computeMetadata/v1/instance/service-accounts/default/%s",
                       host, asks_token ? "token?scopes=" : "email");
    if (asks_token) {
        add_escaped(&url, leg->scope);
    }
    free(host);
    call->url = text_buffer_take(&url);
    call->exchange.direct = true;
    call->exchange.watched_header = FLAVOUR_HEADER;
    add_header(call, FLAVOUR_HEADER ": Google");
    return true;
}

/* ---- What comes back --------------------------------------------------------------------- */

void cargo_free(struct cargo *cargo) {
    secret_free(cargo->token);
    free(cargo->scope);
    free(cargo->account);
    *cargo = (struct cargo){0};
}

static bool is_word(const char *data, size_t size) {
    bool word = data != NULL && size > 0 && size < LARGEST_TOKEN;
    for (size_t i = 0; word && i < size; i++) {
        word = data[i] > ' ' && data[i] < 0x7f;
    }
    return word;
}

bool cargo_take(struct cargo *cargo, const char *token, size_t size, int64_t lifetime_s) {
    bool sendable = is_word(token, size);
    if (sendable) {
        cargo_free(cargo);
        cargo->token = memory_copy_part(token, size);
        cargo->lifetime_s = lifetime_s;
    }
    return sendable;
}

static enum leg_end take_account(struct cargo *cargo, const struct exchange *exchange) {
    struct text name = text_trim((struct text){exchange->answer.data, exchange->answer.size});
    if (exchange->code == CURLE_OK && exchange->status == 200 &&
        strcmp(exchange->header, "Google") == 0 && is_word(name.data, name.size)) {
        free(cargo->account);
        cargo->account = memory_copy_part(name.data, name.size);
    }
    return LEG_DONE;
}

static int64_t read_seconds(const json_t *value) {
    int64_t seconds = BIGQUERY_UNKNOWN;
    if (json_is_number(value)) {
        double number = json_number_value(value);
        seconds = number > 0 && number < 1e9 ? (int64_t)number : BIGQUERY_UNKNOWN;
    } else if (json_is_string(value)) {
        (void)text_to_int64(text_of(json_string_value(value)), &seconds);
    }
    return seconds > 0 ? seconds : BIGQUERY_UNKNOWN;
}

static char *account_of(const json_t *answer) {
    const char *token = json_get_string(answer, "id_token", NULL);
    json_t *claims = token != NULL ? sign_read_claims(token) : NULL;
    char *account = memory_copy_string(json_get_string(claims, "email", NULL));
    json_decref(claims);
    return account;
}

static bool read_answer(const struct leg *leg, const struct exchange *exchange,
                        const json_t *answer, int64_t wall_ms, struct cargo *cargo) {
    if (leg->kind == LEG_SUBJECT_URL) {
        const char *token = json_get_string(answer, leg->source->subject_field, "");
        return cargo_take(cargo, token, strlen(token), BIGQUERY_UNKNOWN);
    }
    if (leg->kind == LEG_IMPERSONATE) {
        int64_t ends_ms = 0;
        int64_t now_ms = exchange->date_ms > 0 ? exchange->date_ms : wall_ms;
        const char *token = json_get_string(answer, "accessToken", "");
        bool timed = clock_parse_utc(text_of(json_get_string(answer, "expireTime", "")), &ends_ms);
        return timed && ends_ms > now_ms &&
               cargo_take(cargo, token, strlen(token), (ends_ms - now_ms) / 1000);
    }
    const char *token = json_get_string(answer, "access_token", "");
    int64_t seconds = read_seconds(json_object_get(answer, "expires_in"));
    if (!cargo_take(cargo, token, strlen(token), seconds)) {
        return false;
    }
    cargo->scope = memory_copy_string(json_get_string(answer, "scope", NULL));
    cargo->account = account_of(answer);
    return true;
}

static bool read_text(struct text text, struct cargo *cargo) {
    struct text token = text_trim(text);
    return cargo_take(cargo, token.data, token.size, BIGQUERY_UNKNOWN);
}

enum leg_end legs_accept(const struct leg *leg, const struct call *call, int64_t wall_ms,
                         struct cargo *cargo, struct error *error) {
    const struct exchange *exchange = &call->exchange;
    struct text body = {exchange->answer.data != NULL ? exchange->answer.data : "",
                        exchange->answer.size};
    if (leg->kind == LEG_ACCOUNT) {
        return take_account(cargo, exchange);
    }
    bool flavoured = leg->kind != LEG_METADATA || strcmp(exchange->header, "Google") == 0;
    if (exchange->code != CURLE_OK || exchange->status != 200 || !flavoured) {
        return refusal_of(leg, exchange, wall_ms, cargo->token, error);
    }
    bool read = false;
    if (leg->kind == LEG_SUBJECT_URL && leg->source->subject_field == NULL) {
        read = read_text(body, cargo);
    } else {
        json_t *answer = json_loadb(body.data, body.size, 0, NULL);
        read = read_answer(leg, exchange, answer, wall_ms, cargo);
        secret_free_json(answer);
    }
    if (!read) {
        char *host = endpoint_host(exchange->url);
        (void)error_set(error, EXIT_PROTOCOL,
                        "%s answers without a token; is it what the credentials mean?", host);
        free(host);
    }
    return read ? LEG_DONE : LEG_AGAIN;
}

/* ---- The table --------------------------------------------------------------------------- */

static const struct {
    bool (*prepare)(const struct leg *leg, const struct cargo *cargo, int64_t wall_ms,
                    struct call *call);
    bool posts; /* a form, unless the leg says otherwise */
    int64_t timeout_ms;
} CALLS[] = {
    [LEG_GRANT] = {prepare_grant, true, TOKEN_MS},
    [LEG_REFRESH] = {prepare_refresh, true, TOKEN_MS},
    [LEG_SUBJECT_URL] = {prepare_subject, false, TOKEN_MS},
    [LEG_EXCHANGE] = {prepare_exchange, true, TOKEN_MS},
    [LEG_IMPERSONATE] = {prepare_impersonate, true, TOKEN_MS},
    [LEG_METADATA] = {prepare_metadata, false, METADATA_MS},
    [LEG_ACCOUNT] = {prepare_metadata, false, METADATA_MS},
    [LEG_GCLOUD] = {NULL, false, 0},
};

bool legs_asks(const struct leg *leg) {
    return CALLS[leg->kind].prepare != NULL;
}

bool legs_runs(const struct leg *leg) {
    return leg->kind == LEG_SUBJECT_COMMAND || leg->kind == LEG_GCLOUD;
}

bool legs_prepare(const struct leg *leg, const struct cargo *cargo, int64_t wall_ms,
                  struct call *call, struct error *error) {
    secret_reserve(&call->body, BODY_ROOM);
    secret_reserve(&call->exchange.answer, LARGEST_TOKEN + 1);
    call->exchange.timeout_ms = CALLS[leg->kind].timeout_ms;
    call->exchange.answer_limit = LARGEST_TOKEN;
    if (!CALLS[leg->kind].prepare(leg, cargo, wall_ms, call)) {
        return error_set(error, EXIT_SOFTWARE, "OpenSSL does not sign with the key of %s",
                         leg->source->account);
    }
    call->exchange.url = call->url;
    add_header(call, "Expect:");
    if (CALLS[leg->kind].posts) {
        call->exchange.body = call->body.data;
        call->exchange.body_size = call->body.size;
        if (leg->kind != LEG_IMPERSONATE) {
            add_header(call, "Content-Type: application/x-www-form-urlencoded");
        }
    }
    return true;
}

void call_free(struct call *call) {
    transport_free_headers(call->exchange.headers);
    secret_free_buffer(&call->exchange.answer);
    secret_free_buffer(&call->body);
    secret_free(call->url);
    *call = (struct call){0};
}

enum leg_end legs_do(const struct leg *leg, int64_t wall_ms, struct cargo *cargo,
                     struct error *error) {
    if (leg->kind == LEG_SUBJECT_FILE) {
        return subject_read_file(leg->source, cargo, error) ? LEG_DONE : LEG_AGAIN;
    }
    char *token = sign_for(leg, NULL, wall_ms);
    bool done =
        token != NULL && cargo_take(cargo, token, strlen(token), JWT_LIFETIME_S - JWT_EARLY_S);
    secret_free(token);
    if (!done) {
        (void)error_set(error, EXIT_SOFTWARE, "OpenSSL does not sign with the key of %s",
                        leg->source->account);
    }
    return done ? LEG_DONE : LEG_REFUSED;
}
