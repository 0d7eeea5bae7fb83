dnl odbcship.m4 - this project's own checks

dnl ODBCSHIP_FLAG(VARIABLE, FLAG): add a compiler flag if the compiler takes it.
AC_DEFUN([ODBCSHIP_FLAG], [
    AS_VAR_PUSHDEF([cache], [odbcship_cv_flag_$2])
    AC_CACHE_CHECK([whether $CC takes $2], [cache], [
	odbcship_saved=$CFLAGS
	CFLAGS="$CFLAGS -Werror $2"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
	    [AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
	CFLAGS=$odbcship_saved])
    AS_VAR_IF([cache], [yes], [$1="$$1 $2"])
    AS_VAR_POPDEF([cache])
])

dnl ODBCSHIP_WARNINGS: the warnings of the house; --enable-werror.
AC_DEFUN([ODBCSHIP_WARNINGS], [
    AC_ARG_ENABLE([werror],
	[AS_HELP_STRING([--enable-werror], [warnings are errors])])
    WARN_CFLAGS=
    m4_foreach_w([flag], [-Wall -Wextra -Wshadow -Wstrict-prototypes
	-Wmissing-prototypes -Wconversion -Wformat=2 -Wvla -Wundef
	-Wwrite-strings -Wpointer-arith],
	[ODBCSHIP_FLAG([WARN_CFLAGS], flag)])
    AS_IF([test "$enable_werror" = yes],
	[WARN_CFLAGS="$WARN_CFLAGS -Werror"])
    AC_SUBST([WARN_CFLAGS])
])

dnl ODBCSHIP_HARDENING: PIE, RELRO, stack protector, FORTIFY by default.
AC_DEFUN([ODBCSHIP_HARDENING], [
    AC_ARG_ENABLE([hardening],
	[AS_HELP_STRING([--disable-hardening],
	    [no PIE, RELRO, stack protector, FORTIFY])])
    HARDEN_CFLAGS=
    HARDEN_LDFLAGS=
    AS_IF([test "$enable_hardening" != no], [
	ODBCSHIP_FLAG([HARDEN_CFLAGS], [-fPIE])
	ODBCSHIP_FLAG([HARDEN_CFLAGS], [-fstack-protector-strong])
	ODBCSHIP_FLAG([HARDEN_CFLAGS], [-fstack-clash-protection])
	ODBCSHIP_FLAG([HARDEN_LDFLAGS], [-pie])
	ODBCSHIP_FLAG([HARDEN_LDFLAGS], [-Wl,-z,relro])
	ODBCSHIP_FLAG([HARDEN_LDFLAGS], [-Wl,-z,now])
	ODBCSHIP_FLAG([HARDEN_LDFLAGS], [-Wl,-z,noexecstack])])
    AC_SUBST([HARDEN_CFLAGS])
    AC_SUBST([HARDEN_LDFLAGS])
    FORTIFY_CPPFLAGS=
    AC_SUBST([FORTIFY_CPPFLAGS])
])

dnl ODBCSHIP_INSTRUMENT(NAME, WHAT, FLAGS): an --enable for the tests.
AC_DEFUN([ODBCSHIP_INSTRUMENT], [
    AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$2])])
    AS_IF([test "$enable_$1" = yes], [
	INSTRUMENT_CFLAGS="$INSTRUMENT_CFLAGS $3"
	odbcship_instruments="$odbcship_instruments $1"])
])

