import { Injectable } from '@nestjs/common';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { parseParity, selectGoldenItems } from '../../engine/tokenization/parity.js';
import { TextTokenizer } from '../../engine/tokenization/text-tokenizer.js';
import { checkTokenizer, type TokenizationCheck } from '../../engine/tokenization/tokenization-check.js';

const GOLDEN_TEXTS = 32;

/**
 * The tokenizers of the versions in this process, with their limits. They count tokens and check versions; inference
 * does not use them.
 */
@Injectable()
export class TokenizationService {
  /** By version key. The map holds promises, so that concurrent callers cause one load. */
  private readonly tokenizers = new Map<string, Promise<TextTokenizer>>();

  constructor(private readonly registry: ModelRegistryService) {}

  /**
   * Counts the tokens of a text as the version sees it.
   * @returns tokens: including special tokens, at most the version's max_tokens
   * @throws Error when the version's tokenizer files cannot be read or do not match their digests
   */
  async countTokens(version: ModelVersion, text: string): Promise<{ tokens: number; truncated: boolean }> {
    const { ids, truncated } = (await this.tokenizer(version)).encode(text);
    return { tokens: ids.length, truncated };
  }

  /**
   * Replays golden texts of the version's parity.json; when its files cannot be used, the result is `down` with the
   * reason.
   */
  async check(version: ModelVersion, texts: number = GOLDEN_TEXTS): Promise<TokenizationCheck> {
    try {
      const [tokenizer, contents] = await Promise.all([
        this.tokenizer(version),
        this.registry.readVerified(version, 'parity.json'),
      ]);
      return checkTokenizer(tokenizer, selectGoldenItems(parseParity(contents), texts));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { status: 'down', texts: 0, mismatches: 0, firstMismatch: null, reason };
    }
  }

  private tokenizer(version: ModelVersion): Promise<TextTokenizer> {
    const known = this.tokenizers.get(version.key);
    if (known !== undefined) return known;
    const loading = this.load(version);
    this.tokenizers.set(version.key, loading);
    // A file that cannot be read now may be readable later, so a failed load is not kept.
    loading.catch(() => this.tokenizers.delete(version.key));
    return loading;
  }

  private async load(version: ModelVersion): Promise<TextTokenizer> {
    const [tokenizerJson, tokenizerConfigJson] = await Promise.all([
      this.registry.readVerified(version, 'tokenizer.json'),
      this.registry.readVerified(version, 'tokenizer_config.json'),
    ]);
    const { max_tokens: maxTokens, truncation_side: truncationSide } = version.manifest;
    return TextTokenizer.fromFiles({ tokenizerJson, tokenizerConfigJson }, { maxTokens, truncationSide });
  }
}
