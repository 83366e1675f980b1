/* The real binaries with real forms of credentials, against a Google of our own that wants a token:
 * what an operator is told, and that no byte of a secret is ever anywhere but where it belongs. */
#include <criterion/criterion.h>

#include <curl/curl.h>
#include <dirent.h>
#include <ftw.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "tests/e2e/fake_google.h"
#include "tests/support/night.h"

enum { START_MS = 120000, WAIT_MS = 120000, MARKS = 12, LOOKS = 400 };

static const char *const phasegate = PHASEGATE_BINARY_DIR "/phasegate";

static struct night night;
static struct program *google;
static char *google_url;
static char *secrets; /* a directory of its own, that is not searched */
static char *marks[MARKS];
static size_t mark_count;

/* ---- the stage ---- */

static void add_mark(char *mark) {
    cr_assert_lt(mark_count, MARKS);
    marks[mark_count++] = mark;
}

static void set_variable(char *variable) {
    size_t name = strcspn(variable, "=") + 1;
    for (size_t i = 0; i + 1 < NIGHT_VARIABLES; i++) {
        bool same =
            night.environment[i] != NULL && strncmp(night.environment[i], variable, name) == 0;
        if (same || night.environment[i] == NULL) {
            free(night.environment[i]);
            night.environment[i] = variable;
            return;
        }
    }
    free(variable);
    cr_assert_fail("no room for one more variable");
}

static void start_google(void) {
    const char *argv[] = {PHASEGATE_BINARY_DIR "/tests/e2e/e2e_fake_google", night.url, NULL};
    google = program_start(argv, NULL, "/dev/stderr");
    const char *url = program_line(google, START_MS);
    cr_assert_not_null(url, "the fake Google did not start");
    google_url = memory_copy_string(url);
}

/* A night whose BigQuery is ours, in the place of the real one; no credentials yet. */
static void open_stage(void) {
    static const char *const given[] = {FAKE_ACCESS_TOKEN, FAKE_REFRESH_TOKEN, FAKE_CLIENT_SECRET,
                                        FAKE_KEY_ID,
                                        /* the beginning of every JWT */
                                        "eyJhbGciOi", "eyJ0eXAiOi", "eyJraWQiOi"};
    night_open(&night, "jan02", "2026-01-09T17:00:00Z", 60);
    start_google();
    secrets = program_directory();
    set_variable(memory_copy_string("BIGQUERY_EMULATOR_HOST="));
    set_variable(memory_format("PHASEGATE_TEST_SERVICE=%s", google_url));
    set_variable(memory_format("CLOUDSDK_CONFIG=%s", secrets));
    set_variable(memory_copy_string("NO_GCE_CHECK=true"));
    set_variable(memory_format("PATH=%s", secrets)); /* no gcloud there */
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        add_mark(memory_copy_string(given[i]));
    }
}

static void close_stage(void) {
    night_close(&night);
    program_close(google);
    program_remove_directory(secrets);
    free(google_url);
    for (size_t i = 0; i < mark_count; i++) {
        free(marks[i]);
    }
    mark_count = 0;
}

TestSuite(credentials, .init = open_stage, .fini = close_stage, .timeout = 600);

static void write_secret(const char *name, const char *text) {
    struct error error = {0};
    char *path = file_join(secrets, name);
    cr_assert(file_write(path, text_of(text), &error), "%s", error.text);
    cr_assert_eq(chmod(path, 0600), 0);
    free(path);
}

/* A new RSA key as PEM, its line feeds written as JSON has them. Its inner lines are marks. */
static char *new_key(void) {
    EVP_PKEY *key = EVP_RSA_gen(2048);
    BIO *memory = BIO_new(BIO_s_mem());
    cr_assert(PEM_write_bio_PKCS8PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL));
    char *data;
    long size = BIO_get_mem_data(memory, &data);
    struct text rest = {data, (size_t)size};
    struct text_buffer escaped = {0};
    for (size_t i = 0; rest.size > 0; i++) {
        struct text line = text_cut(&rest, '\n');
        text_buffer_format(&escaped, "%.*s\\n", (int)line.size, line.data);
        if (i == 2 || i == 9) {
            add_mark(memory_copy_part(line.data, 32));
        }
    }
    BIO_free_all(memory);
    EVP_PKEY_free(key);
    return text_buffer_take(&escaped);
}

