import type { Manifest } from '../../registry/manifest.js';

/**
 * CARD.md of an imported version: the facts from its files, the measurements, and the facts still unknown.
 * @param parity a sentence about where the golden texts come from
 * @param notes what was assumed, a sentence each
 */
export function renderCard(manifest: Manifest, parity: string, notes: readonly string[]): string {
  const {
    model,
    version,
    task,
    labels,
    max_tokens: maxTokens,
    source = {},
    batch_variance: variance,
  } = manifest;
  const said = (value: unknown): string => (typeof value === 'string' ? value : 'not said by the export');
  const storage =
    manifest.weight_storage === undefined ? '' : `, weights stored as ${manifest.weight_storage}`;
  return `# ${model} ${version}: imported

Written by \`serin models import\` from what the export says of itself. Add what it cannot know: the data it was trained
on, its licence, what it is for and where it fails.

| | |
|---|---|
| base model | ${said(source.base_model)} |
| architecture | ${said(source.architecture)} |
| licence, training data | not said by the export |
| task | ${task} |
| labels | ${labels.join(', ')} |
| longest text | ${maxTokens} tokens, cut on the ${manifest.truncation_side} |
| arithmetic | ${manifest.precision}${storage} |

Accuracy is not on record: ${howMeasured(manifest)}

${parity}

Batch variance, ${variance?.n ?? 0} texts alone against batches: ${variance?.label_flips ?? 0} labels differ, scores change by at most ${(variance?.max_score_change ?? 0).toPrecision(3)}.${
    manifest.batching.runs_alone ? ' It therefore runs one text at a time.' : ''
  }
${notes.length === 0 ? '' : `\nAssumed at import:\n\n${notes.map((note) => `- ${note}\n`).join('')}`}`;
}

function howMeasured({ model, version }: Manifest): string {
  return `\`serin evaluate ${model}/${version} --against VERSION --data FILE --record\` measures it (a first
version: \`--min-accuracy SHARE\` in place of \`--against\`), and no rollout takes the version before that.`;
}
