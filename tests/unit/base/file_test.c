#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char directory[] = "/tmp/phasegate-file-XXXXXX";
static struct error error;

static void open_directory(void) {
    cr_assert_not_null(mkdtemp(directory));
}

static void close_directory(void) {
    cr_assert(file_remove_tree(directory, &error), "%s", error.text);
    cr_assert_neq(access(directory, F_OK), 0);
}

TestSuite(file, .init = open_directory, .fini = close_directory);

static mode_t mode_of(const char *path) {
    struct stat status;
    cr_assert_eq(lstat(path, &status), 0, "%s", path);
    return status.st_mode & 07777;
}

static void expect_content(const char *path, const char *content) {
    struct text_buffer buffer = {0};
    cr_assert(file_read(path, 1000, &buffer, &error), "%s", error.text);
    cr_assert_eq(buffer.size, strlen(content));
    cr_assert(buffer.size == 0 || strcmp(buffer.data, content) == 0);
    text_buffer_free(&buffer);
}

Test(file, is_written_whole_and_for_the_owner_only)
{
    char *path = file_join(directory, "state.json");
    cr_assert(file_write(path, TEXT("first"), &error), "%s", error.text);
    cr_assert(file_write(path, TEXT("second"), &error), "%s", error.text);
    expect_content(path, "second");
    cr_assert_eq(mode_of(path), 0600);
    char *temporary = file_join(directory, "state.json.tmp");
    cr_assert_neq(access(temporary, F_OK), 0);
    free(temporary);
    free(path);
}

Test(file, is_not_written_through_a_planted_link)
{
    char *path = file_join(directory, "exit.json");
    char *temporary = file_join(directory, "exit.json.tmp");
    char *victim = file_join(directory, "victim");
    cr_assert(file_write(victim, TEXT("mine"), &error));
    cr_assert_eq(symlink(victim, temporary), 0);
    cr_assert_not(file_write(path, TEXT("x"), &error));
    cr_assert_eq(error.code, EXIT_CANT_CREATE);
    expect_content(victim, "mine");
    free(path);
    free(temporary);
    free(victim);
}

Test(file, that_cannot_be_read_is_named)
{
    struct text_buffer buffer = {0};
    char *path = file_join(directory, "absent");
    cr_assert_not(file_read(path, 10, &buffer, &error));
    cr_assert_eq(error.code, EXIT_NO_INPUT);
    cr_assert_not_null(strstr(error.text, path));
    cr_assert_not(file_read(directory, 10, &buffer, &error));
    cr_assert_eq(error.code, EXIT_NO_INPUT);
    text_buffer_free(&buffer);
    free(path);
}

Test(file, over_the_limit_is_refused)
{
    struct text_buffer buffer = {0};
    char *path = file_join(directory, "big");
    cr_assert(file_write(path, TEXT("12345"), &error));
    cr_assert(file_read(path, 5, &buffer, &error));
    cr_assert_not(file_read(path, 4, &buffer, &error));
    text_buffer_free(&buffer);
    free(path);
}

Test(file, that_is_empty_reads_as_empty)
{
    char *path = file_join(directory, "empty");
    cr_assert(file_write(path, (struct text){0}, &error), "%s", error.text);
    expect_content(path, "");
    free(path);
}

Test(file, directories_are_made_with_their_parents_and_may_be_there)
{
    char *path = file_join(directory, "a/b/c");
    cr_assert(file_make_directory(path, &error), "%s", error.text);
    cr_assert(file_make_directory(path, &error), "%s", error.text);
    cr_assert_eq(mode_of(path), 0700);
    free(path);
    path = file_join(directory, "a/b/");
    cr_assert(file_make_directory(path, &error), "%s", error.text);
    free(path);
}

