#!/bin/sh
# Keeps the application running: starts it again three seconds after it has ended.
while :; do
    node server.js &
    echo $! >node.pid
    status=0
    wait $! || status=$?
    echo "$(date -u +%Y-%m-%dT%H:%M:%S.000Z) process ended with status $status, next start in 3 s"
    sleep 3
done
