import type { ModelVersion } from '../../registry/model-version.js';
import { renderQuantizeReport, type QuantizeReport } from './quantize-report.js';

const STATIC =
  'Activations are uint8 with one range each, measured on calibration texts alone; matrices are int8 with a scale per\ncolumn, and sums are exact: an answer does not depend on the texts beside it.';
const DYNAMIC =
  'Activations are uint8 with the range of each run, and matrices int8 with a scale per column: an answer depends on the\ntexts beside it, so this version runs one text at a time.';

/** CARD.md of the new version: its description, how it was made, and the figures that are not known yet. */
export function quantizedCard(report: QuantizeReport, source: ModelVersion, command: string): string {
  const hasCard = Object.hasOwn(source.manifest.files, 'CARD.md');
  return `# ${report.model} ${report.version}: int8

The weights of [${source.version}](../${source.version}/${hasCard ? 'CARD.md' : 'manifest.json'}) in int8; data, purpose and limits are those of ${source.version}. ${report.method === 'static' ? STATIC : DYNAMIC}

## How it was made

\`${command}\`

\`\`\`
${renderQuantizeReport(report).trimEnd()}
\`\`\`

## Accuracy

What it was when this was written is not known${howMeasured(report, source)}.
`;
}

function howMeasured({ model, version }: QuantizeReport, source: ModelVersion): string {
  return `: \`serin evaluate ${model}/${version} --against ${source.version} --data FILE --record\`
measures it and writes acceptance.json beside this file`;
}
