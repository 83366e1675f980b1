#include "pipeline/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"

/* What tells one content of a file from another without reading it. */
struct look {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct pipeline_watch {
    const struct pipeline *pipeline;
    struct pipeline_help help;
    char **files; /* absolute */
    size_t file_count;
    struct look *looks;
    bool looked;
    struct pipeline_disk disk;
};

static void add_file(struct pipeline_watch *watch, const char *path) {
    for (size_t i = 0; path != NULL && i < watch->file_count; i++) {
        path = strcmp(watch->files[i], path) == 0 ? NULL : path;
    }
    if (path != NULL) {
        watch->files = memory_resize(watch->files, watch->file_count + 1, sizeof watch->files[0]);
        watch->files[watch->file_count++] = memory_copy_string(path);
    }
}

static void add_files(struct pipeline_watch *watch, const struct pipeline *pipeline) {
    add_file(watch, pipeline->coverage.file);
    for (size_t i = 0; i < pipeline->expected_count; i++) {
        add_file(watch, pipeline->expected[i].source.file);
    }
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        for (size_t j = 0; j < pipeline->gates[i].check_count; j++) {
            add_file(watch, pipeline->gates[i].checks[j].source.file);
        }
    }
}

char *pipeline_path(const struct pipeline *pipeline) {
    const char *slash = strrchr(pipeline->file, '/');
    return file_join(pipeline->directory, slash == NULL ? pipeline->file : slash + 1);
}

const char *pipeline_disk_word(enum pipeline_disk_kind kind) {
    static const char *const words[] = {"same", "changed", "invalid", "gone"};
    return words[kind];
}

struct pipeline_watch *pipeline_watch_new(const struct pipeline *pipeline,
                                          pipeline_pattern_checker *check_pattern) {
    struct pipeline_watch *watch = memory_new(1, sizeof *watch);
    watch->pipeline = pipeline;
    watch->help =
        (struct pipeline_help){.project = pipeline->project, .check_pattern = check_pattern};
    char *path = pipeline_path(pipeline);
    add_file(watch, path);
    free(path);
    add_files(watch, pipeline);
    watch->looks = memory_new(watch->file_count, sizeof *watch->looks);
    return watch;
}

void pipeline_watch_free(struct pipeline_watch *watch) {
    if (watch == NULL) {
        return;
    }
    for (size_t i = 0; i < watch->file_count; i++) {
        free(watch->files[i]);
    }
    free(watch->files);
    free(watch->looks);
    free(watch);
}

static bool same_time(struct timespec a, struct timespec b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Whether a file looks other than before; one that is not there looks like nothing. */
static bool looks_new(struct pipeline_watch *watch) {
    bool is_new = !watch->looked;
    for (size_t i = 0; i < watch->file_count; i++) {
        struct stat status;
        struct look now = {0};
        if (stat(watch->files[i], &status) == 0) {
            now = (struct look){status.st_dev, status.st_ino, status.st_size, status.st_ctim};
        }
        const struct look *before = &watch->looks[i];
        is_new = is_new || now.device != before->device || now.inode != before->inode ||
                 now.size != before->size || !same_time(now.changed, before->changed);
        watch->looks[i] = now;
    }
    watch->looked = true;
    return is_new;
}

static void read_again(struct pipeline_watch *watch) {
    struct error error = {0};
    struct pipeline_disk *disk = &watch->disk;
    struct pipeline *loaded = pipeline_load_for(watch->files[0], &watch->help, NULL, &error);
    *disk = (struct pipeline_disk){0};
    if (loaded != NULL) {
        (void)snprintf(disk->hash, sizeof disk->hash, "%s", loaded->hash);
        disk->kind = strcmp(loaded->hash, watch->pipeline->hash) == 0 ? PIPELINE_DISK_SAME
                                                                      : PIPELINE_DISK_CHANGED;
    } else {
        struct stat status;
        disk->kind =
            stat(watch->files[0], &status) == 0 ? PIPELINE_DISK_INVALID : PIPELINE_DISK_GONE;
        struct text rest = text_of(error.text);
        struct text line = text_cut(&rest, '\n');
        (void)snprintf(disk->why, sizeof disk->why, "%.*s", (int)line.size, line.data);
    }
    pipeline_free(loaded);
}

const struct pipeline_disk *pipeline_watch_look(struct pipeline_watch *watch, bool thorough) {
    if (looks_new(watch) || thorough) {
        read_again(watch);
    }
    return &watch->disk;
}
