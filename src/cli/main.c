#include <malloc.h>
#include <stdio.h>

#include "cli/cli.h"

int main(int argc, char **argv) {
    /* Situations are made by one thread and freed by another: an arena each would keep what the
     * other has given back. */
    (void)mallopt(M_ARENA_MAX, 1);
    return cli_run(argc, argv, stdout, stderr);
}
