interface Node {
  readonly children: Map<number, Node>;
  replacement: number | null;
}

const newNode = (): Node => ({ children: new Map(), replacement: null });

/**
 * A `precompiled_charsmap` in base64, as SentencePiece writes it: a double array (Darts-clone) of rules.
 * @param rules replacements by the texts that they replace; of a list, each text becomes X
 */
export function charsmap(rules: Readonly<Record<string, string>> | readonly string[]): string {
  const entries = Array.isArray(rules)
    ? (rules as readonly string[]).map((key) => [key, 'X'] as const)
    : Object.entries(rules as Readonly<Record<string, string>>);
  const root = newNode();
  let strings = '';
  for (const [key, replacement] of entries) {
    let node = root;
    for (const byte of Buffer.from(key)) {
      const next = node.children.get(byte) ?? newNode();
      node.children.set(byte, next);
      node = next;
    }
    node.replacement = Buffer.byteLength(strings);
    strings += `${replacement}\0`;
  }
  const units: number[] = [0];
  const used = new Set([0]);
  const place = (node: Node, at: number): void => {
    const labels = [...node.children.keys(), ...(node.replacement === null ? [] : [0])];
    let base = 1;
    while (labels.some((label) => used.has(base ^ label))) base++;
    for (const label of labels) used.add(base ^ label);
    units[at] = ((units[at] ?? 0) | ((base ^ at) << 10) | (node.replacement === null ? 0 : 0x100)) >>> 0;
    if (node.replacement !== null) units[base] = (0x80000000 | node.replacement) >>> 0;
    for (const label of node.children.keys()) units[base ^ label] = label;
    for (const [label, child] of node.children) place(child, base ^ label);
  };
  place(root, 0);
  const size = (Math.max(...used) | 0xff) + 1;
  const head = Buffer.alloc(4 + 4 * size);
  head.writeUInt32LE(4 * size, 0);
  for (let i = 0; i < size; i++) head.writeUInt32LE(units[i] ?? 0, 4 + 4 * i);
  return Buffer.concat([head, Buffer.from(strings)]).toString('base64');
}
