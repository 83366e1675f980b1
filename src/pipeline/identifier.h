/* Names that enter SQL text or are shown as they are: checked against what BigQuery, or phasegate,
 * allows. */
#ifndef PHASEGATE_PIPELINE_IDENTIFIER_H
#define PHASEGATE_PIPELINE_IDENTIFIER_H

#include <stdbool.h>

#include "base/text.h"

/* A project: lower-case letters, digits and dashes, beginning with a letter; "example.com:" may
 * stand before it. */
bool identifier_is_project(struct text name);

/* A dataset: ASCII letters, digits, underscores. A table: letters and digits of any language,
 * spaces and dashes as well. At most 1024 bytes (BigQuery's table naming). */
bool identifier_is_dataset(struct text name);
bool identifier_is_table(struct text name);

/* A column, flexible names included: letters and digits of any language, spaces and these signs; at
 * most 300 characters. Nothing that could end a name in backticks is among them. */
#define IDENTIFIER_COLUMN_SIGNS "_-&%=+:'<>#|"
bool identifier_is_column(struct text name);

/* A word of ASCII letters, digits and underscores that begins with no digit, at most 300. */
bool identifier_is_word(struct text name);

/* A name of the pipeline file's own: a letter or digit, then letters, digits, ".", "_", "-"; at
 * most 100. */
bool identifier_is_name(struct text name);

/* A host as ssh takes it: "host", "user@host", a name of ssh's configuration, an address; letters,
 * digits, ".", "_", "-", ":", "@", "%"; beginning with a letter or digit, so that it is no option.
 * At most 255 of them. */
bool identifier_is_host(struct text name);

#endif
