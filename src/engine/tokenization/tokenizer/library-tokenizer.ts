import type { AddedToken } from './added-tokens.js';

/** The parts of a transformers.js tokenizer that {@link import('./pipeline.js')} uses. */
export interface LibraryTokenizer {
  readonly normalizer: ((text: string) => string) | null;
  readonly pre_tokenizer: ((text: string, options: { section_index: number }) => string[]) | null;
  readonly model: ((words: string[]) => string[]) & { readonly unk_token_id?: number };
  readonly post_processor:
    ((tokens: string[], pair: null, addSpecialTokens: boolean) => { tokens: string[] }) | null;
  token_to_id(token: string): number | undefined;
  get_added_tokens_decoder(): ReadonlyMap<number, AddedToken>;
}

/** The library; its own types cannot be resolved from an ES module, for their imports name no file endings. */
interface Library {
  readonly Tokenizer: new (tokenizer: object, config: object) => LibraryTokenizer;
}

/**
 * Builds the tokenizer of transformers.js from parsed files. Its package holds the tokenizers alone: transformers.js would
 * load ONNX Runtime and an image library beside it, in each process. It never downloads anything, because the files are
 * passed in.
 * @throws Error when the library does not support the normalizer, pre-tokenizer, model or post-processor.
 */
export async function buildLibraryTokenizer(tokenizer: object, config: object): Promise<LibraryTokenizer> {
  const { Tokenizer } = (await import('@huggingface/tokenizers')) as unknown as Library;
  return new Tokenizer(tokenizer, config);
}
