type Env = Record<string, string | undefined>;

/** Node's own, the one that most packages take, and those with which `yaml` prints all that it reads: inputs, a kubeconfig. */
const COMMON = ['NODE_DEBUG', 'DEBUG', 'LOG_TOKENS', 'LOG_STREAM'];

/**
 * Removes the variables with which libraries print what they send, headers and bodies included. `more`: names besides the
 * common ones. To be called before such a library is loaded, as most read it then.
 * @returns the names that were set
 */
export function removeDebugSwitches(env: Env, more: readonly string[]): readonly string[] {
  const found = [...COMMON, ...more].filter((name) => env[name]);
  // Node has read its own at start: `https` prints the headers of each request, in pieces that no mask matches. Nothing of
  // ours goes to stderr, and an exception that ends the process is not printed through this.
  if (env['NODE_DEBUG']) process.stderr.write = discard;
  for (const name of found) delete env[name];
  return found;
}

const discard: typeof process.stderr.write = (
  _: string | Uint8Array,
  encoding?: BufferEncoding | Done,
  done?: Done,
) => {
  const callback = typeof encoding === 'function' ? encoding : done;
  if (callback) process.nextTick(callback);
  return true;
};

type Done = (error?: Error | null) => void;
