/* Runs a fuzz entry over every file of a corpus, then over as many mutations of them as asked for,
 * the same ones every time. An input that ends the process is left as crash-PROGRAM in the working
 * directory.
 *
 *   replay_NAME MUTATIONS DIRECTORY... */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_LIMIT = 8192, EDITS_LIMIT = 6, READ_LIMIT = 1 << 20 };

struct input {
    char *data;
    size_t size;
};

struct corpus {
    struct input *inputs;
    size_t count, capacity;
    uint64_t random;
};

/* The signal handler can be reached by no pointer. */
static struct {
    const uint8_t *data;
    size_t size;
    char path[256];
} current;

static void on_crash(int number) {
    int file = open(current.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    (void)!write(file, current.data, current.size);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

/* The input is a block of its own size, so that reading behind it is noticed. */
static void run(const char *data, size_t size) {
    uint8_t *copy = memory_new(size, 1);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    current.data = copy;
    current.size = size;
    (void)LLVMFuzzerTestOneInput(copy, size);
    current.size = 0;
    free(copy);
}

static uint64_t next_random(struct corpus *corpus) {
    corpus->random ^= corpus->random << 13;
    corpus->random ^= corpus->random >> 7;
    corpus->random ^= corpus->random << 17;
    return corpus->random;
}

static size_t below(struct corpus *corpus, size_t limit) {
    return limit == 0 ? 0 : (size_t)(next_random(corpus) % limit);
}

static void load(struct corpus *corpus, const char *directory) {
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, NULL, alphasort);
    if (count < 0) {
        perror(directory);
        exit(EXIT_FAILURE);
    }
    for (int i = 0; i < count; i++) {
        char *path = memory_format("%s/%s", directory, entries[i]->d_name);
        struct stat status;
        if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size < READ_LIMIT) {
            corpus->inputs = memory_grow(corpus->inputs, corpus->count, &corpus->capacity,
                                         sizeof *corpus->inputs);
            struct input *input = &corpus->inputs[corpus->count++];
            FILE *file = fopen(path, "rb");
            input->data = memory_new((size_t)status.st_size + 1, 1);
            input->size = file != NULL ? fread(input->data, 1, (size_t)status.st_size, file) : 0;
            if (file != NULL) {
                (void)fclose(file);
            }
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
}

/* Puts `size` bytes in the place of `gone` bytes at `at`. */
static void replace_part(struct input *input, size_t at, size_t gone, const char *bytes,
                         size_t size) {
    if (input->size - gone + size > INPUT_LIMIT) {
        return;
    }
    memmove(input->data + at + size, input->data + at + gone, input->size - at - gone);
    memcpy(input->data + at, bytes, size);
    input->size += size - gone;
}

static void edit(struct corpus *corpus, struct input *input) {
    static const char *const odd[] = {"\xff",
                                      "\xed\xa0\x80",
                                      "\xe2\x80\x8b",
                                      "\033[",
                                      "\r",
                                      "18446744073709551616",
                                      "-1",
                                      "1e999",
                                      "%s%n",
                                      "NaN",
                                      "{{{{{{{{",
                                      "\"",
                                      "'",
                                      "`",
                                      "\\",
                                      "]]>",
                                      "0000-00-00"};
    size_t at = below(corpus, input->size + 1);
    size_t left = input->size - at;
    const struct input *other = &corpus->inputs[below(corpus, corpus->count)];
    size_t from = below(corpus, other->size + 1);
    size_t size = below(corpus, other->size - from + 1) % 64;
    char byte = (char)below(corpus, 256);
    const char *text = odd[below(corpus, sizeof odd / sizeof *odd)];
    switch (below(corpus, 6)) {
    case 0:
        replace_part(input, at, left > 0 ? 1 : 0, &byte, 1);
        break;
    case 1:
        replace_part(input, at, below(corpus, left + 1) % 32, "", 0);
        break;
    case 2:
        replace_part(input, at, 0, other->data + from, size);
        break;
    case 3:
        replace_part(input, at, below(corpus, left + 1) % 8, text, strlen(text));
        break;
    case 4:
        if (left > 0) {
            input->data[at] = (char)(input->data[at] ^ (1 << below(corpus, 8)));
        }
        break;
    default:
        input->size = at;
    }
}

static void mutate(struct corpus *corpus, char *room) {
    const struct input *seed = &corpus->inputs[below(corpus, corpus->count)];
    size_t from = seed->size > INPUT_LIMIT / 2 ? below(corpus, seed->size - INPUT_LIMIT / 2) : 0;
    size_t size = seed->size - from < INPUT_LIMIT / 2 ? seed->size - from : INPUT_LIMIT / 2;
    struct input input = {.data = room, .size = size};
    memcpy(room, seed->data + from, size);
    for (size_t edits = 1 + below(corpus, EDITS_LIMIT); edits > 0; edits--) {
        edit(corpus, &input);
    }
    run(input.data, input.size);
}

int main(int argc, char **argv) {
    int64_t mutations = 0;
    if (argc < 2 || !text_to_int64(text_of(argv[1]), &mutations)) {
        fprintf(stderr, "usage: %s MUTATIONS DIRECTORY...\n", argv[0]);
        return EXIT_USAGE;
    }
    const char *slash = strrchr(argv[0], '/');
    (void)snprintf(current.path, sizeof current.path, "crash-%s",
                   slash != NULL ? slash + 1 : argv[0]);
    (void)signal(SIGABRT, on_crash);
    struct corpus corpus = {.random = 0x9E3779B97F4A7C15};
    for (int i = 2; i < argc; i++) {
        load(&corpus, argv[i]);
    }
    if (corpus.count == 0) {
        fprintf(stderr, "%s: the corpus is empty\n", argv[0]);
        return EXIT_FAILURE;
    }
    run("", 0);
    for (size_t i = 0; i < corpus.count; i++) {
        run(corpus.inputs[i].data, corpus.inputs[i].size);
    }
    char *room = memory_new(INPUT_LIMIT + 1, 1);
    for (int64_t i = 0; i < mutations; i++) {
        mutate(&corpus, room);
    }
    printf("%zu inputs and %lld mutations of them\n", corpus.count + 1, (long long)mutations);
    for (size_t i = 0; i < corpus.count; i++) {
        free(corpus.inputs[i].data);
    }
    free(corpus.inputs);
    free(room);
    return EXIT_SUCCESS;
}
