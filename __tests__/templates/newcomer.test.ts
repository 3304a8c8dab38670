import { describe, expect, test } from '@jest/globals';
import { fillIn } from './fill-in.ts';
import { runTemplate } from './run-template.ts';
import { templates } from './templates.ts';
import { read } from './workflow-texts.ts';

const good = { answers: { '/greeting': { status: 200, body: 'hello' } } };

async function deploy({ open }: (typeof templates)[number], text: string): Promise<string> {
  const clouds = await open();
  try {
    const { conclusion } = await runTemplate(fillIn(text, clouds.values), clouds, { behaviour: good });
    return conclusion;
  } finally {
    await clouds.outside.close();
  }
}

// That it deploys, with values in the marked lines and in no other, is the first story of stories.test.ts.
describe.each(templates)('a new user of $name', (template) => {
  const text = read(`workflow-templates/${template.name}.yml`);

  test('writes something else into each marked line than the template has there', async () => {
    const { outside, values } = await template.open();
    await outside.close();
    const unchanged = Object.entries(values).filter(([key, value]) => text.includes(`  ${key}: ${value} # TODO`));
    // What nearly every repository has.
    expect(unchanged.map(([key]) => key)).toEqual(['branches', 'CONTEXT', 'DOCKERFILE']);
  });

  test('would fail if a value that has to change were not marked', async () => {
    const unmarked = text.replace(/^( {2}(?:SERVICE|WORKLOAD): .*?) # TODO.*$/m, '$1');
    const { outside, values } = await template.open();
    await outside.close();
    const name = /^ {2}(SERVICE|WORKLOAD): /m.exec(text)![1]!;
    const { [name]: _, ...rest } = values;
    expect(
      await deploy({ ...template, open: async () => ({ ...(await template.open()), values: rest }) }, unmarked),
    ).toBe('failure');
  });
});

describe('filling in', () => {
  test('refuses a marked line without a value, and a value without a marked line', () => {
    expect(() => fillIn('A: x # TODO: a\n', {})).toThrow(/A is marked TODO/);
    expect(() => fillIn('A: x\n', { A: 'y' })).toThrow(/not marked TODO: A/);
  });

  test('replaces a value or a block, and drops the mark', () => {
    const template = 'env:\n  A: x # TODO\n  B: |- # TODO: b\n    - 1\n    - 2\n  C: x\n';
    expect(fillIn(template, { A: 'y', B: '- 3' })).toBe('env:\n  A: y\n  B: |-\n    - 3\n  C: x\n');
  });
});
