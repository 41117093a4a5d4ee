import type { AddedToken } from './added-tokens.js';

/** The parts of a transformers.js tokenizer that {@link import('./pipeline.js')} puts together. */
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
 * bindings) is loaded by the first call, not by importing this file; nothing is ever fetched, as the files are given.
 * @throws Error when the library knows no such normalizer, pre-tokenizer, model or post-processor.
 */
export async function buildLibraryTokenizer(tokenizer: object, config: object): Promise<LibraryTokenizer> {
  const { PreTrainedTokenizer, env } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  // Its types describe the parts as classes whose call signatures TypeScript cannot see.
  const built: unknown = new PreTrainedTokenizer(tokenizer, config)._tokenizer;
  return built as LibraryTokenizer;
}
