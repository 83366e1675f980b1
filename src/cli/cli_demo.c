/* phasegate demo: the whole of it on a local BigQuery with simulated processors. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/print.h"
#include "cli/night.h"
#include "cli/open_console.h"
#include "cli/stage.h"
#include "cli/verbs.h"
#include "demo/processor.h"

/* A ten-hour night in four minutes. */
enum { USUAL_SPEED = 150 };

/* The scenario's own clock, at the pace of the real one, for a verb that answers and ends. */
static int run_verb(struct cli *cli, const struct scenario *scenario) {
    struct error error = {0};
    struct stage stage;
    if (!stage_open_private(scenario, 1, &stage, &error)) {
        return cli_fail(cli, &error);
    }
    char **argv = memory_new((size_t)cli->count + 2, sizeof *argv);
    char name[] = "phasegate";
    argv[0] = name;
    memcpy(argv + 1, cli->arguments, (size_t)cli->count * sizeof *argv);
    int code = cli_run(cli->count + 1, argv, cli->out, cli->err);
    free(argv);
    if (!stage_end(&stage, &error)) {
        code = cli_fail(cli, &error);
    }
    return code;
}

static int run_headless(struct cli *cli, const struct scenario *scenario, double speed) {
    struct error error = {0};
    struct stage stage;
    if (!stage_open_private(scenario, speed, &stage, &error)) {
        return cli_fail(cli, &error);
    }
    (void)print(cli->out, "The night of %s, at %g times its speed.\n", scenario->name, speed);
    int code = night_run(cli);
    if (cli->state != NULL) {
        state_close(cli->state);
        cli->state = NULL;
    }
    if (!stage_end(&stage, &error)) {
        code = cli_fail(cli, &error);
    }
    return code;
}

static int run_console(struct cli *cli, const struct scenario *scenario, double speed) {
    struct error error = {0};
    struct stage stage;
    (void)print(cli->out, "Filling a local BigQuery with the night of %s …\n", scenario->name);
    (void)fflush(cli->out);
    if (!stage_open(scenario, speed, cli_value(cli, "shared") != NULL, &stage, &error)) {
        return cli_fail(cli, &error);
    }
    cli->in_demo = true;
    int code = cli_open_console(cli);
    if (stage_busy(&stage)) {
        const char *shared = cli_value(cli, "shared") != NULL ? " --shared" : "";
        (void)print(cli->out,
                    "The demo's night goes on: `phasegate demo%s` opens it again, "
                    "`phasegate demo%s --end` ends it.\n",
                    shared, shared);
        stage_leave(&stage);
        return code;
    }
    if (cli->state != NULL) {
        state_close(cli->state);
        cli->state = NULL;
    }
    return stage_end(&stage, &error) ? code : cli_fail(cli, &error);
}

/* Ends the demo; there is nothing to do when none is there. */
static int end_demo(struct cli *cli) {
    struct error error = {0};
    struct stage stage;
    if (!stage_find(cli_value(cli, "shared") != NULL, &stage, &error)) {
        (void)print(cli->out, "No demo is there to end.\n");
        return EXIT_GO;
    }
    if (!stage_end(&stage, &error)) {
        return cli_fail(cli, &error);
    }
    (void)print(cli->out, "The demo has ended; nothing of it is left.\n");
    return EXIT_GO;
}

static int run(struct cli *cli) {
    struct error error = {0};
    size_t count;
    int64_t speed = USUAL_SPEED;
    const char *name = cli_value(cli, "scenario");
    const struct scenario *scenario =
        name != NULL ? scenario_find(name, &error) : scenario_all(&count);
    if (scenario == NULL || !cli_number(cli, "speed", 1, 100000, &speed, &error)) {
        return cli_fail(cli, &error);
    }
    if (cli_value(cli, "end") != NULL) {
        return end_demo(cli);
    }
    if (cli->count > 0) {
        return run_verb(cli, scenario);
    }
    return cli_value(cli, "headless") != NULL ? run_headless(cli, scenario, (double)speed)
                                              : run_console(cli, scenario, (double)speed);
}

const struct cli_verb cli_verb_demo = {
    .name = "demo",
    .arguments = "[VERB …]",
    .summary = "the console on a local BigQuery and simulated processors: nothing to configure",
    .about = "With a verb, that verb is run against the scenario and nothing is left behind, for "
             "example:\n"
             "  phasegate demo --scenario jan05 check --format json",
    .most = -1,
    .rest = true,
    .options = {{"scenario", "NAME", "jan05 (default), jan09, jan03 or jan02"},
                {"headless", NULL,
                 "do the night unattended and print it; exit 0 when every gate is GO"},
                {"speed", "N", "how many times faster than real (default 150)"},
                {"shared", NULL,
                 "the one demo of this account, for all who use it; without it each "
                 "XDG_STATE_HOME has its own"},
                {"end", NULL, "end a demo that goes on without a console"}},
    .run = run,
};

/* Stands in for one of the pipeline's Python jobs; the demo's pipeline file names it. */
static int run_processor(struct cli *cli) {
    return processor_main(cli->count, cli->arguments);
}

const struct cli_verb cli_verb_processor = {
    .name = "demo-processor",
    .arguments = "SCRIPT [FLAG …]",
    .summary = "a simulated processor (used by the demo)",
    .least = 1,
    .most = -1,
    .rest = true,
    .run = run_processor,
};
