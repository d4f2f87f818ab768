/* See doctor.h. Every probe is the real thing, done in a process of its own: a namespace is made, a
 * device opened. */
#include "runtime/app/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/suite/sandbox.h"
#include "tun/device.h"
#include "tun/netns.h"
#include "tun/sockdiag.h"
#include "tun/tracing.h"

enum { PROBE_OK, PROBE_WARNING, PROBE_MISSING };

struct finding {
	int grade;
	char text[256];	  /* what was found */
	char remedy[200]; /* what to type; "" */
};

static void found(struct finding *finding, int grade, const char *text, const char *remedy)
{
	finding->grade = grade;
	snprintf(finding->text, sizeof(finding->text), "%s", text);
	snprintf(finding->remedy, sizeof(finding->remedy), "%s", grade == PROBE_OK ? "" : remedy);
}

static void probe_kernel(struct finding *finding)
{
	struct utsname system;
	unsigned major = 0, minor = 0;

	uname(&system);
	sscanf(system.release, "%u.%u", &major, &minor);
	found(finding, major > 5 || (major == 5 && minor >= 10) ? PROBE_OK : PROBE_WARNING,
	      system.release, "5.10 or later is what is tested");
}

static void probe_user(struct finding *finding)
{
	char text[64];

	snprintf(text, sizeof(text),
		 geteuid() ? "ordinary user %u, through a user namespace" : "root (user %u)",
		 (unsigned)geteuid());
	found(finding, PROBE_OK, text, "");
}

static void probe_tun_node(struct finding *finding)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	if (fd >= 0)
		found(finding, PROBE_OK, "may be opened", "");
	else if (errno == EACCES || errno == EPERM)
		found(finding, PROBE_MISSING, strerror(errno),
		      "run as root, or: sudo chmod 0666 /dev/net/tun");
	else
		found(finding, PROBE_MISSING, strerror(errno), "sudo modprobe tun");
}

/* Runs as the runner does: first the right to make namespaces. */
static void probe_privilege(struct finding *finding)
{
	struct errbuf err = {""};

	if (sandbox_privilege(&err))
		found(finding, PROBE_MISSING, err.text,
		      "run as root, or: sudo sysctl kernel.unprivileged_userns_clone=1 "
		      "kernel.apparmor_restrict_unprivileged_userns=0");
	else
		found(finding, PROBE_OK, "may be made", "");
}

static void probe_pid_namespace(struct finding *finding)
{
	struct errbuf err;

	sandbox_privilege(&err);
	if (sandbox_means().processes)
		found(finding, PROBE_OK, "may be made, with a /proc of its own", "");
	else
		found(finding, PROBE_WARNING,
		      "not available: commands that go to the background may outlive a run",
		      "in a container: run it with an unmasked /proc, or --privileged");
}

static void probe_tmp(struct finding *finding)
{
	struct errbuf err;

	sandbox_privilege(&err);
	if (sandbox_means().tmp)
		found(finding, PROBE_OK, "each run has one of its own", "");
	else
		found(finding, PROBE_WARNING,
		      "is shared, no tmpfs can be mounted on it: what commands write there stays "
		      "and other runs see it",
		      "let commands write below $TMPDIR, a directory that each run has");
}

static void probe_netns(struct finding *finding)
{
	struct errbuf err = {""};

	if (netns_enter(&err))
		found(finding, PROBE_MISSING, err.text, "run as root");
	else if (!netns_sysctls_guarded())
		found(finding, PROBE_WARNING,
		      "may be made, but scripts could write sysctls of the host",
		      "run as an ordinary user, or with Linux 5.12 or later");
	else
		found(finding, PROBE_OK, "may be made; sysctls of the host are read-only in it",
		      "");
}

static void probe_device(struct finding *finding)
{
	struct tun_config config = {
		.mtu = 1500,
		.local = {4, {192, 168, 0, 1}},
		.local_bits = 16,
		.gateway = {4, {192, 168, 0, 2}},
		.remote = {4, {192, 0, 2, 1}},
		.remote_bits = 24,
	};
	struct link *link;
	struct errbuf err = {""};

	if (netns_enter(&err) || tun_open(&config, &link, &err))
		found(finding, PROBE_MISSING, err.text, "see above");
	else
		found(finding, PROBE_OK, "may be made, and what it sends captured", "");
}

