import { describe, expect, it } from 'vitest';
import { hangupWasIgnored } from '../../../../src/base/config/ignored-hangup.js';

/** A process as /proc shows it: nothing tells of nohup, unless a test changes it. */
const files = (changed: Readonly<Record<string, string | null>> = {}) => {
  const all: Readonly<Record<string, string | null>> = {
    '/proc/self/fdinfo/0': 'pos:\t0\nflags:\t0100002\nmnt_id:\t24\n',
    // Node.js ignores SIGPIPE and SIGXFSZ itself.
    '/proc/self/status': 'Name:\tnode\nPPid:\t7\nSigIgn:\t0000000001001000\n',
    '/proc/7/status': 'Name:\tbash\nPPid:\t1\nSigIgn:\t0000000000384004\n',
    ...changed,
  };
  return (path: string): string | null => all[path] ?? null;
};

describe('SIGHUP was ignored at the start', () => {
  it.each<[string, NodeJS.ProcessEnv, Readonly<Record<string, string | null>>]>([
    ['when the shell names nohup as the program', { _: '/usr/bin/nohup' }, {}],
    ['when stdin can only be written to', {}, { '/proc/self/fdinfo/0': 'pos:\t0\nflags:\t02100001\n' }],
    ['when the parent ignores it', {}, { '/proc/7/status': 'SigIgn:\t0000000000000001\n' }],
  ])('%s', (_, env, changed) => {
    expect(hangupWasIgnored(env, files(changed))).toBe(true);
  });

  it.each<[string, NodeJS.ProcessEnv, Readonly<Record<string, string | null>>]>([
    ['in a terminal', { _: '/usr/bin/node' }, {}],
    ['with /dev/null as stdin', {}, { '/proc/self/fdinfo/0': 'pos:\t0\nflags:\t0100000\n' }],
    ['as the first process of a container', {}, { '/proc/self/status': 'PPid:\t0\nSigIgn:\t00\n' }],
    [
      'where there is no /proc',
      {},
      { '/proc/self/fdinfo/0': null, '/proc/self/status': null, '/proc/7/status': null },
    ],
  ])('not %s', (_, env, changed) => {
    expect(hangupWasIgnored(env, files(changed))).toBe(false);
  });
});
