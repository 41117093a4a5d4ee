import { WriteStream } from 'node:tty';

/**
 * Whether what is written there is to have colours. NO_COLOR switches them off everywhere, FORCE_COLOR on, also in a pipe
 * (0 and false switch them off); otherwise a terminal that can show them has them, which TERM=dumb cannot. A blank
 * variable counts as unset.
 */
export function wantsColours(isTerminal: boolean, env: NodeJS.ProcessEnv = process.env): boolean {
  const { NO_COLOR: none, FORCE_COLOR: forced } = env;
  if (none) return false;
  if (forced) return forced !== '0' && forced !== 'false';
  return (
    isTerminal && WriteStream.prototype.hasColors(16, { ...env, NO_COLOR: undefined, FORCE_COLOR: undefined })
  );
}
