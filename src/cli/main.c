#include <malloc.h>
#include <stdio.h>

#include "cli/cli.h"

int main(int argc, char **argv) {
    /* Situations are made by one thread and freed by another: an arena each would keep what the
     * other has given back. */
    (void)mallopt(M_ARENA_MAX, 1);
    /* A situation lives for seconds: its arrays go back to the system with it. */
    (void)mallopt(M_MMAP_THRESHOLD, 32 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 64 * 1024);
    return cli_run(argc, argv, stdout, stderr);
}
