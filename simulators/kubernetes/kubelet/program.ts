import type { Behaviour } from '../../behaviour.ts';
import { type JsonObject, objectsAt, textAt } from '../../json.ts';
import { SECRETS } from '../resources.ts';
import type { ObjectSource } from '../store.ts';
import { runCurl } from './program-curl.ts';
import type { ProgramRun, ReadFile } from './program-run.ts';
import { runShell } from './program-shell.ts';
import type { Reach } from './reach.ts';

/** As the runtime says it. */
export interface StartError {
  readonly startError: string;
}

export interface ProgramHome {
  readonly pod: JsonObject;
  readonly spec: JsonObject;
  readonly behaviour: Behaviour;
  readonly objects: ObjectSource;
  readonly reach: Reach;
}

const USUAL_PROGRAMS = ['sh'];

/** The command of a container, where it has one of its own; null: the image's own program runs. */
export function runProgram(home: ProgramHome): ProgramRun | StartError | null {
  const { spec, behaviour } = home;
  const command = Array.isArray(spec['command']) ? spec['command'].map(String) : [];
  const [program] = command;
  if (program === undefined) return null;
  const { programs = USUAL_PROGRAMS } = behaviour;
  if (!programs.includes(program)) {
    const why = `exec: "${program}": executable file not found in $PATH`;
    return { startError: `failed to create containerd task: runc create failed: ${why}` };
  }
  const files: ReadFile = (path) => readMounted(home, path);
  return program === 'curl'
    ? runCurl(command.slice(1), { files, reach: home.reach })
    : runShell(command.slice(1), { files, reach: home.reach });
}

/** Of a volume that is a Secret. */
function readMounted({ pod, spec, objects }: ProgramHome, path: string): string | null {
  const mount = objectsAt(spec, 'volumeMounts').find((one) => path.startsWith(`${textAt(one, 'mountPath')}/`));
  if (!mount) return null;
  const volume = objectsAt(pod, 'spec', 'volumes').find(({ name }) => name === mount['name']) ?? {};
  const secret = objects.find(SECRETS, textAt(pod, 'metadata', 'namespace'), textAt(volume, 'secret', 'secretName'));
  const value = textAt(secret ?? {}, 'data', path.slice(textAt(mount, 'mountPath').length + 1));
  return value === '' ? null : Buffer.from(value, 'base64').toString();
}
