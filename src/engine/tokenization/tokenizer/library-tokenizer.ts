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

/**
 * Builds the tokenizer of transformers.js from parsed files. The library (and with it ONNX Runtime's and sharp's
 * bindings) is loaded by the first call, not by importing this file. It never downloads anything, because the files are
 * passed in.
 * @throws Error when the library does not support the normalizer, pre-tokenizer, model or post-processor.
 */
export async function buildLibraryTokenizer(tokenizer: object, config: object): Promise<LibraryTokenizer> {
  const { PreTrainedTokenizer, env } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  // The library's types declare the parts as classes, without their call signatures.
  const built: unknown = new PreTrainedTokenizer(tokenizer, config)._tokenizer;
  return built as LibraryTokenizer;
}
