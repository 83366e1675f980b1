#include "bigquery/login_subject.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "bigquery/login_search.h"
#include "bigquery/login_secret.h"
#include "bigquery/verdict.h"

#define GCLOUD_MS         INT64_C(30000)
#define GCLOUD_LIFETIME_S INT64_C(600) /* it does not say; no shorter one was seen that lasted */

enum { MOST_WORDS = 64 };

/* ---- Files ------------------------------------------------------------------------------- */

static bool take_member(struct text text, const char *field, struct cargo *cargo) {
    json_t *object = json_loadb(text.data, text.size, 0, NULL);
    const char *token = json_get_string(object, field, "");
    bool taken = cargo_take(cargo, token, strlen(token), BIGQUERY_UNKNOWN);
    secret_free_json(object);
    return taken;
}

bool subject_read_file(const struct source *source, struct cargo *cargo, struct error *error) {
    struct text_buffer text = {0};
    bool read = search_read_token(source->subject_place, &text, error);
    if (read) {
        struct text token = text_trim((struct text){text.data, text.size});
        read = (source->subject_field != NULL
                    ? take_member(token, source->subject_field, cargo)
                    : cargo_take(cargo, token.data, token.size, BIGQUERY_UNKNOWN)) ||
               error_set(error, EXIT_DATA,
                         "%s: there is no token in it; look at credential_source and at who writes "
                         "that file",
                         source->subject_place);
    }
    secret_free_buffer(&text);
    return read;
}

/* ---- Programs ---------------------------------------------------------------------------- */

/* Splits a command line at spaces; quotes keep words together. Never a shell. */
static char **split(const char *line) {
    char **words = memory_new(MOST_WORDS + 1, sizeof *words);
    size_t count = 0;
    for (const char *at = line + strspn(line, " \t"); *at != '\0' && count < MOST_WORDS;
         at += strspn(at, " \t")) {
        struct text_buffer word = {0};
        char quote = '\0';
        for (; *at != '\0' && (quote != '\0' || (*at != ' ' && *at != '\t')); at++) {
            bool opens = quote == '\0' && (*at == '"' || *at == '\'');
            if (opens || *at == quote) {
                quote = (char)(opens ? *at : '\0');
            } else {
                text_buffer_put(&word, at, 1);
            }
        }
        words[count++] = text_buffer_take(&word);
    }
    return words;
}

static struct program gcloud_program(void) {
    char *path = search_program("gcloud");
    struct program program = {
        .argv = memory_new(5, sizeof *program.argv),
        .settings = memory_new(2, sizeof *program.settings),
        .timeout_ms = GCLOUD_MS,
    };
    program.argv[0] = path != NULL ? path : memory_copy_string("gcloud");
    program.argv[1] = memory_copy_string("auth");
    program.argv[2] = memory_copy_string("print-access-token");
    program.argv[3] = memory_copy_string("--quiet");
    program.settings[0] = memory_copy_string("CLOUDSDK_CORE_DISABLE_PROMPTS=1");
    return program;
}

struct program subject_program(const struct leg *leg) {
    const struct source *source = leg->source;
    if (leg->kind == LEG_GCLOUD) {
        return gcloud_program();
    }
    struct program program = {
        .argv = split(source->subject_place),
        .settings = memory_new(5, sizeof *program.settings),
        .timeout_ms = source->subject_timeout_ms,
    };
    size_t count = 0;
    program.settings[count++] =
        memory_format("GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE=%s", source->audience);
    program.settings[count++] =
        memory_format("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE=%s", source->subject_type);
    program.settings[count++] = memory_copy_string("GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE=0");
    if (source->account != NULL) {
        program.settings[count++] =
            memory_format("GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL=%s", source->account);
    }
    return program;
}

static void free_words(char **words) {
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        free(words[i]);
    }
    free((void *)words);
}

void program_free(struct program *program) {
    free_words(program->argv);
    free_words(program->settings);
    *program = (struct program){0};
}

/* What the program says about itself is as foreign as any answer. */
static enum leg_end refuse_output(const json_t *object, struct error *error) {
    char said[200];
    char *line = memory_format("%s %s", json_get_string(object, "code", ""),
                               json_get_string(object, "message", ""));
    secret_hide(line, NULL, 0);
    verdict_sanitise(said, sizeof said, text_of(line));
    free(line);
    (void)error_set(error, EXIT_PERMISSION, "the program of credential_source gives no token: %s",
                    said[0] != '\0' ? said : "its output is not what such programs write");
    return LEG_REFUSED;
}

static enum leg_end read_command_output(struct text output, int64_t wall_ms, struct cargo *cargo,
                                        struct error *error) {
    static const char SAML[] = "urn:ietf:params:oauth:token-type:saml2";
    json_t *object = json_loadb(output.data, output.size, 0, NULL);
    bool saml = strcmp(json_get_string(object, "token_type", ""), SAML) == 0;
    const char *token = json_get_string(object, saml ? "saml_response" : "id_token", "");
    int64_t ends_s = json_get_integer(object, "expiration_time", INT64_MAX);
    enum leg_end end = LEG_DONE;
    if (json_get_integer(object, "version", 0) != 1 || !json_get_bool(object, "success", false)) {
        end = refuse_output(object, error);
    } else if (ends_s <= wall_ms / 1000) {
        (void)error_set(error, EXIT_DATA,
                        "the program of credential_source gives a token that has expired");
        end = LEG_AGAIN;
    } else if (!cargo_take(cargo, token, strlen(token), BIGQUERY_UNKNOWN)) {
        end = refuse_output(NULL, error);
    }
    secret_free_json(object);
    return end;
}

enum leg_end subject_read_output(const struct leg *leg, struct text output, int64_t wall_ms,
                                 struct cargo *cargo, struct error *error) {
    if (leg->kind == LEG_SUBJECT_COMMAND) {
        return read_command_output(output, wall_ms, cargo, error);
    }
    struct text token = text_trim(output);
    if (cargo_take(cargo, token.data, token.size, GCLOUD_LIFETIME_S)) {
        return LEG_DONE;
    }
    (void)error_set(error, EXIT_PERMISSION,
                    "gcloud gives no token; run `gcloud auth application-default login`");
    return LEG_REFUSED;
}
