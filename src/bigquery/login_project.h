/* The project to bill when nothing names one. */
#ifndef PHASEGATE_BIGQUERY_LOGIN_PROJECT_H
#define PHASEGATE_BIGQUERY_LOGIN_PROJECT_H

#include "bigquery/login_source.h"

/* As bigquery_login_project; the caller frees it. */
char *project_find(const struct source *source);

#endif
