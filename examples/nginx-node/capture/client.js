// The load of this example.
'use strict';
const http = require('node:http');
const port = Number(process.env.PORT);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function send(method, path, body) {
  return new Promise((done) => {
    const request = http.request(
      { host: '127.0.0.1', port, method, path, agent: false,
        headers: { Host: 'shop.example.com', 'User-Agent': 'ShopApp/7.14.2',
          ...(body ? { 'Content-Type': 'application/json', 'Content-Length': body.length } : {}) } },
      (response) => { response.resume(); response.on('end', () => done(response.statusCode)); });
    request.on('error', () => done(0));
    request.end(body);
  });
}

async function browse(seconds, everyMs) {
  const end = Date.now() + seconds * 1000;
  for (let n = 0; Date.now() < end; n += 1) {
    await send('GET', n % 9 === 8 ? '/robots.txt' : `/products?page=${n % 5}`);
    await sleep(everyMs);
  }
}

// Orders that come just as the application closes its idle connections. Where exactly "just as"
// lies depends on the machine, so the pause sweeps over some milliseconds. Node closes one second
// after keepAliveTimeout (a margin it adds by itself; seen with 20.20).
async function orders(rounds) {
  let failed = 0;
  for (let round = 0; round < rounds && failed < 7; round += 1) {
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => send('POST', '/orders', `{"sku":"A-${n}"}`)));
    await sleep(5986 + ((round * 7) % 20));
    const statuses = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        await sleep(n * 2);
        return send('POST', '/orders', `{"sku":"B-${n}"}`);
      }));
    failed += statuses.filter((status) => status === 502).length;
    await browse(1, 90);
  }
  return failed;
}

(async () => {
  const [phase, amount] = [process.argv[2], Number(process.argv[3])];
  if (phase === 'browse') await browse(amount, 60);
  if (phase === 'orders') console.log(await orders(amount));
  if (phase === 'get') console.log(await send('GET', process.argv[3]));
})();
