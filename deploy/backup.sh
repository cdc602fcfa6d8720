#!/usr/bin/env bash
# One backup: the database first, then the uploads, so that every file the dump names is there.
# Usage: deploy/backup.sh FOLDER, with DATABASE_URL (the owner's) and GUIKOU_VAR set.
set -euo pipefail
umask 077

folder=${1:?folder for the backups}
: "${DATABASE_URL:?}" "${GUIKOU_VAR:?}"
name="$folder/guikou-$(date +%Y%m%d-%H%M%S)"

mkdir -p "$folder" "$GUIKOU_VAR/uploads"
pg_dump --format=custom --no-owner --no-privileges --file="$name.dump.part" "$DATABASE_URL"
tar --create --gzip --file="$name.uploads.tar.gz.part" --directory="$GUIKOU_VAR" uploads
mv "$name.uploads.tar.gz.part" "$name.uploads.tar.gz"
mv "$name.dump.part" "$name.dump"
echo "$name.dump"
echo "$name.uploads.tar.gz"