static void probe_sockdiag(struct finding *finding)
{
	struct sockdiag *diag;
	struct errbuf err = {""};

	if (sockdiag_open(&diag, &err))
		found(finding, PROBE_MISSING, err.text, "sudo modprobe tcp_diag");
	else
		found(finding, PROBE_OK, "answers", "");
}

static void probe_reasons(struct finding *finding)
{
	struct tracepoints *points;
	struct errbuf err = {""};

	if (tracepoints_open(&points, &err))
		found(finding, PROBE_WARNING, err.text,
		      "only --reasons, reset_reason() and drop_reason() need it");
	else
		found(finding, PROBE_OK, "can be traced (--reasons)", "");
}

static void probe_real_time(struct finding *finding)
{
	struct sched_param param = {.sched_priority = 1};

	if (!sched_setscheduler(0, SCHED_FIFO, &param))
		found(finding, PROBE_OK, "allowed", "");
	else
		found(finding, PROBE_WARNING,
		      "not allowed: runs on a busy machine are late more often, and tried again",
		      "run as root, or let this user: ulimit -r 1");
}

static void probe_cubic(struct finding *finding)
{
	char allowed[256] = "";
	struct errbuf err;

	if (sysctl_read("net.ipv4.tcp_allowed_congestion_control", allowed, sizeof(allowed), &err))
		found(finding, PROBE_WARNING, err.text, "");
	else if (strstr(allowed, "cubic"))
		found(finding, PROBE_OK, "allowed in namespaces", "");
	else
		found(finding, PROBE_WARNING,
		      "not allowed in namespaces; most public scripts "
		      "assume it",
		      "sudo sysctl net.ipv4.tcp_allowed_congestion_control=\"reno cubic\" "
		      "net.ipv4.tcp_congestion_control=cubic");
}

static void probe_python(struct finding *finding)
{
	if (!system("command -v python3 >/dev/null 2>&1"))
		found(finding, PROBE_OK, "found", "");
	else
		found(finding, PROBE_WARNING, "not found: scripts with %{ code }% need it",
		      "sudo apt-get install python3");
}

static const struct {
	const char *name;
	void (*probe)(struct finding *finding);
} probes[] = {
	{"kernel", probe_kernel},
	{"runs as", probe_user},
	{"/dev/net/tun", probe_tun_node},
	{"namespaces", probe_privilege},
	{"process namespace", probe_pid_namespace},
	{"/tmp", probe_tmp},
	{"network namespace", probe_netns},
	{"TUN device", probe_device},
	{"socket states (sock_diag)", probe_sockdiag},
	{"reasons of the kernel", probe_reasons},
	{"real-time priority", probe_real_time},
	{"cubic", probe_cubic},
	{"python3", probe_python},
};

/* A probe may change its process for good. */
static void probe_apart(void (*probe)(struct finding *finding), struct finding *finding)
{
	int fds[2], status;
	pid_t pid;

	found(finding, PROBE_MISSING, "the probe crashed", "");
	if (pipe2(fds, O_CLOEXEC))
		return;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		probe(finding);
		_exit(write(fds[1], finding, sizeof(*finding)) != sizeof(*finding));
	}
	close(fds[1]);
	if (pid > 0) {
		struct finding answer;

		if (read(fds[0], &answer, sizeof(answer)) == sizeof(answer))
			*finding = answer;
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(fds[0]);
}

bool doctor(FILE *out, bool color)
{
	static const char *const words[] = {"ok", "warning", "missing"};
	static const char *const colors[] = {"\033[32m", "\033[33m", "\033[31m"};
	bool able = true;

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		struct finding finding;

		probe_apart(probes[i].probe, &finding);
		able &= finding.grade != PROBE_MISSING;
		fprintf(out, "%s%-7s%s  %-25s  %s\n", color ? colors[finding.grade] : "",
			words[finding.grade], color ? "\033[0m" : "", probes[i].name, finding.text);
		if (*finding.remedy)
			fprintf(out, "%38s%s\n", "-> ", finding.remedy);
	}
	fprintf(out,
		able ? "This machine can run scripts.\n" : "This machine cannot run scripts.\n");
	return able;
}
