#!/bin/sh
# PocketBase on PORT, on a folder of its own that is made anew, with one superuser.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'kill "$server"' TERM INT
set -- --dir "$folder/data" --publicDir "$folder/public" --hooksDir "$folder/hooks" --migrationsDir "$folder/migrations"
"$FILES/go/base" "$@" superuser upsert ada@example.test lovelace-1815 >&2 || exit 1
"$FILES/go/base" "$@" serve --http "127.0.0.1:$PORT" >&2 &
server=$!
wait "$server"
