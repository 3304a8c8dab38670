// A process that runs one stage after another, so that src/ and the SDKs are loaded and compiled once for many of them.
// Each stage finds what a new process would give it: its own environment, folder, umask, certificates, time and random
// numbers; no timer, socket, listener, unwritten summary or exit code of an earlier one. Its end is that of a process too:
// when nothing holds the event loop. Whatever ends the process itself (process.exit, an uncaught error) ends the stage.
//   pool: { entry, env, cwd }  -> process: { exitCode, signal }, when nothing is left to do
//   pool: 'abandon'            -> the same, at once: as after SIGKILL, no code of the stage runs any more
import { subscribe } from 'node:diagnostics_channel';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { pathToFileURL } from 'node:url';
import { stopCoverage, takeCoverage } from 'node:v8';
import { abandonRequests, isClockSocket, joinClock, leaveClock } from '../clock/join-clock.mjs';

/** Node's own, where `await` at the top of the entry never ends. */
const UNSETTLED_AWAIT = 13;

/** Of signals and of what goes wrong: with one, a process does not end or says something else. */
const WATCHED = /^(?:SIG|uncaughtException|unhandledRejection|warning)/;

const sockets = new Set();
const firstUmask = process.umask();
const ownListeners = process.listeners('warning');
let stage = null;
let count = 0;
let certificateFile;

subscribe('net.client.socket', ({ socket }) => {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});
process.on('message', (message) => (message === 'abandon' ? abandon() : start(message)));
process.on('beforeExit', end);
// The pool's process is gone.
process.on('disconnect', () => process.exit());
process.chdir('/');
if (process.env.NODE_V8_COVERAGE) announceCoverage(process.env.NODE_V8_COVERAGE);

async function start({ entry, env, cwd }) {
  // From here on only the stage holds the process open.
  process.channel.unref();
  const { SIM_CLOCK_PORT, NODE_OPTIONS: _, ...rest } = env;
  replaceEnvironment(rest);
  trust(rest.NODE_EXTRA_CA_CERTS);
  process.chdir(cwd);
  process.umask(firstUmask);
  process.exitCode = undefined;
  await joinClock(Number(SIM_CLOCK_PORT));
  await resetCaches();
  stage = { isOver: false };
  // A new address is a new module: the entry runs again, what it imports does not.
  await import(`${pathToFileURL(entry).href}?stage=${++count}`);
  stage.isOver = true;
}

function end() {
  if (stage === null) return;
  leave({ exitCode: stage.isOver ? Number(process.exitCode ?? 0) : UNSETTLED_AWAIT, signal: null });
}

/** Whatever the stage waits for never comes: its timers are forgotten, and no one listens to its requests. */
function abandon() {
  if (stage === null) return;
  abandonRequests();
  for (const socket of sockets) {
    if (isClockSocket(socket)) continue;
    socket.removeAllListeners();
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  }
  leave({ exitCode: null, signal: 'SIGKILL' });
}

function leave(how) {
  stage = null;
  process.exitCode = undefined;
  leaveClock();
  removeListeners();
  for (const socket of sockets) if (!isClockSocket(socket)) socket.destroy();
  process.chdir('/');
  process.channel.ref();
  // The sockets' listeners are called first: what goes wrong in them belongs to this stage.
  setImmediate(() => setImmediate(() => process.send(how)));
}

/** The next stage begins with Node's own alone, which prints warnings. */
function removeListeners() {
  for (const name of process.eventNames().filter((event) => WATCHED.test(String(event)))) {
    for (const listener of process.listeners(name)) {
      if (!ownListeners.includes(listener)) process.removeListener(name, listener);
    }
  }
}

function replaceEnvironment(env) {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
}

/** The process ends after the tests do. scripts/test.js waits for its coverage: until no such file is left. */
function announceCoverage(folder) {
  mkdirSync(folder, { recursive: true });
  const announcement = join(folder, `${process.pid}.pending`);
  writeFileSync(announcement, '');
  process.on('exit', () => {
    takeCoverage();
    stopCoverage();
    rmSync(announcement);
  });
}

/** @actions/core keeps the file of the first summary, and a text that could not be written. Loaded here on virtual time. */
async function resetCaches() {
  const { summary } = await import('@actions/core');
  summary._filePath = undefined;
  summary.emptyBuffer();
}

/** Only the embedded clouds: there is nobody else whom a stage could reach. */
function trust(file) {
  if (file === certificateFile) return;
  certificateFile = file;
  tls.setDefaultCACertificates(file ? [readFileSync(file, 'utf8')] : tls.getCACertificates('bundled'));
}
