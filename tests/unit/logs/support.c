#include "support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

struct text_buffer support_fixture(const char *name) {
    struct text_buffer content = {0};
    struct error error = {0};
    char *path = memory_format("%s/tests/fixtures/logs/%s.log", PHASEGATE_SOURCE_DIR, name);
    cr_assert(file_read(path, 1 << 20, &content, &error), "%s", error.text);
    free(path);
    return content;
}

struct log_classifier *support_classifier(void) {
    struct error error = {0};
    struct log_classifier *classifier = log_classifier_builtin("python-backfill", &error);
    cr_assert_not_null(classifier, "%s", error.text);
    return classifier;
}

void support_feed(struct log_progress *progress, struct log_classifier *classifier,
                  struct text content, int64_t arrival) {
    while (content.size > 0) {
        log_progress_feed(progress, classifier, text_cut(&content, '\n'), arrival);
        arrival += arrival == 0 ? 0 : 1000;
    }
}

struct log_progress *support_progress(const char *fixture) {
    struct text_buffer content = support_fixture(fixture);
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    support_feed(progress, classifier, (struct text){content.data, content.size}, FIXTURE_ARRIVAL);
    log_classifier_free(classifier);
    text_buffer_free(&content);
    return progress;
}

char *support_directory(void) {
    char *directory = memory_copy_string("/tmp/phasegate-logs-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    return directory;
}

void support_write(const char *path, struct text content, const char *mode) {
    FILE *file = fopen(path, mode);
    cr_assert_not_null(file, "cannot write %s", path);
    cr_assert_eq(fwrite(content.data, 1, content.size, file), content.size);
    cr_assert_eq(fclose(file), 0);
}
