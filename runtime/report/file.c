#include "runtime/report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100

static int fail(struct report_file *file, int error, struct errbuf *err)
{
	err_set(err, -error, "cannot write %s: %s", file->path ? file->path : "a file",
		strerror(error));
	report_file_abort(file);
	return -error;
}

/* Not mkstemp(): its files are for their owner alone, and a report is as readable as any file. */
static int open_temporary(struct report_file *file)
{
	int fd = -1;

	for (int i = 0; i < TRIES && fd < 0; i++) {
		free(file->temporary);
		if (asprintf(&file->temporary, "%s.%ld-%d.tmp", file->path, (long)getpid(), i) < 0)
			abort();
		fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0) {
		free(file->temporary);
		file->temporary = NULL;
	}
	return fd;
}

int report_file_open(struct report_file *file, const char *path, struct errbuf *err)
{
	struct stat status;
	bool exists = !stat(path, &status);
	int fd;

	*file = (struct report_file){0};
	/* Through a link, the file it names is replaced, not the link. */
	file->path = exists ? realpath(path, NULL) : NULL;
	if (!file->path)
		file->path = strdup(path);
	if (exists && !S_ISREG(status.st_mode))
		fd = open(path, O_WRONLY | O_CLOEXEC);
	else
		fd = open_temporary(file);
	if (fd < 0)
		return fail(file, errno, err);
	file->stream = fdopen(fd, "w");
	if (!file->stream) {
		int error = errno;

		close(fd);
		return fail(file, error, err);
	}
	return 0;
}

static void forget(struct report_file *file)
{
	free(file->path);
	free(file->temporary);
	*file = (struct report_file){0};
}

int report_file_commit(struct report_file *file, struct errbuf *err)
{
	bool bad = ferror(file->stream) != 0;
	int error;

	errno = 0;
	if (fclose(file->stream))
		bad = true;
	error = errno ? errno : EIO;
	file->stream = NULL;
	if (bad)
		return fail(file, error, err);
	if (file->temporary && rename(file->temporary, file->path))
		return fail(file, errno, err);
	forget(file);
	return 0;
}

void report_file_abort(struct report_file *file)
{
	if (file->stream)
		fclose(file->stream);
	if (file->temporary)
		unlink(file->temporary);
	forget(file);
}
