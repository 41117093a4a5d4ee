import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTINGS, SETTING_NAMES, fileKey, flagName } from '../../../src/base/config/settings.js';
import { readRegistry } from '../../../src/registry/registry-files.js';
import { METRIC, METRIC_TABLE } from '../../../src/service/observability/metric-table.js';
import { ROOT, readText, sourceFiles, tableAfter, withGenerated } from '../../support/repository.js';

/** `<hex>` in Markdown would be taken for a tag. */
const escaped = (text: string): string => text.replaceAll('<', '\\<').replaceAll('*', '\\*');

/** Prettier leaves the generated tables alone (`prettier-ignore`), so that the comparison is exact. */
const settingsTable = (): string =>
  [
    '<!-- prettier-ignore -->',
    '| variable | flag of `serve` | default | meaning |',
    '|---|---|---|---|',
    ...SETTING_NAMES.map((name) => {
      const { defaultText, meaning, notInFile } = SETTINGS[name];
      const star = notInFile === null ? '' : ' \\*';
      return `| \`${name}\`${star} | \`--${flagName(name)}\` | ${defaultText} | ${escaped(meaning)} |`;
    }),
  ].join('\n');

const allowedTable = (): string =>
  [
    '<!-- prettier-ignore -->',
    '| key | allowed |',
    '|---|---|',
    ...SETTING_NAMES.map((name) => {
      const { notInFile, type } = SETTINGS[name];
      const key = notInFile === null ? `\`${fileKey(name)}\`` : `(\`${name}\`: ${escaped(notInFile)})`;
      return `| ${key} | ${escaped(type.allowed)} |`;
    }),
  ].join('\n');

/** One row per shipped version, from its manifest. */
const modelsTable = (): string => {
  const versions = [...readRegistry(`${ROOT}model-registry`).values()].flat();
  const rows = versions.map((found) => {
    if (!found.version) throw new Error(`${found.name}: ${found.reason}`);
    const { model, version, manifest } = found.version;
    const { accuracy, batch_variance: variance, labels, max_tokens: maxTokens, precision } = manifest;
    const percent = (share: number): string => (100 * share).toFixed(1);
    const onRecord = accuracy
      ? `${percent(accuracy.accuracy)} % (${accuracy.interval_95.map(percent).join(' to ')}; ${accuracy.data_set}, n = ${String(accuracy.n)})`
      : 'none';
    const flips = variance ? `${String(variance.label_flips)} of ${String(variance.n)}` : 'not measured';
    const size = `${((manifest.files['model.onnx']?.bytes ?? 0) / 1e6).toFixed(0)} MB`;
    const card = `[${model}/${version}](model-registry/${model}/${version}/CARD.md)`;
    return `| ${[card, labels.join(', '), String(maxTokens), precision, size, onRecord, flips].join(' | ')} |`;
  });
  return [
    '<!-- prettier-ignore -->',
    '| version | labels | max tokens | arithmetic | model.onnx | accuracy (95 % interval) | labels that change with batch mates |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
};

/** One row per metric, in the order of the table. */
const metricsTable = (): string =>
  [
    '<!-- prettier-ignore -->',
    '| metric | kind | labels | meaning |',
    '|---|---|---|---|',
    ...METRIC_TABLE.map(({ name, kind, labelNames, help }) => {
      const labels = labelNames.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${kind} | ${labels} | ${escaped(help)} |`;
    }),
  ].join('\n');

/** The anchors that a page has by its headings, as GitHub makes them. */
const anchorsOf = (page: string): string[] =>
  [...readText(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the documentation', () => {
  it('lists every shipped version with the figures of its manifest, in the README', async () => {
    const generated = withGenerated(readText('README.md'), 'models', modelsTable());
    await expect(generated).toMatchFileSnapshot(`${ROOT}README.md`);
  });

  it('lists every setting of the table, in docs/configuration.md', async () => {
    const generated = withGenerated(readText('docs/configuration.md'), 'settings', settingsTable());
    await expect(generated).toMatchFileSnapshot(`${ROOT}docs/configuration.md`);
  });

  it('lists what every setting allows, in docs/configuration.md', async () => {
    const generated = withGenerated(readText('docs/configuration.md'), 'allowed values', allowedTable());
    await expect(generated).toMatchFileSnapshot(`${ROOT}docs/configuration.md`);
  });

  it('lists every metric of the table, in docs/metrics.md', async () => {
    const generated = withGenerated(readText('docs/metrics.md'), 'metrics', metricsTable());
    await expect(generated).toMatchFileSnapshot(`${ROOT}docs/metrics.md`);
    expect(METRIC_TABLE.map(({ name }) => name).sort()).toEqual(Object.values(METRIC).sort());
  });

  it('gives a reason for every package, and names no other', () => {
    const { dependencies, devDependencies } = JSON.parse(readText('package.json')) as Record<string, object>;
    const rows = tableAfter(readText('docs/dependencies.md'), '## Packages');
    const named = (kind: string): string[] =>
      rows.filter((row) => row[1] === kind).map(([name]) => name?.replaceAll('`', '') ?? '');
    expect(named('runs')).toEqual(Object.keys(dependencies ?? {}));
    expect(named('development')).toEqual(Object.keys(devDependencies ?? {}));
    for (const [name, , reason] of rows) expect(reason, name).toMatch(/\w{3}/);
  });

  it('has no dead relative links, nor links to headings that are not there', () => {
    const dead: string[] = [];
    for (const file of sourceFiles('.').filter((path) => path.endsWith('.md'))) {
      const links = readText(file).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?[^)]*\)/g);
      for (const [, target = '', anchor] of links) {
        const path = target === '' ? file : join(dirname(file), target);
        const isDead =
          !existsSync(resolve(ROOT, path)) || (anchor !== undefined && !anchorsOf(path).includes(anchor));
        if (isDead) dead.push(`${file}: ${target}#${anchor ?? ''}`);
      }
    }
    expect(dead).toEqual([]);
  });
});
