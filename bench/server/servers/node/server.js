// Serves the workloads of bench/server with Node's http module.
//   node server.js PORT [IDLE-MILLISECONDS]
'use strict';
const http = require('node:http');

const server = http.createServer((req, res) => {
  switch (req.url) {
    case '/':
      res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
      res.end('Hello, World!');
      break;
    case '/json':
      res.writeHead(200, { 'Content-Type': 'application/json' });
      res.end(JSON.stringify({ message: 'Hello, World!' }));
      break;
    case '/sleep':
      setTimeout(() => {
        res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
        res.end('Hello, World!');
      }, 50);
      break;
    case '/echo': {
      const pieces = [];
      req.on('data', (piece) => pieces.push(piece));
      req.on('end', () => {
        const body = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
        res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': body.length });
        res.end(body);
      });
      break;
    }
    default:
      res.writeHead(404);
      res.end();
  }
});

const [port, idle] = process.argv.slice(2).map(Number);
if (idle) server.keepAliveTimeout = idle;
server.listen(port, '127.0.0.1', 4096);