static void use_service_account(void) {
    char *key = new_key();
    char *text =
        memory_format("{\"type\":\"service_account\",\"project_id\":\"nba-props-platform\","
                      "\"private_key_id\":\"" FAKE_KEY_ID "\",\"private_key\":\"%s\","
                      "\"client_email\":\"night@nba-props-platform.iam.gserviceaccount.com\","
                      "\"client_id\":\"1\",\"token_uri\":\"%s/token\"}",
                      key, google_url);
    write_secret("key.json", text);
    set_variable(memory_format("GOOGLE_APPLICATION_CREDENTIALS=%s/key.json", secrets));
    free(text);
    free(key);
}

/* As `gcloud auth application-default login` leaves it, and our token endpoint besides. */
static void log_in(void) {
    char *text =
        memory_format("{\"type\":\"authorized_user\",\"client_id\":\"1.apps\","
                      "\"client_secret\":\"" FAKE_CLIENT_SECRET
                      "\",\"refresh_token\":\"" FAKE_REFRESH_TOKEN "\",\"token_uri\":\"%s/token\","
                      "\"quota_project_id\":\"nba-props-platform\"}",
                      google_url);
    write_secret("application_default_credentials.json", text);
    free(text);
}

static size_t keep(char *data, size_t size, size_t count, void *buffer) {
    text_buffer_put(buffer, data, size * count);
    return size * count;
}

/* Asks the fake Google to do something, and for its counts. */
static json_t *order(const char *what) {
    struct text_buffer body = {0};
    char *url = memory_format("%s/control/%s", google_url, what);
    CURL *easy = curl_easy_init();
    (void)curl_easy_setopt(easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    cr_assert_eq(curl_easy_perform(easy), CURLE_OK);
    json_t *json = json_loadb(body.data, body.size, 0, NULL);
    cr_assert_not_null(json);
    curl_easy_cleanup(easy);
    text_buffer_free(&body);
    free(url);
    return json;
}

/* ---- the search ---- */

static const char *find_mark(const char *data, size_t size) {
    for (size_t i = 0; i < mark_count; i++) {
        if (memmem(data, size, marks[i], strlen(marks[i])) != NULL) {
            return marks[i];
        }
    }
    return NULL;
}

static void expect_clean(const char *what, const char *data, size_t size) {
    const char *mark = find_mark(data, size);
    cr_expect_null(mark, "%s holds %s", what, mark);
}

static size_t searched;

static int search_file(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    FILE *file = kind == FTW_F && S_ISREG(status->st_mode) ? fopen(path, "r") : NULL;
    (void)walk;
    if (file == NULL) {
        return 0;
    }
    size_t size = (size_t)status->st_size;
    char *data = memory_new(size + 1, 1);
    size = fread(data, 1, size, file);
    (void)fclose(file);
    expect_clean(path, data, size);
    free(data);
    searched++;
    return 0;
}

/* The command lines of all processes; those of ours would be among them. */
static size_t search_processes(void) {
    DIR *directory = opendir("/proc");
    size_t ours = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[300];
        char line[16384];
        (void)snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        FILE *file = strspn(entry->d_name, "0123456789") > 0 ? fopen(path, "r") : NULL;
        if (file != NULL) {
            size_t size = fread(line, 1, sizeof line, file);
            (void)fclose(file);
            expect_clean(path, line, size);
            ours += memmem(line, size, phasegate, strlen(phasegate)) != NULL ? 1 : 0;
        }
    }
    (void)closedir(directory);
    return ours;
}

