export const CHECKOUT = 'check the path, and that actions/checkout is an earlier step of this job';

type FileSize = (path: string) => number | null;

/** A command that begins with a relative path, or with an interpreter and a file: `./smoke.sh`, `python tests/smoke.py`. */
const SCRIPT = new RegExp(
  [
    /^((?:\.\/|[\w-][\w.-]*\/)[\w./-]+)/,
    /^(?:ba|z)?sh +(\.\/[\w./-]+|\w[\w./-]*\.\w+)/,
    /^(?:python3?|node|ruby) +((?:\.\/)?\w[\w./-]*\.\w+)/,
  ]
    .map(({ source }) => `(?:${source}(?=[\\s;|&]|$))`)
    .join('|'),
);

/** Of a script of the repository: nothing before it in this step can have made it. */
export function findMissingScript(script: string, fileSize: FileSize): readonly string[] {
  const file = SCRIPT.exec(script.trim())
    ?.slice(1)
    .find((part) => part !== undefined);
  return file === undefined || mayBeThere(file, fileSize) ? [] : [`run: there is no file ${file}; ${CHECKOUT}`];
}

/** What a command may run isn't limited to what an input may name: `.venv/bin/python` leads out of the workspace. */
function mayBeThere(file: string, fileSize: FileSize): boolean {
  try {
    return file.includes('..') || fileSize(file.replace(/^\.\//, '')) !== null;
  } catch {
    return true;
  }
}
