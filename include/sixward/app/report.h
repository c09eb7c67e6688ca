#ifndef SIXWARD_APP_REPORT_H
#define SIXWARD_APP_REPORT_H

#include <stdio.h>

#include "sixward/app/findings.h"
#include "sixward/app/symptoms.h"

/* What the doctor has found, written down. */

/* For people: by subject, each finding with its next step, and the sum at the end. */
void report_text(const struct findings *findings, FILE *out);

/* One object: "facts", and "findings" made of them. sixward(8) documents its keys. */
void report_json(const struct symptoms *symptoms, const struct findings *findings, FILE *out);

#endif
