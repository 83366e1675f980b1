/* phasegate-shim: supervises one run (runs_shim.h), or carries its command over to
 * another host (carry.h). */
#include <string.h>

#include "runs/carry.h"
#include "runs/runs_shim.h"

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], CARRY_OPTION) == 0) {
        return carry_main(argc, argv);
    }
    return runs_shim_main(argc, argv);
}
