/* phasegate-shim: supervises one run (runs_shim.h). */
#include "runs/runs_shim.h"

int main(int argc, char **argv) {
    return runs_shim_main(argc, argv);
}
