/** What the output of a graph holds: `--output`. */
export type OutputKind = 'logits' | 'scores';

export const OUTPUT_KINDS: readonly OutputKind[] = ['logits', 'scores'];
