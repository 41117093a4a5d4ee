import { describe, expect, it } from 'vitest';
import { BoundedWriter } from '../../../../../src/service/rollout/store/bounded-writer.js';

const LIMIT_MS = 20;

/** A write that ends when it is told to. */
function stalled(): { work: () => Promise<void>; end: (error?: Error) => void } {
  let end: (error?: Error) => void = () => undefined;
  const written = new Promise<void>((resolve, reject) => {
    end = (error) => {
      if (error === undefined) resolve();
      else reject(error);
    };
  });
  return { work: () => written, end };
}

describe('a writer that does not wait for ever', () => {
  it('writes one thing after the other, and says what failed', async () => {
    const writer = new BoundedWriter(LIMIT_MS);
    const done: number[] = [];
    const first = writer.write(
      () => Promise.resolve().then(() => void done.push(1)),
      () => undefined,
    );
    const second = writer.write(
      () => Promise.resolve(void done.push(2)),
      () => undefined,
    );
    await Promise.all([first, second]);
    expect(done).toEqual([1, 2]);
    const full = writer.write(
      () => Promise.reject(new Error('ENOSPC')),
      () => undefined,
    );
    await expect(full).rejects.toThrow('ENOSPC');
  });

  it.each([
    ['written', undefined, true],
    ['failed', new Error('EIO'), false],
  ])('gives a stalled one up, begins no other meanwhile, and tells when it has %s', async (_, error, has) => {
    const writer = new BoundedWriter(LIMIT_MS);
    const { work, end } = stalled();
    let tell: (hasWritten: boolean) => void = () => undefined;
    const late = new Promise<boolean>((resolve) => (tell = resolve));
    let begun = false;
    const outcomes = await Promise.allSettled([
      writer.write(work, tell),
      writer.write(
        () => Promise.resolve(void (begun = true)),
        () => undefined,
      ),
    ]);
    const gone = {
      status: 'rejected',
      reason: { message: expect.stringContaining('does not answer') as string },
    };
    expect([outcomes, begun]).toMatchObject([[gone, gone], false]);
    end(error);
    expect(await late).toBe(has);
    await writer.write(
      () => Promise.resolve(void (begun = true)),
      () => undefined,
    );
    expect(begun).toBe(true);
  });
});
