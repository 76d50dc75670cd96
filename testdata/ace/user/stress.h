/* stress.h - what the parts of ace-stress share. */
#ifndef STRESS_H
#define STRESS_H

#include "../ace.h"

struct step_figures {
	unsigned long boundaries, nested, distinct;
	unsigned char at[ACE_AT_END - ACE_AT_START];	/* boundaries, by address */
};

/* step.c: 0 if every interruption was right. The data are all zero afterwards. */
int step_everything(struct step_figures *figures);

/* open.c: 0 if opening, closing and sharing the area are right. */
int check_opening(const char *area, const char *data);

#endif
