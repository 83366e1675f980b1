/* Runs the tests that the plain criterion.h put on the list, each in a process of its own. */
#include <criterion/criterion.h>

#include <fnmatch.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_SKIPPED = 77, SECONDS = 60 };

static struct plain_test *first;
static struct plain_test **last = &first;
static atomic_int failures;

void plain_add(struct plain_test *test) {
    *last = test;
    last = &test->next;
}

void plain_fail(const char *file, int line, bool fatal, const char *check, const char *format,
                ...) {
    va_list values;
    va_start(values, format);
    flockfile(stderr);
    fprintf(stderr, "%s:%d: %s: %s", file, line, fatal ? "assertion" : "expectation", check);
    fputs(*format != '\0' ? ": " : "", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    funlockfile(stderr);
    va_end(values);
    atomic_fetch_add(&failures, 1);
    if (fatal) {
        fflush(stdout);
        _exit(EXIT_FAILURE);
    }
}

void plain_skip(const char *format, ...) {
    va_list values;
    va_start(values, format);
    fputs("skipped: ", stdout);
    vprintf(format, values);
    fputc('\n', stdout);
    va_end(values);
    fflush(stdout);
    _exit(EXIT_SKIPPED);
}

static const struct plain_options *suite_of(const struct plain_test *test) {
    static const struct plain_options none;
    for (const struct plain_test *each = first; each != NULL; each = each->next) {
        if (each->name == NULL && strcmp(each->suite, test->suite) == 0) {
            return &each->options;
        }
    }
    return &none;
}

static void call(void (*function)(void)) {
    if (function != NULL) {
        function();
    }
}

/* In the test's own process. */
static void run(const struct plain_test *test, const struct plain_options *suite) {
    double timeout = test->options.timeout > 0 ? test->options.timeout : suite->timeout;
    alarm(timeout > 0 ? (unsigned)ceil(timeout) : SECONDS);
    call(suite->init);
    call(test->options.init);
    test->run();
    call(test->options.fini);
    call(suite->fini);
    fflush(stdout);
    exit(atomic_load(&failures) > 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

enum outcome { PASSED, FAILED, SKIPPED };

static enum outcome judge(const struct plain_test *test, int status) {
    const struct plain_options *suite = suite_of(test);
    int signal = test->options.signal != 0 ? test->options.signal : suite->signal;
    int code = test->options.exit_code != 0 ? test->options.exit_code : suite->exit_code;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED && code != EXIT_SKIPPED) {
        return SKIPPED;
    }
    bool as_told = signal != 0 ? WIFSIGNALED(status) && WTERMSIG(status) == signal
                               : WIFEXITED(status) && WEXITSTATUS(status) == code;
    if (!as_told && WIFSIGNALED(status)) {
        printf("ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else if (!as_told) {
        printf("exit status %d\n", WEXITSTATUS(status));
    }
    return as_told ? PASSED : FAILED;
}

static enum outcome run_apart(const struct plain_test *test) {
    const struct plain_options *suite = suite_of(test);
    if (test->options.disabled || suite->disabled) {
        return SKIPPED;
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        run(test, suite);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("plain tests: no process");
        return FAILED;
    }
    return judge(test, status);
}

static bool matches(const struct plain_test *test, const char *filter) {
    char name[512];
    snprintf(name, sizeof name, "%s/%s", test->suite, test->name);
    return filter == NULL || fnmatch(filter, name, 0) == 0;
}

int main(int argc, char **argv) {
    static const char *const words[] = {"passed", "FAILED", "skipped"};
    const char *filter = NULL;
    bool list = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            list = true;
        } else if (i + 1 < argc && strcmp(argv[i], "--filter") == 0) {
            filter = argv[++i];
        } else if (i + 1 < argc && strcmp(argv[i], "--jobs") == 0) {
            i++;
        } else {
            fprintf(stderr, "usage: %s [--list] [--jobs N] [--filter SUITE/NAME]\n", argv[0]);
            return 64;
        }
    }
    unsigned counts[3] = {0};
    for (const struct plain_test *test = first; test != NULL; test = test->next) {
        if (test->name == NULL || !matches(test, filter)) {
            continue;
        }
        enum outcome outcome = list ? PASSED : run_apart(test);
        counts[outcome]++;
        if (list || outcome != PASSED) {
            printf("%s %s/%s\n", list ? "" : words[outcome], test->suite, test->name);
        }
    }
    printf("%u tests: %u passed, %u failed, %u skipped\n", counts[0] + counts[1] + counts[2],
           counts[PASSED], counts[FAILED], counts[SKIPPED]);
    return counts[FAILED] > 0 || counts[PASSED] + counts[SKIPPED] == 0 ? EXIT_FAILURE
                                                                       : EXIT_SUCCESS;
}