dnl ODBCSHIP_INSTRUMENTATION: sanitizers, coverage, valgrind, fuzzing.
AC_DEFUN([ODBCSHIP_INSTRUMENTATION], [
    INSTRUMENT_CFLAGS=
    odbcship_instruments=
    ODBCSHIP_INSTRUMENT([asan], [build with AddressSanitizer],
	[-fsanitize=address -fno-omit-frame-pointer])
    ODBCSHIP_INSTRUMENT([ubsan], [build with UndefinedBehaviorSanitizer],
	[-fsanitize=undefined -fno-sanitize-recover=undefined])
    ODBCSHIP_INSTRUMENT([tsan], [build with ThreadSanitizer],
	[-fsanitize=thread])
    ODBCSHIP_INSTRUMENT([gcov], [build for coverage], [--coverage])
    ODBCSHIP_INSTRUMENT([fuzzing], [build the fuzzers (clang)],
	[-fsanitize=fuzzer-no-link])
    AC_ARG_ENABLE([valgrind],
	[AS_HELP_STRING([--enable-valgrind], [run the units under valgrind])])
    AM_CONDITIONAL([USE_VALGRIND], [test "$enable_valgrind" = yes])
    AM_CONDITIONAL([BUILD_FUZZERS], [test "$enable_fuzzing" = yes])
    AS_IF([test "$enable_asan" = yes && test "$enable_tsan" = yes],
	[AC_MSG_ERROR([--enable-asan and --enable-tsan exclude each other])])
    AC_SUBST([INSTRUMENT_CFLAGS])
    dnl FORTIFY needs optimisation, is set by some distributions, and stands
    dnl in the way of sanitizers.
    AS_CASE([" $CFLAGS $CPPFLAGS "],
	[*" -O0 "*|*_FORTIFY_SOURCE*], [],
	[AS_IF([test "$enable_hardening" != no &&
		test -z "$odbcship_instruments"],
	    [FORTIFY_CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])])
])

dnl ODBCSHIP_NEED(PREFIX, MODULES, VERSION, DEBIAN, FEDORA): a library.
AC_DEFUN([ODBCSHIP_NEED], [
    PKG_CHECK_MODULES([$1], m4_join([ ], m4_map_args_w([$2], [_odbcship_at(],
	[, [$3])])), [], [
	AC_MSG_WARN([$2 >= $3 is missing: package $4 (Debian), $5 (Fedora)])
	odbcship_missing_deb="$odbcship_missing_deb $4"
	odbcship_missing_rpm="$odbcship_missing_rpm $5"])
])
m4_define([_odbcship_at], [m4_if([$1], [odbcinst], [$1], [$1 >= $2]) ])

dnl ODBCSHIP_NEEDS_DONE: stop when something is missing, naming all of it.
AC_DEFUN([ODBCSHIP_NEEDS_DONE], [
    AS_IF([test -n "$odbcship_missing_deb"], [
	AC_MSG_ERROR([libraries are missing.
  Debian, Ubuntu:  apt-get install$odbcship_missing_deb
  Fedora, RHEL:    dnf install$odbcship_missing_rpm])])
])

dnl ODBCSHIP_LAZY_CURL: the name by which libcurl is loaded when it is needed
dnl (src/ship/lazy.c), read from a program that is linked with it. Then
dnl CURL_LIBS is empty: nothing is.
AC_DEFUN([ODBCSHIP_LAZY_CURL], [
    AC_ARG_ENABLE([lazy], [AS_HELP_STRING([--disable-lazy],
	[link with libcurl instead of loading it when it is needed])])
    AC_CHECK_TOOL([OBJDUMP], [objdump])
    AC_CACHE_CHECK([for the name of the shared libcurl],
	[odbcship_cv_curl_soname], [
	odbcship_saved=$LIBS
	LIBS="$CURL_LIBS $LIBS"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <curl/curl.h>]],
	    [[return curl_easy_init() == 0;]])],
	    [odbcship_cv_curl_soname=`$OBJDUMP -p conftest$EXEEXT 2>/dev/null |
		$SED -n 's/^ *NEEDED *\(libcurl.*\)/\1/p'`])
	LIBS=$odbcship_saved])
    AS_IF([test "$enable_lazy" != no && test -n "$odbcship_cv_curl_soname"], [
	AC_SEARCH_LIBS([dlopen], [dl])
	AC_DEFINE_UNQUOTED([CURL_SONAME], ["$odbcship_cv_curl_soname"],
	    [libcurl is loaded by this name])
	CURL_LIBS=])
])
