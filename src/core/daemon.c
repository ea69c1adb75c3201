/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a process owes the host: descriptors, directories, its secret, its
 * account, the background. Start only, before other threads.
 */
#include "config.h"

#include "core/core_int.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

enum {
	FILES_WANTED = 131072, /* a socket for each port of the largest range, twice */
	DIR_MODE = 0750,
	KEY_MODE = 0600,
};

void cv_daemon_limits(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == -1)
		return;

	/* The hard limit too, where we may: 10,000 calls need 40,000 */
	if (lim.rlim_max < FILES_WANTED) {
		const struct rlimit more = {FILES_WANTED, FILES_WANTED};

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return;
	}

	lim.rlim_cur = lim.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &lim) == -1 || lim.rlim_cur < FILES_WANTED)
		cv_warn("core",
			"descriptors limited to=%llu wanted=%d hint=\"raise "
			"LimitNOFILE\"",
			(unsigned long long)lim.rlim_cur, FILES_WANTED);
}

/* Account by name when we are root and it matters; NULL otherwise or unknown. */
static const struct passwd *account(const char *user)
{
	if (geteuid() != 0 || strcmp(user, "root") == 0)
		return NULL;

	return getpwnam(user);
}

/* Of what was there, only what systemd makes for us changes hands; never /run. */
static bool gives_away(const struct stat *st)
{
	return st->st_uid == 0 && (st->st_mode & ALLPERMS) == DIR_MODE;
}

/* May this account write there, as far as owner and group say? */
static bool may_write(const struct stat *st, const struct passwd *pw)
{
	if (st->st_uid == pw->pw_uid)
		return st->st_mode & S_IWUSR;

	return st->st_gid == pw->pw_gid && (st->st_mode & S_IWGRP);
}

int cv_daemon_dir(const char *dir, const char *user)
{
	const struct passwd *pw = account(user);
	struct stat st;
	bool made = mkdir(dir, DIR_MODE) == 0;

	if (!made && errno != EEXIST)
		return errno;
	if (stat(dir, &st) == -1)
		return errno;
	if (!S_ISDIR(st.st_mode))
		return ENOTDIR;

	if (pw && (made || gives_away(&st)))
		return chown(dir, pw->pw_uid, pw->pw_gid) == -1 ? errno : 0;
	if (pw && !may_write(&st, pw))
		return EPERM;

	return access(dir, W_OK | X_OK) == -1 ? errno : 0;
}

const char *cv_daemon_dir_error(int err)
{
	switch (err) {
	case EPERM:
		return "it is there, but [general] user can't write to it (chown)";
	case EBADMSG:
		return "token.key in it is too short; without it a new one is made, and "
		       "phones must register again";
	default:
		return strerror(err);
	}
}

/* What cv_daemon_dir() would find, without making or giving away anything. */
static int dir_try(const char *dir, const struct passwd *pw)
{
	char parent[PATH_MAX];
	struct stat st;
	char *slash;

	if (stat(dir, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			return ENOTDIR;
		if (!pw)
			return access(dir, W_OK | X_OK) == -1 ? errno : 0;

		return may_write(&st, pw) || gives_away(&st) ? 0 : EPERM;
	}
	if (errno != ENOENT)
		return errno;
	if ((size_t)snprintf(parent, sizeof(parent), "%s", dir) >= sizeof(parent))
		return ENAMETOOLONG;

	slash = strrchr(parent, '/');
	if (!slash)
		return access(".", W_OK | X_OK) == -1 ? errno : 0;

	slash[slash == parent ? 1 : 0] = '\0';

	return access(parent, W_OK | X_OK) == -1 ? errno : 0;
}

int cv_daemon_try(const struct cv_conf_general *g, const char *path, struct cv_buf *error)
{
	const struct passwd *pw = account(g->user);
	const char *const dirs[] = {g->state_dir, g->run_dir};
	const char *const keys[] = {"state-dir", "run-dir"};
	int first = 0;

	if (!pw && geteuid() == 0 && strcmp(g->user, "root") != 0) {
		cv_buf_printf(error, "%s: user %s: there is no such account\n", path,
			      g->user);
		first = ENOENT;
	}

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); ++i) {
		int err = dir_try(dirs[i], pw);

		if (!err)
			continue;

		cv_buf_printf(error, "%s: %s %s: %s\n", path, keys[i], dirs[i],
			      cv_daemon_dir_error(err));
		if (!first)
			first = err;
	}

	return first;
}

static int key_make(int fd, uint8_t *key, size_t len)
{
	if (getrandom(key, len, 0) != (ssize_t)len)
		return EIO;

	return write(fd, key, len) == (ssize_t)len ? 0 : EIO;
}

int cv_daemon_key(uint8_t *key, size_t len, const char *state_dir, const char *user)
{
	const struct passwd *pw = account(user);
	char path[PATH_MAX];
	int fd, err = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/token.key", state_dir) >=
	    sizeof(path))
		return ENAMETOOLONG;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd != -1) {
		err = read(fd, key, len) == (ssize_t)len ? 0 : EBADMSG;
		(void)close(fd);
		return err;
	}
	if (errno != ENOENT)
		return errno;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, KEY_MODE);
	if (fd == -1)
		return errno;

	err = key_make(fd, key, len);
	if (!err && pw && fchown(fd, pw->pw_uid, pw->pw_gid) == -1)
		err = errno;
	(void)close(fd);
	if (err)
		(void)unlink(path);

	return err;
}

int cv_daemon_drop(const char *user)
{
	const struct passwd *pw;

	if (geteuid() != 0 || strcmp(user, "root") == 0)
		return 0;

	pw = getpwnam(user);
	if (!pw)
		return ENOENT;

	if (setgroups(0, NULL) == -1 || setgid(pw->pw_gid) == -1 ||
	    setuid(pw->pw_uid) == -1)
		return errno;

	return 0;
}

/* The parent: exits with what the child says, or 1 when it dies unheard. */
static void await(int fd)
{
	unsigned char status = 1;

	if (read(fd, &status, 1) != 1)
		status = 1;
	_exit(status);
}

int cv_daemon_background(int *ready)
{
	int fds[2], null;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return errno;

	pid = fork();
	if (pid == -1) {
		int err = errno;

		(void)close(fds[0]);
		(void)close(fds[1]);
		return err;
	}
	if (pid > 0) {
		(void)close(fds[1]);
		await(fds[0]);
	}

	(void)close(fds[0]);
	(void)setsid();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null != -1) {
		(void)dup2(null, STDIN_FILENO);
		(void)dup2(null, STDOUT_FILENO);
		(void)close(null);
	}
	*ready = fds[1];

	return 0;
}

void cv_daemon_ready(int ready, int status)
{
	const unsigned char byte = (unsigned char)status;

	if (ready == -1)
		return;

	if (write(ready, &byte, 1) == -1)
		cv_warn("core", "parent is gone err=%s", strerror(errno));
	(void)close(ready);
}
