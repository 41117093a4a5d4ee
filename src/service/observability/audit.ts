import { Logger } from '@nestjs/common';

const logger = new Logger('audit');

/**
 * Writes one line of the audit log: the change to the running service, its author, and the state before and after. The
 * fields become members of the log line, beside `context: "audit"`.
 */
export function audit(action: string, fields: Readonly<Record<string, unknown>>): void {
  logger.log({ msg: action, action, ...fields });
}
