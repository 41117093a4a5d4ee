import { Injectable } from '@nestjs/common';
import { Tally } from './tally.js';

/** Labels of metrics about a version. */
export const BY_VERSION = ['model', 'version'];

/** The counts that change with every request or text, kept until the next scrape. */
@Injectable()
export class Tallies {
  readonly requests = new Tally(['route', ...BY_VERSION, 'status', 'code']);
  readonly texts = new Tally(BY_VERSION);
  readonly textErrors = new Tally(['code']);
  readonly truncatedTexts = new Tally(BY_VERSION);
  readonly cacheHits = new Tally(['level']);
}
