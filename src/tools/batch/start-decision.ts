import { StartError } from '../../base/errors/start-error.js';
import { differences, type Journal, type JournalHeader } from './journal.js';

/** The user's options about earlier work. */
export type ResumeMode = 'either' | 'resume' | 'restart';

/** The files beside OUT. */
export interface Found {
  readonly journal: Journal | null;
  /** Bytes of OUT; null when there is none. */
  readonly outputBytes: number | null;
  readonly hasPart: boolean;
  readonly hasErrors: boolean;
  /** Files beside OUT that a run would replace, and that no journal explains. */
  readonly beside: readonly string[];
}

/**
 * `publish`: everything is written, but a kill came before the part file had its final name.
 * `finished`: nothing is left to do.
 */
export type StartDecision = 'fresh' | 'resume' | 'publish' | 'finished';

/**
 * Decides how a run begins, so that no work is lost and nothing is overwritten that this command did not
 * make. Data from stdin is never assumed to be the input of an earlier run, because the two cannot be
 * compared.
 * @throws StartError with a sentence that says what has changed and what may be done
 */
export function decideStart(
  output: string,
  { journal, outputBytes, hasPart, hasErrors, beside }: Found,
  header: JournalHeader,
  mode: ResumeMode,
): StartDecision {
  if (mode === 'restart') return 'fresh';
  if (mode === 'resume' && journal === null) {
    throw new StartError(`There is no ${output}.journal to resume from; leave --resume out to start.`);
  }
  const unfinished = journal !== null && journal.finish === null;
  if (journal === null || (unfinished && journal.header.input === null)) {
    const [theirs] = outputBytes === null ? beside : [output];
    if (theirs === undefined) return 'fresh';
    throw new StartError(
      `${theirs} exists, and no journal beside it says that this command made it; --restart replaces it.`,
    );
  }
  if (!unfinished && header.input === null) {
    if (outputBytes === null) return 'fresh';
    throw new StartError(
      `${output} exists, and what comes from stdin cannot be compared with what made it; --restart replaces it.`,
    );
  }
  const changed = differences(journal.header, header);
  if (unfinished) {
    if (changed.length === 0) return 'resume';
    // A run that was refused at the start (a wrong column, say) has left nothing that would be lost.
    if (outputBytes === null && !journal.entries.some(({ block }) => block >= 0)) return 'fresh';
    throw new StartError(
      `${output}.journal is of another run: ${changed.join('; ')}. Undo the change to resume, or start over with --restart.`,
    );
  }
  if (outputBytes === null && !hasPart) {
    if (mode !== 'resume') return 'fresh';
    throw new StartError(`${output} was finished and is gone; --restart makes it anew.`);
  }
  if (changed.length > 0) {
    throw new StartError(
      `${output} is finished and of another run: ${changed.join('; ')}. --restart replaces it.`,
    );
  }
  if (hasPart) return 'publish';
  if (outputBytes === journal.finish?.outputBytes) {
    if (hasErrors || journal.finish.summary.errors === 0) return 'finished';
    throw new StartError(
      `${output} is finished, and ${output}.errors, which was made with it, is gone; --restart makes both anew.`,
    );
  }
  throw new StartError(`${output} was changed after it was finished; --restart replaces it.`);
}
