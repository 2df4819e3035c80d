#!/bin/sh
# Makes the role and the database that each URL in the folder $1 names. Nothing is in it that could
# not be run again: a function added later, or another password, needs this once more.
set -eu

until pg_isready -q; do
  echo "waiting for $PGHOST"
  sleep 1
done

for file in "$1"/*; do
  url=$(cat "$file")
  role=${url#*://}
  role=${role%@*}
  echo "${role%%:*}"
  psql -q -v ON_ERROR_STOP=1 -v role="${role%%:*}" -v password="${role#*:}" -v database="${url##*/}" \
    -f "${0%/*}/database.sql"
done
