type Combination = Readonly<Record<string, unknown>>;

/** The jobs that `strategy.matrix` makes of one: every combination, without `exclude`, then with `include`. */
export function expandMatrix(matrix: Readonly<Record<string, unknown>> | undefined): readonly Combination[] {
  if (!matrix) return [{}];
  const { include, exclude, ...axes } = matrix as Record<string, readonly unknown[]>;
  const added = (include ?? []) as readonly Combination[];
  const removed = (exclude ?? []) as readonly Combination[];
  const names = Object.keys(axes);
  if (names.length === 0) return added;
  let rows: readonly Combination[] = [{}];
  for (const name of names) rows = rows.flatMap((row) => axes[name]!.map((value) => ({ ...row, [name]: value })));
  rows = rows.filter((row) => !removed.some((one) => contains(row, one)));
  for (const entry of added) rows = add(rows, entry, names);
  return rows;
}

/** An entry widens every combination of which it changes no axis; if there is none, it is a combination itself. */
function add(rows: readonly Combination[], entry: Combination, axes: readonly string[]): readonly Combination[] {
  const shared = Object.fromEntries(Object.entries(entry).filter(([name]) => axes.includes(name)));
  const fits = rows.some((row) => contains(row, shared));
  return fits ? rows.map((row) => (contains(row, shared) ? { ...row, ...entry } : row)) : [...rows, entry];
}

function contains(row: Combination, part: Combination): boolean {
  return Object.entries(part).every(([name, value]) => row[name] === value);
}
