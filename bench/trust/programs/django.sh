#!/bin/sh
# The administration of Django, as `startproject` makes it, on PORT; its database is made anew, with one superuser.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'kill "$server"' TERM INT
PATH="$FILES/py/bin:$PATH"
cd "$folder" || exit 1
django-admin startproject shop . || exit 1
python manage.py migrate -v 0 || exit 1
DJANGO_SUPERUSER_PASSWORD=lovelace-1815 python manage.py createsuperuser --noinput --username ada --email ada@example.test -v 0 || exit 1
gunicorn -w 1 -b "127.0.0.1:$PORT" shop.wsgi &
server=$!
wait "$server"
