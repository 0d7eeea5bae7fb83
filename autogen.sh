#!/bin/sh
# autogen.sh - make ./configure out of configure.ac, for builds from git
set -eu
cd "$(dirname "$0")"
exec autoreconf -fi -Wall
