'use strict';
const http = require('node:http');

// Answers 502 when the upstream refuses: Error: connect ECONNREFUSED 192.0.2.7:8080
async function orders(request, response) {
  try {
    const answer = await fetch('http://192.0.2.7:8080/orders');
    if (!answer.ok) throw new Error(`Request failed with status code ${answer.status}`);
    response.end(await answer.text());
  } catch (error) {
    console.error('TypeError: fetch failed', error.cause?.code ?? 'UND_ERR_SOCKET');
    response.writeHead(502).end('Bad Gateway');
  }
}

http.createServer(orders).listen(3000, () => console.log('Listening on http://0.0.0.0:3000'));
process.on('SIGTERM', () => { console.log('SIGTERM received'); process.exit(0); });
