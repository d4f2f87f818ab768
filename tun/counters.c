#include "tun/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const paths[] = {
	"/proc/self/net/netstat",
	"/proc/self/net/snmp",
	"/proc/self/net/snmp6",
};

#define N_FILES (sizeof(paths) / sizeof(paths[0]))

struct counters {
	int fds[N_FILES];
	size_t n;
};

int counters_open(struct counters **counters, bool ipv6, struct errbuf *err)
{
	struct counters *made = calloc(1, sizeof(*made));
	int code;

	if (!made)
		return err_set(err, -ENOMEM, "out of memory");
	while (made->n < N_FILES - !ipv6) {
		made->fds[made->n] = open(paths[made->n], O_RDONLY | O_CLOEXEC);
		if (made->fds[made->n] < 0) {
			code = err_set(err, -errno, "cannot open %s: %s", paths[made->n],
				       strerror(errno));
			counters_close(made);
			return code;
		}
		made->n++;
	}
	*counters = made;
	return 0;
}

void counters_close(struct counters *counters)
{
	if (!counters)
		return;
	for (size_t i = 0; i < counters->n; i++)
		close(counters->fds[i]);
	free(counters);
}

/* Reads a whole file. One read() gives at most a page or the contents of the file's buffer. */
static int read_file(int fd, struct nstat *nstat)
{
	off_t offset = 0;
	ssize_t n;

	for (;;) {
		size_t room = sizeof(nstat->text) - 1 - nstat->size;

		n = pread(fd, nstat->text + nstat->size, room, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		nstat->size += (size_t)n;
		offset += n;
		if ((size_t)n == room)
			return -EFBIG;
	}
}

int counters_read(const struct counters *counters, struct nstat *nstat)
{
	int code = 0;

	nstat->size = 0;
	for (size_t i = 0; i < counters->n && code == 0; i++)
		code = read_file(counters->fds[i], nstat);
	nstat->text[nstat->size] = '\0';
	return code;
}
