/** What one instance of the service gets, all its containers together. null: one of them says nothing of it. */
export interface InstanceSize {
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
}

/** Before the change and with it, for people: `0.25 vCPU, 512 MiB`; null: not known. */
export interface SizeChange {
  readonly before: string | null;
  readonly now: string | null;
}

/** null: nothing is known of either. */
export function compareSizes(before: InstanceSize, now: InstanceSize): SizeChange | null {
  const size = { before: formatSize(before), now: formatSize(now) };
  return size.before === null && size.now === null ? null : size;
}

function formatSize({ cpus, memoryBytes }: InstanceSize): string | null {
  const cpu = cpus === null ? [] : [`${round(cpus)} vCPU`];
  const memory = memoryBytes === null ? [] : [formatMemory(memoryBytes)];
  return [...cpu, ...memory].join(', ') || null;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

function formatMemory(bytes: number): string {
  return bytes < GIB ? `${round(bytes / MIB)} MiB` : `${round(bytes / GIB)} GiB`;
}

function round(value: number): number {
  return Number(value.toFixed(value < 0.01 ? 3 : 2));
}

/** Of what all containers get; null where one says nothing, as then no one knows what all of them get. */
export function sumOf(amounts: readonly (number | null)[]): number | null {
  if (amounts.length === 0 || amounts.includes(null)) return null;
  return amounts.reduce<number>((sum, amount) => sum + (amount ?? 0), 0);
}

const QUANTITY = /^(\d+(?:\.\d*)?|\.\d+)(m|k|[MGT]|[KMGT]i)?$/;
const FACTORS: ReadonlyMap<string, number> = new Map([
  ['m', 1e-3],
  ['k', 1e3],
  ...['M', 'G', 'T'].map((unit, index) => [unit, 1e3 ** (index + 2)] as const),
  ...['Ki', 'Mi', 'Gi', 'Ti'].map((unit, index) => [unit, 1024 ** (index + 1)] as const),
]);

/** `500m`, `1.5`, `512Mi`, `2G`, or a number -> how much; null: absent, or no such quantity. */
export function parseQuantity(quantity: unknown): number | null {
  if (typeof quantity === 'number') return quantity;
  const [, digits, unit = ''] = (typeof quantity === 'string' && QUANTITY.exec(quantity)) || [];
  return digits === undefined ? null : Number(digits) * (FACTORS.get(unit) ?? 1);
}
