/*
 * measure.c - run a program and say what it took
 *
 * Its processor time and peak memory with those of its children, as the kernel
 * accounts them, and the seconds from start to end. It is small itself, since
 * a process begins with the peak memory of the one that started it.
 *
 *	measure RESULT IN OUT PROGRAM [ARGUMENT...]
 *
 * One JSON line is written to RESULT; PROGRAM reads IN and writes OUT.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
cpu(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* In the child: take the place of this process. */
static void
become(char **argv)
{
	int in = open(argv[2], O_RDONLY);
	int out = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (in >= 0 && out >= 0 && dup2(in, STDIN_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0)
		(void)execvp(argv[4], argv + 4);
	perror(argv[4]);
	_exit(127);
}

int
main(int argc, char **argv)
{
	struct rusage used;
	double began;
	int status;
	pid_t pid;
	FILE *f;

	if (argc < 5) {
		(void)fprintf(
		    stderr, "usage: measure RESULT IN OUT PROGRAM ...\n");
		return 64;
	}
	began = seconds();
	pid = fork();
	if (pid == 0)
		become(argv);
	if (pid < 0 || waitpid(pid, &status, 0) != pid ||
	    getrusage(RUSAGE_CHILDREN, &used) < 0) {
		perror("measure");
		return 1;
	}
	f = fopen(argv[1], "w");
	if (f == NULL ||
	    fprintf(f,
		"{\"wall\":%.4f,\"user\":%.4f,\"system\":%.4f,"
		"\"peak_kib\":%ld,\"status\":%d}\n",
		seconds() - began, cpu(&used.ru_utime), cpu(&used.ru_stime),
		used.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128) < 0 ||
	    fclose(f) != 0) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
