/* finwait doctor: can this machine run scripts, as whom, what is missing, what to type. */
#ifndef FINWAIT_RUNTIME_APP_DOCTOR_H
#define FINWAIT_RUNTIME_APP_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>

/* Prints a line for each thing looked at. True if scripts can be run. */
bool doctor(FILE *out, bool color);

#endif
