/*
 * lazy.c - libcurl, loaded when it is needed for the first time
 *
 * The program is not linked with it: its functions are ours by the same names,
 * which call the library's, and nothing else in the room knows. With configure
 * --disable-lazy, or where there is no shared libcurl, it is linked as any
 * other library.
 *
 * A new function of libcurl gets a row in FUNCTIONS and a definition below;
 * the linker names it when it is missing. They are hidden: libcurl must not
 * find them instead of its own.
 */
#ifdef CURL_SONAME
#pragma GCC visibility push(hidden)
#endif
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#ifdef CURL_SONAME
#pragma GCC visibility pop
#endif
#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ship/library.h"

static bool is_begun;

#ifdef CURL_SONAME
#define FUNCTIONS(F) \
	F(curl_easy_cleanup) \
	F(curl_easy_escape) \
	F(curl_easy_getinfo) \
	F(curl_easy_init) \
	F(curl_easy_perform) \
	F(curl_easy_setopt) \
	F(curl_easy_strerror) \
	F(curl_easy_unescape) \
	F(curl_free) \
	F(curl_getdate) \
	F(curl_global_cleanup) \
	F(curl_global_init) \
	F(curl_slist_append) \
	F(curl_slist_free_all) \
	F(curl_url) \
	F(curl_url_cleanup) \
	F(curl_url_set) \
	F(curl_version_info)

#define MEMBER(name) __typeof__(name) *name;
static struct {
	FUNCTIONS(MEMBER)
} library; /* its functions; NULL before it is loaded */

/*
 * What packaging tools read to make the package depend on the library, since
 * it is not in the list of needed ones.
 * uapi-group.org/specifications/specs/elf_dlopen_metadata
 */
#define NOTE \
	"[{\"feature\":\"transfer\",\"description\":\"FTP, HTTP, mail\"," \
	"\"priority\":\"required\",\"soname\":[\"" CURL_SONAME "\"]}]"
static const struct {
	uint32_t name_size, text_size, type;
	char name[4];
	char text[(sizeof(NOTE) + 3) / 4 * 4];
} note __attribute__((used, section(".note.dlopen"), aligned(4))) = { 4,
	sizeof(note.text), 0x407c0c0a, "FDO", NOTE };

static int
refuse(struct err *e)
{
	const char *why = dlerror();

	(void)err_set(e, ERR_LOCAL, "cannot load libcurl: %s",
	    why != NULL ? why : CURL_SONAME);
	return err_hint(e,
	    "Its package is missing or broken: libcurl4 (Debian), libcurl "
	    "(Fedora).");
}

static int
find(void *handle, const char *name, void *function, struct err *e)
{
	void *found = dlsym(handle, name);

	if (found == NULL)
		return refuse(e);
	memcpy(function, &found, sizeof(found));
	return 0;
}

static int
load(struct err *e)
{
	void *handle = dlopen(CURL_SONAME, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL)
		return refuse(e);
#define FIND(name) \
	if (find(handle, #name, &library.name, e) < 0) \
		return -1;
	FUNCTIONS(FIND)
	return 0;
}

/* Where nobody began: only tests do that. */
static void
need(void)
{
	struct err e = ERR_INIT;

	if (library.curl_version_info == NULL && load(&e) < 0)
		abort();
}

/* Macros of the header, which count the arguments. */
#undef curl_easy_getinfo
#undef curl_easy_setopt

#define CALL(name, ...) (need(), library.name(__VA_ARGS__))

void
curl_easy_cleanup(CURL *easy)
{
	CALL(curl_easy_cleanup, easy);
}

char *
curl_easy_escape(CURL *easy, const char *text, int n)
{
	return CALL(curl_easy_escape, easy, text, n);
}

CURLcode
curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
	va_list ap;
	void *value;

	va_start(ap, info);
	value = va_arg(ap, void *);
	va_end(ap);
	return CALL(curl_easy_getinfo, easy, info, value);
}

CURL *
curl_easy_init(void)
{
	return CALL(curl_easy_init);
}

CURLcode
curl_easy_perform(CURL *easy)
{
	return CALL(curl_easy_perform, easy);
}

/* The type of the value is in the number of the option (curl/curl.h). */
CURLcode
curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
	CURLcode rc;
	va_list ap;

	va_start(ap, option);
	if (option < CURLOPTTYPE_OBJECTPOINT)
		rc = CALL(curl_easy_setopt, easy, option, va_arg(ap, long));
	else if (option >= CURLOPTTYPE_OFF_T &&
	    option < CURLOPTTYPE_OFF_T + CURLOPTTYPE_OBJECTPOINT)
		rc = CALL(
		    curl_easy_setopt, easy, option, va_arg(ap, curl_off_t));
	else
		rc = CALL(curl_easy_setopt, easy, option, va_arg(ap, void *));
	va_end(ap);
	return rc;
}

const char *
curl_easy_strerror(CURLcode code)
{
	return CALL(curl_easy_strerror, code);
}

char *
curl_easy_unescape(CURL *easy, const char *text, int n, int *length)
{
	return CALL(curl_easy_unescape, easy, text, n, length);
}

void
curl_free(void *text)
{
	CALL(curl_free, text);
}

time_t
curl_getdate(const char *text, const time_t *unused)
{
	return CALL(curl_getdate, text, unused);
}

void
curl_global_cleanup(void)
{
	CALL(curl_global_cleanup);
}

CURLcode
curl_global_init(long flags)
{
	return CALL(curl_global_init, flags);
}

struct curl_slist *
curl_slist_append(struct curl_slist *list, const char *text)
{
	return CALL(curl_slist_append, list, text);
}

void
curl_slist_free_all(struct curl_slist *list)
{
	CALL(curl_slist_free_all, list);
}

CURLU *
curl_url(void)
{
	return CALL(curl_url);
}

void
curl_url_cleanup(CURLU *url)
{
	CALL(curl_url_cleanup, url);
}

CURLUcode
curl_url_set(CURLU *url, CURLUPart part, const char *text, unsigned int flags)
{
	return CALL(curl_url_set, url, part, text, flags);
}

curl_version_info_data *
curl_version_info(CURLversion age)
{
	return CALL(curl_version_info, age);
}
#else
static int
load(struct err *e)
{
	(void)e;
	return 0;
}
#endif

int
ship_load_library(struct err *e)
{
	CURLcode rc;

	if (is_begun)
		return 0;
	if (load(e) < 0)
		return -1;
	rc = curl_global_init(CURL_GLOBAL_DEFAULT);
	if (rc != CURLE_OK)
		return err_set(e, ERR_INTERNAL, "cannot start libcurl: %s",
		    curl_easy_strerror(rc));
	is_begun = true;
	return 0;
}

void
ship_release_library(void)
{
	if (is_begun)
		curl_global_cleanup();
	is_begun = false;
}
