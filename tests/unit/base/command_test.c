/* What is in the way of a command is named for what it is. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/command.h"
#include "base/file.h"
#include "base/memory.h"

static char directory[] = "/tmp/phasegate-command-XXXXXX";

static void write_program(const char *name, const char *text, mode_t mode) {
    struct error error = {0};
    char *path = file_join(directory, name);
    cr_assert(file_write(path, text_of(text), &error), "%s", error.text);
    cr_assert_eq(chmod(path, mode), 0);
    free(path);
}

static void begin(void) {
    struct error error = {0};
    cr_assert_not_null(mkdtemp(directory));
    char *bin = file_join(directory, "bin");
    cr_assert(file_make_directory(bin, &error), "%s", error.text);
    free(bin);
    write_program("bin/tool", "#!/bin/sh\n", 0755);
    write_program("bin/notes", "#!/bin/sh\n", 0644);
    write_program("good", "#! /bin/sh -e\n", 0755);
    write_program("bare", "#!", 0755);
    write_program("lost", "#!/usr/bin/no-such-python\nprint(1)\n", 0755);
    write_program("windows", "#!/bin/sh\r\necho\r\n", 0755);
    write_program("by_env", "#!/usr/bin/env tool\n", 0755);
    write_program("by_env_s", "#!/usr/bin/env\t-S A=1 tool -u\n", 0755);
    write_program("by_env_lost", "#!/usr/bin/env python9\n", 0755);
    write_program("by_env_s_lost", "#!/usr/bin/env -S python9 -u\n", 0755);
    write_program("through_notes", "#!bin/notes\n", 0755);
}

static void end(void) {
    struct error error = {0};
    cr_assert(file_remove_tree(directory, &error), "%s", error.text);
}

TestSuite(command, .init = begin, .fini = end);

/* NULL or the fault, of a program in the directory with bin/ in PATH. */
static void expect(const char *program, const char *fault) {
    bool of_directory = true;
    char *path = memory_format("/nowhere:bin:%s/bin", directory);
    char *found =
        command_fault(&(const struct command_place){directory, program, path}, &of_directory);
    cr_expect_not(of_directory, "%s", program);
    if (fault == NULL) {
        cr_expect_null(found, "%s: %s", program, found);
    } else {
        cr_expect(found != NULL && strcmp(found, fault) == 0, "%s:\n  said:     %s\n  expected: %s",
                  program, found == NULL ? "nothing" : found, fault);
    }
    free(found);
    free(path);
}

Test(command, that_can_be_started_has_no_fault)
{
    expect("./good", NULL);
    expect("tool", NULL);
    expect("bin/tool", NULL);
    expect("./by_env", NULL);
    expect("./by_env_s", NULL);
    expect("/bin/sh", NULL);
}

Test(command, names_the_program_that_is_missing)
{
    expect("./prog", "./prog is not there");
    expect("prog", "there is no program prog in PATH");
    expect("notes", "there is no program notes in PATH");
    expect("bin/notes", "bin/notes may not be executed (chmod +x makes it so)");
    expect("./bin", "./bin is a directory and no program");
    expect("/dev/null", "/dev/null is no regular file and no program");
    expect("./good/tool", "./good/tool is not there");
}

Test(command, names_the_interpreter_and_not_the_script)
{
    expect("./lost",
           "./lost is a script, and its interpreter /usr/bin/no-such-python is not there");
    expect("./through_notes", "./through_notes is a script, and its interpreter bin/notes may not "
                              "be executed (chmod +x makes it so)");
    expect("./by_env_lost",
           "./by_env_lost is a script, and its interpreter python9 is not in PATH");
    expect("./by_env_s_lost",
           "./by_env_s_lost is a script, and its interpreter python9 is not in PATH");
    expect("./windows",
           "the first line of ./windows ends with a carriage return, so that its interpreter "
           "/bin/sh is not found; write it with line feeds alone");
    expect("./bare", "the first line of ./bare names no interpreter after #!");
}

Test(command, blames_the_directory_and_not_the_program)
{
    static const char *const names[] = {"jobs", "good"};
    static const char *const faults[] = {"is not there", "is no directory"};
    for (size_t i = 0; i < 2; i++) {
        bool of_directory = false;
        char *missing = file_join(directory, names[i]);
        char *found = command_fault(&(const struct command_place){missing, "no-such-program", NULL},
                                    &of_directory);
        char *said = memory_format("the working directory %s %s", missing, faults[i]);
        cr_expect(of_directory);
        cr_expect_str_eq(found, said);
        free(said);
        free(found);
        free(missing);
    }
}

Test(command, looks_where_its_own_environment_says)
{
    static char entry[] = "PATH=/only/here", other[] = "PATHS=/no";
    char *environment[] = {other, entry, NULL};
    cr_expect_str_eq(command_variable(environment, "PATH"), "/only/here");
    environment[1] = NULL;
    cr_expect_str_eq(command_variable(environment, "PATH"), getenv("PATH"));
    cr_expect_str_eq(command_variable(NULL, "PATH"), getenv("PATH"));
}
