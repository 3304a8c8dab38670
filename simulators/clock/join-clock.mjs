// The child's half of the conversation with the clock (simulators/clock/children.ts is the other half).
//   child: hello                          -> clock: now <t>
//   child: idle <due> <processes> <ports> "I only wait: my next timer is at <due>, these sockets await an answer"
//   clock: confirm <n>                    -> child: steady <n>, or busy when that is no longer so
//   clock: settle <n>                     -> child: settled <n>, when all that had reached it is handled
//   clock: time <t>                       it is <t>; timers do not fire yet
//   clock: now <t>                        it is <t>; due timers fire
//   clock: stop <reason>                  time cannot go on: say why and end
import net from 'node:net';
import { watchActivity } from './child-activity.mjs';
import { passInRealTime, setTime, showVirtualTime, startTime, virtualNow } from './child-dates.mjs';
import { answerNames } from './child-names.mjs';
import { seedRandom } from './child-random.mjs';
import { VirtualTimers } from './child-timers.mjs';

// Taken before the globals are replaced.
const { setTimeout, setImmediate } = globalThis;

/** Not an exit code of Node's own or of an action: the stage broke, not what ran on it. */
const STAGE_BROKE = 97;

const activity = watchActivity(look);
const timers = new VirtualTimers(virtualNow, look);
let socket = null;
let reported = null;
let looking = false;

/**
 * Resolves when the process runs on the clock's time. That is before any other module of the child is loaded. A process
 * that runs several stages joins once for each, and finds no timer of an earlier one.
 */
export async function joinClock(port) {
  const joined = await connect(port);
  // A child starts at the time that it is told, so post begins when main died.
  const started = Promise.withResolvers();
  readLines(joined, (line) => {
    const [verb, value] = line.split(' ', 2);
    if (verb === 'now') started.resolve(Number(value));
    obey(verb, Number(value), line);
  });
  joined.on('close', () => joined === socket && breakOff('the clock is gone'));
  socket = joined;
  timers.forgetAll();
  send('hello');
  startTime(await started.promise);
  replaceTime();
  seedRandom();
  holdProcessOpen();
}

/** What a process does that ends: its timers never fire. */
export function leaveClock() {
  if (process.env.SIM_CLOCK_REPORT) printLeaks();
  const left = socket;
  socket = null;
  reported = null;
  timers.forgetAll();
  left.destroy();
}

/** From here on time passes by itself, and the clock waits for this process no longer: its timers go off when they are due. */
export function goOnInRealTime() {
  const left = socket;
  socket = null;
  reported = null;
  passInRealTime();
  timers.goOnInRealTime();
  left.destroy();
}

/** As when the process is killed: what waits for an answer never goes on. */
export function abandonRequests() {
  activity.abandonRequests();
}

export function isClockSocket(candidate) {
  return candidate === socket;
}

let isReplaced = false;

function replaceTime() {
  if (isReplaced) return;
  isReplaced = true;
  answerNames();
  showVirtualTime();
  timers.replaceGlobals();
  process.on('exit', () => socket !== null && process.env.SIM_CLOCK_REPORT && printLeaks());
}

function obey(verb, value, line) {
  if (verb === 'confirm') afterTurn(() => confirm(value));
  else if (verb === 'settle') afterTurn(() => send(`settled ${value}`));
  else if (verb === 'stop') breakOff(line.slice('stop '.length));
  else {
    setTime(value);
    reported = null;
    if (verb === 'now') timers.fireDue();
    look();
  }
}

function confirm(round) {
  if (reported !== null && describeIdleness() === reported) return send(`steady ${round}`);
  reported = null;
  send('busy');
  look();
}

/** Looks again and again until the process only waits, and says so once. */
function look() {
  holdProcessOpen();
  if (looking) return;
  looking = true;
  afterTurn(lookOnce);
}

function lookOnce() {
  looking = false;
  if (socket === null) return;
  holdProcessOpen();
  const idleness = describeIdleness();
  if (idleness !== null && idleness !== reported) {
    reported = idleness;
    send(`idle ${idleness}`);
  }
  if (!mayChangeUnseen(idleness)) return;
  looking = true;
  setTimeout(lookOnce, 1).unref();
}

/** null: something runs, or nothing is left to wait for (only unref'd timers: Node ends here, and so must we). */
function describeIdleness() {
  const processes = activity.countProcesses();
  const ports = activity.awaitedPorts();
  if (!timers.someHoldProcessOpen() && ports.length === 0 && processes === 0) return null;
  if (!activity.onlyWaits()) return null;
  return `${timers.nextDue()} ${processes} ${ports.join(',')}`;
}

/** File reads end, processes end and sockets get connected without telling us. */
function mayChangeUnseen(idleness) {
  if (activity.hasOpenAnswer()) return true;
  if (idleness !== null) return activity.countProcesses() > 0 || activity.awaitedPorts().includes(0);
  return timers.someHoldProcessOpen() || activity.awaitedPorts().length > 0 || activity.countProcesses() > 0;
}

// Virtual timers are plain objects: without this Node would end (exit code 13) while one is pending.
function holdProcessOpen() {
  if (timers.someHoldProcessOpen()) socket?.ref();
  else socket?.unref();
}

function send(line) {
  socket?.write(`${line}\n`);
}

function printLeaks() {
  process.stderr.write(`[clock] open=${activity.awaitedPorts().length}\n`);
}

async function connect(port) {
  const socket = net.connect(port, '127.0.0.1');
  socket.setNoDelay();
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.on('error', () => {});
  return socket;
}

function readLines(socket, onLine) {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) onLine(line);
  });
}

/**
 * After one whole turn of the event loop: the first immediate ends this turn, the second one comes after the next poll
 * for I/O, so whatever had reached one of our sockets by now has been handled.
 */
function afterTurn(callback) {
  setImmediate(() => setImmediate(callback));
}

function breakOff(reason) {
  process.stderr.write(`[clock] ${reason}\n`);
  process.exit(STAGE_BROKE);
}
