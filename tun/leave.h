/* Closes descriptors whose last close takes long, without waiting for it. Internal to tun/. */
#ifndef FINWAIT_TUN_LEAVE_H
#define FINWAIT_TUN_LEAVE_H

#include <stdbool.h>
#include <stddef.h>

#define LEAVE_MOST 4

struct leave {
	int pair[2], last;
};

/* Makes the kernel keep `n` descriptors (at most LEAVE_MOST) open, so that the caller's own close
 * of them is not the last one and does not wait. False: it does not keep them, and leave_end() is
 * not to be called. */
bool leave_begin(struct leave *leave, const int *fds, size_t n);
/* To be called after the caller has closed them: the kernel then closes them too, in that order,
 * later. Kernels before 6.8 wait in this call. */
void leave_end(struct leave *leave);

#endif
