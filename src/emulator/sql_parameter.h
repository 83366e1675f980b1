/* Query parameters: from REST's JSON to typed values to bind. */
#ifndef PHASEGATE_EMULATOR_SQL_PARAMETER_H
#define PHASEGATE_EMULATOR_SQL_PARAMETER_H

#include "emulator/sql_tree.h"

/* Reads the request's queryParameters into the compilation; false with the error filled when one
 * is malformed. */
bool sql_parameters_read(struct sql_compilation *compilation);

/* Gives a parameter node its index and type; one that was not given is refused, or, in a dry run,
 * noted. */
bool sql_parameter_resolve(struct sql_compilation *compilation, struct sql_expression *node);

/* Learns the type of a parameter that was not declared from where it stands. */
void sql_parameter_learn(struct sql_compilation *compilation, struct sql_expression *node,
                         struct sql_type type);

#endif
