import { InvalidArgumentError, type Command } from 'commander';
import { addUrlFlag } from './service-flags.js';

const HELP = `
The admin token
  is taken from ADMIN_TOKEN, or from the file that --admin-token-file names; it
  must be the service's own.

Exit codes
  0   done
  1   the service refuses
  2   wrong usage, no service or no access
  3   interrupted
  70  a fault of ours`;

/** Reads a share of the traffic, 0 to 100, in hundredths. @throws InvalidArgumentError */
export function sharePercent(value: string): number {
  const percent = Number(value);
  if (!/^\d{1,3}(\.\d{1,2})?$/.test(value) || percent > 100) {
    throw new InvalidArgumentError('It must be a number from 0 to 100, in hundredths at the finest.');
  }
  return percent;
}

/** Adds the flags that every command for /admin needs. */
export function addAdminFlags(command: Command): Command {
  return addUrlFlag(command)
    .option('--admin-token-file <file>', 'a file that holds the admin token (default: ADMIN_TOKEN)')
    .option('--json', 'as one JSON document')
    .addHelpText('after', HELP);
}
