import { StartError } from '../../base/errors/start-error.js';
import type { ExportedConfig } from './exported-config.js';
import type { ExportedTokenizer } from './exported-tokenizer.js';

/** A vocabulary may be padded to a round number of rows; one that leaves more than this unused is of another model. */
const LEAST_USED_SHARE = 0.9;

const FOREIGN = 'take the tokenizer that lies beside the checkpoint that was exported';

/**
 * Whether a tokenizer can be that of the model, as far as numbers tell; what they cannot tell, golden texts from Python
 * do.
 * @param rows of the table that token ids look up; null where it was not found
 * @param hasParity golden texts of Python will be compared
 * @returns a sentence each about what remains open
 * @throws StartError that says what does not fit
 */
export function checkTokenizerFits(
  tokenizer: ExportedTokenizer,
  { vocabSize, padTokenId }: Pick<ExportedConfig, 'vocabSize' | 'padTokenId'>,
  rows: number | null,
  hasParity: boolean,
): string[] {
  const { entries, largestId, largestToken, kind } = tokenizer;
  const table = rows ?? vocabSize;
  const notes: string[] = [];
  if (rows === null) {
    notes.push(
      vocabSize === null
        ? 'the table of token ids was not found in the graph, and config.json has no vocab_size: the vocabulary was not compared'
        : 'the table of token ids was not found in the graph: the vocabulary was compared with vocab_size of config.json alone',
    );
  }
  if (table !== null && largestId >= table) {
    throw new StartError(
      `tokenizer.json gives ${JSON.stringify(largestToken)} the id ${largestId}, but the model has rows for ids up to ${table - 1}: ` +
        `it is the tokenizer of another model, or tokens were added without resize_token_embeddings; ${FOREIGN}.`,
    );
  }
  if (table !== null && entries < LEAST_USED_SHARE * table && !hasParity) {
    throw new StartError(
      `tokenizer.json has ${entries} tokens, but the model has rows for ${table}: it looks like the tokenizer of another model; ` +
        `${FOREIGN}, or prove it with --parity.`,
    );
  }
  const pad = tokenizer.padTokenId;
  if (pad !== null && padTokenId !== null && pad !== padTokenId) {
    throw new StartError(
      `The padding token has the id ${pad} in tokenizer.json, but pad_token_id is ${padTokenId} in config.json: ` +
        `they are of different models; ${FOREIGN}.`,
    );
  }
  if (!tokenizer.isExact && !hasParity) {
    throw new StartError(
      `The tokenizer (${kind}) has stages for which transformers.js is used, and its ids may differ from ` +
        'those of Python: give golden texts from Python with --parity FILE (docs/models.md shows what writes them).',
    );
  }
  return notes;
}
