#!/bin/sh
# webdis on PORT, in front of the Redis on DATABASE_PORT: it is told both by a file alone, which here is none of its own.
exec 3<<CONFIG
{
  "redis_host": "127.0.0.1", "redis_port": $DATABASE_PORT, "http_host": "127.0.0.1", "http_port": $PORT,
  "threads": 1, "pool_size": 2, "daemonize": false, "websockets": false, "database": 0, "verbosity": 0, "logfile": "/dev/null"
}
CONFIG
exec env LD_LIBRARY_PATH="$FILES/apt/usr/lib/x86_64-linux-gnu" "$FILES/apt/usr/bin/webdis" /dev/fd/3