/* All that the night has written: state, logs, whatever lies beside them. */
static void search_all(void) {
    searched = 0;
    (void)nftw(night.directory, search_file, 16, FTW_PHYS);
    cr_expect_gt(searched, 1, "nothing was searched");
}

/* A process that holds a token leaves no core file. */
static void expect_no_core(pid_t pid) {
    char *path = memory_format("/proc/%d/limits", (int)pid);
    char line[256];
    FILE *file = fopen(path, "r");
    bool none = false;
    cr_assert_not_null(file, "%s", path);
    while (fgets(line, sizeof line, file) != NULL) {
        none = none || strncmp(line, "Max core file size        0 ", 28) == 0;
    }
    (void)fclose(file);
    free(path);
    cr_expect(none, "the agent may leave a core file");
}

static void expect_word(const char *text, const char *word) {
    cr_expect_not_null(strstr(text, word), "no \"%s\" in:\n%s", word, text);
}

/* Of a verb whose exit code tells of the gates. */
enum { ANY_CODE = -1 };

/* A verb whose answer is clean; `words` end with NULL and are in it. */
static void expect_said(int code, const char *const *argv, const char *const *words) {
    char *said = NULL;
    int given;
    said = night_say(&night, &given, argv[0], argv[1], argv[1] != NULL ? argv[2] : NULL, NULL);
    cr_expect(code == ANY_CODE || given == code, "%s: exit %d\n%s", argv[0], given, said);
    expect_clean(argv[0], said, strlen(said));
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        expect_word(said, words[i]);
    }
    free(said);
}

#define VERB(...)                                                                                  \
    (const char *const[]) {                                                                        \
        __VA_ARGS__, NULL, NULL, NULL                                                              \
    }
#define WORDS(...)                                                                                 \
    (const char *const[]) {                                                                        \
        __VA_ARGS__, NULL                                                                          \
    }

/* ---- what is told, and what is not ---- */

Test(credentials, a_service_account_carries_every_verb_and_leaves_no_trace)
{
    use_service_account();
    expect_said(0, VERB("auth"),
                WORDS("service_account", "night@nba-props-platform.iam.gserviceaccount.com",
                      "key.json", "ends in"));
    expect_said(0, VERB("auth", "--format", "json"), WORDS("\"token\":true", "\"needed\":true"));
    expect_said(0, VERB("auth", "--offline"), WORDS("service_account", "not asked for"));
    expect_said(0, VERB("poll"), WORDS("Polled 10 tables"));
    expect_said(1, VERB("check", "phase3-ready"), WORDS("5 of 5 tables measured"));
    expect_said(0, VERB("coverage", "--format", "json"), NULL);
    expect_said(0, VERB("journal", "--format", "json"), NULL);
    expect_said(ANY_CODE, VERB("brief"), NULL);
    expect_said(0, VERB("snapshot", "review"), WORDS("[x] credentials: night@nba-props"));
    json_t *counts = order("counts");
    cr_expect_gt(night_number(counts, "tokens"), 2);
    cr_expect_gt(night_number(counts, "passed"), 9);
    cr_expect_eq(night_number(counts, "refused"), 0);
    json_decref(counts);
    search_all();
}

Test(credentials, an_agent_and_a_console_leave_no_trace)
{
    use_service_account();
    night_start_agent(&night);
    const char *argv[] = {phasegate, NULL};
    night.console =
        pty_open(&(struct pty_options){.argv = argv,
                                       .environment = (const char *const *)night.environment,
                                       .rows = 40,
                                       .columns = 140});
    cr_assert(pty_wait_text(night.console, "31.4", WAIT_MS), "%s", pty_screen(night.console));
    cr_expect_geq(search_processes(), 2, "agent and console are among them");
    expect_no_core(program_pid(night.agent));
    pty_type(night.console, "5");
    (void)pty_wait_idle(night.console, WAIT_MS);
    size_t size;
    const char *raw = pty_raw(night.console, &size);
    cr_expect_gt(size, 1000);
    expect_clean("the terminal", raw, size);
    pty_close(night.console);
    night.console = NULL;
    program_signal(night.agent, SIGTERM);
    cr_expect_eq(program_wait(night.agent, WAIT_MS), 0);
    search_all();
}

