// A small PostgreSQL client: version 3 of the wire protocol
// (https://www.postgresql.org/docs/current/protocol.html), trust authentication, simple queries.
// Its interface and its error messages are those of the package `pg`, so that what an application
// prints looks as it does elsewhere:
//
//   const { Client, Pool } = require('./pg.js');
//   const pool = new Pool({ host: 'db', max: 10, idleTimeoutMillis: 10000 });
//   const { rows } = await pool.query('select 1 as one');
'use strict';
const net = require('node:net');

class DatabaseError extends Error {
  constructor(fields) {
    super(fields.M);
    this.name = 'error';
    this.severity = fields.S;
    this.code = fields.C; // SQLSTATE
  }
}

class Client {
  constructor(options = {}) {
    this.options = { host: 'localhost', port: 5432, user: 'app', database: 'postgres', ...options };
    this.pending = null; // what the server's next ReadyForQuery settles
    this.ended = false;
    this.onend = () => {};
  }

  connect() {
    const { host, port, user, database, connectionTimeoutMillis } = this.options;
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject, rows: [], error: null };
      this.socket = net.connect({ host, port: Number(port) });
      this.socket.setNoDelay(true);
      if (connectionTimeoutMillis) {
        const late = () => this.fail(new Error('timeout expired'));
        const timer = setTimeout(late, connectionTimeoutMillis);
        this.stopTimer = () => clearTimeout(timer);
      }
      this.socket.once('connect', () => {
        const words = ['user', user, 'database', database, ''].map((word) => word + '\0').join('');
        const version = Buffer.alloc(4);
        version.writeInt32BE(196608);
        this.send(null, Buffer.concat([version, Buffer.from(words)]));
      });
      let rest = Buffer.alloc(0);
      this.socket.on('data', (data) => {
        rest = rest.length ? Buffer.concat([rest, data]) : data;
        while (rest.length >= 5) {
          const length = rest.readInt32BE(1) + 1;
          if (rest.length < length) break;
          this.receive(String.fromCharCode(rest[0]), rest.subarray(5, length));
          rest = rest.subarray(length);
        }
      });
      this.socket.on('error', (error) => this.fail(error));
      this.socket.on('close', () => this.fail(new Error('Connection terminated unexpectedly')));
    });
  }

  query(text) {
    return new Promise((resolve, reject) => {
      if (this.ended) return reject(new Error('Client was closed and is not queryable'));
      if (this.pending) return reject(new Error('one query at a time: use a pool'));
      this.pending = { resolve, reject, rows: [], error: null };
      this.send('Q', Buffer.from(text + '\0'));
    });
  }

  end() {
    if (this.ended) return;
    this.ended = true;
    this.send('X', Buffer.alloc(0));
    this.socket.end();
    this.onend();
  }

  send(type, body) {
    const head = Buffer.alloc(type ? 5 : 4);
    if (type) head.write(type);
    head.writeInt32BE(body.length + 4, type ? 1 : 0);
    this.socket.write(Buffer.concat([head, body]));
  }

  receive(type, body) {
    const pending = this.pending;
    switch (type) {
      case 'R':
        if (body.readInt32BE(0) !== 0) this.fail(new Error('the server wants a password'));
        break;
      case 'T':
        this.columns = columns(body);
        break;
      case 'D':
        if (pending) pending.rows.push(row(body, this.columns));
        break;
      case 'E': {
        const error = new DatabaseError(fields(body));
        // A FATAL error ends the session: no ReadyForQuery follows.
        if (error.severity === 'FATAL' || !pending) this.fail(error);
        else pending.error = error;
        break;
      }
      case 'Z':
        if (this.stopTimer) this.stopTimer();
        this.pending = null;
        if (pending) {
          if (pending.error) pending.reject(pending.error);
          else pending.resolve({ rows: pending.rows, rowCount: pending.rows.length });
        }
        break;
    }
  }

  fail(error) {
    if (this.stopTimer) this.stopTimer();
    const { pending, ended } = this;
    this.pending = null;
    this.ended = true;
    this.socket.destroy();
    if (pending) pending.reject(error);
    if (!ended) this.onend(error);
  }
}

function columns(body) {
  const names = [];
  let at = 2;
  for (let n = body.readInt16BE(0); n > 0; n--) {
    const end = body.indexOf(0, at);
    names.push(body.toString('utf8', at, end));
    at = end + 19; // table, column, type, length, modifier, format
  }
  return names;
}

function row(body, names) {
  const values = {};
  let at = 2;
  for (const name of names) {
    const length = body.readInt32BE(at);
    at += 4;
    values[name] = length < 0 ? null : body.toString('utf8', at, at + length);
    at += Math.max(length, 0);
  }
  return values;
}

function fields(body) {
  const found = {};
  for (let at = 0; body[at]; ) {
    const end = body.indexOf(0, at + 1);
    found[String.fromCharCode(body[at])] = body.toString('utf8', at + 1, end);
    at = end + 1;
  }
  return found;
}

class Pool {
  constructor(options = {}) {
    this.options = { max: 10, idleTimeoutMillis: 10000, connectionTimeoutMillis: 0, ...options };
    this.idle = [];
    this.total = 0;
    this.waiting = [];
  }

  async query(text) {
    const client = await this.connect();
    try {
      return await client.query(text);
    } finally {
      client.release();
    }
  }

  // A client of one's own until its `release()`.
  connect() {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      const { connectionTimeoutMillis } = this.options;
      if (connectionTimeoutMillis) {
        waiter.timer = setTimeout(() => {
          this.waiting = this.waiting.filter((other) => other !== waiter);
          reject(new Error('timeout exceeded when trying to connect'));
        }, connectionTimeoutMillis);
      }
      this.waiting.push(waiter);
      this.serve();
    });
  }

  serve() {
    while (this.waiting.length && (this.idle.length || this.total < this.options.max)) {
      const waiter = this.waiting.shift();
      clearTimeout(waiter.timer);
      const client = this.idle.pop();
      if (client) {
        clearTimeout(client.timer);
        waiter.resolve(client);
      } else {
        this.open(waiter);
      }
    }
  }

  open(waiter) {
    this.total++;
    const client = new Client(this.options);
    client.onend = () => {
      this.total--;
      this.idle = this.idle.filter((other) => other !== client);
      clearTimeout(client.timer);
      this.serve();
    };
    client.release = () => {
      if (!client.ended) {
        this.idle.push(client);
        client.timer = setTimeout(() => client.end(), this.options.idleTimeoutMillis);
      }
      this.serve();
    };
    client.connect().then(
      () => waiter.resolve(client),
      (error) => waiter.reject(error),
    );
  }

  end() {
    for (const client of [...this.idle]) client.end();
  }
}

module.exports = { Client, Pool, DatabaseError };
