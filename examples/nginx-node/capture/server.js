// The application of this example: a small shop on Node's http server, with Node's default of
// five seconds for idle connections written out.
'use strict';
const http = require('node:http');

const orders = new Map([[1001, { total: 4200 }], [1002, { total: 990 }]]);

const server = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    const url = new URL(request.url, 'http://shop.example.com');
    if (url.pathname === '/account/session') {
      // Everything the account knows goes into cookies.
      const cookies = Array.from({ length: 12 }, (_, n) =>
        `pref_${n}=${'abcdefgh'.repeat(48)}; Path=/; HttpOnly`);
      response.setHeader('Set-Cookie', cookies);
      response.end('{"ok":true}\n');
    } else if (url.pathname.startsWith('/orders/')) {
      setTimeout(() => {
        const order = orders.get(Number(url.pathname.split('/')[2]));
        response.end(JSON.stringify({ total: order.total }) + '\n');
      }, 40);
    } else if (url.pathname === '/products') {
      setTimeout(() => response.end('[]\n'), 5 + (request.socket.bytesRead % 7));
    } else if (request.method === 'POST') {
      setTimeout(() => response.writeHead(201).end('{"id":1}\n'), 8);
    } else {
      response.writeHead(404).end('not found\n');
    }
  });
});

// The search index is built again and again; each time nothing else runs for a moment.
setInterval(() => {
  const until = performance.now() + 45;
  while (performance.now() < until) JSON.stringify([...orders]);
}, 180);

server.keepAliveTimeout = 5000;
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log(`${new Date().toISOString()} listening on ${process.env.PORT}, node ${process.version}`);
});