Test(credentials, a_revoked_login_is_told_with_its_remedy_and_one_that_is_renewed_is_taken)
{
    log_in();
    expect_said(0, VERB("poll"), NULL);
    json_decref(order("revoke"));
    const char *remedy = "gcloud auth application-default login";
    expect_said(77, VERB("auth"), WORDS("authorized_user", remedy));
    expect_said(77, VERB("auth", "--format", "json"), WORDS("\"token\":false", remedy));
    expect_said(2, VERB("poll"), WORDS(remedy));
    expect_said(ANY_CODE, VERB("brief"), WORDS("Credentials: ", remedy));
    expect_said(0, VERB("snapshot", "review"), WORDS("[ ] credentials: "));
    json_decref(order("restore"));
    expect_said(0, VERB("auth"), WORDS("ends in"));
    expect_said(0, VERB("poll"), NULL);
    search_all();
}

/* Looks until the gate has this verdict. */
static void wait_for_verdict(const char *verdict) {
    for (int i = 0; i < LOOKS; i++) {
        int code;
        char *said = night_say(&night, &code, "check", "phase3-ready", NULL);
        bool there = strncmp(said, verdict, strlen(verdict)) == 0 && said[strlen(verdict)] == ' ';
        expect_clean("check", said, strlen(said));
        free(said);
        if (there) {
            return;
        }
    }
    cr_assert_fail("never %s", verdict);
}

/* Looks until the brief names a trouble of the credentials: the agent tells it after its first
 * question, while every gate is unknown before. */
static void wait_for_problem(void) {
    for (int i = 0; i < LOOKS; i++) {
        int code;
        char *said = night_say(&night, &code, "brief", NULL);
        bool there = strstr(said, "Credentials: ") != NULL;
        expect_clean("brief", said, strlen(said));
        free(said);
        if (there) {
            return;
        }
    }
    cr_assert_fail("the brief never names the credentials");
}

Test(credentials, an_agent_without_a_login_stays_and_takes_the_one_that_appears)
{
    night_start_agent(&night);
    wait_for_verdict("UNKNOWN");
    expect_said(66, VERB("auth"),
                WORDS("gcloud auth application-default login", "GOOGLE_APPLICATION_CREDENTIALS"));
    wait_for_problem();
    json_t *counts = order("counts");
    cr_expect_eq(night_number(counts, "refused"), 0, "nobody asks without a token");
    json_decref(counts);
    log_in();
    wait_for_verdict("NO-GO");
    json_decref(order("revoke"));
    wait_for_verdict("STALE");
    json_decref(order("restore"));
    log_in();
    wait_for_verdict("NO-GO");
    search_all();
}

Test(credentials, with_an_emulator_none_are_looked_up_and_none_are_sent)
{
    set_variable(memory_format("BIGQUERY_EMULATOR_HOST=%s", google_url));
    set_variable(memory_copy_string("GOOGLE_APPLICATION_CREDENTIALS=/nonexistent/key.json"));
    expect_said(0, VERB("auth"), WORDS("no credential is looked up", google_url));
    expect_said(0, VERB("auth", "--format", "json"), WORDS("\"needed\":false", "\"token\":null"));
    expect_said(2, VERB("poll"), NULL);
    json_t *counts = order("counts");
    cr_expect_eq(night_number(counts, "tokens"), 0);
    cr_expect_eq(night_number(counts, "passed"), 0);
    cr_expect_gt(night_number(counts, "refused"), 0, "asked, and without a token");
    json_decref(counts);
}
