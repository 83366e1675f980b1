/* phasegate snapshot: one frame of a view, as text, ANSI or a picture. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/operate.h"
#include "cli/verbs.h"
#include "ui/snapshot.h"

static bool read_size(const struct cli *cli, struct snapshot_options *options,
                      struct error *error) {
    const char *size = cli_value(cli, "size");
    int64_t width;
    int64_t height;
    if (size == NULL) {
        return true;
    }
    struct text rest = text_of(size);
    struct text first = text_cut(&rest, 'x');
    if (!text_to_int64(first, &width) || !text_to_int64(rest, &height) || width < 1 || height < 1 ||
        width > 1000 || height > 1000) {
        return error_set(error, EXIT_USAGE,
                         "--size: \"%s\" is not COLUMNSxLINES, for example 120x36", size);
    }
    options->width = (int)width;
    options->height = (int)height;
    return true;
}

static bool read_options(const struct cli *cli, struct snapshot_options *options,
                         struct error *error) {
    const char *as = cli_value(cli, "as");
    *options = (struct snapshot_options){.view = cli->count == 1 ? cli->arguments[0] : "coverage",
                                         .width = 120,
                                         .height = 36,
                                         .format = SNAPSHOT_TEXT,
                                         .ascii = cli_value(cli, "ascii") != NULL,
                                         .depth = THEME_256_COLOURS};
    if (as != NULL && !snapshot_format_parse(as, &options->format)) {
        return error_set(error, EXIT_USAGE, "--as: \"%s\" is none of text, ansi, svg", as);
    }
    return read_size(cli, options, error);
}

static int run(struct cli *cli) {
    struct error error = {0};
    struct snapshot_options options;
    struct text_buffer frame = {0};
    if (!read_options(cli, &options, &error)) {
        return cli_fail(cli, &error);
    }
    struct situation *situation = cli_situation(cli, true, &error);
    if (situation == NULL) {
        return cli_fail(cli, &error);
    }
    char *owner = operate_owner();
    options.now = situation->as_of;
    situation->header.agent_alive = true; /* this verb has just measured, as an agent would */
    options.user = owner;
    int code = EXIT_GO;
    if (!snapshot_render(cli->pipeline, situation, &options, &frame, &error)) {
        code = cli_fail(cli, &error);
    } else if (fwrite(frame.data, 1, frame.size, cli->out) != frame.size) {
        (void)error_set_errno(&error, EXIT_IO, errno, "cannot write the frame");
        code = cli_fail(cli, &error);
    }
    free(owner);
    text_buffer_free(&frame);
    situation_free(situation);
    return code;
}

const struct cli_verb cli_verb_snapshot = {
    .name = "snapshot",
    .arguments = "[VIEW]",
    .summary = "one frame of a view: coverage, gates, runs, logs[:RUN], review, journal, "
               "strip:TABLE[:SEASON]",
    .most = 1,
    .options = {{"as", "FORM", "text (default), ansi or svg"},
                {"size", "COLUMNSxLINES", "default 120x36"},
                {"ascii", NULL, "no glyphs beyond ASCII"}},
    .run = run,
};
