#!/bin/sh
# Captures the logs of this example from a real nginx in front of a real Node.js, on loopback
# ports 18080 and 18081, in a temporary directory. Takes two to five minutes; leaves nothing
# running. Needs nginx and node.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
export TZ=UTC
pids=
stop() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    [ -f "$work/node.pid" ] && kill "$(cat "$work/node.pid")" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM

cp "$here/nginx.conf" "$here"/capture/*.js "$here/capture/supervise.sh" "$work"
mkdir "$work/tmp"
cd "$work"
mkfifo stdout stderr
for stream in stdout stderr; do
    node stamp.js $stream <$stream >>app.log &
done
PORT=18081 sh supervise.sh >stdout 2>stderr &
pids="$pids $!"
nginx -p "$work/" -c nginx.conf -e error.log &
pids="$pids $!"
sleep 1

client() { PORT=18080 timeout 260 node client.js "$@"; }
client browse 15
echo "orders failed: $(client orders 34)"
client browse 6
for _ in 1 2 3; do client get /account/session >/dev/null; sleep 1; done
client browse 6
client browse 9 & browsing=$!
sleep 2
client get /orders/1001 >/dev/null
client get /orders/4711 >/dev/null
wait $browsing
client browse 10
client get /account/session >/dev/null
client browse 4

# What the logs must show, or the capture is not worth keeping.
grep -Eq '(prematurely closed connection|recv\(\) failed \(104).*POST /orders' error.log
grep -q '(111: Connection refused) while connecting to upstream' error.log
grep -q 'upstream sent too big header' error.log
grep -q 'stderr F TypeError' app.log

for log in access.log error.log app.log; do
    sed "s#$work#/srv/shop#g" "$log" >"$here/$log"
done
nginx -v 2>&1
node --version
