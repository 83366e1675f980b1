#include "processor_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "demo/processor.h"
#include "demo/processor_job.h"

enum { FLAG_LIMIT = 16 };

/* Both outputs into one file that nobody else sees. */
static void redirect(int into, int kept[2]) {
    (void)fflush(stdout);
    (void)fflush(stderr);
    for (int i = 0; i < 2; i++) {
        kept[i] = dup(i + 1);
        cr_assert(kept[i] >= 0 && dup2(into, i + 1) >= 0);
    }
}

static void restore(const int kept[2]) {
    (void)fflush(stdout);
    (void)fflush(stderr);
    for (int i = 0; i < 2; i++) {
        (void)dup2(kept[i], i + 1);
        (void)close(kept[i]);
    }
}

int processor_run(const char *job, const char *const *flags, struct text_buffer *output) {
    static const char *const kinds[] = {"analytics", "precompute"};
    char *script = NULL;
    for (size_t i = 0; i < 2; i++) {
        char *path =
            memory_format("backfill_jobs/%s/%s/%s_%s_backfill.py", kinds[i], job, job, kinds[i]);
        if (script == NULL && processor_job_find(path) != NULL) {
            script = path;
        } else {
            free(path);
        }
    }
    cr_assert_not_null(script, "there is no job %s", job);
    char *argv[FLAG_LIMIT + 2] = {script};
    int argc = 1;
    for (; flags[argc - 1] != NULL; argc++) {
        cr_assert_lt(argc, FLAG_LIMIT);
        argv[argc] = memory_copy_string(flags[argc - 1]);
    }
    cr_assert_eq(setenv("PHASEGATE_CLOCK", "2026-01-05T14:15:00Z@1*0", 1), 0);
    FILE *file = tmpfile();
    cr_assert_not_null(file);
    int kept[2];
    redirect(fileno(file), kept);
    int code = processor_main(argc, argv);
    restore(kept);
    rewind(file);
    char line[4096];
    while (fgets(line, sizeof line, file) != NULL) {
        text_buffer_add(output, line);
    }
    (void)fclose(file);
    for (int i = 0; i < argc; i++) {
        free(argv[i]);
    }
    return code;
}

struct log_progress *processor_progress(const struct text_buffer *output) {
    struct error error = {0};
    struct log_classifier *classifier = log_classifier_builtin("python-backfill", &error);
    cr_assert_not_null(classifier, "%s", error.text);
    struct log_progress *progress = log_progress_new();
    struct text rest = {output->data, output->size};
    while (rest.size > 0) {
        log_progress_feed(progress, classifier, text_cut(&rest, '\n'), 1767622500000);
    }
    log_classifier_free(classifier);
    return progress;
}
