/* Last closes that make the kernel wait, without waiting for them. Internal to tun/. */
#ifndef FINWAIT_TUN_LEAVE_H
#define FINWAIT_TUN_LEAVE_H

#include <stdbool.h>
#include <stddef.h>

#define LEAVE_MOST 4

struct leave {
	int pair[2], last;
};

/* Has the kernel keep `n` descriptors (LEAVE_MOST at most) open, so that the caller's own closing
 * of them is not the last and does not wait. False: it does not, and there is nothing to end. */
bool leave_begin(struct leave *leave, const int *fds, size_t n);
/* After the caller has closed them: the kernel closes them too, in that order, in its own time.
 * Kernels before 6.8 wait in here. */
void leave_end(struct leave *leave);

#endif
