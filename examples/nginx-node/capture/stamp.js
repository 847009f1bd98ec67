// Writes each line of standard input as a container runtime does (CRI log format): time, stream,
// F for a full line, text. Applications print no time of their own when they crash.
'use strict';
const stream = process.argv[2];
require('node:readline')
    .createInterface({ input: process.stdin })
    .on('line', (line) => process.stdout.write(`${new Date().toISOString()} ${stream} F ${line}\n`));
