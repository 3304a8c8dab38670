import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** What the numbers were measured on, in one line: `2 x AMD EPYC …, 24 GB, Linux 6.1, Node v24.21.0, load 0.3`. */
export function describeMachine(): string {
  const all = cpus();
  const memory = `${Math.round(totalmem() / 1e9)} GB`;
  const system = `${type()} ${release()}`;
  return `${all.length} x ${all[0]?.model ?? 'CPU'}, ${memory}, ${system}, Node ${process.version}, load ${loadavg()[0]!.toFixed(2)}`;
}
