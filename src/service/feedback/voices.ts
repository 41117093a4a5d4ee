import type { Side } from '../../rollout/evidence/rollout-evidence.js';
import { SeenTexts, textHash } from '../../rollout/evidence/seen-texts.js';
import type { Told } from './answered-ring.js';

/** More voices in one rollout are not counted: 4 MiB. */
const MAX_VOICES = 2 ** 18;

/** One opinion about the answers to one text. */
export interface Voice {
  readonly rolloutId: string;
  /** The side that gave the answer. */
  readonly side: Side;
  readonly kind: Told;
  readonly textHash: bigint;
  /** The client that gives the opinion: `key:<name>` where API keys are configured. */
  readonly client: string;
}

/**
 * Gives a client one voice per distinct text, side and kind of feedback in each rollout. Both versions are deterministic,
 * so a second opinion of one client about the same text is no new evidence, however many answers it has got.
 */
export class Voices {
  private readonly byModel = new Map<string, { readonly rolloutId: string; readonly heard: SeenTexts }>();

  /** True when this voice has not been heard before in the rollout. */
  isNew(model: string, { rolloutId, side, kind, textHash: text, client }: Voice): boolean {
    let known = this.byModel.get(model);
    if (known?.rolloutId !== rolloutId) {
      known = { rolloutId, heard: new SeenTexts(MAX_VOICES) };
      this.byModel.set(model, known);
    }
    return known.heard.add(textHash(`${side} ${kind} ${text.toString(16)} ${client}`));
  }
}