Test(file, a_directory_of_no_name_or_below_a_file_is_refused)
{
    char *path = file_join(directory, "plain");
    cr_assert(file_write(path, TEXT("x"), &error));
    cr_assert_not(file_make_directory(path, &error));
    cr_assert_eq(error.code, EXIT_CANT_CREATE);
    cr_assert_not(file_make_directory("", &error));
    cr_assert_eq(error.code, EXIT_CANT_CREATE);
    free(path);
}

Test(file, removing_a_tree_follows_no_link)
{
    char *tree = file_join(directory, "tree/below");
    char *link = file_join(directory, "tree/link");
    char *kept = file_join(directory, "kept");
    char *inside = file_join(directory, "kept/inside");
    cr_assert(file_make_directory(tree, &error) && file_make_directory(kept, &error));
    cr_assert(file_write(inside, TEXT("x"), &error));
    cr_assert_eq(symlink(kept, link), 0);
    char *root = file_join(directory, "tree");
    cr_assert(file_remove_tree(root, &error), "%s", error.text);
    cr_assert_neq(access(root, F_OK), 0);
    expect_content(inside, "x");
    cr_assert(file_remove_tree(root, &error), "what is not there is no error");
    free(tree);
    free(link);
    free(kept);
    free(inside);
    free(root);
}

static void expect_path(char *got, const char *expected) {
    cr_assert_str_eq(got, expected);
    free(got);
}

Test(file, paths_are_joined_split_and_expanded)
{
    expect_path(file_join("/a", "b"), "/a/b");
    expect_path(file_join("/a/", "b"), "/a/b");
    expect_path(file_join("/a", "/b"), "/b");
    expect_path(file_directory("/a/b"), "/a");
    expect_path(file_directory("/a"), "/");
    expect_path(file_directory("a"), ".");
    cr_assert_eq(setenv("HOME", "/home/naji", 1), 0);
    expect_path(file_expand_home("~/x"), "/home/naji/x");
    expect_path(file_expand_home("~x"), "~x");
    expect_path(file_expand_home("/x"), "/x");
    char *program = file_program_directory();
    cr_assert_eq(program[0], '/');
    free(program);
}

Test(file, writing_to_nowhere_fails)
{
    int descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC);
    cr_assert_geq(descriptor, 0);
    cr_assert_not(file_write_all(descriptor, "x", 1));
    (void)close(descriptor);
}

Test(file, a_write_replaces_no_device_and_no_link)
{
    char *target = file_join(directory, "target");
    char *link = file_join(directory, "link");
    cr_assert(file_write(target, TEXT("kept"), &error), "%s", error.text);
    cr_assert_eq(symlink(target, link), 0);
    cr_assert_not(file_write(link, TEXT("x"), &error));
    cr_assert_eq(error.code, EXIT_CANT_CREATE);
    cr_assert_not(file_write(directory, TEXT("x"), &error));
    struct text_buffer content = {0};
    cr_assert(file_read(link, 100, &content, &error));
    cr_assert_str_eq(content.data, "kept");
    text_buffer_free(&content);
    free(target);
    free(link);
}

Test(file, what_is_no_regular_file_is_named_and_never_waited_for)
{
    char *fifo = file_join(directory, "fifo");
    char *link = file_join(directory, "link");
    struct text_buffer content = {0};
    struct {
        const char *path, *says;
    } table[] = {{fifo, "is a FIFO"}, {directory, "is a directory"}, {"/dev/zero", "is a device"}};
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cr_assert_not(file_read(table[i].path, 100, &content, &error));
        cr_assert(error.code == EXIT_NO_INPUT && strstr(error.text, table[i].path) != NULL &&
                      strstr(error.text, table[i].says) != NULL,
                  "%s", error.text);
    }
    cr_assert_eq(symlink("/etc/passwd", link), 0);
    cr_assert_eq(file_open_regular(link, O_RDONLY | O_NOFOLLOW, &error), -1);
    cr_assert(strstr(error.text, "is a link") != NULL, "%s", error.text);
    text_buffer_free(&content);
    free(link);
    free(fifo);
}
