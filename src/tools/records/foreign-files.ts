import { StartError } from '../../base/errors/start-error.js';

/** Files that people have, that are not read, and what to do with them. */
const FOREIGN = {
  spreadsheet: ['a spreadsheet', 'Save it as CSV (UTF-8) and give that file.'],
  zip: [
    'a ZIP archive, or a file of Excel or Word',
    'Unpack it and give the file inside, or save the table as CSV (UTF-8).',
  ],
  archive: ['an archive', 'Unpack it and give the files inside, one by one.'],
  compressed: [
    'compressed in a way that is not read',
    'Decompress it first, for example with: xz -dc IN | serin batch - OUT --format csv.',
  ],
  arrow: [
    'an Arrow or Feather file',
    "pandas.read_feather(path).to_csv('in.csv', index=False) makes CSV of it.",
  ],
  pickle: [
    'a pickle, which is a program and not data',
    "pandas.read_pickle(path).to_csv('in.csv', index=False) makes CSV of it, if you trust it.",
  ],
  parquet: ['a Parquet file', 'Let its name end with .parquet.'],
  data: ['a file of another program', 'Export its table as CSV or JSON lines.'],
  document: ['a document', 'Extract its texts into a .txt file, one text per line.'],
  gzip: ['compressed with gzip', 'Let its name end with .gz.'],
  zstd: ['compressed with Zstandard', 'Let its name end with .zst.'],
  utf16: ['in UTF-16', 'Add --encoding utf-16.'],
} as const satisfies Record<string, readonly [what: string, advice: string]>;

type Kind = keyof typeof FOREIGN;

const EXTENSIONS: readonly (readonly [Kind, string])[] = [
  ['spreadsheet', 'xlsx xls xlsm xlsb ods numbers'],
  ['archive', 'zip tar tgz 7z rar'],
  ['compressed', 'bz2 xz lz4 br lzma'],
  ['arrow', 'arrow feather ipc'],
  ['pickle', 'pkl pickle joblib'],
  ['data', 'orc avro npy npz h5 hdf5 sqlite sqlite3 db duckdb sav dta rds rdata mat bin pt safetensors'],
  ['document', 'pdf doc docx odt rtf html htm xml md yaml yml tex epub pptx'],
];

const KIND_OF = new Map(
  EXTENSIONS.flatMap(([kind, all]) => all.split(' ').map((one) => [one, kind] as const)),
);

/** First bytes, in hex. None of them begins a text in UTF-8, or a table, whose first bytes are the name of a column. */
const MAGIC: readonly (readonly [Kind, string])[] = [
  ['zip', '504b0304'],
  ['spreadsheet', 'd0cf11e0a1b11ae1'],
  ['archive', '377abcaf271c'],
  ['archive', '526172211a07'],
  ['compressed', '425a6839314159'],
  ['compressed', 'fd377a585a00'],
  ['compressed', '04224d18'],
  ['zstd', '28b52ffd'],
  ['gzip', '1f8b08'],
  ['arrow', '4152524f5731'],
  ['arrow', '46454131'],
  ['parquet', '50415231'],
  ['pickle', '8002'],
  ['pickle', '8003'],
  ['pickle', '8004'],
  ['pickle', '8005'],
  ['data', '894844460d0a1a0a'],
  ['data', '53514c69746520666f726d6174203300'],
  ['data', '4f626a01'],
  ['data', '934e554d5059'],
  ['document', '255044462d'],
  ['document', '7b5c72746631'],
  ['utf16', 'fffe'],
  ['utf16', 'feff'],
];

function refusal(path: string, kind: Kind): StartError {
  const [what, advice] = FOREIGN[kind];
  return new StartError(`The input ${path} is ${what}, and cannot be read as it is. ${advice}`);
}

/** Why a file is not read whose name says that it is foreign; null otherwise. */
export function foreignByExtension(path: string, extension: string): StartError | null {
  const kind = KIND_OF.get(extension);
  return kind === undefined ? null : refusal(path, kind);
}

/**
 * Why a file is not read whose first bytes say that it is something else than its name.
 * @param start at least its first 16 bytes, if it has as many
 */
export function foreignByContent(
  path: string,
  start: Buffer,
  { compression, encoding }: { readonly compression: string | null; readonly encoding: string | null },
): StartError | null {
  const hex = start.toString('hex', 0, 16);
  const [kind] = MAGIC.find(([, magic]) => hex.startsWith(magic)) ?? [];
  if (kind === undefined || kind === compression) return null;
  if (kind === 'utf16' && (compression !== null || encoding !== null)) return null;
  return refusal(path, kind);
}
