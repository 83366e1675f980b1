/* phasegate-emulator: the local BigQuery as a process of its own. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "demo/scenario.h"
#include "emulator/emulator.h"

struct settings {
    struct emulator_options options;
    const struct scenario *scenario; /* NULL: none */
    int idle_seconds;                /* without a request it ends; 0: never */
    bool help;
    bool version;
};

enum { DAY_MS = 86400000 };

static const struct option flags[] = {
    {"port", required_argument, NULL, 'p'},      {"database", required_argument, NULL, 'd'},
    {"scenario", required_argument, NULL, 's'},  {"faults", no_argument, NULL, 'f'},
    {"latency", required_argument, NULL, 'l'},   {"streaming-buffer", required_argument, NULL, 'b'},
    {"idle-exit", required_argument, NULL, 'i'}, {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'v'},         {NULL, 0, NULL, 0},
};

static void print_help(void) {
    (void)fputs(
        "Usage: phasegate-emulator [--port N] [--database FILE] [--scenario NAME] [--faults]\n"
        "                          [--latency MS] [--streaming-buffer SECONDS] [--idle-exit "
        "SECONDS]\n"
        "\n"
        "A local BigQuery on 127.0.0.1. The first line it prints is its URL; point a client at it\n"
        "with BIGQUERY_EMULATOR_HOST=URL. It ends on SIGINT or SIGTERM.\n"
        "\n"
        "  --port N                    listen there; 0 takes a free port (default 9050)\n"
        "  --database FILE             keep datasets and rows in FILE (default: in memory)\n"
        "  --scenario NAME             start with these tables:\n",
        stdout);
    size_t count;
    const struct scenario *scenarios = scenario_all(&count);
    for (size_t i = 0; i < count; i++)
        (void)printf("                                %s: %s\n", scenarios[i].name,
                     scenarios[i].summary);
    (void)fputs(
        "  --faults                    serve /emulator/faults, where tests order failures\n"
        "  --latency MS                every query job takes at least so long (default 0)\n"
        "  --streaming-buffer SECONDS  rows of insertAll stay in the buffer so long (default 90)\n"
        "  --idle-exit SECONDS         end after so long without a request (default: never)\n"
        "  --help, --version\n",
        stdout);
}

static bool read_number(const char *flag, const char *text, int64_t most, int64_t *number,
                        struct error *error) {
    if (text_to_int64(text_of(text), number) && *number >= 0 && *number <= most)
        return true;
    return error_set(error, EXIT_USAGE, "--%s takes a whole number from 0 to %lld, not \"%s\"",
                     flag, (long long)most, text);
}

/* Takes one flag; `name` is its long name. */
static bool take_flag(struct settings *settings, int flag, const char *name, struct error *error) {
    int64_t number = 0;
    switch (flag) {
    case 'p':
        if (!read_number(name, optarg, UINT16_MAX, &number, error))
            return false;
        settings->options.port = (uint16_t)number;
        return true;
    case 'd':
        settings->options.database = optarg;
        return true;
    case 's':
        settings->scenario = scenario_find(optarg, error);
        return settings->scenario != NULL;
    case 'f':
        settings->options.allow_faults = true;
        return true;
    case 'l':
        if (!read_number(name, optarg, DAY_MS, &number, error))
            return false;
        settings->options.latency_ms = (int)number;
        return true;
    case 'b':
        if (!read_number(name, optarg, DAY_MS / 1000, &number, error))
            return false;
        settings->options.streaming_buffer_ms = number == 0 ? -1 : (int)number * 1000;
        return true;
    case 'i':
        if (!read_number(name, optarg, DAY_MS / 1000, &number, error))
            return false;
        settings->idle_seconds = (int)number;
        return true;
    case 'h':
        settings->help = true;
        return true;
    default:
        settings->version = true;
        return true;
    }
}

static bool read_flags(int count, char **arguments, struct settings *settings,
                       struct error *error) {
    int flag;
    int index = 0;
    opterr = 0;
    while ((flag = getopt_long(count, arguments, ":", flags, &index)) != -1) {
        if (flag == '?')
            return error_set(error, EXIT_USAGE, "there is no flag %s; --help lists them",
                             arguments[optind - 1]);
        if (flag == ':')
            return error_set(error, EXIT_USAGE, "%s needs a value; --help tells which",
                             arguments[optind - 1]);
        if (!take_flag(settings, flag, flags[index].name, error))
            return false;
    }
    if (optind < count)
        return error_set(error, EXIT_USAGE, "\"%s\" is not a flag; --help lists them",
                         arguments[optind]);
    return true;
}

/* Returns at one of the signals, or when nobody has asked anything for `idle_seconds`. */
static void wait_for_end(const sigset_t *ends, struct emulator *emulator, int idle_seconds) {
    struct timespec span = {idle_seconds, 0};
    uint64_t before;
    int received;
    if (idle_seconds == 0) {
        (void)sigwait(ends, &received);
        return;
    }
    do {
        before = emulator_usage(emulator).requests;
        received = sigtimedwait(ends, NULL, &span);
    } while (received < 0 && (errno == EINTR || emulator_usage(emulator).requests != before));
}

/* Serves until a signal asks to end. */
static bool serve(const struct settings *settings, struct error *error) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    if (!clock_setup(NULL, error))
        return false;
    struct emulator *emulator = emulator_start(&settings->options, error);
    if (!emulator)
        return false;
    if (settings->scenario && !scenario_load(settings->scenario, emulator, error)) {
        emulator_stop(emulator);
        return false;
    }
    (void)printf("%s\n", emulator_url(emulator));
    (void)fflush(stdout);
    wait_for_end(&ends, emulator, settings->idle_seconds);
    emulator_stop(emulator);
    return true;
}

int main(int count, char **arguments) {
    struct settings settings = {.options = {.port = 9050}};
    struct error error = {0};
    bool good = read_flags(count, arguments, &settings, &error);
    if (good && settings.help)
        print_help();
    else if (good && settings.version)
        (void)printf("phasegate-emulator %s\n", PHASEGATE_VERSION);
    else if (good)
        good = serve(&settings, &error);
    if (good)
        return EXIT_GO;
    (void)fprintf(stderr, "phasegate-emulator: %s\n", error.text);
    return (int)error.code;
}
